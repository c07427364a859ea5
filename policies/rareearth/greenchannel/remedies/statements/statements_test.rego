package rareearth.greenchannel.remedies.statements_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies.statements

# The values that are offered, by place.
_offers(application) := {offer.pointer: offer.value | some offer in found} if {
	found := statements.offers with input as application with time.now_ns as fixture.today
}

_set(fields) := fixture.with_fields(fields)

test_nothing_is_offered_where_all_is_stated if _offers(fixture.application) == {}

test_a_country_that_is_not_stated if _offers(fixture.without(["/parties/1/country"])) == {"/parties/1/country": "DE"}

# The channel looks at whoever receives the goods, and at nobody who only serves the deal.
test_the_country_of_everybody_who_receives_the_goods_is_asked_for if {
	roles := [
		"end_user", "ultimate_end_user", "importer", "consignee", "intermediate_consignee",
		"agent", "forwarder", "payer", "bank", "broker",
	]
	offered := _offers(_set({"/parties": [{"role": role, "name": "Talmotor GmbH", "founded_on": "1987-05-04", "owners": []} | some role in roles]}))
	offered == {sprintf("/parties/%d/country", [i]): "DE" | some i in numbers.range(0, 4)}
}

test_a_sector_that_is_not_stated_is_one_of_the_civil_list_that_fits_the_goods if {
	_offers(fixture.without(["/end_use/sector"])) == {"/end_use/sector": "aerospace_civil"}
}

test_a_sector_for_goods_without_a_form if {
	_offers(fixture.without(["/end_use/sector", "/items/0/form"])) == {"/end_use/sector": "aerospace_civil"}
}

test_one_sector_that_fits_is_enough if {
	application := json.patch(fixture.without(["/end_use/sector"]), [{"op": "replace", "path": "/items/0/form", "value": "ore"}])
	rows := {"wind_power": {"civil": true, "forms": ["magnet"]}, "research": {"civil": true, "forms": ["magnet", "ore"]}}
	offered := _offers(application) with data.rareearth.reference.sectors.rows as rows
	offered == {"/end_use/sector": "research"}
}

test_no_sector_fits_every_form if {
	application := json.patch(fixture.without(["/end_use/sector"]), [{"op": "replace", "path": "/items/0/form", "value": "mineral"}])
	_offers(application) == {}
}

test_uses_that_are_not_stated if {
	_offers(fixture.without(["/end_use/military", "/end_use/wmd", "/end_use/terrorism"])) == {
		"/end_use/military": false,
		"/end_use/wmd": false,
		"/end_use/terrorism": false,
	}
}

test_a_stated_military_use_stays if _offers(_set({"/end_use/military": true})) == {}

test_a_sector_of_chips_without_figures if _offers(_set({"/end_use/sector": "semiconductors"})) == {"/end_use/semiconductor_node_nm": 28}

test_a_statement_and_a_number_that_are_missing if {
	offered := _offers(fixture.without(["/end_use/statement", "/contract/number"]))
	object.keys(offered) == {"/end_use/statement", "/contract/number"}
	offered["/contract/number"] == "C-77"
}

test_a_number_that_no_paper_names if {
	_offers(fixture.without(["/contract/number", "/documents/0/contract_number"]))["/contract/number"] == "(number)"
}

test_a_vague_end_use if {
	object.keys(_offers(fixture.without(["/end_use/model", "/end_use/oem", "/end_use/site_country"]))) == {
		"/end_use/model",
		"/end_use/oem",
		"/end_use/site_country",
	}
}

test_the_day_of_foundation_makes_no_new_customer if {
	_offers(fixture.without(["/parties/0/founded_on"])) == {"/parties/0/founded_on": "2025-06-15"}
}

test_owners_that_are_not_stated if _offers(fixture.without(["/parties/0/owners"])) == {"/parties/0/owners": []}

test_owners_of_an_importer_are_not_asked_for if _offers(fixture.without(["/parties/1/owners"])) == {}

test_where_the_goods_go_on_to if {
	_offers(fixture.without(["/onward", "/transit"])) == {"/onward/countries": [], "/onward/to_us_defence": false, "/transit": []}
}

test_a_risk_place_is_left_out_of_the_way if _offers(_set({"/transit": ["HK", "FR"]})) == {"/transit": ["FR"]}

test_a_record_that_is_not_stated if {
	_offers(fixture.without(["/exporter/penalties", "/exporter/overdue_reports"])) == {"/exporter/penalties": [], "/exporter/overdue_reports": 0}
}

test_overdue_reports_can_be_filed_be_it_one_or_more if {
	every overdue in [1, 2] {
		_offers(_set({"/exporter/overdue_reports": overdue})) == {"/exporter/overdue_reports": 0}
	}
}

test_a_penalty_stays if _offers(_set({"/exporter/penalties": [{"kind": "criminal"}]})) == {}

test_terms_of_the_contract if {
	offered := _offers(_set({"/contract/payment": "cash", "/contract/foreign_inspection_in_cn": true}))
	offered == {"/contract/payment": "letter_of_credit", "/contract/foreign_inspection_in_cn": false}
}

test_unusual_terms_of_payment_become_usual_and_usual_ones_stay if {
	every payment in ["cash", "prepayment"] {
		_offers(_set({"/contract/payment": payment})) == {"/contract/payment": "letter_of_credit"}
	}
	every payment in ["letter_of_credit", "transfer"] {
		_offers(_set({"/contract/payment": payment})) == {}
	}
}

test_a_general_licence_becomes_a_single_one if _offers(_set({"/kind": "general"})) == {"/kind": "single"}

test_another_kind_stays if _offers(_set({"/kind": "consultation"})) == {}

test_a_generic_description if object.keys(_offers(_set({"/items/0/description": "Magnets"}))) == {"/items/0/description"}
