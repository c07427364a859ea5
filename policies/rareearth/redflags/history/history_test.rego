package rareearth.redflags.history_test

import data.rareearth.fixture_test as fixture
import data.rareearth.redflags.history

# Findings about an application after what was decided before, laid over an empty history and register.
_found(application, before, on_file) := found if {
	found := history.findings with input as application
		with data.history as object.union(fixture.nothing_before(application), before)
		with data.registry.parties as object.union(fixture.nobody_on_file(application), on_file)
		with data.rareearth.reference.settings as _settings
		with time.now_ns as fixture.today
}

_settings := {
	"cover_months_medium": {"value": 6},
	"cover_months_high": {"value": 12},
	"cover_months_year": {"value": 18},
	"order_jump_factor": {"value": 3},
	"order_jump_orders": {"value": 2},
	"split_orders_high": {"value": 3},
	"split_orders_unweighed": {"value": 4},
	"end_day_counts": {"value": false},
}

_the(rule, application, before) := {found |
	some found in _found(application, before, {})
	found.reason.rule == rule
}

_weights(rule, application, before) := {found.reason.severity | some found in _the(rule, application, before)}

# What was ordered of dysprosium before, by the fixture's end user or by another.
_ordered(row) := _ordered_by("Talmotor GmbH", row)

_ordered_by(name, row) := {"orders": {fixture.order_key(fixture.application, name, "Dy"): row}}

_quarter(kg, orders) := _ordered({"days_90": {"kg": kg, "count": orders}})

_year(kg, orders) := _ordered({"days_365": {"kg": kg, "count": orders}})

# Orders of dysprosium against a need of 10 kg a month: the magnets hold 2 %.
_order(kg) := fixture.with_fields({"/items/0/quantity": {"value": kg * 50, "unit": "KGM"}})

# RF-09/first

_known(names) := {"customers": {fixture.customer_key(fixture.application, name): {"count": 1} | some name in names}}

test_a_customer_nobody_met_is_noted if {
	found := _the("RF-09/first", fixture.application, {})
	{[one.reason.severity, one.reason.paths, one.outcome] | some one in found} == {["low", ["/parties/0"], ""]}
}

test_a_customer_nobody_met_whose_age_is_not_stated_counts if {
	_weights("RF-09/first", fixture.without(["/parties/0/founded_on"]), {}) == {"medium"}
}

test_a_customer_that_was_met_is_not_new if _the("RF-09/first", fixture.application, _known(["Talmotor GmbH"])) == set()

test_a_customer_that_was_met_under_any_of_its_names_is_not_new if {
	application := fixture.with_fields({"/parties/0/name_local": "塔尔电机"})
	count(_the("RF-09/first", application, {})) == 1
	_the("RF-09/first", application, _known(["塔尔电机"])) == set()
}

test_a_customer_in_two_roles_is_told_once if {
	found := _the("RF-09/first", fixture.with_fields({"/parties/1/role": "ultimate_end_user"}), {})
	{one.reason.paths | some one in found} == {["/parties/0", "/parties/1"]}
}

test_only_end_users_are_customers if {
	application := fixture.with_fields({"/parties/-": {"role": "bank", "name": "Talbank AG"}})
	_the("RF-09/first", application, _known(["Talmotor GmbH"])) == set()
}

# RF-12/history

_previous(weights) := _ordered({"previous": [{"decided_on": "2026-03-01", "kg": kg} | some kg in weights]})

_jump(application, before) := {[found.reason.severity, found.reason.evidence.times, found.reason.evidence.largest] |
	some found in _the("RF-12/history", application, before)
}

test_an_order_far_above_the_largest_of_the_year_is_flagged if {
	_jump(_order(31), _previous([10, 4])) == {["medium", 3.1, 10]}
	_jump(_order(31), _previous([4, 9, 10])) == {["medium", 3.1, 10]}
}

test_three_times_the_largest_is_not_far_above if _jump(_order(30), _previous([10, 4])) == set()

test_one_earlier_order_is_no_measure if {
	_jump(_order(31), _previous([1])) == set()
	_jump(_order(31), {}) == set()
}

test_earlier_orders_of_unknown_weight_are_no_measure if {
	_jump(_order(31), _ordered({"previous": [{"decided_on": "2026-03-01"}, {"decided_on": "2026-03-01", "kg": 1}]})) == set()
	_jump(_order(31), _previous([0, 1])) == set()
}

test_what_is_older_than_a_year_is_no_measure if {
	first_day := {"decided_on": "2025-06-16", "kg": 1}
	_jump(_order(31), _ordered({"previous": [first_day, first_day]})) == {["medium", 31, 1]}
	_jump(_order(31), _ordered({"previous": [first_day, {"decided_on": "2025-06-15", "kg": 1}]})) == set()
}

test_the_worst_of_several_is_told_once if {
	application := fixture.with_fields({
		"/parties/1/role": "ultimate_end_user",
		"/parties/1/name": "B",
		"/items/0/quantity": {"value": 2500, "unit": "KGM"},
	})
	previous := [{"decided_on": "2026-03-01", "kg": 5}, {"decided_on": "2026-03-01", "kg": 5}]
	before := object.union(_previous([10, 10]), _ordered_by("B", {"previous": previous}))
	_jump(application, before) == {["medium", 10, 5]}
}

test_an_order_of_unknown_weight_is_not_compared if _jump(fixture.without(["/items/0/quantity"]), _previous([1, 1])) == set()

# RF-12/year

_stockpile(application, before) := {[found.reason.severity, found.reason.evidence.months, found.reason.evidence.orders] |
	some found in _the("RF-12/year", application, before)
}

test_more_than_eighteen_months_in_a_year_are_flagged if {
	_stockpile(_order(20), _year(161, 5)) == {["medium", 18.1, 5]}
	_stockpile(_order(20), _year(160, 5)) == set()
}

test_an_order_that_goes_beyond_a_year_by_itself_is_told_by_the_need if _stockpile(_order(181), _year(1, 1)) == set()

test_an_order_of_eighteen_months_is_told_with_what_was_ordered_before if {
	_stockpile(_order(180), _year(1, 1)) == {["medium", 18.1, 1]}
}

test_without_a_need_or_an_earlier_order_nothing_is_stockpiled if {
	_stockpile(fixture.without(["/need"]), _year(1000, 5)) == set()
	_stockpile(_order(20), {}) == set()
}

# RF-13

_parts(application, before) := {[found.reason.severity, found.reason.evidence.months, found.reason.evidence.alone] |
	some found in _the("RF-13", application, before)
}

test_orders_that_keep_the_limit_together_are_not_split if {
	_parts(_order(20), _quarter(40, 1)) == set()
	_parts(_order(20), _quarter(40, 9)) == set()
}

test_two_orders_beyond_the_limit_weigh_medium if _parts(_order(20), _quarter(41, 1)) == {["medium", 6.1, 2]}

test_three_orders_beyond_the_limit_weigh_high if _parts(_order(20), _quarter(41, 2)) == {["high", 6.1, 2]}

test_two_orders_weigh_as_their_sum_would if {
	_parts(_order(60), _quarter(60, 1)) == {["medium", 12, 6]}
	_parts(_order(60), _quarter(61, 1)) == {["high", 12.1, 6]}
}

test_an_order_beyond_the_first_limit_is_held_against_the_second if {
	_parts(_order(70), _quarter(50, 1)) == set()
	_parts(_order(70), _quarter(51, 1)) == {["high", 12.1, 7]}
}

test_an_order_beyond_every_limit_is_told_by_the_need if _parts(_order(121), _quarter(50, 5)) == set()

test_an_order_alone_is_not_split if _parts(_order(60), {}) == set()

test_all_names_of_the_end_user_count_each_for_itself if {
	application := fixture.with_fields({"/parties/0/name_local": "塔尔电机"})
	before := _ordered_by("塔尔电机", {"days_90": {"kg": 50, "count": 1}})
	{found.reason.evidence.end_user | some found in _the("RF-13", application, before)} == {"塔尔电机"}
}

test_another_end_user_does_not_count if _parts(_order(20), _ordered_by("Somebody Else", {"days_90": {"kg": 100, "count": 5}})) == set()

test_without_a_need_or_a_weight_nothing_can_be_split if {
	_parts(fixture.without(["/need"]), _quarter(1000, 1)) == set()
	_parts(fixture.without(["/need/annual_consumption"]), _quarter(1000, 1)) == set()
	_parts(fixture.without(["/items/0/quantity"]), _quarter(1000, 1)) == set()
}

# RF-13/unweighed

_unweighed(application, before) := {[found.reason.severity, found.reason.evidence.orders] |
	some found in _the("RF-13/unweighed", application, before)
}

test_many_orders_without_a_need_are_flagged if {
	_unweighed(fixture.without(["/need"]), _quarter(1, 3)) == {["medium", 4]}
	_unweighed(fixture.without(["/need"]), _quarter(1, 2)) == set()
	_unweighed(fixture.without(["/items/0/quantity"]), _quarter(1, 3)) == {["medium", 4]}
}

test_many_earlier_orders_without_a_weight_are_flagged if {
	_unweighed(_order(1), _ordered({"days_90": {"kg": 1, "count": 3, "unknown": 1}})) == {["medium", 4]}
	_unweighed(_order(1), _ordered({"days_90": {"kg": 1, "count": 2, "unknown": 1}})) == set()
}

test_many_orders_that_can_be_added_up_are_not_flagged if _unweighed(_order(1), _quarter(1, 9)) == set()

# RF-26

_presented(contracts) := {"certificates": {fixture.certificate_key(fixture.application, fixture.certificate): {
	"contracts": contracts,
	"count": count(contracts),
}}}

_reused(application, before, on_file) := {[found.reason.severity, found.reason.paths, found.reason.evidence.contracts] |
	some found in _found(application, before, on_file)
	found.reason.rule == "RF-26"
}

test_a_certificate_for_another_contract_is_flagged if {
	_reused(fixture.application, _presented(["C-70", "C-77"]), {}) == {["medium", ["/documents/0"], ["C-70"]]}
}

test_a_certificate_for_the_same_contract_is_not if {
	_reused(fixture.application, _presented(["C-77"]), {}) == set()
	_reused(fixture.application, {}, {}) == set()
}

test_a_certificate_that_cannot_be_told_from_others_is_not_compared if {
	every path in ["/documents/0/party", "/documents/0/issued_on", "/contract/number"] {
		found := history.findings with input as fixture.without([path])
			with data.history as _presented(["C-70"])
			with time.now_ns as fixture.today
		not "RF-26" in {one.reason.rule | some one in found}
	}
}

_filed(change) := {"Talmotor GmbH": [{
	"id": "P-1",
	"name": "Talmotor GmbH",
	"certificates": [
		{"type": "end_user_certificate", "issued_on": "2025-01-01", "contract_number": "C-1"},
		object.union({"type": "end_user_certificate", "issued_on": "2026-05-11"}, change),
	],
}]}

test_a_certificate_on_file_with_another_contract_is_flagged if {
	_reused(fixture.application, {}, _filed({"contract_number": "C-70"})) == {["medium", ["/documents/0"], ["C-70"]]}
	_reused(fixture.application, _presented(["C-60"]), _filed({"contract_number": "C-70"})) == {["medium", ["/documents/0"], ["C-60", "C-70"]]}
}

test_another_certificate_on_file_is_not if {
	every change in [
		{"contract_number": "C-77"}, {}, {"contract_number": "C-70", "issued_on": "2026-05-12"},
		{"contract_number": "C-70", "type": "government_certificate"},
	] {
		_reused(fixture.application, {}, _filed(change)) == set()
	}
}

# All together

test_an_empty_history_only_notes_the_first_application if {
	{[found.reason.rule, found.reason.severity] | some found in _found(fixture.application, {}, {})} == {["RF-09/first", "low"]}
}

test_where_the_history_was_not_consulted_the_rules_are_silent if {
	history.findings == set() with input as fixture.application with time.now_ns as fixture.today
}

# What a finding does, how much it weighs and which outcome it asks for.
_effect(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	row := {
		"days_90": {"kg": 40, "count": 3, "unknown": 1},
		"days_365": {"kg": 170, "count": 9},
		"previous": [{"decided_on": "2026-06-01"}, {"decided_on": "2026-06-01", "kg": 1}, {"decided_on": "2026-06-01", "kg": 1}],
	}
	found := _found(_order(30), object.union(_ordered(row), _presented(["C-70"])), {})
	{one.reason.rule: _effect(one) | some one in found} == {
		"RF-09/first": "flag low ",
		"RF-12/history": "flag medium ",
		"RF-12/year": "flag medium ",
		"RF-13": "flag high enhanced_review",
		"RF-13/unweighed": "flag medium ",
		"RF-26": "flag medium ",
	}
	every text in {text | some one in found; some text in [one.reason.text, one.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}

# Where each flag points

_points(rule, application, before) := {found.reason.paths | some found in _the(rule, application, before)}

test_each_flag_points_at_what_it_compares if {
	_points("RF-12/history", _order(31), _previous([10, 4])) == {["/items"]}
	_points("RF-12/year", _order(20), _year(161, 5)) == {["/need", "/items"]}
	_points("RF-13", _order(20), _quarter(41, 1)) == {["/need", "/items"]}
	_points("RF-13/unweighed", fixture.without(["/need"]), _quarter(1, 3)) == {["/need", "/items"]}
}
