package rareearth.lib.need_test

import data.rareearth.lib.need

# Dysprosium magnets of 1000 kg with 2 % dysprosium: 20 kg contained.
_magnets := {
	"line": 1,
	"form": "magnet",
	"hs_code": "8505111000",
	"control_code": "1C905.a.4",
	"composition": [{"element": "Nd", "wt_pct": 30}, {"element": "Dy", "wt_pct": 2}, {"element": "Fe", "wt_pct": 68}],
	"assay": "complete",
	"quantity": {"value": 1000, "unit": "KGM"},
}

_motor := {"line": 2, "form": "assembly", "hs_code": "8501320000", "quantity": {"value": 3, "unit": "H87"}}

_of(items, stated) := {"items": items, "need": stated}

_kg(value) := {"value": value, "unit": "KGM"}

_at := time.parse_rfc3339_ns("2026-06-15T00:00:00+08:00")

_ordered(items) := kg if kg := need.ordered_kg with input as _of(items, {}) with time.now_ns as _at

_cover(items, stated) := months if months := need.cover_months with input as _of(items, stated) with time.now_ns as _at

_order(items, stated) := months if months := need.order_months with input as _of(items, stated) with time.now_ns as _at

_with(fields) := object.union(_magnets, fields)

# What is ordered

test_only_the_listed_elements_of_an_order_count if _ordered([_magnets]) == 20

test_two_listed_elements_count_together if {
	parts := [{"element": "Dy", "wt_pct": 2}, {"element": "Tb", "wt_pct": 1}]
	_ordered([_with({"composition": parts})]) == 30
}

test_all_listed_lines_count_together if _ordered([_magnets, _with({"line": 3, "quantity": _kg(500)})]) == 30

test_lines_outside_the_list_do_not_count if _ordered([_magnets, _motor]) == 20

test_without_a_composition_the_whole_quantity_counts if {
	_ordered([{"line": 1, "form": "oxide", "hs_code": "2846901100", "quantity": _kg(40)}]) == 40
}

test_a_listed_element_without_a_share_may_be_the_whole if {
	_ordered([_with({"composition": [{"element": "Dy"}, {"element": "Tb", "wt_pct": 1}]})]) == 1000
}

test_a_listed_element_stated_as_nought_adds_nothing if {
	_ordered([_with({"composition": [{"element": "Dy", "wt_pct": 2}, {"element": "Tb", "wt_pct": 0}]})]) == 20
}

test_an_order_whose_only_listed_element_is_denied_counts_whole if {
	denied := [{"element": "Y", "wt_pct": 0}, {"element": "La", "wt_pct": 80}]
	_ordered([{"line": 1, "form": "oxide", "hs_code": "2846901100", "composition": denied, "quantity": _kg(40)}]) == 40
}

test_every_unit_of_weight_is_understood if {
	_ordered([_with({"quantity": {"value": 1, "unit": "TNE"}})]) == 20
	_ordered([_with({"quantity": {"value": 1000000, "unit": "GRM"}})]) == 20
}

test_pieces_are_no_weight if not _ordered([_with({"quantity": {"value": 5000, "unit": "H87"}})])

test_a_misspelt_unit_is_no_weight if not _ordered([_with({"quantity": {"value": 1000, "unit": "kgm"}})])

test_one_line_without_a_quantity_leaves_the_order_unknown if {
	not _ordered([_magnets, object.remove(_with({"line": 2}), ["quantity"])])
}

test_an_order_of_nothing_listed_has_no_weight if not _ordered([_motor])

test_a_line_is_weighed_where_its_quantity_is_a_weight if {
	application := _of([_magnets, _motor, object.remove(_magnets, ["quantity"])], {})
	need.weighed({"index": 0}) with input as application
	not need.weighed({"index": 1}) with input as application
	not need.weighed({"index": 2}) with input as application
	not need.weighed({"index": 0}) with input as _of([_with({"quantity": _kg(0)})], {})
}

# What is ordered of each element

_elements(items) := found if found := need.element_kg with input as _of(items, {}) with time.now_ns as _at

test_each_listed_element_has_its_own_weight if {
	parts := [{"element": "Nd", "wt_pct": 30}, {"element": "Dy", "wt_pct": 2}, {"element": "Tb", "wt_pct": 1}]
	_elements([_with({"composition": parts})]) == {"Dy": 20, "Tb": 10}
}

test_an_element_counts_over_all_its_lines if {
	_elements([_magnets, _with({"line": 3, "quantity": {"value": 500000, "unit": "GRM"}}), _motor]) == {"Dy": 30}
}

test_an_element_without_a_share_may_be_the_whole if {
	_elements([_with({"composition": [{"element": "Dy"}, {"element": "Tb", "wt_pct": 1}]})]) == {"Dy": 1000, "Tb": 10}
	_elements([{"line": 1, "form": "oxide", "hs_code": "2846901100", "quantity": _kg(40)}]) == {"Y": 40}
}

test_an_element_stated_twice_counts_twice_but_never_more_than_the_whole if {
	_elements([_with({"composition": [{"element": "Dy", "wt_pct": 2}, {"element": "Dy", "wt_pct": 1}]})]) == {"Dy": 30}
	_elements([_with({"composition": [{"element": "Dy", "wt_pct": 80}, {"element": "Dy", "wt_pct": 80}]})]) == {"Dy": 1000}
}

test_an_element_with_a_line_that_is_not_weighed_is_known_but_not_its_weight if {
	items := [_magnets, object.remove(_with({"line": 2}), ["quantity"])]
	_elements(items) == {}
	need.elements == {"Dy"} with input as _of(items, {}) with time.now_ns as _at
}

test_nothing_listed_is_no_element if {
	_elements([_motor]) == {}
	need.elements == set() with input as _of([_motor], {}) with time.now_ns as _at
}

# What is consumed

_annual(stated) := kg if kg := need.annual_kg with input as _of([_magnets], stated)

_stock(stated) := kg if kg := need.stock_kg with input as _of([_magnets], stated)

test_consumption_and_stock_are_read_in_kilograms if {
	_annual({"annual_consumption": {"value": 0.12, "unit": "TNE"}}) == 120
	_stock({"stock_on_hand": {"value": 5000, "unit": "GRM"}}) == 5
	_stock({"stock_on_hand": _kg(0)}) == 0
}

test_consumption_of_less_than_a_kilogram_is_consumption if _annual({"annual_consumption": {"value": 500, "unit": "GRM"}}) == 0.5

test_consumption_of_nothing_is_no_consumption if not _annual({"annual_consumption": _kg(0)})

test_consumption_that_is_not_stated_is_unknown if {
	not _annual({})
	not _annual({"anual_consumption": _kg(120)})
	not _annual({"annual_consumption": {"value": 120, "unit": "H87"}})
}

test_stock_that_is_not_stated_is_unknown if not _stock({})

# How long it lasts

_need := {"annual_consumption": _kg(120), "stock_on_hand": _kg(10)}

test_the_order_covers_months_of_consumption if _order([_magnets], _need) == 2

test_order_and_stock_together_cover_more if _cover([_magnets], _need) == 3

test_a_stock_that_is_not_stated_is_left_out if _cover([_magnets], object.remove(_need, ["stock_on_hand"])) == 2

test_a_stock_of_nothing_is_a_stock if _cover([_magnets], object.union(_need, {"stock_on_hand": _kg(0)})) == 2

test_without_consumption_nothing_can_be_said if {
	not _order([_magnets], {})
	not _cover([_magnets], {"stock_on_hand": _kg(10)})
}

test_without_a_weight_nothing_can_be_said if {
	pieces := _with({"quantity": {"value": 5000, "unit": "H87"}})
	not _order([pieces], _need)
	not _cover([pieces], _need)
	not _cover([pieces], object.remove(_need, ["stock_on_hand"]))
}
