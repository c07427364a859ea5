# METADATA
# title: Memory
# description: >-
#   What later decisions may want to know of this one. The service asks for it beside the decision, keeps it in the record, and
#   answers `data.history` from it. It is no part of the decision: nothing here is shown to the applicant or weighs anything.
# schemas:
#   - input: schema.application.schema
package rareearth.memory

import future.keywords.not

import data.rareearth.lib.history
import data.rareearth.lib.need
import data.rareearth.outcome
import data.rareearth.parties

# METADATA
# title: What is remembered of an application
# description: >-
#   Defined for every valid application, whatever becomes of it: an attempt is history too. Names stand as they are stated; the
#   store folds them. Each end user is remembered with the whole order, under each of its names, because the application does not
#   say who gets what: orders are not to be added up over names. A consultation is a question and orders nothing.
facts := {
	"exporter": history.exporter,
	"orders": [order |
		object.get(input, "kind", "single") != "consultation"
		some name in _end_users
		some element in need.elements
		order := object.union({"end_user": name, "element": element}, _weight(element))
	],
	"certificates": [certificate | some certificate in history.certificates],
	"parties": sort({name | some subject in parties.subjects; some name in subject.names}),
	"rules": sort({found.reason.rule | some found in outcome.speaking}),
}

# The store folds names and would add up what one application orders under two spellings of one name.
_end_users contains min(spellings) if some spellings in _spellings

_spellings[folded] contains name if {
	some name in history.end_users
	folded := regex.replace(lower(name), `[^\p{L}\p{N}]+`, "")
}

_weight(element) := {"kg": need.element_kg[element]}

_weight(element) := {} if not need.element_kg[element]
