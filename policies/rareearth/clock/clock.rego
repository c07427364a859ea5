# METADATA
# title: Clock and duties
# description: Which statutory time limit runs, and what the holder has to do after a licence.
# schemas:
#   - input: schema.application.schema
package rareearth.clock

import data.rareearth.lib.calendar
import data.rareearth.outcome
import data.rareearth.parties
import data.rareearth.reference.clocks
import data.rareearth.reference.obligations as duties

# METADATA
# title: The time limit that runs
# description: >-
#   CLK-1 runs from acceptance, not from filing, and not while papers are missing. It is off for a watch-list party. Null where
#   none runs.
default running := null

running := limit("CLK-1", input.accepted_on, object.get(input, "stops", [])) if {
	outcome.outcome in {"refer_for_refusal", "enhanced_review", "general_licence", "green_channel", "standard_review"}
	count(parties.watched) == 0
}

# METADATA
# title: A time limit in working days
# description: CLK-1 is the licence decision, CLK-2 the change of a non-key element. Without a calendar it says so and guesses nothing.
limit(id, start, stops) := {
	"id": id,
	"working_days": length,
	"starts_on": start,
	"due_on": calendar.due(start, length, stops),
} if {
	length := clocks.rows[id].working_days
}

else := {
	"id": id,
	"working_days": clocks.rows[id].working_days,
	"starts_on": start,
	"error": "calendar_missing",
	"year": calendar.missing_year(start),
}

# METADATA
# title: The last day of a licence's validity
# description: CLK-3, one year for a single licence; CLK-4, three years for a general one. The law sets the longest term, the licence may say less.
valid_through(id, issued_on) := time.format([ends, "UTC", "2006-01-02"]) if {
	ends := time.add_date(time.parse_ns("2006-01-02", issued_on), clocks.rows[id].years, 0, -1)
}

# METADATA
# title: Duties after a licence, or of keeping evidence where none is needed
obligations := [duty |
	some id in sort(object.keys(duties.rows))
	row := duties.rows[id]
	outcome.outcome in row.outcomes
	duty := {"id": id, "text": row.text, "basis": row.basis, "due": row.due}
]
