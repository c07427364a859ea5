package rareearth.controls_test

import data.rareearth.controls
import data.rareearth.fixture_test as fixture
import data.rareearth.lib.finding

_today := "2026-06-15"

_findings(items, day) := {found |
	some found in controls.findings with input as {"items": items} with time.now_ns as fixture.midnight(day)
	finding.speaks(found)
}

_fired(items, day) := {found.reason.rule | some found in _findings(items, day)}

_the(rule, items, day) := found if {
	some found in _findings(items, day)
	found.reason.rule == rule
}

_eve(items, day) := {found.reason.rule |
	some found in controls.findings with input as {"items": items} with time.now_ns as fixture.midnight(day) - 1
}

_holmium := {"line": 1, "form": "oxide", "control_code": "1C909.b"}

_unknown_magnet := {"line": 1, "form": "magnet", "hs_code": "8505111000"}

_hidden_magnet := object.union(fixture.magnet, {"hs_code": "8505119000", "control_code": "none"})

_clean_metal := {
	"line": 1,
	"form": "metal",
	"hs_code": "2805302900",
	"assay": "complete",
	"composition": [{"element": "La", "wt_pct": 60}, {"element": "Ce", "wt_pct": 40}],
}

# ANN-2025-18

test_an_item_of_announcement_18_needs_a_licence if {
	found := _the("ANN-2025-18", [fixture.magnet], _today)
	found.outcome == ""
	found.reason.paths == ["/items/0"]
	found.reason.text.en == "Line 1 is on the control list: 1C905.a.4."
	[row.code | some row in found.reason.evidence.entries] == ["1C905.a.4"]
	[row.confidence | some row in found.reason.evidence.entries] == ["two-sources"]
}

test_announcement_18_binds_from_the_first_instant_of_its_day if {
	_fired([fixture.magnet], "2025-04-04") == {"ANN-2025-18"}
	not "ANN-2025-18" in _eve([fixture.magnet], "2025-04-04")
}

test_an_item_of_another_announcement_is_not_one_of_announcement_18 if {
	not "ANN-2025-18" in _fired([object.union(_holmium, {"line": 1})], "2026-11-23")
	not "ANN-2025-18" in _fired([{"line": 1, "control_code": "6C002.a"}], _today)
}

test_what_is_not_stated_is_not_listed if not "ANN-2025-18" in _fired([{"line": 1}], _today)

test_a_misspelt_control_code_is_not_listed if not "ANN-2025-18" in _fired([{"line": 1, "control_code": "1c905.a.4"}], _today)

# ECL-12(2)

test_an_item_of_another_announcement_needs_a_licence_too if {
	found := _the("ECL-12(2)", [{"line": 7, "control_code": "6C002.a", "form": "metal"}], _today)
	found.reason.evidence.codes == ["6C002.a"]
	found.reason.evidence.instruments == ["ANN-2025-10"]
	found.reason.text.en == "Line 7 is on the control list by ANN-2025-10: 6C002.a."
}

test_another_announcement_binds_from_the_first_instant_of_its_day if {
	items := [{"line": 1, "control_code": "6C002.a", "form": "metal"}]
	"ECL-12(2)" in _fired(items, "2025-02-04")
	not "ECL-12(2)" in _eve(items, "2025-02-04")
}

test_an_item_of_announcement_18_is_not_told_twice if _fired([fixture.magnet], _today) == {"ANN-2025-18"}

test_a_line_that_is_not_known_to_be_listed_is_held_and_nothing_more if {
	tellurium := {"line": 1, "form": "metal", "hs_code": "2804500001", "control_code": "none"}
	_fired([tellurium], _today) == {"REG792-14"}
	_fired([_unknown_magnet], _today) == {"ECL-12(4)"}
}

test_a_line_with_entries_of_two_announcements_has_both_reasons if {
	telluride := {"line": 1, "control_code": "6C002.b", "form": "compound", "composition": [{"element": "Te", "wt_pct": 50}, {"element": "Sm", "wt_pct": 50}]}
	_fired([telluride], _today) == {"ANN-2025-18", "ECL-12(2)"}
}

# U-01

test_a_listing_of_unverified_status_goes_to_a_person if {
	found := _the("U-01", [_holmium], "2026-11-10")
	found.outcome == "enhanced_review"
	found.reason.evidence.codes == ["1C909.b"]
}

test_the_doubt_begins_with_the_end_of_the_suspension if not "U-01" in _eve([_holmium], "2026-11-10")

test_nothing_is_in_doubt_that_was_never_suspended if not "U-01" in _fired([fixture.magnet], "2026-11-23")

test_an_unverified_candidate_of_an_unclassified_line_is_told if {
	_fired([{"line": 1, "form": "metal", "hs_code": "28053019"}], "2026-11-23") == {"U-01", "ECL-12(4)"}
}

# ECL-4

test_a_suspended_listing_is_shown if {
	found := _the("ECL-4", [_holmium], "2026-01-15")
	found.outcome == ""
	found.reason.evidence == {"line": 1, "codes": ["1C909.b"], "statuses": ["suspended"]}
}

test_a_coming_listing_is_shown if {
	_the("ECL-4", [_holmium], "2025-11-07").reason.evidence.statuses == ["not_yet"]
	_the("ECL-4", [fixture.magnet], "2025-04-03").reason.evidence.statuses == ["not_yet"]
}

test_a_listing_that_ended_is_shown if {
	row := {
		"instrument": "ANN-2025-57", "form": "oxide", "symbols": ["Ho"], "hs_codes": [],
		"effective_from": "2025-11-08", "effective_until": "2026-12-01",
	}
	found := controls.findings with input as {"items": [_holmium]}
		with data.rareearth.reference.control_list.entries as {"1C909.b": row}
		with time.now_ns as fixture.midnight("2026-12-01")
	{each.reason.rule: each.reason.evidence.statuses | some each in found} == {"ECL-4": ["ended"]}
}

test_a_binding_listing_is_not_called_idle if {
	not "ECL-4" in _fired([fixture.magnet], _today)
	not "ECL-4" in _fired([_holmium], "2026-11-23")
}

# ECL-12(4)

test_a_line_that_cannot_be_classified_is_held if {
	found := _the("ECL-12(4)", [_unknown_magnet], _today)
	found.outcome == "classification_needed"
	found.reason.evidence.why == "no_assay"
	found.reason.evidence.codes == ["1C902.a.4", "1C904.a.4", "1C905.a.4"]
}

test_the_facts_that_would_classify_a_line_are_named if {
	_the("ECL-12(4)", [_unknown_magnet], _today).reason.evidence.missing == ["/items/0/control_code", "/items/0/composition", "/items/0/assay"]
	_the("ECL-12(4)", [{"line": 1}], _today).reason.evidence.missing == [
		"/items/0/control_code", "/items/0/hs_code", "/items/0/form",
		"/items/0/composition", "/items/0/assay",
	]
}

test_nothing_more_is_asked_of_a_line_that_states_all if {
	furnace := {
		"line": 1, "form": "equipment", "hs_code": "8417100000", "control_code": "none",
		"assay": "complete", "composition": [{"element": "Fe", "wt_pct": 100}],
	}
	_the("ECL-12(4)", [furnace], _today).reason.evidence.missing == []
}

test_a_classified_line_is_not_held if {
	every item in [fixture.magnet, fixture.motor, _clean_metal, _hidden_magnet] {
		not "ECL-12(4)" in _fired([item], _today)
	}
}

test_a_magnet_is_not_held_before_the_list_binds if not "ECL-12(4)" in _fired([_unknown_magnet], "2025-04-03")

# REG792-14

test_a_line_whose_codes_contradict_the_goods_is_held if {
	found := _the("REG792-14", [_hidden_magnet], _today)
	found.outcome == "classification_needed"
	found.reason.evidence == {"line": 1, "why": "unlisted_hs_code", "codes": ["1C905.a.4"]}
}

test_codes_that_go_with_the_goods_are_no_contradiction if not "REG792-14" in _fired([fixture.magnet], _today)

test_nothing_contradicts_before_the_list_binds if not "REG792-14" in _fired([_hidden_magnet], "2025-04-03")

# REG792-14/consultation

_kind(application) := {found.reason.rule | some found in controls.findings with input as application}

test_a_consultation_is_answered_with_a_classification if {
	some found in controls.findings with input as {"kind": "consultation", "items": []}
	found.reason.rule == "REG792-14/consultation"
	found.outcome == "classification_needed"
	found.reason.paths == ["/kind"]
}

test_other_kinds_are_no_consultation if {
	every application in [{"kind": "single"}, {"kind": "consult"}, {}] {
		_kind(object.union(application, {"items": []})) == set()
	}
}

# ANN-2025-18/assembly

test_an_assembly_is_told_to_keep_the_evidence if {
	found := _the("ANN-2025-18/assembly", [fixture.motor], _today)
	found.outcome == ""
	contains(found.reason.remedy.en, "five years")
	_fired([fixture.motor], _today) == {"ANN-2025-18/assembly"}
}

test_the_assembly_rule_speaks_from_the_day_of_announcement_18 if {
	not "ANN-2025-18/assembly" in _fired([fixture.magnet], _today)
	_fired([fixture.motor], "2025-04-03") == {"ANN-2025-18/assembly"}
}

# ECL-12

test_a_line_outside_the_list_says_why if {
	wanted := {
		"assay": _clean_metal,
		"foreign": {"line": 1, "form": "other", "hs_code": "9503008900"},
		"outside_code": {"line": 1, "form": "magnet", "hs_code": "8505190090"},
	}
	wanted == {why: item |
		some item in wanted
		why := _the("ECL-12", [item], _today).reason.evidence.why
	}
}

test_a_listed_or_unknown_line_is_not_outside_the_list if {
	every item in [fixture.magnet, _unknown_magnet, _hidden_magnet, {"line": 1}] {
		not "ECL-12" in _fired([item], _today)
	}
}

test_a_suspended_line_is_not_called_outside_the_list if _fired([_holmium], "2026-01-15") == {"ECL-4"}

# Lines

_listed(items) := {line.line | some line in controls.listed with input as {"items": items} with time.now_ns as fixture.today}

_second(item) := object.union(item, {"line": 2})

test_the_listed_lines_are_known if {
	_listed([fixture.magnet, _second(fixture.motor)]) == {1}
	_listed([fixture.motor]) == set()
}

test_each_finding_points_to_its_line if {
	items := [fixture.motor, _second(fixture.magnet), object.union(_unknown_magnet, {"line": 3})]
	{found.reason.rule: found.reason.paths | some found in _findings(items, _today)} == {
		"ANN-2025-18/assembly": ["/items/0"],
		"ANN-2025-18": ["/items/1"],
		"ECL-12(4)": ["/items/2"],
	}
}

test_nothing_is_listed_only_where_every_line_is_known_to_be_outside if {
	controls.none_listed with input as {"items": [fixture.motor, _second(_clean_metal)]} with time.now_ns as fixture.today
	not controls.none_listed with input as {"items": [fixture.motor, _second(fixture.magnet)]} with time.now_ns as fixture.today
	not controls.none_listed with input as {"items": [fixture.motor, {"line": 2}]} with time.now_ns as fixture.today
	not controls.none_listed with input as {"items": [fixture.motor, _second(_hidden_magnet)]} with time.now_ns as fixture.today
	not controls.none_listed with input as {"items": []}
	not controls.none_listed with input as {}
}
