package rareearth.greenchannel.remedies.goods_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies.goods

_offers(application) := _offers_after(application, fixture.nothing_before(application))

_offers_after(application, history) := {offer.pointer: object.get(offer, "value", offer.op) | some offer in found} if {
	found := goods.offers with input as application with data.history as history with time.now_ns as fixture.today
}

_set(fields) := fixture.with_fields(fields)

_gallium := {
	"line": 2, "description": "Gallium metal 99.99 %", "control_code": "ANN-2023-23/gallium-1", "form": "metal",
	"composition": [{"element": "Ga", "wt_pct": 99.99}], "assay": "complete", "quantity": {"value": 1, "unit": "KGM"},
}

test_nothing_is_offered_where_all_is_known if _offers(fixture.application) == {}

test_a_magnet_without_an_assay if {
	bare := {"line": 1, "hs_code": "8505111000", "form": "magnet"}
	_offers(_set({"/items/0": bare}))["/items/0/composition"] == [{"element": "Dy", "wt_pct": 0.1}]
}

test_a_magnet_whose_composition_leaves_both_out if {
	application := _set({"/items": [object.union(object.remove(fixture.magnet, ["control_code", "assay"]), {"composition": [{"element": "Nd", "wt_pct": 29}]})]})
	_offers(application)["/items/0/composition/-"] == {"element": "Dy", "wt_pct": 0.1}
}

test_a_line_that_several_entries_may_fit if {
	powder := {"line": 1, "description": "Mixed oxide powder", "hs_code": "2846901993", "quantity": {"value": 1, "unit": "KGM"}}
	some pointer, code in _offers(_set({"/items": [powder]}))
	pointer == "/items/0/control_code"
	startswith(code, "1C902")
}

# A form that speaks alone against the HS code leaves the entry open.
test_a_line_that_an_entry_is_not_excluded_for_is_offered_its_code if {
	ore := {"line": 1, "description": "Dysprosium", "form": "ore", "hs_code": "2846901500", "quantity": {"value": 1, "unit": "KGM"}}
	_offers(_set({"/items": [ore]})) == {"/items/0/control_code": "1C905.b"}
}

test_a_line_that_no_entry_fits_is_offered_no_code if {
	_offers(_set({"/items": [{"line": 1, "description": "Something", "quantity": {"value": 1, "unit": "KGM"}}]})) == {}
}

test_a_line_of_another_announcement_is_filed_by_itself if _offers(_set({"/items/-": _gallium})) == {"/items/1": "remove"}

# Nobody knows whether announcement 57 binds again: until then its line stands in the way.
test_a_line_whose_suspension_lapsed_is_filed_by_itself if {
	holmium := {
		"line": 2, "description": "Holmium oxide 99.9 %", "control_code": "1C909.b", "form": "oxide",
		"composition": [{"element": "Ho", "wt_pct": 87.3}], "assay": "complete", "quantity": {"value": 1, "unit": "KGM"},
	}
	application := _set({"/items/-": holmium})
	_removed(application, "2026-11-09") == set()
	_removed(application, "2026-11-10") == {"/items/1"}
}

_removed(application, day) := {offer.pointer |
	some offer in goods.offers with input as application with time.now_ns as fixture.midnight(day)
	offer.op == "remove"
}

test_the_only_line_is_not_taken_out if not "/items/0" in object.keys(_offers(_set({"/items": [_gallium]})))

test_a_quantity_in_pieces if _offers(_set({"/items/0/quantity": {"value": 5, "unit": "H87"}})) == {"/items/0/quantity": {"value": 1, "unit": "KGM"}}

test_a_consumption_that_is_not_stated if {
	_offers(fixture.without(["/need/annual_consumption"])) == {"/need/annual_consumption": {"value": 40, "unit": "KGM"}}
}

test_a_stock_that_is_not_stated if _offers(fixture.without(["/need/stock_on_hand"])) == {"/need/stock_on_hand": {"value": 0, "unit": "KGM"}}

test_a_consumption_of_one_kilogram_may_be_enough if {
	small := fixture.with_fields({"/items/0/quantity/value": 25})
	_offers(json.remove(small, ["/need/annual_consumption"])) == {"/need/annual_consumption": {"value": 1, "unit": "KGM"}}
}

test_an_order_of_nothing_needs_no_consumption if {
	nothing := fixture.with_fields({"/items/0/quantity/value": 0})
	_offers(json.remove(nothing, ["/need/annual_consumption"])) == {"/items/0/quantity": {"value": 1, "unit": "KGM"}}
}

test_a_stock_of_nothing_is_stated if _offers(_set({"/need/stock_on_hand/value": 0})) == {}

test_an_order_beyond_need_can_be_smaller if {
	_offers(_set({"/need/annual_consumption": {"value": 20, "unit": "KGM"}})) == {"/items/0/quantity/value": 500}
}

test_an_order_beyond_need_can_be_less_than_one if {
	application := _set({"/need/annual_consumption/value": 20, "/items/0/quantity": {"value": 1, "unit": "TNE"}})
	_offers(application) == {"/items/0/quantity/value": 0.5}
}

test_an_order_within_need_to_the_gram if _offers(_set({"/need/annual_consumption": {"value": 40, "unit": "KGM"}})) == {}

# Dysprosium that the exporter ordered for the end user within 90 days.
_ordered(application, kg) := object.union(fixture.nothing_before(application), {"orders": {key: object.union(fixture.no_orders, {"days_90": {
	"kg": kg,
	"count": 1,
	"unknown": 0,
}})}}) if {
	key := fixture.order_key(application, "Talmotor GmbH", "Dy")
}

test_what_was_ordered_before_counts if {
	_offers_after(fixture.application, _ordered(fixture.application, 50)) == {"/items/0/quantity/value": 500}
	bare := fixture.without(["/need/annual_consumption"])
	_offers_after(bare, _ordered(bare, 50)) == {"/need/annual_consumption": {"value": 140, "unit": "KGM"}}
}

test_nothing_is_left_to_order if {
	every kg in [60, 61] {
		_offers_after(fixture.application, _ordered(fixture.application, kg)) == {}
	}
}
