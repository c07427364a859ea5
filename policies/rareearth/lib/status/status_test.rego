package rareearth.lib.status_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.status

_beijing(moment) := time.parse_rfc3339_ns(sprintf("%s+08:00", [moment]))

_on(row, day) := state if state := status.now(row) with time.now_ns as fixture.midnight(day)

# The last instant before a day.
_before(row, day) := state if state := status.now(row) with time.now_ns as fixture.midnight(day) - 1

# A printed end day that still counts (U-01), which is not the default.
_counting(row, day) := state if {
	state := status.now(row) with time.now_ns as fixture.midnight(day) with data.rareearth.reference.settings.end_day_counts.value as true
}

# The clock

test_the_instant_is_beijing_time if {
	status.instant == "2026-11-23T08:30:00+08:00" with time.now_ns as time.parse_rfc3339_ns("2026-11-23T00:30:00Z")
}

test_the_day_turns_at_midnight_in_beijing if {
	status.today == "2026-11-22" with time.now_ns as time.parse_rfc3339_ns("2026-11-22T15:59:59.999999999Z")
	status.today == "2026-11-23" with time.now_ns as time.parse_rfc3339_ns("2026-11-22T16:00:00Z")
}

test_instants_sort_as_time_does if {
	moments := [_instant(fixture.midnight("2026-11-10") + add) | some add in [0, 1, 10, 100000000, 999999999, 1000000000]]
	sort(moments) == moments
	count({moment | some moment in moments}) == 6
}

_instant(ns) := instant if instant := status.instant with time.now_ns as ns

# From a day, until a day

_plain := {"effective_from": "2025-04-04"}

test_a_row_is_in_force_from_the_first_instant_of_its_first_day if {
	_on(_plain, "2025-04-04") == "in_force"
	_on(_plain, "2026-11-23") == "in_force"
}

test_a_row_is_not_yet_one_nanosecond_before if _before(_plain, "2025-04-04") == "not_yet"

test_a_row_can_start_at_an_instant if {
	row := {"effective_from": "2025-04-10T12:01:00+08:00"}
	status.now(row) == "not_yet" with time.now_ns as _beijing("2025-04-10T12:00:59.999999999")
	status.now(row) == "in_force" with time.now_ns as _beijing("2025-04-10T12:01:00")
}

test_a_row_without_a_first_day_has_no_status if {
	every row in [{}, {"effective_from": null}, {"effective_from": 20250404}, {"effective_form": "2025-04-04"}] {
		not _on(row, "2026-11-23")
	}
}

_ended := {"effective_from": "2025-11-07", "effective_until": "2026-11-10"}

test_a_row_has_ended_from_its_effective_until_on if {
	_on(_ended, "2026-11-10") == "ended"
	_before(_ended, "2026-11-10") == "in_force"
}

test_effective_until_is_the_first_day_without_the_row_whatever_the_setting if {
	_counting(_ended, "2026-11-10") == "ended"
	_counting(_ended, "2026-11-09") == "in_force"
}

test_an_open_effective_until_never_comes if {
	_on({"effective_from": "2025-04-04", "effective_until": null}, "2099-01-01") == "in_force"
}

test_a_row_that_ends_at_an_instant_ends_then if {
	row := {"effective_from": "2025-04-04", "effective_until": "2026-01-01T12:00:00+08:00"}
	status.now(row) == "in_force" with time.now_ns as _beijing("2026-01-01T11:59:59.999999999")
	status.now(row) == "ended" with time.now_ns as _beijing("2026-01-01T12:00:00")
}

test_not_yet_goes_before_ended if {
	_on({"effective_from": "2026-01-01", "effective_until": "2025-01-01"}, "2025-06-01") == "not_yet"
}

# Stopped

_stopped := {
	"effective_from": "2025-04-10",
	"suspended": [
		{"from": "2025-05-14", "until": "2025-08-12", "kind": "suspended", "confirmed": true},
		{"from": "2025-08-12", "until": null, "kind": "stopped", "confirmed": true},
	],
}

test_a_stop_without_an_end_ends_the_row_for_good if {
	_before(_stopped, "2025-08-12") == "suspended"
	_on(_stopped, "2025-08-12") == "ended"
	_on(_stopped, "2099-01-01") == "ended"
}

test_an_unconfirmed_stop_ends_the_row_too if {
	row := {"effective_from": "2025-04-10", "suspended": [{"from": "2025-08-12", "until": null, "kind": "stopped", "confirmed": false}]}
	_on(row, "2025-08-12") == "ended"
	_before(row, "2025-08-12") == "in_force"
}

test_a_stop_that_is_over_leaves_the_row_unverified if {
	row := {"effective_from": "2025-04-10", "suspended": [{"from": "2025-08-12", "until": "2026-01-01", "kind": "stopped", "confirmed": true}]}
	_before(row, "2026-01-01") == "ended"
	_on(row, "2026-01-01") == "lapsed_unverified"
}

# Suspended

_paused := {
	"effective_from": "2025-10-09",
	"suspended": [{"from": "2025-11-07", "until": "2026-11-10", "confirmed": true}],
	"resumed": [],
}

test_a_row_is_suspended_from_the_first_instant_of_the_window if {
	_before(_paused, "2025-11-07") == "in_force"
	_on(_paused, "2025-11-07") == "suspended"
}

test_the_printed_end_day_does_not_count_by_default if {
	_before(_paused, "2026-11-10") == "suspended"
	_on(_paused, "2026-11-10") == "lapsed_unverified"
}

test_the_printed_end_day_counts_where_the_setting_says_so if {
	_counting(_paused, "2026-11-10") == "suspended"
	_counting(_paused, "2026-11-11") == "lapsed_unverified"
}

test_an_end_at_an_instant_is_exact_whatever_the_setting if {
	window := {"from": "2025-11-07", "until": "2026-11-10T00:00:00+08:00", "confirmed": true}
	_counting({"effective_from": "2025-10-09", "suspended": [window]}, "2026-11-10") == "lapsed_unverified"
}

test_a_window_can_open_and_a_notice_speak_at_an_instant if {
	row := {
		"effective_from": "2025-10-09",
		"suspended": [{"from": "2025-11-07T12:00:00+08:00", "until": "2026-11-10", "confirmed": true}],
		"resumed": [{"from": "2026-11-20T12:00:00+08:00", "confirmed": true}],
	}
	status.at(row, "2025-11-07T11:59:59.999999999+08:00") == "in_force"
	status.at(row, "2025-11-07T12:00:00+08:00") == "suspended"
	status.at(row, "2026-11-20T11:59:59.999999999+08:00") == "lapsed_unverified"
	status.at(row, "2026-11-20T12:00:00+08:00") == "in_force"
}

test_a_row_suspended_before_its_first_day_never_binds_before_the_end_of_the_window if {
	row := object.union(_paused, {"effective_from": "2025-11-08"})
	_on(row, "2025-11-07") == "not_yet"
	_on(row, "2025-11-08") == "suspended"
}

test_a_suspension_without_an_end_lasts if {
	row := {"effective_from": "2025-10-09", "suspended": [{"from": "2025-11-07", "until": null, "confirmed": true}]}
	_on(row, "2099-01-01") == "suspended"
}

test_between_two_suspensions_the_row_is_in_force if {
	row := {
		"effective_from": "2025-04-04",
		"suspended": [
			{"from": "2025-05-14", "until": "2025-08-12", "confirmed": true},
			{"from": "2025-11-10", "until": "2026-11-10", "confirmed": true},
		],
	}
	_on(row, "2025-09-01") == "in_force"
}

test_a_window_without_confirmation_counts_as_unconfirmed if {
	row := {"effective_from": "2025-10-09", "suspended": [{"from": "2025-11-07", "until": "2026-11-10"}]}
	_on(row, "2026-01-15") == "lapsed_unverified"
}

# Announced, but no notice seen

_announced := {
	"effective_from": "2025-10-09",
	"suspended": [
		{"from": "2025-11-07", "until": "2026-11-10", "confirmed": true},
		{"from": "2026-11-10", "until": "2027-01-10", "confirmed": false},
	],
}

test_an_unconfirmed_window_is_no_suspension if {
	_before(_announced, "2026-11-10") == "suspended"
	_on(_announced, "2026-11-10") == "lapsed_unverified"
	_on(_announced, "2026-11-23") == "lapsed_unverified"
	_on(_announced, "2027-01-10") == "lapsed_unverified"
}

test_a_confirmed_window_goes_before_an_unconfirmed_one_that_overlaps if {
	_counting(_announced, "2026-11-10") == "suspended"
	_counting(_announced, "2026-11-11") == "lapsed_unverified"
}

# Resumed

_with_notices(row, notices) := object.union(row, {"resumed": notices})

test_a_confirmed_notice_puts_the_row_back_in_force_from_its_day if {
	row := _with_notices(_paused, [{"from": "2026-11-20", "confirmed": true}])
	_before(row, "2026-11-20") == "lapsed_unverified"
	_on(row, "2026-11-20") == "in_force"
	_on(row, "2027-06-01") == "in_force"
}

test_a_notice_on_the_end_day_leaves_no_gap if {
	_on(_with_notices(_paused, [{"from": "2026-11-10", "confirmed": true}]), "2026-11-10") == "in_force"
}

test_an_unconfirmed_notice_resumes_nothing if {
	_on(_with_notices(_paused, [{"from": "2026-11-20", "confirmed": false}]), "2026-11-23") == "lapsed_unverified"
	_on(_with_notices(_paused, [{"from": "2026-11-20"}]), "2026-11-23") == "lapsed_unverified"
}

test_a_notice_of_before_the_end_of_a_confirmed_suspension_resumes_nothing if {
	row := _with_notices(_paused, [{"from": "2026-03-01", "confirmed": true}])
	_on(row, "2026-06-01") == "suspended"
	_on(row, "2026-11-23") == "lapsed_unverified"
}

test_a_notice_after_an_earlier_suspension_does_not_answer_a_later_one if {
	row := {
		"effective_from": "2025-04-04",
		"suspended": [
			{"from": "2025-05-14", "until": "2025-08-12", "confirmed": true},
			{"from": "2025-11-10", "until": "2026-11-10", "confirmed": true},
		],
		"resumed": [{"from": "2025-08-12", "confirmed": true}],
	}
	_on(row, "2026-11-10") == "lapsed_unverified"
}

test_a_confirmed_notice_goes_before_an_announcement_that_was_never_confirmed if {
	row := _with_notices(_announced, [{"from": "2026-12-01", "confirmed": true}])
	_before(row, "2026-12-01") == "lapsed_unverified"
	_on(row, "2026-12-01") == "in_force"
	_on(row, "2027-01-10") == "in_force"
}

test_a_notice_of_before_an_unconfirmed_window_does_not_answer_it if {
	row := _with_notices(_announced, [{"from": "2026-11-09", "confirmed": true}])
	_on(row, "2026-11-23") == "lapsed_unverified"
	_on(row, "2027-01-10") == "lapsed_unverified"
}

# When a status can turn

test_every_date_of_a_row_is_a_turn if {
	row := {
		"effective_from": "2025-04-10T12:01:00+08:00",
		"effective_until": "2027-02-01",
		"suspended": [
			{"from": "2025-05-14", "until": "2025-08-12", "confirmed": true},
			{"from": "2025-11-10", "until": null, "confirmed": false},
		],
		"resumed": [{"from": "2025-09-01", "confirmed": true}],
	}
	status.turns(row) == {
		"2025-04-10T12:01:00+08:00", "2025-05-14T00:00:00+08:00", "2025-08-12T00:00:00+08:00",
		"2025-09-01T00:00:00+08:00", "2025-11-10T00:00:00+08:00", "2027-02-01T00:00:00+08:00",
	}
}

test_a_row_that_never_changes_turns_once if {
	status.turns({"effective_from": "2025-04-04", "effective_until": null, "suspended": [], "resumed": []}) == {"2025-04-04T00:00:00+08:00"}
	status.turns({"effective_from": "2025-04-04"}) == {"2025-04-04T00:00:00+08:00"}
}

test_an_end_day_that_counts_turns_the_day_after if {
	turns := status.turns(_paused) with data.rareearth.reference.settings.end_day_counts.value as true
	turns == {"2025-10-09T00:00:00+08:00", "2025-11-07T00:00:00+08:00", "2026-11-11T00:00:00+08:00"}
}

test_a_status_lasts_from_one_turn_to_the_last_instant_before_the_next if {
	every row in [_ended, _stopped, _paused, _announced] {
		turns := sort(status.turns(row))
		every i in numbers.range(1, count(turns) - 1) {
			eve := _instant(time.parse_rfc3339_ns(turns[i]) - 1)
			status.at(row, eve) == status.at(row, turns[i - 1])
		}
	}
}

# How long ago

_older(day, years, days, today) if status.older_than(day, years, days) with time.now_ns as fixture.midnight(today)

test_a_period_is_over_the_day_after_that_of_its_own_date if {
	not _older("2021-11-23", 5, 0, "2026-11-23")
	_older("2021-11-23", 5, 0, "2026-11-24")
	not _older("2026-11-23", 0, 14, "2026-12-07")
	_older("2026-11-23", 0, 14, "2026-12-08")
	not _older("2025-11-23", 1, 14, "2026-12-07")
	_older("2025-11-23", 1, 14, "2026-12-08")
}

test_a_day_to_come_is_no_day_ago if not _older("2026-11-24", 0, 0, "2026-11-23")

test_what_is_no_day_is_not_older_than_anything if not _older("2021-13-01", 5, 0, "2026-11-24")

test_what_is_valid_through_a_day_ends_with_the_next_one if {
	status.after_day("2026-02-28") == "2026-03-01T00:00:00+08:00"
	status.after_day("2026-12-31") == "2027-01-01T00:00:00+08:00"
	status.after_day("2028-02-28") == "2028-02-29T00:00:00+08:00"
}
