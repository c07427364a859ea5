# METADATA
# title: Remedies for the green channel
# description: >-
#   What an applicant could honestly change or state so that an application takes the fast route, and what no change mends. The
#   service searches the smallest set of these changes by deciding again with them; it knows no remedy of its own. Nothing is offered
#   that lies outside of the applicant's power or would be another deal: the destination, who takes part and what they are,
#   a use that is stated to be military, a listing, a penalty, what was ordered before, and papers that contradict each
#   other in time. A change adds to what is known and makes no other condition fail, so that all of them together do no less than any
#   part: keep to that when you add one, because the search relies on it. No decision depends on this package.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel.remedies

import data.rareearth.greenchannel.remedies.goods
import data.rareearth.greenchannel.remedies.papers
import data.rareearth.greenchannel.remedies.statements
import data.rareearth.outcome as ladder
import data.rareearth.reference.conditions

# METADATA
# title: Changes that would remedy something, by place and rule
# description: At one place the first of them counts.
changes := [change |
	some [_, _, change] in sort({[change.pointer, change.rule, change] | some change in ((goods.offers | papers.offers) | statements.offers)})
]

# METADATA
# title: What stands between the application and the green channel, by rule
# description: Failed conditions of the channel, and findings that ask for an outcome before it.
blocking := [reason |
	some [_, _, reason] in sort({[reason.rule, reason.paths, reason] |
		some found in ladder.speaking
		_blocks(found)
		reason := {key: found.reason[key] | some key in ["rule", "title", "paths", "text", "basis"]}
	})
]

# METADATA
# title: Rules that the outcome turns on
# description: >-
#   The findings that ask for the outcome. The outcomes at the end of the order are asked for by none: the green channel rests on all its
#   conditions, the ordinary review on those that fail, and the others on what clears.
turns_on := sort(_turning)

_turning contains found.reason.rule if {
	some found in ladder.speaking
	found.outcome == ladder.outcome
}

_turning contains found.reason.rule if {
	not ladder.outcome in ({"green_channel", "standard_review"} | ladder.asked)
	some found in ladder.speaking
	found.reason.effect == "clear"
	not startswith(found.reason.rule, "GC-")
}

_turning contains id if {
	ladder.outcome == "standard_review"
	some id in data.rareearth.greenchannel.failed
}

_turning contains id if {
	ladder.outcome == "green_channel"
	some id, condition in conditions.rows
	condition.required
}

_blocks(found) if found.outcome in _before_the_channel

_blocks(found) if found.reason.rule in data.rareearth.greenchannel.failed

_before_the_channel contains outcome if {
	some place, outcome in ladder.order
	some channel, "green_channel" in ladder.order
	place < channel
}
