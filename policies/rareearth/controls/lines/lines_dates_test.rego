# The same goods on different days: 18 binds from 2025-04-04, 57 was suspended before it could, and is unverified now.
package rareearth.controls.lines_test

import data.rareearth.controls.lines
import data.rareearth.fixture_test as fixture

# Status, and the status of each entry.
_on(item, day) := [line.status, {entry.code: entry.status | some entry in line.entries}] if line := _line(item, day)

_why_on(item, day) := [line.status, line.why] if line := _line(item, day)

# The real cases of the reference

test_dysprosium_magnets_declared_as_other_magnets_conflict if {
	seized := {
		"description": "Magnets", "form": "magnet", "hs_code": "8505119000", "assay": "complete",
		"composition": [{"element": "Nd", "wt_pct": 28}, {"element": "Dy", "wt_pct": 3.15}, {"element": "Fe", "wt_pct": 67}, {"element": "B", "wt_pct": 1}],
	}
	_on(seized, "2025-04-10") == ["conflict", {"1C905.a.4": "in_force"}]
	_on(seized, "2026-11-23") == ["conflict", {"1C905.a.4": "in_force"}]
}

test_samarium_cobalt_declared_as_neodymium_conflicts if {
	seized := {
		"description": "NdFeB magnets", "form": "magnet", "hs_code": "8505111000", "assay": "complete",
		"composition": [{"element": "Sm", "wt_pct": 22.6}, {"element": "Co", "wt_pct": 48}, {"element": "Fe", "wt_pct": 20}],
	}
	_on(seized, "2025-04-09") == ["conflict", {"1C902.a.4": "in_force"}]
}

test_a_rare_earth_magnet_without_assay_is_unclassified_since_april_2025 if {
	_why_on(_plain_magnet({}), "2026-11-23") == ["unclassified", "no_assay"]
	_why_on(_plain_magnet({}), "2025-04-04") == ["unclassified", "no_assay"]
	_why_on(_plain_magnet({}), "2025-04-03") == ["not_listed", "not_binding"]
}

test_a_motor_is_not_listed_on_any_day if {
	every day in ["2025-04-03", "2025-04-04", "2026-01-15", "2026-11-23"] {
		_why_on(fixture.motor, day) == ["not_listed", "assembly"]
	}
}

test_yttrium_oxide_is_listed if {
	_on({"form": "oxide", "hs_code": "2846901100"}, "2026-11-23") == ["listed", {"1C908.b": "in_force"}]
}

_holmium := {"form": "oxide", "control_code": "1C909.b", "composition": [{"element": "Ho", "wt_pct": 87.3}], "assay": "complete"}

test_holmium_oxide_follows_the_windows_of_announcement_57 if {
	_on(_holmium, "2025-11-07") == ["not_listed", {"1C909.b": "not_yet"}]
	_on(_holmium, "2026-01-15") == ["not_listed", {"1C909.b": "suspended"}]
	_on(_holmium, "2026-11-09") == ["not_listed", {"1C909.b": "suspended"}]
	_on(_holmium, "2026-11-10") == ["listed", {"1C909.b": "lapsed_unverified"}]
	_on(_holmium, "2026-11-23") == ["listed", {"1C909.b": "lapsed_unverified"}]
}

test_holmium_oxide_without_codes_is_told_by_its_composition if {
	bare := object.remove(_holmium, ["control_code"])
	_on(bare, "2026-01-15") == ["not_listed", {"1C909.b": "suspended"}]
	_on(bare, "2026-11-23") == ["listed", {"1C909.b": "lapsed_unverified"}]
}

test_a_holmium_magnet_goes_with_the_one_code_of_rare_earth_magnets if {
	item := {"form": "magnet", "hs_code": "8505111000", "assay": "complete", "composition": _nd([{"element": "Ho", "wt_pct": 2}])}
	_on(item, "2026-11-23") == ["listed", {"1C909.a.4": "lapsed_unverified"}]
	_on(object.union(item, {"control_code": "1C909.a.4"}), "2026-11-23") == ["listed", {"1C909.a.4": "lapsed_unverified"}]
	_on(item, "2026-01-15") == ["not_listed", {"1C909.a.4": "suspended"}]
}

test_a_suspended_element_beside_a_listed_one_is_shown if {
	parts := [{"element": "Dy", "wt_pct": 2}, {"element": "Ho", "wt_pct": 1}]
	_on(_magnet({"composition": parts}), "2026-01-15") == ["listed", {"1C905.a.4": "in_force", "1C909.a.4": "suspended"}]
	_on(_magnet({"composition": parts}), "2026-11-23") == ["listed", {"1C905.a.4": "in_force", "1C909.a.4": "lapsed_unverified"}]
}

# Boundaries

test_a_magnet_is_listed_from_the_first_instant_of_april_fourth if {
	item := {"items": [fixture.magnet]}
	[line.status | some line in lines.lines] == ["listed"] with input as item with time.now_ns as fixture.midnight("2025-04-04")
	[line.status | some line in lines.lines] == ["not_listed"] with input as item with time.now_ns as fixture.midnight("2025-04-04") - 1
}

test_holmium_is_listed_from_the_first_instant_after_the_suspension if {
	item := {"items": [object.union({"line": 1}, _holmium)]}
	[line.status | some line in lines.lines] == ["listed"] with input as item with time.now_ns as fixture.midnight("2026-11-10")
	[line.status | some line in lines.lines] == ["not_listed"] with input as item with time.now_ns as fixture.midnight("2026-11-10") - 1
}

test_an_end_day_that_counts_keeps_holmium_suspended_on_it if {
	item := {"items": [object.union({"line": 1}, _holmium)]}
	statuses := [line.status | some line in lines.lines] with input as item
		with time.now_ns as fixture.midnight("2026-11-10")
		with data.rareearth.reference.settings.end_day_counts.value as true
	statuses == ["not_listed"]
}

# Before 18 bound, no fact contradicted a code

test_nothing_conflicts_before_the_list_binds if {
	every item in [
		_magnet({"hs_code": "8505119000"}),
		_magnet({"control_code": "1C904.a.4"}),
		_magnet({"control_code": "none"}),
		_magnet({"composition": [{"element": "Sm", "wt_pct": 25}, {"element": "Co", "wt_pct": 50}], "description": "NdFeB"}),
	] {
		_why_on(item, "2025-04-03") == ["not_listed", "not_binding"]
	}
}

test_a_misspelt_code_beside_a_suspended_entry_is_not_waved_through if {
	item := {"form": "oxide", "control_code": "1C909.bb", "composition": [{"element": "Ho", "wt_pct": 87}]}
	_why_on(item, "2026-01-15") == ["unclassified", "unknown_code"]
}

# The code proposes several suspended entries and names none; other measures on machines print no code at all.
test_an_hs_code_of_suspended_entries_alone_clears_no_machine if {
	furnace := {"form": "equipment", "hs_code": "8514200090"}
	_why_on(furnace, "2026-01-15") == ["unclassified", "unknown"]
	_why_on(furnace, "2026-11-23") == ["unclassified", "several"]
}

test_a_foreign_form_is_not_foreign_under_a_code_of_the_list if {
	_why_on({"form": "other", "hs_code": "8479899990"}, "2026-01-15") == ["unclassified", "unknown"]
}

test_an_assay_of_a_machine_does_not_tell_which_it_is if {
	furnace := {"form": "equipment", "hs_code": "8514200090", "assay": "complete", "composition": [{"element": "Fe", "wt_pct": 100}]}
	_why_on(furnace, "2026-01-15") == ["unclassified", "unknown"]
	_why_on(furnace, "2025-04-03") == ["unclassified", "unknown"]
}

test_a_suspended_element_without_an_assay_may_not_be_alone if {
	bare := {"form": "oxide", "composition": [{"element": "Ho", "wt_pct": 40}]}
	_on(bare, "2026-01-15") == ["unclassified", {"1C909.b": "suspended"}]
}

test_a_holmium_magnet_without_an_assay_may_be_listed_otherwise if {
	denied := [{"element": "Ho", "wt_pct": 2}, {"element": "Dy", "wt_pct": 0}, {"element": "Tb", "wt_pct": 0}]
	_why_on(_magnet({"hs_code": "8505119000", "composition": denied}), "2026-01-15") == ["unclassified", "unknown"]
	_why_on(_magnet({"hs_code": "8505119000", "composition": denied}), "2025-04-03") == ["not_listed", "not_binding"]
}

# Announcement 62 is suspended, the technology catalogue of 2023 is not; both are about rare earths.
test_a_suspended_technology_is_not_clear_of_another_measure_of_its_field if {
	line := _line({"form": "technology", "control_code": "1E902.a"}, "2026-01-15")
	[line.status, line.why] == ["unclassified", "not_excluded"]
	statuses := {entry.code: entry.status | some entry in line.entries}
	statuses["1E902.a"] == "suspended"
	statuses["ANN-2023-57/rare-earths-1"] == "in_force"
	not statuses["1E004"]
}

test_a_suspended_technology_alone_in_its_field_is_clear if {
	_on({"form": "technology", "control_code": "2E902"}, "2026-01-15") == ["not_listed", {"2E902": "suspended"}]
}

test_an_assay_does_not_clear_know_how if {
	know_how := {"form": "technology", "control_code": "3E901.a", "assay": "complete", "composition": [{"element": "Fe", "wt_pct": 100}]}
	_why_on(know_how, "2026-01-15") == ["unclassified", "unknown"]
}

test_a_declared_suspended_metal_is_not_known_to_be_alone_without_an_assay if {
	item := {"form": "metal", "hs_code": "28053019", "control_code": "1C909.a.1"}
	_why_on(item, "2026-01-15") == ["unclassified", "several"]
	_why_on(object.union(item, {"assay": "complete", "composition": [{"element": "Ho", "wt_pct": 99}]}), "2026-01-15") == ["not_listed", "not_binding"]
}

test_a_metal_of_unknown_element_is_unclassified_while_one_of_its_entries_binds if {
	_why_on({"form": "metal", "hs_code": "28053019", "composition": [{"element": "Ho", "wt_pct": 99}]}, "2026-01-15") == ["unclassified", "several"]
	complete := {"form": "metal", "hs_code": "28053019", "assay": "complete", "composition": [{"element": "Ho", "wt_pct": 99}]}
	_why_on(complete, "2026-01-15") == ["not_listed", "not_binding"]
}

# What binds

test_entries_in_force_and_unverified_bind if {
	bound := lines.binding({"1C905.a.4", "1C909.b"}) with time.now_ns as fixture.midnight("2026-11-23")
	bound == {"1C905.a.4", "1C909.b"}
}

test_suspended_and_coming_entries_do_not_bind if {
	bound := lines.binding({"1C905.a.4", "1C909.b"}) with time.now_ns as fixture.midnight("2026-01-15")
	bound == {"1C905.a.4"}
	early := lines.binding({"1C905.a.4", "1C909.b"}) with time.now_ns as fixture.midnight("2025-04-03")
	early == set()
}

test_an_entry_stands_as_its_row_does if {
	lines.standing("1C909.b") == "suspended" with time.now_ns as fixture.midnight("2026-01-15")
	not lines.standing("1C909.z")
}

test_the_one_entry_that_a_code_proposes_clears_the_line_before_it_binds if {
	oxide := {"form": "oxide", "hs_code": "2846901100"}
	_why_on(oxide, "2025-04-03") == ["not_listed", "not_binding"]
	_why_on(oxide, "2025-04-04") == ["listed", "named"]
}
