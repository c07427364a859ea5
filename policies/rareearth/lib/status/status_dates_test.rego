# The status of what is really in the tables, on the days that matter.
package rareearth.lib.status_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.status
import data.rareearth.reference.instruments
import data.rareearth.reference.parties

# How many rows of a list are in each state at the start of a day.
_rows(list, day) := {state: total |
	some state in {"not_yet", "ended", "suspended", "lapsed_unverified", "in_force"}
	total := count([id |
		some id, row in parties.rows
		row.list == list
		status.at(row, sprintf("%sT00:00:00+08:00", [day])) == state
	])
	total > 0
}

test_rows_of_the_control_list_in_june_2025 if {
	_rows("export-control", "2025-06-01") == {"in_force": 43, "suspended": 28, "not_yet": 82}
}

test_rows_of_the_control_list_in_november_2026 if {
	_rows("export-control", "2026-11-23") == {"in_force": 110, "lapsed_unverified": 16, "ended": 27}
}

test_rows_of_the_unreliable_entity_list_in_june_2025 if {
	_rows("unreliable-entity", "2025-06-01") == {"in_force": 38, "suspended": 17, "not_yet": 26}
}

test_rows_of_the_unreliable_entity_list_in_november_2026 if {
	_rows("unreliable-entity", "2026-11-23") == {"in_force": 53, "lapsed_unverified": 11, "ended": 17}
}

test_rows_of_the_watch_list if {
	_rows("watch", "2025-06-01") == {"not_yet": 40}
	_rows("watch", "2026-02-23") == {"not_yet": 40}
	_rows("watch", "2026-02-24") == {"not_yet": 20, "in_force": 20}
	_rows("watch", "2026-11-23") == {"in_force": 40}
}

# The rows of one notice, all in one state.
_notice(prefix, instant) := {status.at(row, instant) |
	some id, row in parties.rows
	startswith(id, prefix)
}

test_notice_22_of_april_2025_binds_from_one_minute_past_noon if {
	_notice("CL-2025-22-", "2025-04-10T12:00:59.999999999+08:00") == {"not_yet"}
	_notice("CL-2025-22-", "2025-04-10T12:01:00+08:00") == {"in_force"}
}

test_notice_22_was_suspended_and_then_stopped if {
	_notice("CL-2025-22-", "2025-05-13T23:59:59+08:00") == {"in_force"}
	_notice("CL-2025-22-", "2025-05-14T00:00:00+08:00") == {"suspended"}
	_notice("CL-2025-22-", "2025-08-12T00:00:00+08:00") == {"ended"}
}

test_notice_21_was_suspended_three_times_and_is_unverified_now if {
	_notice("CL-2025-21-", "2025-08-12T00:00:00+08:00") == {"suspended"}
	_notice("CL-2025-21-", "2025-11-10T00:00:00+08:00") == {"suspended"}
	_notice("CL-2025-21-", "2026-11-09T23:59:59.999999999+08:00") == {"suspended"}
	_notice("CL-2025-21-", "2026-11-10T00:00:00+08:00") == {"lapsed_unverified"}
}

test_notice_13_of_march_2025_was_stopped_in_november if {
	_notice("CL-2025-13-", "2025-11-09T23:59:59+08:00") == {"in_force"}
	_notice("CL-2025-13-", "2025-11-10T00:00:00+08:00") == {"ended"}
}

_instrument(id, day) := state if state := status.now(instruments.rows[id]) with time.now_ns as fixture.midnight(day)

test_announcement_18_binds_since_april_2025_and_was_never_suspended if {
	_instrument("ANN-2025-18", "2025-04-03") == "not_yet"
	every day in ["2025-04-04", "2025-11-08", "2026-01-15", "2026-11-09", "2026-11-10", "2026-11-23"] {
		_instrument("ANN-2025-18", day) == "in_force"
	}
}

test_announcement_57_never_bound_before_its_suspension_ended if {
	days := ["2025-11-07", "2025-11-08", "2026-01-15", "2026-11-09", "2026-11-10", "2026-11-23"]
	[_instrument("ANN-2025-57", day) | some day in days] == [
		"not_yet", "suspended", "suspended", "suspended",
		"lapsed_unverified", "lapsed_unverified",
	]
}

test_announcement_61_bound_for_a_month if {
	days := ["2025-10-08", "2025-10-09", "2025-11-06", "2025-11-07", "2026-11-09", "2026-11-10", "2027-01-10"]
	[_instrument("ANN-2025-61", day) | some day in days] == [
		"not_yet", "in_force", "in_force", "suspended",
		"suspended", "lapsed_unverified", "lapsed_unverified",
	]
}

test_the_paragraph_on_gallium_is_suspended_for_four_more_days if {
	_instrument("ANN-2024-46 §2", "2025-11-08") == "in_force"
	_instrument("ANN-2024-46 §2", "2026-11-23") == "suspended"
	_instrument("ANN-2024-46 §2", "2026-11-26") == "suspended"
	_instrument("ANN-2024-46 §2", "2026-11-27") == "lapsed_unverified"
}

test_the_military_bans_bind_from_their_days if {
	_instrument("ANN-2024-46 §1", "2024-12-02") == "not_yet"
	_instrument("ANN-2024-46 §1", "2024-12-03") == "in_force"
	_instrument("ANN-2026-1", "2026-01-05") == "not_yet"
	_instrument("ANN-2026-1", "2026-01-06") == "in_force"
}

# What an editor does when a notice is found: see the head of reference/instruments.

test_a_notice_of_resumption_for_the_package_takes_effect_on_its_day if {
	row := object.union(instruments.rows["ANN-2025-57"], {"resumed": [{"from": "2026-12-01", "instrument": "a notice", "confirmed": true}]})
	status.at(row, "2026-11-30T23:59:59+08:00") == "lapsed_unverified"
	status.at(row, "2026-12-01T00:00:00+08:00") == "in_force"
}

test_a_confirmed_extension_suspends_the_package_until_its_end if {
	windows := [object.union(window, {"confirmed": true}) | some window in instruments.rows["ANN-2025-57"].suspended]
	row := object.union(instruments.rows["ANN-2025-57"], {"suspended": windows})
	status.at(row, "2026-11-23T00:00:00+08:00") == "suspended"
	status.at(row, "2027-01-10T00:00:00+08:00") == "lapsed_unverified"
}
