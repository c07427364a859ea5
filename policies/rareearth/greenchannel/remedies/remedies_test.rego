package rareearth.greenchannel.remedies_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies
import data.rareearth.outcome as ladder

_changes(application) := found if {
	found := remedies.changes with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_blocking(application) := {reason.rule | some reason in found} if {
	found := remedies.blocking with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_turns_on(application) := found if {
	found := remedies.turns_on with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_outcome(application) := found if {
	found := ladder.outcome with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_set(fields) := fixture.with_fields(fields)

test_an_application_in_the_channel_needs_no_change if {
	_changes(fixture.application) == []
	_blocking(fixture.application) == set()
}

test_changes_come_by_place if {
	application := fixture.without(["/transit", "/onward", "/need/stock_on_hand"])
	[change.pointer | some change in _changes(application)] == ["/need/stock_on_hand", "/onward/countries", "/onward/to_us_defence", "/transit"]
}

test_every_change_speaks_both_languages_and_names_its_basis if {
	application := {
		"id": "T-2",
		"exporter": {"name": "Ganzhou Chenxi Magnetics Co., Ltd."},
		"parties": [{"role": "end_user", "name": "Talmotor GmbH"}],
		"items": [{"line": 1, "hs_code": "8505111000", "form": "magnet"}, fixture.magnet],
		"destination": "DE",
	}
	offered := _changes(application)
	count(offered) > 15
	every change in offered {
		regex.match(`^[^\p{Han}{}]*[a-z][^\p{Han}{}]*$`, change.text.en)
		regex.match(`\p{Han}`, change.text.zh)
		not contains(change.text.zh, "{")
		count(change.basis) > 0
		startswith(change.pointer, "/")
	}
}

test_a_failed_condition_blocks if _blocking(fixture.without(["/transit"])) == {"GC-P06"}

test_what_asks_for_an_earlier_outcome_blocks if {
	_blocking(_set({"/parties/0/business": "military"})) & {"ANN-2024-46 §1", "ECL-12(5)", "RF-03", "GC-P09", "REG792-22"} != set()
}

test_no_change_makes_a_military_user_a_civilian if {
	_changes(_set({"/parties/0/business": "military", "/end_use/military": true})) == []
}

test_the_destination_is_not_offered if _changes(_set({"/destination": "CH", "/parties/0/country": "CH", "/parties/1/country": "CH"})) == []

test_a_green_outcome_turns_on_all_required_conditions if {
	_turns_on(fixture.application) == ["GC-P01", "GC-P02", "GC-P03", "GC-P04", "GC-P05", "GC-P06", "GC-P07", "GC-P08", "GC-P09"]
}

test_the_ordinary_review_turns_on_failed_conditions if _turns_on(fixture.without(["/transit"])) == ["GC-P06"]

test_an_incomplete_file_turns_on_what_is_missing if _turns_on(fixture.without(["/documents/1"])) == ["REG792-16(1)"]

test_no_licence_turns_on_what_clears if {
	application := _set({"/items": [fixture.motor]})
	_outcome(application) == "no_licence_required"
	count(_turns_on(application)) > 0
	every id in _turns_on(application) {
		not startswith(id, "GC-")
	}
}
