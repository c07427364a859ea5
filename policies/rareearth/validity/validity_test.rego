package rareearth.validity_test

import data.rareearth.fixture_test as fixture
import data.rareearth.validity

_until(application, day) := instant if {
	instant := validity.until with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.midnight(day)
}

_set(fields) := fixture.with_fields(fields)

# The application without a paper that runs out.
_undated := fixture.without(["/documents/0/expires_on"])

_undated_with(fields) := json.patch(_undated, [{"op": "add", "path": path, "value": value} | some path, value in fields])

_holmium := {"line": 2, "form": "oxide", "control_code": "1C909.b", "description": "Holmium oxide 4N", "quantity": {"value": 1, "unit": "KGM"}}

test_nothing_that_turns_leaves_no_end if _until(_undated, "2026-06-15") == null

# Entries, instruments, parties, channels

test_a_decision_about_a_coming_control_ends_when_it_begins if {
	_until(_undated, "2025-04-03") == "2025-04-04T00:00:00+08:00"
	_until(_undated_with({"/items": [_holmium]}), "2025-11-01") == "2025-11-07T00:00:00+08:00"
}

test_a_decision_about_a_suspended_control_ends_with_the_suspension if {
	_until(_undated_with({"/items/-": _holmium}), "2026-01-15") == "2026-11-10T00:00:00+08:00"
}

test_an_end_day_that_counts_moves_the_end if {
	window := {"from": "2026-01-01", "until": "2026-08-01", "confirmed": true}
	channels := {"EU": {"effective_from": "2025-11-05", "members": {"DE": {"effective_from": "1958-01-01"}}, "suspended": [window]}}
	instant := validity.until with input as _undated
		with data.screening.matches as fixture.nothing_near(_undated)
		with data.history as fixture.nothing_before(_undated)
		with data.registry.parties as fixture.nobody_on_file(_undated)
		with data.rareearth.reference.channels.rows as channels
		with data.rareearth.reference.settings.end_day_counts.value as true
		with time.now_ns as fixture.today
	instant == "2026-08-02T00:00:00+08:00"
}

test_an_announced_end_is_an_end_even_if_it_is_unconfirmed if {
	_until(_undated_with({"/items/-": _holmium}), "2026-11-23") == "2027-01-10T00:00:00+08:00"
}

test_an_instant_that_has_come_is_no_end_any_more if {
	application := _undated_with({"/items/-": _holmium})
	_until(application, "2026-11-10") == "2027-01-10T00:00:00+08:00"
	eve := validity.until with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.midnight("2026-11-10") - 1
	eve == "2026-11-10T00:00:00+08:00"
}

test_the_first_of_several_ends_counts if {
	_until(_set({"/items/-": _holmium, "/documents/0/expires_on": "2026-09-30"}), "2026-06-15") == "2026-10-01T00:00:00+08:00"
	_until(_set({"/items/-": _holmium, "/documents/0/expires_on": "2026-12-31"}), "2026-06-15") == "2026-11-10T00:00:00+08:00"
}

test_a_suspended_measure_that_the_facts_meet_ends_the_decision if {
	gallium := {"line": 1, "form": "metal", "control_code": "ANN-2023-23/gallium-1", "description": "Gallium metal 6N"}
	_until(_undated_with({"/items": [gallium], "/destination": "US"}), "2026-06-15") == "2026-11-27T00:00:00+08:00"
}

test_a_listing_that_can_turn_ends_the_decision if {
	_until(_undated_with({"/parties/-": {"role": "bank", "name": "Skydio, Inc."}}), "2026-06-15") == "2026-11-10T00:00:00+08:00"
}

test_a_listing_to_come_ends_the_decision_at_its_instant if {
	rows := {"CL-1": {"name": "B", "list": "export-control", "country": "", "instrument": "N", "effective_from": "2026-07-10T12:01:00+08:00"}}
	application := _undated_with({"/parties/-": {"role": "bank", "name": "B"}})
	instant := validity.until with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with data.rareearth.reference.parties.rows as rows
		with data.rareearth.reference.party_index.by_name as {"b": ["CL-1"]}
		with time.now_ns as fixture.today
	instant == "2026-07-10T12:01:00+08:00"
}

test_a_channel_that_opens_ends_the_decision if {
	_until(_undated, "2025-10-01") == "2025-11-05T00:00:00+08:00"
}

test_a_membership_that_ends_ends_the_decision if {
	channels := {"EU": {"effective_from": "2025-11-05", "members": {"DE": {"effective_from": "1958-01-01", "effective_until": "2026-08-01"}}}}
	instant := validity.until with input as _undated
		with data.screening.matches as fixture.nothing_near(_undated)
		with data.history as fixture.nothing_before(_undated)
		with data.registry.parties as fixture.nobody_on_file(_undated)
		with data.rareearth.reference.channels.rows as channels
		with time.now_ns as fixture.today
	instant == "2026-08-01T00:00:00+08:00"
}

test_goods_outside_the_list_do_not_wait_for_a_channel if {
	_until(_undated_with({"/items": [fixture.motor]}), "2025-10-01") == null
}

# What the applicant stated

test_a_paper_is_valid_through_its_last_day if {
	_until(fixture.application, "2026-06-15") == "2027-05-11T00:00:00+08:00"
}

test_a_paper_that_has_run_out_is_no_end_any_more if {
	_until(_set({"/documents/0/expires_on": "2026-06-14"}), "2026-06-15") == null
	_until(_set({"/documents/0/expires_on": "2026-06-15"}), "2026-06-15") == "2026-06-16T00:00:00+08:00"
}

test_papers_do_not_bound_a_decision_that_asks_for_none if {
	_until(_set({"/items": [fixture.motor]}), "2026-06-15") == null
}

test_a_non_acceptance_period_lasts_through_its_last_day if {
	application := _undated_with({"/exporter/penalties": [{"kind": "administrative", "no_applications_until": "2026-07-01"}]})
	_until(application, "2026-06-15") == "2026-07-02T00:00:00+08:00"
	_until(application, "2026-07-01") == "2026-07-02T00:00:00+08:00"
	_until(application, "2026-07-02") == null
}

test_a_penalty_without_an_end_bounds_nothing if {
	_until(_undated_with({"/exporter/penalties": [{"kind": "criminal"}]}), "2026-06-15") == null
}
