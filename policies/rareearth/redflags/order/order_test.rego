package rareearth.redflags.order_test

import data.rareearth.redflags.order

_findings(application) := found if {
	found := order.findings with input as application
		with data.rareearth.reference.settings.prepayment_dear.value as {"CNY": 1000, "EUR": 100}
}

_fired(application) := {found.reason.rule | some found in _findings(application)}

_the(rule, application) := found if {
	some found in _findings(application)
	found.reason.rule == rule
}

_paths(rule, application) := _the(rule, application).reason.paths

_use := {
	"statement": "Rotor magnets for the traction motor SA-210",
	"sector": "wind_power",
	"model": "SA-210",
	"oem": "Rheintal AG",
	"site_country": "DE",
}

_used(change) := {"end_use": object.union(_use, change)}

test_a_clear_order_raises_no_flag if _fired(_used({})) == set()

test_an_empty_application_raises_no_flag_of_its_own if _fired({}) == set()

# RF-06

test_a_use_without_model_maker_or_country_is_vague if {
	every field in ["model", "oem", "site_country"] {
		application := {"end_use": object.remove(_use, [field])}
		_paths("RF-06", application) == [sprintf("/end_use/%s", [field])]
		_the("RF-06", application).outcome == ""
	}
}

test_generic_words_alone_are_vague_however_they_are_written if {
	every statement in [
		"Civil use", "civil use.", " CIVIL  USE ", "Civil-use", "Position sensor, motor", "Sensor motor", "民用", "民用。", "民用、生产",
	] {
		_paths("RF-06", _used({"statement": statement})) == ["/end_use/statement"]
	}
}

test_one_word_that_says_something_is_enough if {
	every statement in ["Motor SA-210", "position sensor for brake pedals", "民用无人驾驶出租车", "???"] {
		not "RF-06" in _fired(_used({"statement": statement}))
	}
}

test_a_misspelt_generic_word_is_not_taken_for_a_generic_one if not "RF-06" in _fired(_used({"statement": "Civl use"}))

test_a_statement_that_is_not_made_is_not_vague if _fired({"end_use": object.remove(_use, ["statement"])}) == set()

# RF-12

_cover(months) := {[found.reason.severity, found.outcome, found.reason.evidence.months] |
	some found in order.findings with input as _used({})
		with data.rareearth.lib.need as {"cover_months": months, "ordered_kg": 100}
		with data.rareearth.reference.settings.cover_months_medium.value as 6
		with data.rareearth.reference.settings.cover_months_high.value as 12
	found.reason.rule == "RF-12"
}

test_six_months_of_need_raise_no_flag if _cover(6) == set()

test_more_than_six_months_weigh_medium_up_to_twelve if {
	_cover(6.01) == {["medium", "", 6]}
	_cover(12) == {["medium", "", 12]}
}

test_more_than_twelve_months_weigh_high if _cover(12.06) == {["high", "enhanced_review", 12.1]}

test_stock_counts_with_the_order if {
	application := {
		"items": [{
			"line": 1,
			"form": "magnet",
			"control_code": "1C905.a.4",
			"hs_code": "8505111000",
			"composition": [{"element": "Dy", "wt_pct": 2}],
			"quantity": {"value": 1, "unit": "TNE"},
		}],
		"need": {"annual_consumption": {"value": 30, "unit": "KGM"}, "stock_on_hand": {"value": 5000, "unit": "GRM"}},
	}
	found := _the("RF-12", application) with time.now_ns as time.parse_rfc3339_ns("2026-11-23T00:00:00+08:00")
	found.reason.evidence == {"months": 10, "ordered_kg": 20}
	found.reason.paths == ["/need", "/items"]
	not _the("RF-12", json.remove(application, ["/need/annual_consumption"])) with time.now_ns as time.parse_rfc3339_ns("2026-11-23T00:00:00+08:00")
}

# RF-18

_paid(payment, values) := {"contract": {"payment": payment}, "items": [{"line": i + 1, "value": value} | some i, value in values]}

_yuan(amount) := {"amount": amount, "currency": "CNY"}

test_cash_is_unusual_whatever_the_amount if {
	_paths("RF-18", _paid("cash", [])) == ["/contract/payment"]
	_paths("RF-18", _paid("cash", [_yuan(1)])) == ["/contract/payment"]
}

test_prepayment_is_unusual_from_a_dear_total_on if {
	_fired(_paid("prepayment", [_yuan(1000)])) == {"RF-18"}
	_fired(_paid("prepayment", [_yuan(600), _yuan(400)])) == {"RF-18"}
	_fired(_paid("prepayment", [_yuan(600), _yuan(399.99)])) == set()
	_fired(_paid("prepayment", [_yuan(999), {"amount": 99, "currency": "EUR"}])) == set()
}

test_a_currency_without_threshold_or_a_value_that_is_not_stated_counts_as_dear if {
	_fired(_paid("prepayment", [{"amount": 1, "currency": "JPY"}])) == {"RF-18"}
	_fired({"contract": {"payment": "prepayment"}, "items": [{"line": 1}]}) == {"RF-18"}
}

test_usual_terms_and_unstated_ones_raise_no_flag if {
	every payment in ["letter_of_credit", "transfer"] {
		_fired(_paid(payment, [_yuan(1000000)])) == set()
	}
	_fired({"items": [{"line": 1, "value": _yuan(1000000)}]}) == set()
}

# RF-21

_described(description) := {"items": [{"line": 1, "description": "Sintered magnets 42SH"}, {"line": 2, "description": description}]}

test_a_description_that_would_fit_anything_is_generic if {
	every description in ["Magnets", "magnetic material", "Spare-parts", "Goods; samples", "样品"] {
		_paths("RF-21", _described(description)) == ["/items/1/description"]
	}
}

test_a_description_with_a_grade_is_not_generic if _fired(_described("magnets 42SH, 40x15x5 mm")) == set()

test_goods_without_description_are_not_called_generic if _fired({"items": [{"line": 1}]}) == set()

# RF-28

_line(index, status, why) := {"index": index, "line": index + 1, "status": status, "why": why, "entries": []}

_misfits(line, item) := {[found.reason.evidence.why, found.reason.paths, found.outcome] |
	some found in order.findings with input as {"items": [item]} with data.rareearth.controls.lines.lines as [line]
	found.reason.rule == "RF-28"
}

test_a_code_that_contradicts_the_goods_is_flagged if {
	_misfits(_line(0, "conflict", "unlisted_hs_code"), {"line": 1}) == {["unlisted_hs_code", ["/items/0"], "enhanced_review"]}
}

test_a_control_code_that_the_list_does_not_know_is_flagged_once if {
	_misfits(_line(0, "listed", "named"), {"line": 1, "control_code": "1C905a4"}) == {["unknown_control_code", ["/items/0"], "enhanced_review"]}
	_misfits(_line(0, "conflict", "code_does_not_fit"), {"line": 1, "control_code": "1C905a4"}) == {["code_does_not_fit", ["/items/0"], "enhanced_review"]}
}

test_a_known_code_and_no_code_are_not_flagged if {
	every item in [{"line": 1, "control_code": "1C905.a.4"}, {"line": 1, "control_code": "none"}, {"line": 1}] {
		_misfits(_line(0, "unclassified", "several"), item) == set()
	}
}

# RF-32

test_fine_chips_and_military_intelligence_are_flagged if {
	found := _the("RF-32", _used({"semiconductor_node_nm": 14, "memory_layers": 256, "ai_military": true}))
	found.outcome == "enhanced_review"
	found.reason.evidence.facts == ["/end_use/ai_military", "/end_use/memory_layers", "/end_use/semiconductor_node_nm"]
	found.reason.evidence.missing == []
}

test_a_chip_maker_without_figures_is_flagged_and_asked_for_them if {
	found := _the("RF-32", _used({"sector": "semiconductors"}))
	found.reason.paths == ["/end_use/sector"]
	found.reason.evidence.missing == ["/end_use/semiconductor_node_nm", "/end_use/memory_layers"]
}

test_coarse_chips_are_not_flagged if {
	_fired(_used({"sector": "semiconductors", "semiconductor_node_nm": 14.5, "memory_layers": 255, "ai_military": false})) == set()
}

# RF-34

test_foreign_inspection_inside_china_is_flagged if {
	_paths("RF-34", {"contract": {"foreign_inspection_in_cn": true}}) == ["/contract/foreign_inspection_in_cn"]
	_fired({"contract": {"foreign_inspection_in_cn": false}}) == set()
	_fired({"contract": {"number": "C-1"}}) == set()
}

# RF-35

test_a_denial_is_noted_and_neither_clears_nor_accuses if {
	found := _the("RF-35", _used({"statement": "Servo motors SA-210, No Military Use, not for weapons"}))
	found.reason.severity == "low"
	found.outcome == ""
	found.reason.evidence.phrases == ["no military use", "not for weapons"]
	found.reason.paths == ["/end_use/statement"]
	_fired(_used({"statement": "伺服电机SA-210，不用于军事"})) == {"RF-35"}
}

test_a_statement_without_denial_is_not_noted if {
	_fired(_used({"statement": "Servo motors SA-210 for armies of robots"})) == set()
	_fired(_used({"statement": "Servo motors SA-210, no militry use"})) == set()
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	application := {
		"end_use": {"statement": "civil use only", "ai_military": true},
		"contract": {"payment": "cash", "foreign_inspection_in_cn": true},
		"items": [{"line": 1, "description": "goods", "control_code": "unheard of"}],
	}
	found := order.findings with input as application
		with data.rareearth.lib.need as {"cover_months": 13, "ordered_kg": 100}
	{each.reason.rule: _weight(each) | some each in found} == {
		"RF-06": "flag medium ",
		"RF-12": "flag high enhanced_review",
		"RF-18": "flag medium ",
		"RF-21": "flag medium ",
		"RF-28": "flag high enhanced_review",
		"RF-32": "flag high enhanced_review",
		"RF-34": "flag medium ",
		"RF-35": "flag low ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
