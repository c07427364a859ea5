# METADATA
# title: Validity
# description: >-
#   How long a decision stays what it is. Every dated window that it consulted is asked when it next opens or closes. What was
#   decided before moves with every day and every decision, and has no such date.
# schemas:
#   - input: schema.application.schema
package rareearth.validity

import future.keywords.not

import data.rareearth.controls.lines
import data.rareearth.greenchannel
import data.rareearth.lib.status
import data.rareearth.outcome
import data.rareearth.parties
import data.rareearth.reference.control_list
import data.rareearth.reference.instruments
import data.rareearth.reference.parties as listed

# METADATA
# title: The first instant at which a consulted window opens or closes
# description: Null where nothing that was consulted has a date ahead.
default until := null

until := min(_ahead)

_ahead contains turn if {
	some row in _consulted
	some turn in status.turns(row)
	turn > status.instant
}

# What the applicant stated can run out too: a paper and a non-acceptance period last through their day.
_ahead contains turn if {
	not outcome.outcome in outcome.without_papers
	some document in input.documents
	turn := status.after_day(document.expires_on)
	turn > status.instant
}

_ahead contains turn if {
	some penalty in input.exporter.penalties
	turn := status.after_day(penalty.no_applications_until)
	turn > status.instant
}

_consulted contains control_list.entries[entry.code] if {
	some line in lines.lines
	some entry in line.entries
}

_consulted contains instruments.rows[found.instrument] if some found in outcome.gathered

_consulted contains listed.rows[hit.row] if some hit in parties.hits

_consulted contains row if some row in greenchannel.consulted
