# The ladder of the contract ("Line status"), rung by rung.
package rareearth.controls.lines_test

import data.rareearth.controls.lines
import data.rareearth.fixture_test as fixture

_today := "2026-06-15"

_line(item, day) := line if {
	some line in lines.lines with input as {"items": [object.union({"line": 1}, item)]} with time.now_ns as fixture.midnight(day)
}

_status(item) := line.status if line := _line(item, _today)

_why(item) := [line.status, line.why] if line := _line(item, _today)

_codes(item) := [entry.code | some entry in _line(item, _today).entries]

_nd(parts) := array.concat([{"element": "Nd", "wt_pct": 29}, {"element": "Fe", "wt_pct": 66}], parts)

_dy := _nd([{"element": "Dy", "wt_pct": 1.9}])

_magnet(fields) := object.union({"form": "magnet", "hs_code": "8505111000", "composition": _dy}, fields)

_plain_magnet(fields) := object.union({"form": "magnet", "hs_code": "8505111000", "composition": _nd([])}, fields)

# 1. A known control code that goes with the other facts

test_a_control_code_that_goes_with_all_facts_is_listed if {
	item := _magnet({"control_code": "1C905.a.4"})
	_why(item) == ["listed", "declared"]
	_codes(item) == ["1C905.a.4"]
}

test_a_control_code_alone_is_listed if {
	_why({"control_code": "1C905.a.4"}) == ["listed", "declared"]
	_codes({"control_code": "1C905.a.4"}) == ["1C905.a.4"]
}

test_a_code_of_a_whole_element_stands_for_the_entries_that_the_facts_leave if {
	_codes({"control_code": "1C905"}) == ["1C905.a.1", "1C905.a.2", "1C905.a.3", "1C905.a.4", "1C905.b", "1C905.c"]
	_codes({"control_code": "1C905", "form": "magnet"}) == ["1C905.a.4"]
	_codes({"control_code": "1C905", "hs_code": "2846901500"}) == ["1C905.a.2", "1C905.b"]
}

test_a_listed_element_beside_the_declared_one_is_shown_too if {
	item := _magnet({"control_code": "1C905.a.4", "composition": _nd([{"element": "Dy", "wt_pct": 2}, {"element": "Tb", "wt_pct": 1}])})
	_status(item) == "listed"
	_codes(item) == ["1C904.a.4", "1C905.a.4"]
}

test_an_incomplete_composition_does_not_contradict_the_control_code if {
	_why(_plain_magnet({"control_code": "1C905.a.4", "assay": "partial"})) == ["listed", "declared"]
}

test_an_alloy_without_a_printed_hs_code_goes_with_any_code_outside_the_list if {
	item := {"control_code": "1C905.a.2", "form": "alloy", "hs_code": "7202999191"}
	_why(item) == ["listed", "declared"]
}

test_an_alloy_goes_with_the_hs_code_of_the_metal_of_its_element if {
	_why({"control_code": "1C905.a.2", "form": "alloy", "hs_code": "2805301200"}) == ["listed", "declared"]
}

test_an_entry_without_elements_goes_with_any_composition if {
	item := {"control_code": "2B902.q", "form": "equipment", "composition": [{"element": "Fe", "wt_pct": 90}]}
	_line(item, "2026-11-23").why == "declared"
}

test_a_samarium_magnet_code_goes_with_a_partial_assay_that_names_no_cobalt if {
	parts := [{"element": "Sm", "wt_pct": 24}, {"element": "Fe", "wt_pct": 50}]
	_why(_magnet({"control_code": "1C902.a.4", "composition": parts, "assay": "partial"})) == ["listed", "declared"]
}

# 2. The facts say a listed thing that the codes do not

_conflict(item, why) if _why(item) == ["conflict", why]

test_a_control_code_of_another_element_is_a_conflict if {
	_conflict(_magnet({"control_code": "1C904.a.4", "assay": "complete"}), "code_does_not_fit")
	_conflict(_magnet({"control_code": "1C904.a.4"}), "code_does_not_fit")
}

test_a_control_code_of_another_form_is_a_conflict if {
	_conflict(_magnet({"control_code": "1C905.b"}), "code_does_not_fit")
}

test_a_control_code_that_the_hs_code_belies_is_a_conflict if {
	_conflict({"control_code": "1C905.b", "form": "oxide", "hs_code": "2846901100"}, "code_does_not_fit")
	_conflict({"control_code": "1C905.a.2", "form": "alloy", "hs_code": "2805301300"}, "code_does_not_fit")
}

test_a_true_control_code_does_not_excuse_a_wrong_hs_code if {
	_conflict(_magnet({"control_code": "1C905.a.4", "hs_code": "8505119000"}), "code_does_not_fit")
	_conflict({"control_code": "1C905.a.4", "form": "magnet", "hs_code": "8505119000"}, "code_does_not_fit")
}

test_a_control_code_whose_element_a_complete_assay_does_not_show_is_a_conflict if {
	_conflict(_plain_magnet({"control_code": "1C905.a.4", "assay": "complete"}), "code_does_not_fit")
}

test_a_control_code_whose_element_is_stated_as_nought_is_a_conflict if {
	_conflict(_plain_magnet({"control_code": "1C905.a.4", "composition": _nd([{"element": "Dy", "wt_pct": 0}])}), "code_does_not_fit")
}

test_an_assembly_under_a_magnet_code_is_a_conflict if {
	_conflict({"control_code": "1C905.a.4", "form": "assembly"}, "code_does_not_fit")
}

test_goods_stated_to_be_unlisted_that_a_fact_names_are_a_conflict if {
	_conflict(_magnet({"control_code": "none"}), "stated_unlisted")
	_conflict({"control_code": "none", "form": "oxide", "hs_code": "2846901100"}, "stated_unlisted")
	_conflict({"control_code": "none", "form": "metal", "composition": [{"element": "Sc", "wt_pct": 99}]}, "stated_unlisted")
}

test_a_listed_element_under_an_hs_code_outside_the_list_is_a_conflict if {
	_conflict(_magnet({"hs_code": "8505119000"}), "unlisted_hs_code")
	_conflict(_magnet({"hs_code": "8505119000", "control_code": "none"}), "unlisted_hs_code")
	_conflict({"form": "oxide", "hs_code": "2846901999", "composition": [{"element": "Y", "wt_pct": 0.5}]}, "unlisted_hs_code")
}

test_a_listed_element_under_the_hs_code_of_another_element_is_a_conflict if {
	_conflict({"form": "oxide", "hs_code": "2846901600", "composition": [{"element": "Dy", "wt_pct": 87}]}, "unlisted_hs_code")
}

test_a_magnet_under_the_hs_code_of_the_oxide_of_its_element_is_a_conflict if {
	_conflict(_magnet({"hs_code": "2846901500"}), "unlisted_hs_code")
}

test_an_oxide_under_the_hs_code_of_magnets_is_a_conflict if {
	_conflict({"form": "oxide", "hs_code": "8505111000", "composition": [{"element": "Dy", "wt_pct": 87}]}, "unlisted_hs_code")
}

test_a_trace_of_a_listed_element_is_enough if {
	_conflict(_magnet({"hs_code": "8505119000", "composition": _nd([{"element": "Tb", "wt_pct": 0.0001}])}), "unlisted_hs_code")
}

test_a_listed_element_without_a_share_is_contained if {
	_conflict(_magnet({"hs_code": "8505119000", "composition": _nd([{"element": "Dy"}])}), "unlisted_hs_code")
	_status(_magnet({"composition": _nd([{"element": "Dy"}]), "assay": "complete"})) == "listed"
}

test_samarium_cobalt_called_neodymium_is_a_conflict if {
	every description in ["NdFeB magnet N42", "Neodymium blocks", "钕铁硼磁体", "Nd-Fe-B arc segments"] {
		item := {
			"form": "magnet",
			"hs_code": "8505111000",
			"description": description,
			"composition": [{"element": "Sm", "wt_pct": 25.4}, {"element": "Co", "wt_pct": 50}],
		}
		_conflict(item, "samarium_called_neodymium")
		_conflict(object.remove(item, ["form"]), "samarium_called_neodymium")
		_conflict(object.remove(item, ["hs_code"]), "samarium_called_neodymium")
	}
}

test_samarium_cobalt_called_what_it_is_is_no_conflict if {
	parts := [{"element": "Sm", "wt_pct": 25}, {"element": "Co", "wt_pct": 50}]
	_why(_magnet({"description": "Samarium-cobalt magnets", "composition": parts})) == ["listed", "named"]
	_why({"description": "Alloy for NdFeB makers", "form": "alloy", "composition": parts}) == ["listed", "named"]
}

test_a_neodymium_magnet_called_so_is_no_conflict if {
	_why(_magnet({"description": "NdFeB magnets"})) == ["listed", "named"]
	with_cobalt := _nd([{"element": "Dy", "wt_pct": 2}, {"element": "Co", "wt_pct": 1}])
	_why(_magnet({"description": "NdFeB magnets", "composition": with_cobalt})) == ["listed", "named"]
}

test_shares_of_more_than_the_whole_are_a_conflict if {
	ferrite := {"form": "magnet", "hs_code": "8505190090"}
	_conflict(object.union(ferrite, {"composition": [{"element": "Fe", "wt_pct": 70}, {"element": "Sr", "wt_pct": 30.6}]}), "more_than_the_whole")
	_status(object.union(ferrite, {"composition": [{"element": "Fe", "wt_pct": 70}, {"element": "Sr", "wt_pct": 30.5}]})) == "not_listed"
}

test_the_entries_of_a_conflict_are_those_that_codes_and_facts_point_to if {
	_codes(_magnet({"control_code": "1C904.a.4", "assay": "complete"})) == ["1C904.a.4", "1C905.a.4"]
}

# 3. A rare-earth magnet of unknown content

test_a_rare_earth_magnet_without_an_assay_is_unclassified if {
	every assay in ["none", "partial"] {
		_why(_plain_magnet({"assay": assay})) == ["unclassified", "no_assay"]
	}
	_why(_plain_magnet({})) == ["unclassified", "no_assay"]
	_why({"hs_code": "8505111000"}) == ["unclassified", "no_assay"]
	_why({"hs_code": "85051110"}) == ["unclassified", "no_assay"]
}

test_a_neodymium_magnet_under_another_code_is_unclassified_without_an_assay if {
	_why(_plain_magnet({"hs_code": "8505119000"})) == ["unclassified", "no_assay"]
	_why(object.remove(_plain_magnet({}), ["hs_code"])) == ["unclassified", "no_assay"]
}

test_an_unclassified_magnet_shows_the_entries_that_it_may_be if {
	_codes(_plain_magnet({"hs_code": "8505119000"})) == ["1C902.a.4", "1C904.a.4", "1C905.a.4"]
}

test_a_complete_assay_that_names_no_element_is_none if {
	_status({"form": "magnet", "hs_code": "8505111000", "assay": "complete"}) == "unclassified"
	_status({"form": "magnet", "hs_code": "8505111000", "assay": "complete", "composition": []}) == "unclassified"
	_status({"form": "oxide", "hs_code": "2846901999", "assay": "complete"}) == "unclassified"
}

test_a_magnet_that_denies_dysprosium_without_an_assay_is_unclassified if {
	denied := _nd([{"element": "Dy", "wt_pct": 0}, {"element": "Tb", "wt_pct": 0}])
	_why(_plain_magnet({"composition": denied})) == ["unclassified", "several"]
}

test_a_complete_assay_without_dysprosium_and_terbium_clears_a_magnet if {
	_why(_plain_magnet({"assay": "complete"})) == ["not_listed", "assay"]
	_why(_plain_magnet({"assay": "complete", "control_code": "none"})) == ["not_listed", "assay"]
}

test_terbium_tells_a_magnet_without_an_assay if {
	item := _plain_magnet({"composition": _nd([{"element": "Tb", "wt_pct": 0.2}])})
	_why(item) == ["listed", "named"]
	_codes(item) == ["1C904.a.4"]
}

test_only_a_magnet_is_suspected_for_its_neodymium if {
	_why({"form": "metal", "hs_code": "2805301100", "composition": [{"element": "Nd", "wt_pct": 99}]}) == ["unclassified", "unknown"]
}

test_samarium_and_cobalt_tell_a_magnet_without_an_assay if {
	item := {"form": "magnet", "hs_code": "8505111000", "composition": [{"element": "Sm", "wt_pct": 25}, {"element": "Co", "wt_pct": 50}]}
	_why(item) == ["listed", "named"]
	_codes(item) == ["1C902.a.4"]
}

# Samarium magnets are listed as samarium-cobalt.
test_a_complete_assay_without_cobalt_shows_another_samarium_magnet if {
	item := {"form": "magnet", "hs_code": "8505111000", "assay": "complete", "composition": [{"element": "Sm", "wt_pct": 24}, {"element": "Fe", "wt_pct": 73}]}
	_why(item) == ["not_listed", "assay"]
	_conflict(object.union(item, {"control_code": "1C902.a.4"}), "code_does_not_fit")
	_why(object.union(item, {"assay": "partial"})) == ["unclassified", "no_assay"]
}

test_samarium_needs_cobalt_in_magnets_only if {
	item := {"form": "oxide", "hs_code": "2846901940", "assay": "complete", "composition": [{"element": "Sm", "wt_pct": 86}]}
	_why(item) == ["listed", "named"]
}

# 4. HS codes, forms and elements

test_an_hs_code_with_one_entry_names_it if {
	_why({"hs_code": "2846901100"}) == ["listed", "named"]
	_codes({"hs_code": "2846901100"}) == ["1C908.b"]
}

test_eight_digits_match_the_ten_of_the_list if {
	_codes({"hs_code": "28469011"}) == ["1C908.b"]
	_codes({"hs_code": "28053012", "form": "metal"}) == ["1C905.a.1"]
}

test_ten_digits_match_the_eight_of_the_list if {
	line := _line({"hs_code": "2530902099", "form": "ore"}, "2026-11-23")
	[entry.code | some entry in line.entries] == ["1C914.a"]
	line.status == "listed"
}

test_an_hs_code_with_several_entries_and_an_element_names_one if {
	item := {"hs_code": "2846901993", "form": "mixture", "composition": [{"element": "Gd", "wt_pct": 20}]}
	_why(item) == ["listed", "named"]
	_codes(item) == ["1C903.b"]
}

test_the_form_leaves_one_of_several_entries if {
	item := {"hs_code": "3824999922", "form": "target", "composition": [{"element": "Sc", "wt_pct": 99}]}
	_codes(item) == ["1C907.a.3"]
}

test_an_hs_code_with_several_entries_alone_is_unclassified if {
	_why({"hs_code": "2846901993"}) == ["unclassified", "several"]
	_why({"hs_code": "2805301910", "form": "metal"}) == ["unclassified", "several"]
	_codes({"hs_code": "2846901993", "form": "oxide"}) == [sprintf("1C90%d.b", [n]) | some n in numbers.range(2, 8)]
}

test_a_composition_without_an_hs_code_names_the_entry_of_its_form if {
	item := {"form": "alloy", "composition": [{"element": "Sc", "wt_pct": 2}, {"element": "Al", "wt_pct": 98}]}
	_why(item) == ["listed", "named"]
	_codes(item) == ["1C907.a.2"]
}

test_without_a_form_the_hs_code_tells_which_entry_of_the_element if {
	item := {"hs_code": "2846901100", "composition": [{"element": "Y", "wt_pct": 78.7}]}
	_codes(item) == ["1C908.a.2", "1C908.b"]
	_status(item) == "listed"
}

test_every_listed_element_of_a_mixture_is_shown if {
	item := {"form": "mixture", "hs_code": "2846901500", "composition": [{"element": "Dy", "wt_pct": 40}, {"element": "Y", "wt_pct": 20}]}
	_codes(item) == ["1C905.b", "1C908.b", "1C908.c"]
}

test_what_matched_an_entry_is_said if {
	[entry.matched_by | some entry in _line(_magnet({"control_code": "1C905.a.4"}), _today).entries] == [["control_code", "hs_code", "composition", "form"]]
	[entry.matched_by | some entry in _line({"hs_code": "2846901100"}, _today).entries] == [["hs_code"]]
	[entry.matched_by | some entry in _line({"control_code": "1C908.b"}, _today).entries] == [["control_code"]]
}

test_other_says_nothing_of_the_form if {
	item := _magnet({"form": "other"})
	_status(item) == "listed"
	{"code": "1C905.a.4", "instrument": "ANN-2025-18", "status": "in_force", "matched_by": ["hs_code", "composition"]} in _line(item, _today).entries
	_conflict(_magnet({"form": "other", "hs_code": "8505119000", "assay": "complete"}), "unlisted_hs_code")
}

# 5. Assemblies

test_an_assembly_is_not_listed if {
	_why(fixture.motor) == ["not_listed", "assembly"]
	_why({"form": "assembly"}) == ["not_listed", "assembly"]
}

test_the_magnets_inside_an_assembly_do_not_list_it if {
	_why(object.union(fixture.motor, {"composition": _dy, "control_code": "none"})) == ["not_listed", "assembly"]
}

test_an_assembly_under_the_code_of_rare_earth_magnets_is_unclassified if {
	_status({"form": "assembly", "hs_code": "8505111000"}) == "unclassified"
}

# 6. Nothing matches

test_a_complete_assay_of_unlisted_elements_clears_a_line if {
	item := {"form": "metal", "hs_code": "2805302900", "assay": "complete", "composition": [{"element": "La", "wt_pct": 60}, {"element": "Ce", "wt_pct": 40}]}
	_why(item) == ["not_listed", "assay"]
	_why(object.union(item, {"assay": "partial"})) == ["unclassified", "unknown"]
}

test_a_complete_assay_rules_out_the_entries_of_a_shared_hs_code if {
	_why({"form": "metal", "hs_code": "2805301910", "assay": "complete", "composition": [{"element": "La", "wt_pct": 99}]}) == ["not_listed", "assay"]
}

test_a_complete_assay_clears_a_line_without_a_form if {
	item := {"hs_code": "2805301910", "assay": "complete", "composition": [{"element": "La", "wt_pct": 99}]}
	_why(item) == ["not_listed", "assay"]
}

test_an_assay_rules_out_no_entry_that_names_no_element if {
	line := _line({"form": "ore", "hs_code": "2530902000", "assay": "complete", "composition": [{"element": "Ce", "wt_pct": 50}]}, "2026-11-23")
	line.why == "named"
}

test_an_assay_says_nothing_about_a_machine if {
	press := {"form": "equipment", "hs_code": "8479899990", "assay": "complete", "composition": [{"element": "Fe", "wt_pct": 100}]}
	line := _line(press, "2026-11-23")
	line.why == "several"
	[entry.code | some entry in line.entries] == ["2B005.b", "2B902.g", "2B902.y", "3B901.a"]
}

test_gallium_in_a_magnet_is_no_gallium if {
	_why(_plain_magnet({"assay": "complete", "composition": _nd([{"element": "Ga", "wt_pct": 0.2}])})) == ["not_listed", "assay"]
}

test_a_magnet_with_an_element_that_is_listed_in_other_forms_only_is_clear if {
	_why(_plain_magnet({"assay": "complete", "composition": _nd([{"element": "Gd", "wt_pct": 1}])})) == ["not_listed", "assay"]
}

test_an_hs_code_known_to_be_foreign_to_the_list_clears_a_line if {
	_why({"form": "magnet", "hs_code": "8505190090"}) == ["not_listed", "outside_code"]
}

test_a_foreign_form_under_a_foreign_code_is_clear if {
	_why({"form": "other", "hs_code": "9503008900"}) == ["not_listed", "foreign"]
}

test_a_foreign_form_without_a_code_is_unclassified if _why({"form": "other"}) == ["unclassified", "unknown"]

test_a_line_that_says_nothing_is_unclassified if {
	_why({}) == ["unclassified", "unknown"]
	_why({"control_code": "none"}) == ["unclassified", "unknown"]
	_why({"description": "spare parts"}) == ["unclassified", "unknown"]
}

test_a_material_under_a_code_outside_the_list_is_unclassified_without_an_assay if {
	_why({"form": "oxide", "hs_code": "2846901999"}) == ["unclassified", "unknown"]
}

test_no_assay_clears_equipment_and_technology if {
	iron := [{"element": "Fe", "wt_pct": 100}]
	every form in ["equipment", "technology"] {
		_why({"form": form, "assay": "complete", "composition": iron, "hs_code": "8417100000"}) == ["unclassified", "unknown"]
	}
}

# The list prints no HS code for gallium, and its composition decides nothing.
test_an_assay_that_shows_an_element_of_an_entry_without_hs_code_excludes_nothing if {
	gallium := {"form": "metal", "hs_code": "8112929090", "assay": "complete", "composition": [{"element": "Ga", "wt_pct": 99.99}]}
	_why(gallium) == ["unclassified", "not_excluded"]
	_codes(gallium) == ["ANN-2023-23/gallium-1"]
	_why(object.union(gallium, {"control_code": "ANN-2023-23/gallium-1"})) == ["listed", "declared"]
}

test_carbon_excludes_no_clearance if {
	item := {"form": "metal", "hs_code": "2805301100", "assay": "complete", "composition": [{"element": "Nd", "wt_pct": 99.9}, {"element": "C", "wt_pct": 0.03}]}
	_line(item, "2026-11-23").why == "assay"
}

test_a_form_that_speaks_alone_against_the_hs_code_clears_nothing if {
	item := {"form": "ore", "hs_code": "2846901500"}
	_why(item) == ["unclassified", "not_excluded"]
	_codes(item) == ["1C905.b"]
	_why(object.union(item, {"assay": "complete", "composition": [{"element": "Dy", "wt_pct": 5}]})) == ["unclassified", "not_excluded"]
	_why(object.union(item, {"assay": "complete", "composition": [{"element": "Ce", "wt_pct": 5}]})) == ["not_listed", "assay"]
}

# Codes that the list does not know

test_a_misspelt_control_code_is_never_waved_through if {
	every code in ["1c905.a.4", "1C905.a.99", "1C905 a 4", "NONE", ""] {
		_why(object.union(fixture.motor, {"control_code": code})) == ["unclassified", "unknown_code"]
		_status({"form": "metal", "control_code": code, "assay": "complete", "composition": [{"element": "La", "wt_pct": 99}]}) == "unclassified"
	}
}

test_a_misspelt_control_code_does_not_hide_what_the_facts_name if {
	_why(_magnet({"control_code": "1C905.a.44"})) == ["listed", "named"]
}

test_only_a_code_that_is_stated_can_be_unknown if {
	lines.unknown_code({"control_code": "1C999"})
	not lines.unknown_code({"control_code": "1C905.a.4"})
	not lines.unknown_code({"control_code": "1C905"})
	not lines.unknown_code({"control_code": "none"})
	not lines.unknown_code({})
}

# Several lines

test_the_lines_keep_the_order_of_the_application if {
	judged := lines.lines with input as {"items": [
		object.union(fixture.motor, {"line": 20}),
		object.union(fixture.magnet, {"line": 10}),
		{"line": 30},
	]}
		with time.now_ns as fixture.today
	[[line.index, line.line, line.status] | some line in judged] == [[0, 20, "not_listed"], [1, 10, "listed"], [2, 30, "unclassified"]]
}

test_an_application_without_items_has_no_lines if count(lines.lines) == 0 with input as {}
