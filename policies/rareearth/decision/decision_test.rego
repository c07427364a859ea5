# The decision document: its fields, and how they hang together. What each rule finds is tested beside the rule.
package rareearth.decision_test

import data.rareearth.decision
import data.rareearth.fixture_test as fixture
import data.rareearth.outcome

_decided(application, day) := document if {
	document := decision with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.midnight(day)
}

_green := _decided(fixture.application, "2026-06-15")

test_the_decision_has_the_fields_of_the_contract if {
	object.keys(_green) == {
		"application_id", "as_of", "outcome", "items", "reasons", "green_channel",
		"missing", "obligations", "clock", "valid_until", "not_assessed",
	}
}

test_the_decision_echoes_application_and_instant if {
	_green.application_id == "T-1"
	_green.as_of == "2026-06-15T00:00:00+08:00"
}

test_no_field_of_an_application_can_turn_the_clock if {
	application := fixture.with_fields({"/as_of": "2025-04-03", "/decided_at": "2025-04-03T00:00:00Z"})
	_decided(application, "2026-06-15").as_of == "2026-06-15T00:00:00+08:00"
}

test_the_green_application_takes_the_green_channel if {
	_green.outcome == "green_channel"
	_green.items == [{
		"line": 1,
		"status": "listed",
		"entries": [{
			"code": "1C905.a.4",
			"instrument": "ANN-2025-18",
			"status": "in_force",
			"matched_by": ["control_code", "hs_code", "composition", "form"],
		}],
	}]
	_green.missing == []
	_green.clock == {"id": "CLK-1", "working_days": 45, "starts_on": "2026-06-02", "due_on": "2026-08-05"}
	_green.valid_until == "2027-05-11T00:00:00+08:00"
}

test_the_green_channel_is_shown_in_full if {
	_green.green_channel.eligible
	_green.green_channel.channel == "EU"
	count(_green.green_channel.conditions) == 10
	_green.green_channel.failed == []
}

test_the_green_channel_changes_speed_only if {
	ordinary := _decided(fixture.without(["/transit"]), "2026-06-15")
	ordinary.outcome == "standard_review"
	ordinary.green_channel.failed == ["GC-P06"]
	ordinary.clock == _green.clock
	{duty.id | some duty in ordinary.obligations} == {duty.id | some duty in _green.obligations}
	"ANN-2025-18" in {reason.rule | some reason in ordinary.reasons}
}

_bare := {
	"id": "T-2",
	"exporter": {"name": "A"},
	"items": [{"line": 1}],
	"destination": "CH",
	"parties": [{"role": "end_user", "name": "B"}],
}

test_the_least_application_gets_a_whole_decision if {
	document := decision with input as _bare with time.now_ns as fixture.today
	object.keys(document) == object.keys(_green)
	document.outcome == "classification_needed"
	document.items == [{"line": 1, "status": "unclassified", "entries": []}]
	document.green_channel.channel == null
	document.clock == null
	document.valid_until == null
	document.obligations == []
}

test_reasons_stand_by_review_factor_and_rule if {
	document := decision with input as _bare with time.now_ns as fixture.today
	keys := [[reason.factor, reason.rule] | some reason in document.reasons]
	sort(keys) == keys
	count(keys) > 5
}

test_every_reason_has_the_fields_of_the_contract if {
	document := decision with input as _bare with time.now_ns as fixture.today
	every reason in document.reasons {
		object.keys(reason) == {"rule", "title", "effect", "severity", "basis", "factor", "paths", "text", "remedy", "evidence"}
		reason.factor in numbers.range(1, 8)
		count(reason.basis) > 0
		object.keys(reason.text) == {"en", "zh"}
		object.keys(reason.remedy) == {"en", "zh"}
	}
}

test_no_text_of_a_reason_has_an_unfilled_place if {
	document := decision with input as _bare with time.now_ns as fixture.today
	every reason in array.concat(document.reasons, _green.reasons) {
		every text in [reason.text.en, reason.text.zh, reason.remedy.en, reason.remedy.zh] {
			not regex.match(`\{[a-z_]+\}`, text)
		}
	}
}

test_a_silent_finding_is_no_reason if {
	gallium := fixture.with_fields({"/destination": "US", "/items": [{
		"line": 1, "form": "metal", "control_code": "ANN-2023-23/gallium-1", "description": "Gallium metal 6N",
	}]})
	not "ANN-2024-46 §2" in {reason.rule | some reason in _decided(gallium, "2026-06-15").reasons}
	"ANN-2024-46 §2" in {reason.rule | some reason in _decided(gallium, "2026-11-27").reasons}
}

test_what_is_missing_comes_from_findings_and_from_the_green_channel if {
	document := _decided(fixture.without(["/transit", "/end_use/statement", "/documents/1"]), "2026-06-15")
	document.outcome == "incomplete"
	document.missing == ["/end_use/statement", "/transit", "application_form"]
}

test_nothing_is_missing_where_no_licence_is_needed if {
	document := _decided(object.union(_bare, {"items": [fixture.motor]}), "2026-06-15")
	document.outcome == "no_licence_required"
	document.missing == []
}

test_nothing_is_missing_where_another_law_decides if {
	document := _decided(fixture.without(["/documents/1"]), "2026-06-15")
	document.missing == ["application_form"]
	military := _decided(
		json.patch(fixture.application, [
			{"op": "remove", "path": "/documents/1"},
			{"op": "add", "path": "/items/0/hs_code", "value": "9306300000"},
		]),
		"2026-06-15",
	)
	military.outcome == "out_of_scope"
	military.missing == []
}

test_the_outcome_is_one_of_the_order if {
	every application in [fixture.application, _bare, fixture.with_fields({"/kind": "consultation"})] {
		_decided(application, "2026-11-23").outcome in outcome.order
	}
}

test_without_screening_no_fast_route_is_open if {
	document := decision with input as fixture.application
		with data.history as fixture.nothing_before(fixture.application)
		with data.registry.parties as fixture.nobody_on_file(fixture.application)
		with time.now_ns as fixture.today
	document.outcome == "enhanced_review"
	document.green_channel.failed == ["GC-P04"]
	"ECL-17" in {reason.rule | some reason in document.reasons}
}

test_without_the_tables_of_the_service_no_fast_route_is_open_and_the_decision_says_why if {
	document := decision with input as fixture.application with time.now_ns as fixture.today
	document.outcome == "enhanced_review"
	document.green_channel.failed == ["GC-P04", "GC-P08"]
	{"ECL-13/history", "ECL-17", "ECL-17/registry"} - {reason.rule | some reason in document.reasons} == set()
	{"RF-09", "RF-12", "RF-13", "RF-26", "RF-30"} - {row.id | some row in document.not_assessed} == set()
}

# Today, on the day of the reference

test_the_same_application_is_green_on_the_day_of_the_reference if {
	document := _decided(fixture.application, "2026-11-23")
	document.outcome == "green_channel"
	document.as_of == "2026-11-23T00:00:00+08:00"
}

test_before_the_list_bound_no_licence_was_required if {
	_decided(fixture.application, "2025-04-03").outcome == "no_licence_required"
}
