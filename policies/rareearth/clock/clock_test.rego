package rareearth.clock_test

import data.rareearth.clock
import data.rareearth.fixture_test as fixture
import data.rareearth.outcome
import data.rareearth.reference.obligations

_accepted := {"accepted_on": "2026-06-01"}

_running(application, reached) := limit if {
	limit := clock.running with input as application
		with outcome.outcome as reached
		with data.rareearth.parties.watched as set()
		with time.now_ns as fixture.midnight("2026-06-24")
}

# CLK-1

test_the_licence_clock_gives_45_working_days_from_acceptance if {
	_running(_accepted, "standard_review") == {"id": "CLK-1", "working_days": 45, "starts_on": "2026-06-01", "due_on": "2026-08-04"}
	_running({"accepted_on": "2025-04-07"}, "standard_review").due_on == "2025-06-12"
}

test_the_licence_clock_does_not_count_stops if {
	stop := {"from": "2026-06-10", "until": "2026-06-24", "reason": "appraisal"}
	_running(object.union(_accepted, {"stops": [stop]}), "standard_review").due_on == "2026-08-18"
}

test_a_stop_without_an_end_lasts_to_today if {
	_running(object.union(_accepted, {"stops": [{"from": "2026-06-10", "reason": "site_check"}]}), "standard_review").due_on == "2026-08-18"
}

test_the_licence_clock_says_which_calendar_is_missing if {
	_running({"accepted_on": "2026-11-23"}, "standard_review") == {
		"id": "CLK-1",
		"working_days": 45,
		"starts_on": "2026-11-23",
		"error": "calendar_missing",
		"year": 2027,
	}
}

test_a_stop_beyond_the_calendar_says_so if {
	stop := {"from": "2026-12-01", "until": "2027-02-01", "reason": "expert_opinion"}
	_running(object.union(_accepted, {"stops": [stop]}), "standard_review").error == "calendar_missing"
}

test_the_licence_clock_runs_only_where_a_licence_is_decided if {
	{reached | some reached in outcome.order; _running(_accepted, reached) != null} == {
		"refer_for_refusal", "enhanced_review", "general_licence",
		"green_channel", "standard_review",
	}
}

test_the_licence_clock_does_not_run_from_filing if _running({"filed_on": "2026-06-01"}, "standard_review") == null

test_the_licence_clock_does_not_run_while_acceptance_is_not_stated if _running({}, "standard_review") == null

test_the_licence_clock_is_off_for_a_party_on_the_watch_list if {
	limit := clock.running with input as _accepted
		with outcome.outcome as "enhanced_review"
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	limit == null
}

# The other limits

test_a_change_is_decided_in_20_working_days if {
	clock.limit("CLK-2", "2026-09-14", []) == {"id": "CLK-2", "working_days": 20, "starts_on": "2026-09-14", "due_on": "2026-10-16"}
}

test_a_change_near_the_end_of_the_calendar_says_so if {
	clock.limit("CLK-2", "2026-12-10", []) == {
		"id": "CLK-2",
		"working_days": 20,
		"starts_on": "2026-12-10",
		"error": "calendar_missing",
		"year": 2027,
	}
}

test_a_customs_query_is_answered_in_seven_working_days if {
	clock.limit("CLK-5", "2026-09-28", []).due_on == "2026-10-13"
}

test_a_limit_in_years_is_not_counted_in_working_days if not clock.limit("CLK-3", "2026-06-01", [])

test_an_unknown_clock_gives_no_limit if not clock.limit("CLK-0", "2026-06-01", [])

test_a_single_licence_is_valid_for_a_year_at_most if {
	clock.valid_through("CLK-3", "2026-06-01") == "2027-05-31"
	clock.valid_through("CLK-3", "2027-01-01") == "2027-12-31"
	clock.valid_through("CLK-3", "2028-02-29") == "2029-02-28"
}

test_a_general_licence_is_valid_for_three_years_at_most if {
	clock.valid_through("CLK-4", "2026-06-01") == "2029-05-31"
}

test_a_limit_in_working_days_gives_no_validity if not clock.valid_through("CLK-1", "2026-06-01")

# Duties

test_every_duty_belongs_to_the_outcomes_that_its_row_names if {
	every reached in outcome.order {
		duties := clock.obligations with outcome.outcome as reached
		{duty.id | some duty in duties} == {id | some id, row in obligations.rows; reached in row.outcomes}
	}
}

test_a_duty_says_what_is_due_and_when if {
	duties := clock.obligations with outcome.outcome as "standard_review"
	some duty in duties
	duty.id == "REG792-27"
	object.keys(duty) == {"id", "text", "basis", "due"}
	contains(duty.due.en, "five years")
	duty.text.zh
}

test_duties_stand_in_the_order_of_their_ids if {
	duties := clock.obligations with outcome.outcome as "standard_review"
	ids := [duty.id | some duty in duties]
	sort(ids) == ids
	count(ids) > 5
}

test_nobody_has_duties_where_nothing_is_licensed if {
	every reached in ["out_of_scope", "not_accepted", "prohibited", "classification_needed", "incomplete"] {
		clock.obligations == [] with outcome.outcome as reached
	}
}

test_evidence_is_kept_even_where_no_licence_is_required if {
	duties := clock.obligations with outcome.outcome as "no_licence_required"
	{duty.id | some duty in duties} == {"GACC-2025-123", "REG792-27"}
}
