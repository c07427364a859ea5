package rareearth.lib.finding_test

import data.rareearth.lib.finding

_custom := {
	"id": "T-1",
	"effect": "flag",
	"severity": "medium",
	"basis": ["ECL-12(2)"],
	"factor": 4,
	"text": {"en": "{name} weighs {kg} kg", "zh": "{name}重{kg}公斤"},
	"remedy": {"en": "Weigh again.", "zh": "重新称重。"},
}

# The annotations of a rule, as rego.metadata.rule() gives them.
_rule(custom) := {"title": "A rule for tests", "custom": object.union(_custom, custom)}

_found(custom) := finding.make(_rule(custom), ["/items/0"], {"name": "A", "kg": 3})

test_a_finding_says_what_its_annotations_say if {
	_found({}) == {
		"outcome": "",
		"standing": "in_force",
		"instrument": null,
		"reason": {
			"rule": "T-1",
			"title": "A rule for tests",
			"effect": "flag",
			"severity": "medium",
			"basis": ["ECL-12(2)"],
			"factor": 4,
			"paths": ["/items/0"],
			"text": {"en": "A weighs 3 kg", "zh": "A重3公斤"},
			"remedy": {"en": "Weigh again.", "zh": "重新称重。"},
			"evidence": {"name": "A", "kg": 3},
		},
	}
}

test_evidence_of_every_type_fills_its_place if {
	text := {"en": "{a} {b} {c} {d} {e}", "zh": "{e} {d} {c} {b} {a}"}
	found := finding.make(_rule({"text": text}), [], {"a": "one", "b": 2.5, "c": true, "d": ["x", 7], "e": null})
	found.reason.text == {"en": "one 2.5 true x, 7 null", "zh": "null x, 7 true 2.5 one"}
}

test_the_remedy_is_filled_like_the_text if {
	_found({"remedy": {"en": "Weigh {name}.", "zh": "称{name}。"}}).reason.remedy == {"en": "Weigh A.", "zh": "称A。"}
}

test_a_place_without_evidence_stays_as_it_stands if {
	_found({"text": {"en": "{colour}", "zh": "{colour}"}}).reason.text.en == "{colour}"
}

test_evidence_that_looks_like_a_place_is_not_filled_again if {
	found := finding.make(_rule({}), [], {"name": "{kg}", "kg": 3})
	found.reason.text.en == "{kg} weighs 3 kg"
}

test_each_effect_implies_its_outcome if {
	wanted := {
		"refuse": "prohibited", "refer": "refer_for_refusal", "require": "incomplete",
		"flag": "", "hold": "", "clear": "",
	}
	wanted == {effect: _found({"effect": effect}).outcome | some effect, _ in wanted}
}

test_only_a_flag_of_high_severity_calls_for_enhanced_review if {
	wanted := {"high": "enhanced_review", "medium": "", "low": ""}
	wanted == {severity: _found({"severity": severity}).outcome | some severity, _ in wanted}
}

test_a_high_severity_does_not_change_the_outcome_of_other_effects if {
	every effect, outcome in {"require": "incomplete", "clear": "", "hold": ""} {
		_found({"effect": effect, "severity": "high"}).outcome == outcome
	}
}

test_a_stated_outcome_goes_before_the_implied_one if {
	_found({"effect": "hold", "outcome": "classification_needed"}).outcome == "classification_needed"
	_found({"effect": "refuse", "outcome": "not_accepted"}).outcome == "not_accepted"
}

test_the_facts_can_set_the_severity if {
	found := finding.graded(_rule({}), "high", [], {})
	found.reason.severity == "high"
	found.outcome == "enhanced_review"
}

test_an_unknown_effect_makes_no_finding if not _found({"effect": "forbid"})

# Findings that stand on an announcement

_rows := {
	"N": {"effective_from": "2027-01-01"},
	"F": {"effective_from": "2025-01-01"},
	"E": {"effective_from": "2025-01-01", "effective_until": "2026-01-01"},
	"S": {"effective_from": "2025-01-01", "suspended": [{"from": "2026-01-01", "until": "2027-01-01", "confirmed": true}]},
	"L": {"effective_from": "2025-01-01", "suspended": [{"from": "2026-01-01", "until": "2026-03-01", "confirmed": true}]},
}

_on(instrument, custom) := found if {
	found := _found(object.union(custom, {"instrument": instrument})) with data.rareearth.reference.instruments.rows as _rows
		with time.now_ns as time.parse_rfc3339_ns("2026-06-15T00:00:00+08:00")
}

test_a_finding_stands_as_its_instrument_does if {
	wanted := {"N": "not_yet", "F": "in_force", "E": "ended", "S": "suspended", "L": "lapsed_unverified"}
	wanted == {id: _on(id, {}).standing | some id, _ in wanted}
}

test_a_finding_speaks_while_its_instrument_is_in_force_or_unverified if {
	{id | some id, _ in _rows; finding.speaks(_on(id, {}))} == {"F", "L"}
}

test_nobody_is_refused_on_a_measure_whose_status_is_unverified if {
	every effect in ["refuse", "refer", "require", "hold", "flag", "clear"] {
		found := _on("L", {"effect": effect, "severity": "low", "outcome": "prohibited"})
		found.outcome == "enhanced_review"
		found.reason.effect == "flag"
		found.reason.severity == "high"
	}
}

test_a_measure_in_force_keeps_effect_and_severity if {
	found := _on("F", {"effect": "refuse"})
	found.outcome == "prohibited"
	found.reason.effect == "refuse"
	found.reason.severity == "medium"
}

test_the_evidence_names_the_instrument_and_its_standing if {
	_on("L", {}).reason.evidence == {"name": "A", "kg": 3, "instrument": "L", "standing": "lapsed_unverified"}
}

test_a_misspelt_instrument_makes_no_finding if not _on("F ", {})

# Findings of several observations

_observed := finding.observed(_rule({"text": {"en": "Not so: {why}.", "zh": "不符：{why}。"}}), {
	{"path": "/b", "en": "second", "zh": "乙"},
	{"path": "/a", "en": "first", "zh": "甲"},
	{"path": "/b", "en": "third", "zh": "丙"},
})

test_an_observed_finding_tells_all_observations_in_both_languages if {
	_observed.reason.text == {"en": "Not so: first; second; third.", "zh": "不符：丙；乙；甲。"}
}

test_an_observed_finding_points_to_each_place_once if {
	_observed.reason.paths == ["/a", "/b"]
	{said | some said in _observed.reason.evidence.observations} == {"first", "second", "third"}
}
