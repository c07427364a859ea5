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
	_blocking(_set({"/parties/0/business": "military"})) == {"ECL-13", "GC-P09", "RF-03"}
}

test_what_asks_for_the_channel_or_for_what_comes_after_does_not_block if {
	every outcome, blocks in {"general_licence": true, "green_channel": false, "standard_review": false} {
		reason := {"rule": "X", "title": "T", "paths": ["/a"], "text": {"en": "a", "zh": "b"}, "basis": ["X"]}
		found := remedies.blocking with ladder.speaking as {{"outcome": outcome, "reason": reason}}
			with data.rareearth.greenchannel.failed as []
		found == [reason | blocks]
	}
}

test_what_blocks_is_told_as_its_finding_tells_it if {
	application := fixture.without(["/transit"])
	found := remedies.blocking with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
	found == [{
		"rule": "GC-P06",
		"title": "No onward transfer",
		"paths": ["/transit"],
		"text": {
			"en": "Onward transfer or transit is not excluded: /transit is not stated.",
			"zh": "未排除转让或经转运地过境：未填报/transit。",
		},
		"basis": ["GC-P06", "ECL-16", "GC-F17"],
	}]
}

test_no_change_makes_a_military_user_a_civilian if {
	_changes(_set({"/parties/0/business": "military", "/end_use/military": true})) == []
}

test_the_destination_is_not_offered if _changes(_set({"/destination": "CH", "/parties/0/country": "CH", "/parties/1/country": "CH"})) == []

test_a_green_outcome_turns_on_all_required_conditions if {
	_turns_on(fixture.application) == ["GC-P01", "GC-P02", "GC-P03", "GC-P04", "GC-P05", "GC-P06", "GC-P07", "GC-P08", "GC-P09"]
}

# Goods that are cleared beside those of the channel decide nothing.
_with_a_motor(application) := json.patch(application, [{"op": "add", "path": "/items/-", "value": object.union(fixture.motor, {"line": 2})}])

test_what_clears_one_line_is_not_what_the_channel_turns_on if {
	application := _with_a_motor(fixture.application)
	_outcome(application) == "green_channel"
	_turns_on(application) == _turns_on(fixture.application)
}

test_the_ordinary_review_turns_on_failed_conditions if {
	application := fixture.without(["/transit"])
	_turns_on(application) == ["GC-P06"]
	_outcome(_with_a_motor(application)) == "standard_review"
	_turns_on(_with_a_motor(application)) == ["GC-P06"]
}

test_an_incomplete_file_turns_on_what_is_missing if _turns_on(fixture.without(["/documents/1"])) == ["REG792-16(1)"]

test_no_licence_turns_on_what_clears if {
	application := _set({"/items": [fixture.motor]})
	_outcome(application) == "no_licence_required"
	_turns_on(application) == ["ANN-2025-18/assembly"]
}
