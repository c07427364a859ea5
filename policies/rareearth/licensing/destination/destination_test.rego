package rareearth.licensing.destination_test

import data.rareearth.lib.finding
import data.rareearth.licensing.destination

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

# The paragraph on the United States was in force before its suspension, and is suspended on this day.
_before := _instant("2025-11-09") - 1

_today := _instant("2026-11-23")

_line(instrument, status) := {"line": 1, "status": "listed", "entries": [{"code": "EX.1", "instrument": instrument, "status": status}]}

_findings(application, line, at) := {found |
	some found in destination.findings with input as application
		with time.now_ns as at
		with data.rareearth.controls.listed as {line}
		with data.rareearth.reference.destinations.grades.rows as {"XA": {"grade": "low"}, "XB": {"grade": "medium"}, "XC": {"grade": "high"}, "XD": {"grade": "4"}}
	finding.speaks(found)
}

_fired(application, line, at) := {found.reason.rule | some found in _findings(application, line, at)}

_gallium := _line("ANN-2023-23", "in_force")

_graphite := _line("ANN-2023-39", "in_force")

_magnet := _line("ANN-2025-18", "in_force")

_to(country) := {"destination": country}

# ANN-2024-46 §2

test_gallium_antimony_and_superhard_items_to_the_united_states_are_referred if {
	every instrument in ["ANN-2023-23", "ANN-2024-33", "ANN-2025-55"] {
		some found in _findings(_to("US"), _line(instrument, "in_force"), _before)
		found.reason.rule == "ANN-2024-46 §2"
		found.outcome == "refer_for_refusal"
		found.reason.paths == ["/destination"]
		found.reason.evidence.codes == ["EX.1"]
	}
}

test_an_entry_that_may_bind_counts_and_one_that_does_not_bind_does_not if {
	_fired(_to("US"), _line("ANN-2025-55", "lapsed_unverified"), _before) == {"ANN-2024-46 §2"}
	every status in ["suspended", "not_yet", "ended"] {
		_fired(_to("US"), _line("ANN-2025-55", status), _before) == set()
	}
}

test_goods_for_a_user_in_the_united_states_go_there_by_whatever_way if {
	every application in [
		{"destination": "MX", "end_use": {"site_country": "US"}},
		{"destination": "MX", "parties": [{"role": "end_user", "name": "Example Inc.", "country": "US"}]},
		{"destination": "MX", "parties": [{"role": "ultimate_end_user", "name": "Example Inc.", "country": "US"}]},
	] {
		_fired(application, _gallium, _before) == {"ANN-2024-46 §2"}
	}
}

test_every_way_into_the_united_states_is_pointed_at if {
	application := {
		"destination": "US",
		"end_use": {"site_country": "US"},
		"parties": [{"role": "bank", "name": "Example Bank"}, {"role": "end_user", "name": "Example Inc.", "country": "US"}],
	}
	{found.reason.paths | some found in _findings(application, _gallium, _before)} == {["/destination", "/end_use/site_country", "/parties/1/country"]}
}

test_other_places_and_other_parties_are_not_the_united_states if {
	every application in [
		_to("DE"), _to("UM"), {}, {"parties": [{"role": "end_user", "name": "Example"}]},
		{"destination": "DE", "parties": [{"role": "forwarder", "name": "Example Inc.", "country": "US"}]},
	] {
		_fired(application, _gallium, _before) == set()
	}
}

test_rare_earths_to_the_united_states_are_not_in_that_paragraph if _fired(_to("US"), _magnet, _before) == set()

test_graphite_to_the_united_states_is_reviewed_more_strictly if {
	some found in _findings(_to("US"), _graphite, _before)
	found.reason.rule == "ANN-2024-46 §2/graphite"
	found.outcome == "enhanced_review"
	_fired(_to("DE"), _graphite, _before) == set()
}

test_the_paragraph_begins_pauses_and_lapses_on_its_days if {
	every line in [_gallium, _graphite] {
		_fired(_to("US"), line, _instant("2024-12-03") - 1) == set()
		count(_fired(_to("US"), line, _instant("2024-12-03"))) == 1
		_fired(_to("US"), line, _instant("2025-11-09")) == set()
		_fired(_to("US"), line, _today) == set()
		_fired(_to("US"), line, _instant("2026-11-27") - 1) == set()
		lapsed := _findings(_to("US"), line, _instant("2026-11-27"))
		{found.outcome | some found in lapsed} == {"enhanced_review"}
		{found.standing | some found in lapsed} == {"lapsed_unverified"}
	}
}

# ECL-8

_graded(country) := {[found.reason.severity, found.outcome] | some found in _findings(_to(country), _magnet, _today)}

test_a_grade_weighs_as_it_says_and_an_unknown_word_weighs_high if {
	_graded("XA") == {["low", ""]}
	_graded("XB") == {["medium", ""]}
	_graded("XC") == {["high", "enhanced_review"]}
	_graded("XD") == {["high", "enhanced_review"]}
}

test_the_site_of_use_has_a_grade_too if {
	some found in _findings({"destination": "DE", "end_use": {"site_country": "XC"}}, _magnet, _today)
	found.reason.paths == ["/end_use/site_country"]
}

test_a_country_without_a_grade_is_not_graded if {
	_graded("DE") == set()
	_fired({}, _magnet, _today) == set()
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	found := (_findings(_to("US"), _gallium, _before) | _findings(_to("US"), _graphite, _before)) | _findings(_to("XC"), _magnet, _today)
	{each.reason.rule: _weight(each) | some each in found} == {
		"ANN-2024-46 §2": "refer high refer_for_refusal",
		"ANN-2024-46 §2/graphite": "flag high enhanced_review",
		"ECL-8": "flag high enhanced_review",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
