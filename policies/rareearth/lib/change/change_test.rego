package rareearth.lib.change_test

import data.rareearth.lib.change

_rule := {"title": "T", "custom": {
	"remedies": "GC-P06",
	"basis": ["GC-P06"],
	"text": {"en": "State {what}.", "zh": "填报{what}。"},
}}

test_a_change_says_what_it_remedies_and_where if {
	change.state(_rule, "/transit", [], {"what": "the way"}) == {
		"rule": "GC-P06",
		"op": "add",
		"pointer": "/transit",
		"value": [],
		"text": {"en": "State the way.", "zh": "填报the way。"},
		"basis": ["GC-P06"],
		"example": false,
	}
}

test_another_fact_replaces_one if {
	made := change.replace_with(_rule, "/transit", ["FR"], {})
	[made.op, made.value] == ["replace", ["FR"]]
}

test_what_is_taken_out_has_no_value if {
	made := change.take_out(_rule, "/items/1", {})
	made.op == "remove"
	not "value" in object.keys(made)
}

test_an_example_says_so if {
	example := object.union(_rule, {"custom": object.union(_rule.custom, {"example": true})})
	change.state(example, "/transit", [], {}).example
}
