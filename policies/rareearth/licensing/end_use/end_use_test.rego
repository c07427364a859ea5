package rareearth.licensing.end_use_test

import data.rareearth.lib.finding
import data.rareearth.licensing.end_use
import data.rareearth.reference.instruments

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_civil := {"sector": "wind_power", "military": false, "wmd": false, "terrorism": false, "knowledge": "none"}

_user := {"role": "end_user", "name": "Windrad AG", "business": "manufacturer", "site_type": "factory"}

_of(use) := {"end_use": object.union(_civil, use), "parties": [_user]}

_by(party) := {"end_use": _civil, "parties": [object.union(_user, party)]}

_findings(application, at) := {found |
	some found in end_use.findings with input as application with time.now_ns as at
	finding.speaks(found)
}

_fired(application, at) := {found.reason.rule | some found in _findings(application, at)}

_the(rule, application, at) := found if {
	some found in _findings(application, at)
	found.reason.rule == rule
}

_paths(rule, application, at) := _the(rule, application, at).reason.paths

_review(application) := facts if facts := end_use.case_by_case with input as application

# ECL-12(3)

test_whatever_the_exporter_knows_of_a_risk_calls_for_a_person if {
	every knowledge in {"should_know", "knows", "informed_by_authority"} {
		found := _the("ECL-12(3)", _of({"knowledge": knowledge, "risk": "wmd"}), _today)
		found.outcome == "enhanced_review"
		found.reason.evidence == {"knowledge": knowledge, "risk": "wmd"}
		found.reason.paths == ["/end_use/knowledge"]
	}
}

test_knowledge_of_a_risk_that_is_not_named_is_still_knowledge if {
	_the("ECL-12(3)", _of({"knowledge": "knows"}), _today).reason.evidence.risk == "not stated"
}

test_no_knowledge_of_a_risk_triggers_nothing if not "ECL-12(3)" in _fired(_of({}), _today)

test_knowledge_that_is_not_stated_triggers_nothing if {
	not "ECL-12(3)" in _fired({"end_use": object.remove(_civil, ["knowledge"])}, _today)
}

# ECL-13

test_a_military_use_is_referred if {
	found := _the("ECL-13", _of({"military": true}), _today)
	found.outcome == "refer_for_refusal"
	found.reason.paths == ["/end_use/military"]
}

test_a_buyer_of_the_defence_sector_is_referred if {
	_paths("ECL-13", _of({"sector": "defence"}), _today) == ["/end_use/sector"]
}

test_a_military_party_that_gets_the_goods_is_referred if {
	every role in {"end_user", "ultimate_end_user", "consignee", "importer"} {
		_paths("ECL-13", _by({"role": role, "business": "military"}), _today) == ["/parties/0"]
		_paths("ECL-13", _by({"role": role, "site_type": "military_base"}), _today) == ["/parties/0"]
	}
}

test_a_military_party_that_only_serves_the_deal_is_no_military_use if {
	not "ECL-13" in _fired(_by({"role": "forwarder", "business": "military"}), _today)
}

test_ties_alone_are_a_flag_and_no_military_use if not "ECL-13" in _fired(_by({"military_ties": true}), _today)

test_a_civilian_use_is_not_referred if not "ECL-13" in _fired(_of({}), _today)

test_an_application_without_end_use_indicates_nothing if _fired({}, _today) == set()

# ANN-2025-61 §3

_uses := {
	"/end_use/military": {"military": true},
	"/end_use/sector": {"sector": "defence"},
	"/end_use/wmd": {"wmd": true},
	"/end_use/terrorism": {"terrorism": true},
}

test_announcement_61_refers_every_use_that_it_names if {
	every path, use in _uses {
		found := _the("ANN-2025-61 §3", _of(use), _instant("2025-10-09"))
		found.outcome == "refer_for_refusal"
		found.reason.effect == "refer"
		found.reason.paths == [path]
	}
}

test_announcement_61_binds_through_the_eve_of_its_pause if {
	"ANN-2025-61 §3" in _fired(_of({"wmd": true}), _instant("2025-11-07") - 1)
}

test_announcement_61_is_silent_before_its_day_and_in_its_pause if {
	every at in {_instant("2025-10-09") - 1, _instant("2025-11-07"), _instant("2026-11-10") - 1} {
		not "ANN-2025-61 §3" in _fired(_of({"wmd": true}), at)
		not "ANN-2025-61 §4" in _fired(_of({"ai_military": true}), at)
	}
}

test_after_the_pause_nobody_knows_and_a_person_decides if {
	every day in ["2026-11-10", "2026-11-23", "2027-01-10"] {
		found := _the("ANN-2025-61 §3", _of({"wmd": true}), _instant(day))
		found.standing == "lapsed_unverified"
		found.outcome == "enhanced_review"
		found.reason.effect == "flag"
		found.reason.severity == "high"
	}
}

test_a_notice_that_the_announcement_lives_again_brings_the_presumption_back if {
	row := object.union(
		instruments.rows["ANN-2025-61"],
		{"resumed": [{"from": "2026-11-20", "instrument": "invented", "confirmed": true}]},
	)
	found := _the("ANN-2025-61 §3", _of({"wmd": true}), _today) with instruments.rows["ANN-2025-61"] as row
	found.outcome == "refer_for_refusal"
}

test_announcement_61_refuses_no_civilian_use if {
	_fired(_of({}), _instant("2025-10-09")) == {"GC-F04"}
}

test_announcement_61_refuses_nothing_that_is_not_stated if _fired({}, _instant("2025-10-09")) == set()

# ANN-2025-61 §4

test_announcement_61_reviews_chips_case_by_case if {
	found := _the("ANN-2025-61 §4", _of({"semiconductor_node_nm": 14, "memory_layers": 256, "ai_military": true}), _instant("2025-10-09"))
	found.outcome == "enhanced_review"
	found.reason.paths == ["/end_use/ai_military", "/end_use/memory_layers", "/end_use/semiconductor_node_nm"]
}

test_fourteen_nanometres_is_fine_and_a_tenth_more_is_not if {
	_review(_of({"semiconductor_node_nm": 14})) == {"/end_use/semiconductor_node_nm"}
	_review(_of({"semiconductor_node_nm": 14.1})) == set()
}

test_two_hundred_and_fifty_six_layers_are_many_and_one_less_is_not if {
	_review(_of({"memory_layers": 256})) == {"/end_use/memory_layers"}
	_review(_of({"memory_layers": 255})) == set()
}

test_intelligence_with_military_use_is_reviewed_only_where_stated if {
	_review(_of({"ai_military": true})) == {"/end_use/ai_military"}
	_review(_of({"ai_military": false})) == set()
	_review(_of({})) == set()
}

test_a_chip_maker_that_states_no_figure_may_be_at_the_fine_end if {
	_review(_of({"sector": "semiconductors"})) == {"/end_use/sector"}
}

test_a_chip_maker_names_the_figures_that_it_owes if {
	owed := end_use.chip_figures_missing with input as _of({"sector": "semiconductors"})
	owed == ["/end_use/semiconductor_node_nm", "/end_use/memory_layers"]
}

test_one_coarse_figure_is_enough_for_a_chip_maker if {
	every figure in [{"semiconductor_node_nm": 28}, {"memory_layers": 128}] {
		_review(_of(object.union({"sector": "semiconductors"}, figure))) == set()
	}
}

test_no_other_sector_owes_figures_of_chips if {
	owed := end_use.chip_figures_missing with input as _of({})
	owed == []
}

# GC-F04

test_a_civilian_use_is_said_to_be_one if {
	found := _the("GC-F04", _of({}), _today)
	found.outcome == ""
	found.reason.effect == "clear"
}

test_a_use_is_civilian_only_when_all_else_is_denied if {
	every use in ["military", "wmd", "terrorism"] {
		not "GC-F04" in _fired(_of({use: true}), _today)
		not "GC-F04" in _fired({"end_use": object.remove(_civil, [use])}, _today)
	}
}

test_a_use_is_civilian_only_in_a_sector_of_the_civil_list if {
	every sector in ["other", "defence", "wind power"] {
		not "GC-F04" in _fired(_of({"sector": sector}), _today)
	}
	not "GC-F04" in _fired({"end_use": object.remove(_civil, ["sector"])}, _today)
}

test_a_civilian_use_points_at_the_sector if _paths("GC-F04", _of({}), _today) == ["/end_use/sector"]

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	use := {"military": true, "sector": "semiconductors", "knowledge": "knows"}
	found := _findings(_of(use), _instant("2025-10-09")) | _findings(_of({}), _today)
	{each.reason.rule: _weight(each) | some each in found} == {
		"ECL-12(3)": "flag high enhanced_review",
		"ECL-13": "refer high refer_for_refusal",
		"ANN-2025-61 §3": "refer high refer_for_refusal",
		"ANN-2025-61 §4": "flag high enhanced_review",
		"GC-F04": "clear low ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
