package rareearth.lib.history_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.history

# The keys, spelled out: the service reads and writes them too.

test_an_order_is_looked_up_by_exporter_end_user_and_element_and_leaves_itself_out if {
	key := `{"but":"T-1","element":"Dy","end_user":"Talmotor GmbH","exporter":"Ganzhou Chenxi Magnetics Co., Ltd."}`
	found := history.orders with input as fixture.application with data.history.orders as {key: "row"} with time.now_ns as fixture.today
	found == {"Talmotor GmbH": {"Dy": "row"}}
}

test_a_customer_is_looked_up_by_exporter_and_end_user if {
	key := `{"but":"T-1","end_user":"Talmotor GmbH","exporter":"91360700MA35ABCD1X"}`
	application := fixture.with_fields({"/exporter/uscc": "91360700MA35ABCD1X"})
	found := history.customers with input as application with data.history.customers as {key: "row"}
	found == {"Talmotor GmbH": "row"}
}

test_a_certificate_is_looked_up_by_kind_party_and_day if {
	key := concat("", [
		`{"but":"T-1","exporter":"Ganzhou Chenxi Magnetics Co., Ltd.","issued_on":"2026-05-11",`,
		`"party":"Talmotor GmbH","type":"end_user_certificate"}`,
	])
	found := history.presented with input as fixture.application with data.history.certificates as {key: "row"}
	found == {0: "row"}
}

test_a_party_is_looked_up_by_its_name if {
	found := history.on_file with input as fixture.application with data.registry.parties as {"Talmotor GmbH": ["row"]}
	found == {"Talmotor GmbH": ["row"]}
}

test_whom_a_certificate_speaks_for_is_looked_up_too if {
	names := history.names with input as fixture.with_fields({"/documents/0/party": "Talmotor"})
	names == {"Ganzhou Chenxi Magnetics Co., Ltd.", "Talmotor", "Talmotor GmbH"}
}

# Consulted or not

_consulted(application, tables) if {
	history.consulted with input as application with data.history as tables with time.now_ns as fixture.today
}

test_an_empty_history_was_consulted_all_the_same if {
	_consulted(fixture.application, fixture.nothing_before(fixture.application))
	unlisted := fixture.with_fields({"/items": [fixture.motor], "/documents": []})
	_consulted(unlisted, fixture.nothing_before(unlisted))
}

test_without_the_table_nothing_was_consulted if {
	not _consulted(fixture.application, {})
	not history.consulted with input as fixture.application
}

test_one_row_that_is_not_there_is_enough_for_not_consulted if {
	application := fixture.with_fields({"/parties/0/name_local": "塔尔电机"})
	tables := fixture.nothing_before(application)
	_consulted(application, tables)
	not _consulted(application, json.remove(tables, [["customers", fixture.customer_key(application, "塔尔电机")]]))
	not _consulted(application, json.remove(tables, [["orders", fixture.order_key(application, "Talmotor GmbH", "Dy")]]))
	not _consulted(application, json.remove(tables, [["certificates", fixture.certificate_key(application, fixture.certificate)]]))
}

test_an_application_of_nobody_consults_nothing if {
	not history.consulted with input as {}
	not history.registry_consulted with input as {}
}

_looked_up(parties) if history.registry_consulted with input as fixture.application with data.registry.parties as parties

test_parties_that_are_not_on_file_were_looked_up_all_the_same if _looked_up(fixture.nobody_on_file(fixture.application))

test_one_name_that_was_looked_up_is_enough_where_there_is_no_other if {
	history.registry_consulted with input as {"exporter": {"name": "Gannan Magnet"}} with data.registry.parties as {"Gannan Magnet": []}
}

test_one_name_that_was_not_looked_up_is_enough if {
	not _looked_up(object.remove(fixture.nobody_on_file(fixture.application), ["Talmotor GmbH"]))
	not _looked_up({})
}

# Adding up

_rows := {
	"A": {"Dy": {"days_90": {"kg": 10, "count": 2}}, "Tb": {"days_90": {"kg": 5, "count": 3}}},
	"B": {"Dy": {"days_90": {"kg": 15, "count": 1}}, "Tb": {"days_90": {"kg": 0, "count": 0}}},
	"C": {"Dy": {"days_90": {"kg": 0, "count": 0}}, "Tb": {"days_90": {"kg": 0, "count": 0}}},
}

test_weights_add_up_and_applications_do_not if {
	history.before("days_90") == {
		{"end_user": "A", "kg": 15, "count": 3},
		{"end_user": "B", "kg": 15, "count": 1},
		{"end_user": "C", "kg": 0, "count": 0},
	} with history.orders as _rows
}

test_the_end_user_with_most_is_found if {
	history.most("days_90") == {"end_user": "A", "kg": 15, "count": 3} with history.orders as _rows
}

test_where_nothing_was_ordered_there_is_no_most if {
	not history.most("days_90") with history.orders as {"C": _rows.C}
	not history.most("days_90") with history.orders as {}
}

test_an_order_of_unknown_weight_is_an_order if {
	history.most("days_90") == {"end_user": "D", "kg": 0, "count": 2} with history.orders as {"D": {"Dy": {"days_90": {"kg": 0, "count": 2}}}}
}

_months(need) := months if {
	months := history.months_with("days_90") with history.orders as _rows with data.rareearth.lib.need as need
}

test_months_are_those_of_the_order_and_of_what_was_ordered_before if _months({"order_months": 2, "annual_kg": 60}) == 5

test_without_a_need_there_are_no_months if {
	not _months({})
	not _months({"annual_kg": 60})
}
