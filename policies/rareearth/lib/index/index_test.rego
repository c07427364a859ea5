package rareearth.lib.index_test

import data.rareearth.lib.index
import data.rareearth.lib.names
import data.rareearth.reference.calendar_index
import data.rareearth.reference.control_index
import data.rareearth.reference.control_list
import data.rareearth.reference.parties
import data.rareearth.reference.party_index

# When one of these three fails, regenerate: the command stands in reference/README.md.
test_control_index_is_fresh if control_index == index.control_index

test_party_index_is_fresh if party_index == index.party_index

test_calendar_index_is_fresh if calendar_index == index.calendar_index

test_every_tariff_code_leads_to_its_entry if {
	every key, entry in control_list.entries {
		every code in entry.hs_codes {
			key in control_index.by_hs[code]
			key in control_index.by_hs[substring(code, 0, 8)]
		}
	}
}

test_only_printed_codes_are_indexed if {
	printed := {prefix |
		some entry in control_list.entries
		some code in entry.hs_codes
		some prefix in {code, substring(code, 0, 8)}
	}
	object.keys(control_index.by_hs) == printed
	count(printed) == 120
}

test_ten_digits_lead_to_the_exact_line_and_to_the_eight_digit_line if {
	control_index.by_hs["2805301910"] == ["1C902.a.1", "1C903.a.1", "1C906.a.1"]
	control_index.by_hs8["28053019"] == ["1C909.a.1", "1C910.a.1", "1C911.a.1", "1C912.a.1", "1C913.a.1"]
}

test_eight_digits_lead_to_all_lines_below if {
	united := {key | some key in control_index.by_hs["2805301910"]} | {key | some key in control_index.by_hs8["28053019"]}
	{key | some key in control_index.by_hs["28053019"]} == united
}

test_yttrium_oxide_is_found_by_its_line if control_index.by_hs["2846901100"] == ["1C908.b"]

test_magnets_share_one_line if control_index.by_hs["8505111000"] == ["1C902.a.4", "1C904.a.4", "1C905.a.4"]

test_a_code_leads_to_itself_and_a_parent_to_its_children if {
	control_index.by_code["1C905.a.4"] == ["1C905.a.4"]
	control_index.by_code["1C905.a"] == ["1C905.a.1", "1C905.a.2", "1C905.a.3", "1C905.a.4"]
	count(control_index.by_code["1C905"]) == 6
	control_index.by_code["2E902"] == ["2E902"]
}

test_every_entry_is_found_by_its_key if {
	every key, _ in control_list.entries {
		key in control_index.by_code[key]
	}
}

test_codes_outside_the_unified_list_have_no_parents if {
	control_index.by_code["61/1(1)"] == ["61/1(1)"]
	control_index.by_code["ANN-2023-23/gallium-1"] == ["ANN-2023-23/gallium-1"]
	not control_index.by_code["61/1"]
	not control_index.by_code["ANN-2023-23"]
}

test_elements_lead_to_entries_by_form if {
	control_index.by_symbol.Dy.magnet == ["1C905.a.4"]
	control_index.by_symbol.Ho.oxide == ["1C909.b"]
	object.keys(control_index.by_symbol) == {"Sm", "Gd", "Tb", "Dy", "Lu", "Sc", "Y", "Ho", "Er", "Tm", "Eu", "Yb"}
}

test_only_entries_without_code_and_composition_are_unprinted if {
	not control_index.unprinted.magnet
	not control_index.unprinted.metal
	"1E902.a" in control_index.unprinted.technology
	"2B902.a" in control_index.unprinted.equipment
	not "2B902.g" in control_index.unprinted.equipment
}

test_every_listed_name_leads_to_its_row if {
	every id, row in parties.rows {
		id in party_index.by_name[names.fold(row.name)]
		_by_chinese_name(id, row.name_zh)
	}
}

_by_chinese_name(id, name) if id in party_index.by_name[names.fold(name)]

_by_chinese_name(_, "")

test_the_empty_name_is_nobody if not party_index.by_name[""]

test_a_name_listed_twice_leads_to_both_rows if {
	party_index.by_name[names.fold("Skydio, Inc.")] == ["CL-2025-13-05", "UEL-2025-7-01"]
}

test_rows_are_found_only_by_their_own_names if {
	ids := {id | some found in party_index.by_name; some id in found}
	ids == object.keys(parties.rows)
}

test_years_have_the_announced_number_of_working_days if {
	_working_days_of("2025") == 248
	_working_days_of("2026") == 248
}

_working_days_of(year) := count([day | some day in calendar_index.days; startswith(day, year)])

test_worked_weekends_count_and_holidays_do_not if {
	every day in ["2025-09-28", "2026-02-14", "2026-02-28", "2026-10-10"] {
		day in calendar_index.days
	}
	every day in ["2025-01-01", "2026-02-23", "2026-05-05", "2026-10-07", "2026-11-21"] {
		not day in calendar_index.days
	}
}

test_every_day_has_a_position if {
	count(calendar_index.after) == 731
	calendar_index.after["2024-12-31"] == 0
	calendar_index.days[0] == "2025-01-02"
	calendar_index.after[calendar_index.last] == count(calendar_index.days)
	not calendar_index.after["2027-01-01"]
}

test_positions_are_of_the_next_working_day if {
	every day, position in calendar_index.after {
		_later(position, day)
		_not_later(position - 1, day)
	}
}

_later(position, day) if calendar_index.days[position] > day

_later(position, _) if position == count(calendar_index.days)

_not_later(position, day) if calendar_index.days[position] <= day

_not_later(-1, _)

test_time_limits_end_as_counted_by_hand if {
	_nth("2025-04-07", 45) == "2025-06-12"
	_nth("2026-06-01", 45) == "2026-08-04"
	_nth("2026-09-14", 20) == "2026-10-16"
	not _nth("2026-11-23", 45)
}

test_a_stop_moves_the_end if {
	stopped := calendar_index.after["2026-06-24"] - calendar_index.after["2026-06-09"]
	stopped == 10
	_nth("2026-06-01", 45 + stopped) == "2026-08-18"
}

# The day on which the given number of working days after a day has passed.
_nth(start, length) := calendar_index.days[(calendar_index.after[start] + length) - 1]
