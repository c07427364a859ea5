package rareearth.lib.calendar_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.calendar

test_a_limit_runs_over_holidays_and_worked_weekends if {
	calendar.due("2025-04-07", 45, []) == "2025-06-12"
	calendar.due("2026-06-01", 45, []) == "2026-08-04"
	calendar.due("2026-09-14", 20, []) == "2026-10-16"
}

test_days_inside_a_stop_do_not_count if {
	calendar.due("2026-06-01", 45, [{"from": "2026-06-10", "until": "2026-06-24"}]) == "2026-08-18"
}

# From 19 to 21 June 2026 nobody works, so these stops take no working day away.
test_a_stop_over_a_holiday_changes_nothing if {
	calendar.due("2026-06-01", 45, [{"from": "2026-06-19", "until": "2026-06-21"}]) == "2026-08-04"
}

test_both_ends_of_a_stop_are_included if {
	calendar.due("2026-06-01", 1, [{"from": "2026-06-02", "until": "2026-06-02"}]) == "2026-06-03"
	calendar.due("2026-06-01", 1, [{"from": "2026-06-02", "until": "2026-06-03"}]) == "2026-06-04"
}

test_stops_that_overlap_count_once if {
	stops := [{"from": "2026-06-10", "until": "2026-06-20"}, {"from": "2026-06-12", "until": "2026-06-24"}]
	calendar.due("2026-06-01", 45, stops) == "2026-08-18"
}

test_stops_that_follow_each_other_add_up if {
	stops := [{"from": "2026-06-02", "until": "2026-06-02"}, {"from": "2026-06-04", "until": "2026-06-04"}]
	calendar.due("2026-06-01", 2, stops) == "2026-06-05"
}

test_a_stop_after_the_last_day_changes_nothing if {
	calendar.due("2026-06-01", 5, [{"from": "2026-06-09", "until": "2026-06-12"}]) == "2026-06-08"
}

test_a_stop_that_still_runs_lasts_to_today if {
	day := calendar.due("2026-06-01", 45, [{"from": "2026-06-10"}]) with time.now_ns as fixture.midnight("2026-06-24")
	day == "2026-08-18"
}

test_a_stop_that_has_not_begun_takes_no_day_away if {
	day := calendar.due("2026-06-01", 45, [{"from": "2026-06-10"}]) with time.now_ns as fixture.midnight("2026-06-05")
	day == "2026-08-04"
}

test_a_stop_that_ends_before_it_begins_takes_no_day_away if {
	calendar.due("2026-06-01", 45, [{"from": "2026-06-24", "until": "2026-06-10"}]) == "2026-08-04"
}

test_the_first_day_is_not_counted_even_if_it_is_no_working_day if {
	calendar.due("2026-06-01", 1, []) == "2026-06-02"
	calendar.due("2026-06-06", 1, []) == "2026-06-08"
}

test_the_first_day_counts_where_the_table_says_so if {
	day := calendar.due("2026-06-01", 45, []) with data.rareearth.reference.calendar.count_acceptance_day as true
	day == "2026-08-03"
	saturday := calendar.due("2026-06-06", 1, []) with data.rareearth.reference.calendar.count_acceptance_day as true
	saturday == "2026-06-08"
}

test_a_worked_sunday_counts if calendar.due("2026-01-03", 1, []) == "2026-01-04"

test_the_year_ends_on_its_last_working_day if {
	calendar.due("2026-12-30", 1, []) == "2026-12-31"
	not calendar.due("2026-12-30", 2, [])
}

# Where no calendar was announced

test_a_limit_that_needs_the_next_year_has_no_end if {
	not calendar.due("2026-11-23", 45, [])
	calendar.missing_year("2026-11-23") == 2027
}

test_a_limit_that_starts_outside_the_calendar_has_no_end if {
	every start, year in {"2024-06-03": 2024, "2027-01-04": 2027, "2028-03-01": 2028} {
		not calendar.due(start, 1, [])
		calendar.missing_year(start) == year
	}
}

test_a_stop_that_reaches_beyond_the_calendar_leaves_no_answer if {
	not calendar.due("2026-06-01", 45, [{"from": "2026-12-01", "until": "2027-01-15"}])
}

test_a_stop_that_still_runs_in_a_year_without_calendar_leaves_no_answer if {
	not calendar.due("2026-06-01", 45, [{"from": "2026-06-10"}]) with time.now_ns as fixture.midnight("2027-02-01")
}

test_the_missing_year_is_known_where_the_first_day_counts if {
	calendar.missing_year("2026-11-23") == 2027 with data.rareearth.reference.calendar.count_acceptance_day as true
	calendar.missing_year("2028-03-01") == 2028 with data.rareearth.reference.calendar.count_acceptance_day as true
}

test_a_day_that_is_no_date_has_no_limit if {
	not calendar.due("2026-6-1", 45, [])
	not calendar.due(null, 45, [])
}
