package rareearth.greenchannel_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel
import data.rareearth.reference.conditions

_failed(application) := ids if {
	ids := greenchannel.failed with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_set(fields) := fixture.with_fields(fields)

_eligible(application) if {
	greenchannel.eligible with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

test_an_application_that_meets_all_conditions_is_eligible if {
	_failed(fixture.application) == []
	_eligible(fixture.application)
}

# Each condition failing alone

_fails_alone(application, id) if {
	_failed(application) == [id]
	not _eligible(application)
}

test_p01_fails_alone_for_an_importer_outside_the_member_states if _fails_alone(_set({"/parties/1/country": "CH"}), "GC-P01")

test_p01_fails_alone_for_a_destination_without_a_channel if {
	application := _set({"/destination": "CH", "/parties/0/country": "CH", "/parties/1/country": "CH"})
	_fails_alone(application, "GC-P01")
}

test_p02_fails_alone_for_an_item_of_another_announcement if {
	tellurium := {"line": 2, "control_code": "6C002.a", "form": "metal", "description": "Tellurium metal 5N", "quantity": {"value": 1, "unit": "KGM"}}
	_fails_alone(_set({"/items/-": tellurium}), "GC-P02")
}

test_p03_fails_alone_for_a_sector_outside_the_civil_list if _fails_alone(_set({"/end_use/sector": "other"}), "GC-P03")

test_p04_fails_alone_without_screening if {
	application := fixture.application
	ids := greenchannel.failed with input as application
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
	ids == ["GC-P04"]
}

test_p04_fails_alone_without_the_parties_on_file if {
	application := fixture.application
	ids := greenchannel.failed with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with time.now_ns as fixture.today
	ids == ["GC-P04"]
}

test_p05_fails_alone_for_an_undertaking_that_only_the_fast_route_asks_for if {
	_fails_alone(_set({"/documents/0/undertakings": ["no_other_use", "no_transfer", "no_wmd"]}), "GC-P05")
}

test_p06_fails_alone_for_transit_that_is_not_stated if _fails_alone(fixture.without(["/transit"]), "GC-P06")

test_p07_fails_alone_for_an_overdue_report if _fails_alone(_set({"/exporter/overdue_reports": 1}), "GC-P07")

test_p08_fails_alone_for_a_stock_that_is_not_stated if _fails_alone(fixture.without(["/need/stock_on_hand"]), "GC-P08")

test_p08_fails_alone_without_the_history if {
	application := fixture.application
	ids := greenchannel.failed with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
	ids == ["GC-P08"]
}

test_p09_fails_alone_for_a_high_flag if _fails_alone(_set({"/parties/0/business": "trader"}), "GC-P09")

test_p10_is_a_boost_that_nobody_needs if {
	"GC-P10" in {condition.id | some condition in _conditions(fixture.application); not condition.met}
	_eligible(fixture.application)
}

# The ladder of conditions

_conditions(application) := found if {
	found := greenchannel.conditions with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_condition(application, id) := condition if {
	some condition in _conditions(application)
	condition.id == id
}

test_all_ten_conditions_stand_in_their_order if {
	[condition.id | some condition in _conditions(fixture.application)] == [
		"GC-P01", "GC-P02", "GC-P03", "GC-P04", "GC-P05",
		"GC-P06", "GC-P07", "GC-P08", "GC-P09", "GC-P10",
	]
}

test_a_condition_that_is_met_says_what_it_asks if {
	_condition(fixture.application, "GC-P03") == {"id": "GC-P03", "met": true, "text": conditions.rows["GC-P03"].text}
}

test_a_condition_that_fails_says_why if {
	condition := _condition(_set({"/end_use/sector": "other"}), "GC-P03")
	not condition.met
	condition.text.en == "The end use is not shown to be civilian: the sector is other."
	condition.text.zh == "未能证明为民用最终用途：行业为other。"
}

test_priority_is_met_by_what_speaks_for_it if {
	condition := _condition(_set({"/need/production_stopped": true}), "GC-P10")
	condition.met
	condition.text.en == "Priority is asked for: production is stopped."
}

test_several_conditions_can_fail_together if {
	_failed(_set({"/end_use/sector": "other", "/exporter/overdue_reports": 2, "/destination": "US"})) == ["GC-P01", "GC-P03", "GC-P07"]
}

# Findings

test_each_condition_that_fails_is_a_finding_that_changes_no_outcome if {
	bare := {"id": "T-2", "exporter": {"name": "A"}, "parties": [{"role": "end_user", "name": "B"}], "items": [{"line": 1}], "destination": "CH"}
	found := greenchannel.findings with input as bare with time.now_ns as fixture.today
	{one.reason.rule | some one in found} == {
		"GC-P01", "GC-P02", "GC-P03", "GC-P04", "GC-P05",
		"GC-P06", "GC-P07", "GC-P08",
	}
	{one.outcome | some one in found} == {""}
	{one.reason.severity | some one in found} == {"low"}
}

test_an_eligible_application_has_no_finding if {
	found := greenchannel.findings with input as fixture.application
		with data.screening.matches as fixture.nothing_near(fixture.application)
		with data.history as fixture.nothing_before(fixture.application)
		with data.registry.parties as fixture.nobody_on_file(fixture.application)
		with time.now_ns as fixture.today
	found == set()
}

# What is not stated

_missing(application) := fields if {
	fields := greenchannel.missing with input as application with time.now_ns as fixture.today
}

test_fields_that_conditions_need_are_missing_by_name if {
	_missing(fixture.without(["/onward", "/transit", "/need", "/end_use", "/exporter/penalties", "/parties/0/country"])) == {
		"/onward/countries", "/onward/to_us_defence", "/transit", "/need/annual_consumption", "/need/stock_on_hand",
		"/end_use/sector", "/end_use/military", "/end_use/wmd", "/end_use/terrorism", "/exporter/penalties", "/parties/0/country",
	}
}

test_a_field_that_is_stated_the_wrong_way_is_not_missing if {
	_missing(_set({"/onward/to_us_defence": true, "/end_use/sector": "defence", "/exporter/overdue_reports": 2})) == set()
}

test_where_no_channel_could_open_its_fields_are_not_asked_for if {
	_missing(json.patch(fixture.without(["/transit"]), [{"op": "add", "path": "/destination", "value": "CH"}])) == set()
}

test_registration_and_consultation_are_not_asked_for_fields_of_the_channel if {
	every kind in ["registration", "consultation"] {
		_missing(json.patch(fixture.without(["/transit"]), [{"op": "add", "path": "/kind", "value": kind}])) == set()
	}
	_missing(json.patch(fixture.without(["/transit"]), [{"op": "add", "path": "/kind", "value": "general"}])) == {"/transit"}
}

# What was consulted

_consulted(application) := rows if {
	rows := greenchannel.consulted with input as application
		with data.rareearth.reference.channels.rows as _channels
		with time.now_ns as fixture.today
}

_channels := {
	"A": {"effective_from": "2026-01-01", "members": {"DE": {"effective_from": "2001-01-01"}, "AT": {"effective_from": "2002-01-01"}}},
	"B": {"effective_from": "2027-01-01", "members": {"DE": {"effective_from": "2003-01-01"}}},
	"C": {"effective_from": "2026-01-01", "members": {"FR": {"effective_from": "2004-01-01"}}},
}

test_channels_of_the_destination_and_all_memberships_are_consulted if {
	_consulted(_set({"/parties/1/country": "AT"})) == {
		_channels.A, _channels.B, {"effective_from": "2001-01-01"},
		{"effective_from": "2002-01-01"}, {"effective_from": "2003-01-01"},
	}
}

test_a_destination_without_any_channel_consults_none if _consulted(_set({"/destination": "CH"})) == set()

test_goods_outside_the_list_consult_no_channel if _consulted(_set({"/items": [fixture.motor]})) == set()
