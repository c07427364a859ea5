package rareearth.coverage_test

import data.rareearth.coverage
import data.rareearth.fixture_test as fixture
import data.rareearth.reference.coverage as table

_rows := {
	"RF-98": {
		"needs": [{"pointer": "/parties/*/founded_on", "each": "parties", "field": "founded_on"}],
		"reason": {"en": "Missing: {missing}.", "zh": "缺少：{missing}。"},
	},
	"RF-99": {
		"needs": [
			{"pointer": "/end_use/sector", "path": ["end_use", "sector"]},
			{"pointer": "/items/*/form", "each": "items", "field": "form"},
		],
		"reason": {"en": "Missing: {missing}.", "zh": "缺少：{missing}。"},
	},
	"ECL-99": {"reason": {"en": "Not modelled.", "zh": "未纳入。"}},
}

_not_assessed(application) := {row.id: row.reason.en |
	some row in coverage.not_assessed with input as application with table.rows as _rows
}

_full := {
	"end_use": {"sector": "wind_power"},
	"items": [{"form": "magnet"}, {"form": "oxide"}],
	"parties": [{"founded_on": "1990-01-01"}],
}

test_an_article_that_is_not_modelled_stands_in_every_decision if {
	_not_assessed(_full) == {"ECL-99": "Not modelled."}
}

test_a_flag_that_could_not_look_names_what_is_missing if {
	_not_assessed(object.remove(_full, ["end_use"])) == {"ECL-99": "Not modelled.", "RF-99": "Missing: /end_use/sector."}
}

test_all_that_is_missing_is_named_in_both_languages if {
	rows := coverage.not_assessed with input as {"parties": [{"founded_on": "1990-01-01"}]} with table.rows as _rows
	rows == [
		{"id": "ECL-99", "reason": {"en": "Not modelled.", "zh": "未纳入。"}},
		{"id": "RF-99", "reason": {"en": "Missing: /end_use/sector, /items/*/form.", "zh": "缺少：/end_use/sector、/items/*/form。"}},
	]
}

test_a_field_that_one_element_does_not_state_is_missing if {
	items := [{"form": "magnet"}, {"line": 2}]
	_not_assessed(object.union(_full, {"items": items}))["RF-99"] == "Missing: /items/*/form."
}

test_a_field_of_an_empty_list_is_missing if {
	_not_assessed(object.union(_full, {"parties": []}))["RF-98"]
	_not_assessed(object.remove(_full, ["parties"]))["RF-98"]
}

test_null_is_not_stated if {
	_not_assessed(object.union(_full, {"end_use": {"sector": null}}))["RF-99"]
	_not_assessed(object.union(_full, {"parties": [{"founded_on": null}]}))["RF-98"]
}

test_a_misspelt_field_is_not_stated if {
	_not_assessed(object.union(_full, {"parties": [{"founded": "1990-01-01"}]}))["RF-98"]
}

test_false_and_nought_and_empty_are_stated if {
	every value in [false, 0, "", []] {
		_not_assessed(object.union(_full, {"end_use": {"sector": value}, "parties": [{"founded_on": value}]})) == {"ECL-99": "Not modelled."}
	}
}

# The weight of the listed lines

_weights := {"RF-97": {
	"needs": [{"pointer": "/items/*/quantity", "weighed": "listed"}],
	"reason": {"en": "Missing: {missing}.", "zh": "缺少：{missing}。"},
}}

_unweighed(items) := {row.id |
	some row in coverage.not_assessed with input as {"items": items}
		with table.rows as _weights
		with time.now_ns as fixture.today
}

test_listed_lines_have_to_be_weighed if {
	_unweighed([fixture.magnet]) == set()
	_unweighed([object.union(fixture.magnet, {"quantity": {"value": 9, "unit": "H87"}})]) == {"RF-97"}
	_unweighed([fixture.magnet, object.remove(object.union(fixture.magnet, {"line": 2}), ["quantity"])]) == {"RF-97"}
}

test_lines_outside_the_list_need_no_weight if _unweighed([fixture.motor]) == set()

# The tables of the service

_tables := {
	"RF-95": {
		"needs": [{"pointer": "data.history", "table": "history"}],
		"reason": {"en": "Missing: {missing}.", "zh": "缺少：{missing}。"},
	},
	"RF-96": {
		"needs": [{"pointer": "data.registry", "table": "registry"}],
		"reason": {"en": "Missing: {missing}.", "zh": "缺少：{missing}。"},
	},
}

_not_consulted(history, registry) := {row.id: row.reason.en |
	some row in coverage.not_assessed with input as fixture.application
		with table.rows as _tables
		with data.history as history
		with data.registry.parties as registry
		with time.now_ns as fixture.today
}

test_a_table_that_is_not_there_was_not_consulted if {
	before := fixture.nothing_before(fixture.application)
	on_file := fixture.nobody_on_file(fixture.application)
	_not_consulted(before, on_file) == {}
	_not_consulted({}, on_file) == {"RF-95": "Missing: data.history."}
	_not_consulted(before, {}) == {"RF-96": "Missing: data.registry."}
}

# The table that is really there

test_rows_stand_in_the_order_of_their_ids if {
	ids := [row.id | some row in coverage.not_assessed] with input as {}
	sort(ids) == ids
	{id | some id in ids} == object.keys(table.rows)
}

test_a_full_application_leaves_only_what_no_application_could_tell if {
	ids := {row.id | some row in coverage.not_assessed} with input as fixture.application
		with data.history as fixture.nothing_before(fixture.application)
		with data.registry.parties as fixture.nobody_on_file(fixture.application)
		with time.now_ns as fixture.today
	ids == {id | some id, row in table.rows; not row.needs}
}

test_no_place_is_left_unfilled if {
	every row in coverage.not_assessed {
		not contains(row.reason.en, "{missing}")
		not contains(row.reason.zh, "{missing}")
	} with input as {}
}
