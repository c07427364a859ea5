package rareearth.licensing.history_test

import data.rareearth.fixture_test as fixture
import data.rareearth.licensing.history

_found(before, on_file) := {found.reason.rule: concat(" ", [found.reason.effect, found.reason.severity, found.outcome]) |
	some found in history.findings with input as fixture.application
		with data.history as before
		with data.registry.parties as on_file
		with time.now_ns as fixture.today
}

_before := fixture.nothing_before(fixture.application)

_on_file := fixture.nobody_on_file(fixture.application)

test_tables_that_have_nothing_to_say_were_consulted if _found(_before, _on_file) == {}

test_a_history_that_is_not_there_closes_the_fast_routes if _found({}, _on_file) == {"ECL-13/history": "flag high enhanced_review"}

test_a_register_that_is_not_there_closes_the_fast_routes if _found(_before, {}) == {"ECL-17/registry": "flag high enhanced_review"}

test_in_a_stock_opa_neither_is_there if {
	found := history.findings with input as fixture.application with time.now_ns as fixture.today
	{one.reason.rule | some one in found} == {"ECL-13/history", "ECL-17/registry"}
}

test_a_misspelt_table_is_not_there if {
	found := history.findings with input as fixture.application
		with data.history as {"order": _before.orders, "customers": _before.customers, "certificates": _before.certificates}
		with data.registry.party as _on_file
		with time.now_ns as fixture.today
	{one.reason.rule | some one in found} == {"ECL-13/history", "ECL-17/registry"}
}
