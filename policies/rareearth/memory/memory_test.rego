package rareearth.memory_test

import data.rareearth.fixture_test as fixture
import data.rareearth.memory

_facts(application) := facts if {
	facts := memory.facts with input as application with time.now_ns as fixture.today
}

_set(fields) := _facts(fixture.with_fields(fields))

test_what_later_decisions_may_want_to_know_is_remembered if {
	facts := _facts(fixture.application)
	object.remove(facts, ["rules"]) == {
		"exporter": "Ganzhou Chenxi Magnetics Co., Ltd.",
		"orders": [{"end_user": "Talmotor GmbH", "element": "Dy", "kg": 20}],
		"certificates": [{
			"type": "end_user_certificate",
			"party": "Talmotor GmbH",
			"issued_on": "2026-05-11",
			"contract": "C-77",
		}],
		"parties": ["Ganzhou Chenxi Magnetics Co., Ltd.", "Talmotor GmbH"],
	}
}

test_the_rules_that_gave_a_reason_are_remembered_each_once if {
	rules := _set({"/items/-": object.union(fixture.magnet, {"line": 2})}).rules
	sort(rules) == rules
	count([rule | some rule in rules; rule == "ANN-2025-18"]) == 1
}

test_a_silent_finding_is_not_remembered if {
	rules := _set({"/destination": "US", "/items/0": {
		"line": 1, "form": "metal", "control_code": "ANN-2023-23/gallium-1", "description": "Gallium metal 6N",
	}}).rules
	not "ANN-2024-46 §2" in rules
}

test_an_exporter_is_remembered_by_its_credit_code if {
	_set({"/exporter/uscc": "91360700MA35ABCD1X"}).exporter == "91360700MA35ABCD1X"
}

test_an_order_is_remembered_under_every_name_of_its_end_users if {
	orders := _set({"/parties/0/name_local": "塔尔电机", "/parties/1/role": "ultimate_end_user", "/parties/1/name": "B"}).orders
	[order.end_user | some order in orders] == ["B", "Talmotor GmbH", "塔尔电机"]
}

test_two_spellings_of_one_name_order_once if {
	orders := _set({"/parties/1/role": "ultimate_end_user", "/parties/1/name": "TALMOTOR G.m.b.H."}).orders
	[order.end_user | some order in orders] == ["TALMOTOR G.m.b.H."]
}

test_other_parties_order_nothing if {
	orders := _set({"/parties/-": {"role": "agent", "name": "Agent"}}).orders
	[order.end_user | some order in orders] == ["Talmotor GmbH"]
}

test_an_order_of_unknown_weight_is_remembered_without_it if {
	_facts(fixture.without(["/items/0/quantity"])).orders == [{"end_user": "Talmotor GmbH", "element": "Dy"}]
	_set({"/items/0/quantity/unit": "H87"}).orders == [{"end_user": "Talmotor GmbH", "element": "Dy"}]
}

test_goods_outside_the_list_are_no_order if _set({"/items": [fixture.motor]}).orders == []

test_a_consultation_orders_nothing if _set({"/kind": "consultation"}).orders == []

test_a_certificate_that_cannot_be_told_from_others_is_not_remembered if {
	every path in ["/documents/0/party", "/documents/0/issued_on", "/contract/number"] {
		_facts(fixture.without([path])).certificates == []
	}
}

test_a_certificate_of_the_government_is_remembered_too if {
	kinds := [certificate.type | some certificate in _set({"/documents/-": object.union(fixture.certificate, {"type": "government_certificate"})}).certificates]
	kinds == ["end_user_certificate", "government_certificate"]
}

test_everybody_who_is_named_is_remembered if {
	names := _set({
		"/exporter/name_local": "赣州晨曦",
		"/exporter/owners/-": {"name": "O"},
		"/parties/0/owners/-": {"name": "P"},
		"/parties/-": {"role": "bank", "name": "Q"},
	}).parties
	names == ["Ganzhou Chenxi Magnetics Co., Ltd.", "O", "P", "Q", "Talmotor GmbH", "赣州晨曦"]
}

test_the_least_application_is_remembered_too if {
	bare := {"id": "T-2", "exporter": {"name": "A"}, "items": [{"line": 1}], "destination": "CH", "parties": [{"role": "end_user", "name": "B"}]}
	object.remove(_facts(bare), ["rules"]) == {"exporter": "A", "orders": [], "certificates": [], "parties": ["A", "B"]}
}

test_what_was_remembered_changes_nothing_of_what_is_remembered if {
	facts := memory.facts with input as fixture.application
		with data.screening.matches as fixture.nothing_near(fixture.application)
		with data.history as fixture.nothing_before(fixture.application)
		with data.registry.parties as fixture.nobody_on_file(fixture.application)
		with time.now_ns as fixture.today
	object.remove(facts, ["rules"]) == object.remove(_facts(fixture.application), ["rules"])
	not "ECL-13/history" in facts.rules
}
