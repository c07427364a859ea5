package rareearth.licensing.nonproliferation_test

import data.rareearth.licensing.nonproliferation

_item(item) := {"items": [object.union({"line": 7}, item)]}

_findings(application) := found if found := nonproliferation.findings with input as application

_fired(application) := {found.reason.rule | some found in _findings(application)}

_the(rule, application) := found if {
	some found in _findings(application)
	found.reason.rule == rule
}

test_nothing_stated_is_nothing_found if {
	_fired({}) == set()
	_fired(_item({})) == set()
}

# ECL-23, ECL-2, REG792-47

test_a_heading_of_another_regime_takes_the_line_out if {
	every code, rule in {
		"93020000": "ECL-23",
		"8710001000": "ECL-23",
		"89061000": "ECL-23",
		"8401100000": "ECL-2",
		"28444100": "ECL-2",
	} {
		found := _the(rule, _item({"hs_code": code}))
		found.outcome == "out_of_scope"
		found.reason.paths == ["/items/0/hs_code"]
		contains(found.reason.text.en, sprintf("Line 7 is a %s item (%s)", [found.reason.evidence.regime, code]))
	}
}

test_a_declared_regime_takes_the_line_out if {
	every word, rule in {
		"military": "ECL-23",
		"Military": "ECL-23",
		"nuclear": "ECL-2",
		"monitored_chemical": "REG792-47",
		"missile_part_1": "REG792-47",
	} {
		found := _the(rule, _item({"control_code": word}))
		found.outcome == "out_of_scope"
		found.reason.paths == ["/items/0/control_code"]
		count(_fired(_item({"control_code": word}))) == 1
	}
}

test_other_goods_stay if {
	every code in ["8505111000", "89069000", "2846901100", "84020000", "00930000"] {
		_fired(_item({"hs_code": code})) == set()
	}
	_fired(_item({"control_code": "1C905.a.4"})) == set()
	_fired(_item({"control_code": "none"})) == set()
}

test_a_misspelt_regime_is_left_to_classification if _fired(_item({"control_code": "militray"})) == set()

test_each_line_is_looked_at_for_itself if {
	application := {"items": [{"line": 1, "hs_code": "8505111000"}, {"line": 2, "hs_code": "93020000"}, {"line": 3, "control_code": "nuclear"}]}
	{found.reason.evidence.line | some found in _findings(application)} == {2, 3}
}

# ECL-12(3)(2), ECL-12(3)(3)

_uses := {"wmd": "ECL-12(3)(2)", "terrorism": "ECL-12(3)(3)"}

test_weapons_of_mass_destruction_and_terrorism_are_referred if {
	every use, rule in _uses {
		found := _the(rule, {"end_use": {use: true}})
		found.outcome == "refer_for_refusal"
		found.reason.paths == [sprintf("/end_use/%s", [use])]
	}
}

test_a_use_that_is_denied_or_not_stated_is_not_referred if {
	every use, _ in _uses {
		_fired({"end_use": {use: false}}) == set()
	}
	_fired({"end_use": {}}) == set()
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	items := [{"line": 1, "control_code": word} | some word in ["military", "nuclear", "monitored_chemical", "missile_part_1"]]
	found := _findings({"items": items, "end_use": {"wmd": true, "terrorism": true}})
	{each.reason.rule: _weight(each) | some each in found} == {
		"ECL-23": "hold high out_of_scope",
		"ECL-2": "hold high out_of_scope",
		"REG792-47": "hold high out_of_scope",
		"ECL-12(3)(2)": "refer high refer_for_refusal",
		"ECL-12(3)(3)": "refer high refer_for_refusal",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
