# METADATA
# title: Changes
# description: >-
#   Turns a rule's annotations and a place in the application into a change that would remedy a finding: one operation of JSON Patch
#   (RFC 6902), with what it says in English and Chinese. `custom.remedies` names the rule whose finding it would remedy;
#   `custom.example: true` says that the value only stands for the true one, which the applicant alone knows.
package rareearth.lib.change

import data.rareearth.lib.finding

# METADATA
# title: A fact that is stated, or stated anew
# description: The objects around a field that are not stated either come with it; whoever applies the change sees to that.
state(rule, pointer, value, evidence) := _change(rule, "add", pointer, evidence, {"value": value})

# METADATA
# title: A fact that stands in the application and becomes another
replace_with(rule, pointer, value, evidence) := _change(rule, "replace", pointer, evidence, {"value": value})

# METADATA
# title: A part of the application that is filed elsewhere
take_out(rule, pointer, evidence) := _change(rule, "remove", pointer, evidence, {})

_change(rule, op, pointer, evidence, rest) := object.union(
	{
		"rule": rule.custom.remedies,
		"op": op,
		"pointer": pointer,
		"text": finding.filled(rule.custom.text, evidence),
		"basis": rule.custom.basis,
		"example": object.get(rule.custom, "example", false),
	},
	rest,
)
