package rareearth.greenchannel.observations_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.observations

_set(fields) := fixture.with_fields(fields)

# P01: open channel for the destination

_channels(application, day) := found if {
	found := observations.open_channels with input as application with time.now_ns as fixture.midnight(day)
}

_outside(application, day) := {seen |
	some seen in observations.outside_channel with input as application with time.now_ns as fixture.midnight(day)
}

_paths(seen) := {one.path | some one in seen}

_unstated(seen) := {one.path | some one in seen; one.unstated}

test_the_channel_opens_at_midnight_in_beijing if {
	_channels(fixture.application, "2025-11-05") == ["EU"]
	before := observations.open_channels with input as fixture.application with time.now_ns as fixture.midnight("2025-11-05") - 1
	before == []
}

test_every_member_state_has_the_channel if {
	every country in ["AT", "BE", "BG", "HR", "IE", "MT", "PL", "SK"] {
		_channels({"destination": country}, "2026-06-15") == ["EU"]
	}
}

test_no_other_country_has_it if {
	every country in ["GB", "CH", "NO", "US", "JP", "IN", "EU", "de", ""] {
		_channels({"destination": country}, "2026-06-15") == []
	}
	_channels({}, "2026-06-15") == []
}

test_the_channel_has_a_name_or_is_null if {
	observations.channel == "EU" with input as fixture.application with time.now_ns as fixture.today
	observations.channel == null with input as {"destination": "CH"} with time.now_ns as fixture.today
}

_two_channels := {
	"B": {"effective_from": "2026-01-01", "members": {"DE": {"effective_from": "2026-03-01"}}},
	"A": {"effective_from": "2026-01-01", "effective_until": "2026-05-01", "members": {"DE": {"effective_from": "2020-01-01"}}},
	"S": {
		"effective_from": "2026-01-01", "members": {"DE": {"effective_from": "2020-01-01"}},
		"suspended": [{"from": "2026-02-01", "until": "2027-01-01", "confirmed": true}],
	},
}

_of_two(day) := found if {
	found := observations.open_channels with input as {"destination": "DE"}
		with data.rareearth.reference.channels.rows as _two_channels
		with time.now_ns as fixture.midnight(day)
}

test_channel_and_membership_each_have_their_dates if {
	_of_two("2025-12-31") == []
	_of_two("2026-01-01") == ["A", "S"]
	_of_two("2026-02-01") == ["A"]
	_of_two("2026-03-01") == ["A", "B"]
	_of_two("2026-05-01") == ["B"]
}

test_a_channel_whose_suspension_lapsed_is_not_open if {
	not "S" in _of_two("2027-01-01")
}

test_parties_in_member_states_stand_against_nothing if _outside(fixture.application, "2026-06-15") == set()

test_a_destination_without_a_channel_is_named if {
	seen := _outside(_set({"/destination": "CH"}), "2026-06-15")
	"/destination" in _paths(seen)
	"no channel is open for CH on this day" in {one.en | some one in seen}
}

test_a_buyer_outside_the_member_states_is_named if {
	every role in ["importer", "consignee", "intermediate_consignee", "end_user", "ultimate_end_user"] {
		application := _set({"/parties/1/role": role, "/parties/1/country": "CH"})
		_paths(_outside(application, "2026-06-15")) == {"/parties/1/country"}
	}
}

test_service_providers_may_sit_elsewhere if {
	every role in ["agent", "forwarder", "payer", "bank", "broker"] {
		_outside(_set({"/parties/1/role": role, "/parties/1/country": "CH"}), "2026-06-15") == set()
		_outside(json.remove(_set({"/parties/1/role": role}), ["/parties/1/country"]), "2026-06-15") == set()
	}
}

test_a_buyer_without_a_country_is_not_stated if {
	seen := _outside(fixture.without(["/parties/0/country"]), "2026-06-15")
	_unstated(seen) == {"/parties/0/country"}
}

test_a_misspelt_country_is_no_member_state if {
	_paths(_outside(_set({"/parties/0/country": "Germany"}), "2026-06-15")) == {"/parties/0/country"}
}

test_the_countries_asked_about_are_those_of_destination_buyers_and_onward_transfer if {
	application := _set({
		"/parties/1/country": "AT",
		"/parties/-": {"role": "bank", "name": "K", "country": "CH"},
		"/onward/countries": ["FR"],
	})
	observations.countries == {"DE", "AT", "FR"} with input as application
}

# P02: items of announcement 18

_announcement(application, day) := {seen.en |
	some seen in observations.outside_announcement with input as application with time.now_ns as fixture.midnight(day)
}

_holmium := {"line": 2, "form": "oxide", "control_code": "1C909.b"}

test_items_of_announcement_18_stand_against_nothing if {
	_announcement(fixture.application, "2026-06-15") == set()
	_announcement(_set({"/items/-": object.union(fixture.motor, {"line": 2})}), "2026-06-15") == set()
}

test_an_unclassified_or_contradictory_line_is_named if {
	_announcement(_set({"/items/-": {"line": 2}}), "2026-06-15") == {"line 2 is unclassified"}
	_announcement(_set({"/items/0/hs_code": "8505119000"}), "2026-06-15") == {"line 1 is conflict", "no line is listed"}
}

test_an_item_of_another_announcement_is_named if {
	_announcement(_set({"/items/-": {"line": 2, "control_code": "6C002.a"}}), "2026-06-15") == {"line 2 is listed by ANN-2025-10"}
	_announcement(_set({"/items/-": _holmium}), "2026-11-10") == {"line 2 is listed by ANN-2025-57"}
}

test_a_suspended_listing_does_not_stand_against_the_channel if _announcement(_set({"/items/-": _holmium}), "2026-01-15") == set()

test_an_application_without_a_listed_line_has_no_use_for_the_channel if {
	_announcement(_set({"/items": [fixture.motor]}), "2026-06-15") == {"no line is listed"}
	_announcement(fixture.application, "2025-04-03") == {"no line is listed"}
}

# P03: civilian end use

_not_civilian(application) := {seen | some seen in observations.not_civilian with input as application}

test_a_civilian_use_stands_against_nothing if _not_civilian(fixture.application) == set()

test_a_sector_outside_the_civil_list_is_named if {
	every sector in ["defence", "other", "Industrial_Motors"] {
		seen := _not_civilian(_set({"/end_use/sector": sector}))
		_paths(seen) == {"/end_use/sector"}
		_unstated(seen) == set()
		{[one.en, one.zh] | some one in seen} == {[sprintf("the sector is %s", [sector]), sprintf("行业为%s", [sector])]}
	}
}

test_a_sector_that_is_not_stated_is_missing if {
	seen := _not_civilian(fixture.without(["/end_use/sector"]))
	_unstated(seen) == {"/end_use/sector"}
	{one.en | some one in seen} == {"the sector is not stated"}
	{one.zh | some one in seen} == {"行业为未填报"}
}

test_a_use_that_is_not_denied_is_named if {
	every use in ["military", "wmd", "terrorism"] {
		path := sprintf("/end_use/%s", [use])
		_paths(_not_civilian(_set({path: true}))) == {path}
		_unstated(_not_civilian(_set({path: true}))) == set()
		_unstated(_not_civilian(fixture.without([path]))) == {path}
	}
}

test_an_end_use_that_is_not_stated_is_missing_field_by_field if {
	seen := _not_civilian(fixture.without(["/end_use"]))
	_unstated(seen) == {"/end_use/sector", "/end_use/military", "/end_use/wmd", "/end_use/terrorism"}
}

test_a_case_by_case_use_is_named if {
	_paths(_not_civilian(_set({"/end_use/semiconductor_node_nm": 14}))) == {"/end_use/semiconductor_node_nm"}
	_paths(_not_civilian(_set({"/end_use/memory_layers": 256}))) == {"/end_use/memory_layers"}
	_paths(_not_civilian(_set({"/end_use/ai_military": true}))) == {"/end_use/ai_military"}
	_not_civilian(_set({"/end_use/semiconductor_node_nm": 15, "/end_use/memory_layers": 255})) == set()
}

# P04: no listed party

_hit(fields) := object.union(
	{"path": "/parties/0", "name": "B", "kind": "party", "list": "watch", "status": "in_force", "share_pct": null},
	fields,
)

_not_clear(hits, near, unscreened) := {seen.en |
	some seen in observations.not_clear with data.rareearth.parties.hits as hits
		with data.rareearth.parties.near as near
		with data.rareearth.parties.unscreened as unscreened
		with data.rareearth.lib.history.registry_consulted as true
}

test_clear_names_stand_against_nothing if _not_clear(set(), set(), set()) == set()

test_a_party_on_any_list_that_has_not_ended_is_named if {
	every list in ["export-control", "unreliable-entity", "watch"] {
		every status in ["in_force", "suspended", "lapsed_unverified"] {
			_not_clear({_hit({"list": list, "status": status})}, set(), set()) == {sprintf("B is on the %s list (%s)", [list, status])}
		}
	}
}

test_a_listing_that_ended_or_is_still_to_come_is_not_named if {
	every status in ["ended", "not_yet"] {
		_not_clear({_hit({"status": status})}, set(), set()) == set()
	}
}

test_an_owner_counts_from_half_on_or_where_its_share_is_not_stated if {
	every share in [50, 100, null] {
		count(_not_clear({_hit({"kind": "owner", "share_pct": share})}, set(), set())) == 1
	}
	_not_clear({_hit({"kind": "owner", "share_pct": 49.9})}, set(), set()) == set()
}

test_a_near_name_is_named if {
	near := {{"path": "/parties/0", "name": "B", "listed_name": "Bb", "row": "WL-1", "score": 0.9}}
	_not_clear(set(), near, set()) == {"B is near Bb"}
}

test_an_unscreened_name_is_named if {
	_not_clear(set(), set(), {{"path": "/parties/0", "name": "B"}}) == {"B was not screened"}
}

test_an_end_user_whose_owners_are_not_stated_is_named if {
	application := fixture.without(["/parties/0/owners", "/parties/1/owners", "/exporter/owners"])
	seen := observations.not_clear with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.registry.parties as fixture.nobody_on_file(application)
	_unstated(seen) == {"/parties/0/owners"}
	_paths(seen) == {"/parties/0/owners"}
}

test_without_screening_every_name_stands_against_the_channel if {
	paths := {seen.path | some seen in observations.not_clear} with input as fixture.application
		with data.registry.parties as fixture.nobody_on_file(fixture.application)
	paths == {"/exporter", "/parties/0", "/parties/1"}
}

test_parties_that_were_not_looked_up_stand_against_the_channel if {
	application := fixture.application
	seen := observations.not_clear with input as application with data.screening.matches as fixture.nothing_near(application)
	{[one.path, one.en] | some one in seen} == {["/parties", "the parties were not looked up among those on file"]}
	_unstated(seen) == set()
}

# P05: complete file

_incomplete(application) := {seen.path |
	some seen in observations.incomplete with input as application with time.now_ns as fixture.today
}

test_a_complete_file_lacks_nothing if _incomplete(fixture.application) == set()

test_a_missing_undertaking_is_named if {
	every given in [["no_other_use", "no_transfer", "no_wmd"], ["no_other_use", "no_transfer", "no_military"]] {
		_incomplete(_set({"/documents/0/undertakings": given})) == {"/documents/0/undertakings"}
	}
	"/documents/0/undertakings" in _incomplete(fixture.without(["/documents/0/undertakings"]))
}

test_a_misspelt_undertaking_is_not_given if {
	given := ["no_other_use", "no_transfer", "no_wmd", "no-military"]
	_incomplete(_set({"/documents/0/undertakings": given})) == {"/documents/0/undertakings"}
}

test_what_completeness_finds_is_named if {
	"/documents/0/original" in _incomplete(_set({"/documents/0/original": false}))
	"/documents/0/expires_on" in _incomplete(_set({"/documents/0/expires_on": "2026-06-14"}))
	"/end_use/statement" in _incomplete(fixture.without(["/end_use/statement"]))
}

test_whatever_makes_an_application_incomplete_is_named if {
	"/exporter/country" in _incomplete(_set({"/exporter/country": "HK"}))
	"/parties/2" in _incomplete(_set({"/parties/-": object.union(fixture.application.parties[0], {"name": "Second GmbH"})}))
}

test_what_does_not_make_it_incomplete_is_not_named if {
	_incomplete(_set({"/exporter/penalties": [{"kind": "criminal", "imposed_on": "2010-01-01"}]})) == set()
}

test_a_certificate_of_tomorrow_is_named if {
	_incomplete(_set({"/documents/0/issued_on": "2026-06-16"})) == {"/documents/0/issued_on"}
	_incomplete(_set({"/documents/0/issued_on": "2026-06-15"})) == set()
}

test_a_file_without_a_certificate_is_named if {
	"/documents" in _incomplete(fixture.without(["/documents/0"]))
	consultation := fixture.with_fields({"/kind": "consultation", "/documents": [{"type": "technical_description"}]})
	_incomplete(consultation) == {"/documents"}
}

# P06: nothing goes on

_goes_on(application) := {seen | some seen in observations.goes_on with input as application with time.now_ns as fixture.today}

test_goods_that_stay_stand_against_nothing if _goes_on(fixture.application) == set()

test_onward_transfer_that_is_not_stated_is_missing if {
	_unstated(_goes_on(fixture.without(["/onward"]))) == {"/onward/countries", "/onward/to_us_defence"}
	_unstated(_goes_on(fixture.without(["/onward/to_us_defence"]))) == {"/onward/to_us_defence"}
	_unstated(_goes_on(fixture.without(["/onward/countries"]))) == {"/onward/countries"}
	_unstated(_goes_on(fixture.without(["/transit"]))) == {"/transit"}
}

test_onward_transfer_to_another_country_is_named if {
	seen := _goes_on(_set({"/onward/countries": ["FR", "CH", "US"]}))
	_paths(seen) == {"/onward/countries/1", "/onward/countries/2"}
	_unstated(seen) == set()
}

test_supply_to_the_defence_industry_of_the_united_states_is_named if {
	_paths(_goes_on(_set({"/onward/to_us_defence": true}))) == {"/onward/to_us_defence"}
}

test_transit_through_a_risk_place_is_named if {
	_paths(_goes_on(_set({"/transit": ["SG", "NL"]}))) == {"/transit/0"}
	_goes_on(_set({"/transit": ["CH"]})) == set()
}

# P07: exporter in good standing

_faults(application) := {seen | some seen in observations.standing_faults with input as application with time.now_ns as fixture.today}

test_an_exporter_without_a_record_stands_well if _faults(fixture.application) == set()

test_a_bar_is_named if {
	criminal := [{"kind": "criminal", "imposed_on": "2010-01-01"}]
	seen := _faults(_set({"/exporter/penalties": criminal}))
	_paths(seen) == {"/exporter/penalties/0"}
	_unstated(seen) == set()
}

test_an_overdue_report_is_named if {
	_paths(_faults(_set({"/exporter/overdue_reports": 1}))) == {"/exporter/overdue_reports"}
}

test_a_record_that_is_not_stated_is_missing if {
	_unstated(_faults(fixture.without(["/exporter/penalties"]))) == {"/exporter/penalties"}
	_unstated(_faults(fixture.without(["/exporter/overdue_reports"]))) == {"/exporter/overdue_reports"}
}

# P08: quantity within need

_beyond(application) := _beyond_after(application, {})

# The same with what was ordered before laid over an empty history.
_beyond_after(application, history) := {seen |
	some seen in observations.beyond_need with input as application
		with data.history as object.union(fixture.nothing_before(application), history)
		with time.now_ns as fixture.today
}

# Dysprosium for the end user in the last 90 days.
_ordered_before(kg) := {"orders": {fixture.order_key(fixture.application, "Talmotor GmbH", "Dy"): {"days_90": {"kg": kg, "count": 1}}}}

# 20 kg of dysprosium against 10 kg a month.
test_a_quantity_within_need_stands_against_nothing if _beyond(fixture.application) == set()

test_six_months_of_need_are_allowed_and_not_a_gram_more if {
	_beyond(_set({"/items/0/quantity/value": 3000})) == set()
	_paths(_beyond(_set({"/items/0/quantity": {"value": 3000001, "unit": "GRM"}}))) == {"/need"}
	_beyond(_set({"/items/0/quantity": {"value": 3000000, "unit": "GRM"}})) == set()
}

test_the_months_are_told if {
	seen := _beyond(_set({"/items/0/quantity/value": 4000}))
	{one.en | some one in seen} == {"the order covers 8 months"}
}

test_what_was_ordered_in_the_last_90_days_counts_with_the_order if {
	_beyond_after(fixture.application, _ordered_before(40)) == set()
	seen := _beyond_after(fixture.application, _ordered_before(41))
	{[one.path, one.en, one.unstated] | some one in seen} == {["/need", "the order and those of the last 90 days cover 6.1 months", false]}
}

test_six_months_by_itself_are_allowed_and_with_an_earlier_order_too_much if {
	seen := _beyond_after(_set({"/items/0/quantity/value": 3000}), _ordered_before(1))
	{one.en | some one in seen} == {"the order and those of the last 90 days cover 6.1 months"}
}

test_an_order_beyond_need_is_told_once if {
	seen := _beyond_after(_set({"/items/0/quantity/value": 4000}), _ordered_before(41))
	{one.en | some one in seen} == {"the order covers 8 months"}
}

test_without_the_history_a_quantity_is_not_shown_to_be_within_need if {
	seen := observations.beyond_need with input as fixture.application with time.now_ns as fixture.today
	{[one.path, one.en, one.unstated] | some one in seen} == {["/need", "earlier orders were not consulted", false]}
}

test_need_that_is_not_stated_by_weight_is_missing if {
	_unstated(_beyond(fixture.without(["/need"]))) == {"/need/annual_consumption", "/need/stock_on_hand"}
	_unstated(_beyond(fixture.without(["/need/stock_on_hand"]))) == {"/need/stock_on_hand"}
	_unstated(_beyond(_set({"/need/annual_consumption/unit": "H87"}))) == {"/need/annual_consumption"}
	_unstated(_beyond(_set({"/need/annual_consumption/value": 0}))) == {"/need/annual_consumption"}
}

test_a_stock_of_nothing_is_stated if _beyond(_set({"/need/stock_on_hand/value": 0})) == set()

test_a_listed_line_without_a_weight_is_missing if {
	_unstated(_beyond(_set({"/items/0/quantity/unit": "H87"}))) == {"/items/0/quantity"}
	_unstated(_beyond(fixture.without(["/items/0/quantity"]))) == {"/items/0/quantity"}
}

test_an_unlisted_line_needs_no_weight if _beyond(_set({"/items/-": object.union(fixture.motor, {"line": 2})})) == set()

test_without_a_listed_line_there_is_no_need_to_compare if {
	_paths(_beyond(_set({"/items": [fixture.motor]}))) == {"/items"}
}

# P09: few red flags

_flag(rule, severity) := {"reason": {"rule": rule, "severity": severity, "paths": [sprintf("/%s", [rule]), "/x"]}}

_too_many(flags) := {seen.en |
	some seen in observations.flags_too_many with input as {}
		with data.rareearth.redflags.order.findings as flags
		with data.rareearth.redflags.parties.findings as set()
		with data.rareearth.redflags.papers.findings as set()
}

test_no_flag_stands_against_nothing if _too_many(set()) == set()

test_one_high_flag_is_too_many if _too_many({_flag("RF-32", "high")}) == {"RF-32 (high)"}

test_two_medium_flags_are_allowed if _too_many({_flag("RF-06", "medium"), _flag("RF-09", "medium")}) == set()

test_three_medium_flags_are_too_many if {
	_too_many({_flag("RF-06", "medium"), _flag("RF-09", "medium"), _flag("RF-15", "medium")}) == {
		"RF-06 (medium)", "RF-09 (medium)", "RF-15 (medium)",
	}
}

test_low_flags_are_not_counted if {
	_too_many({_flag("RF-35", "low"), _flag("RF-22", "low"), _flag("RF-06", "medium"), _flag("RF-09", "medium")}) == set()
}

test_flags_of_all_families_count_together if {
	three := {seen.path |
		some seen in observations.flags_too_many with input as {}
			with data.rareearth.redflags.order.findings as {_flag("RF-06", "medium")}
			with data.rareearth.redflags.parties.findings as {_flag("RF-09", "medium")}
			with data.rareearth.redflags.papers.findings as {_flag("RF-29", "medium")}
	}
	three == {"/RF-06", "/RF-09", "/RF-29"}
}

# P10: priority

_priority(application) := {seen.path | some seen in observations.priority with input as application}

test_nothing_speaks_for_priority_unless_it_is_stated if {
	_priority(fixture.application) == set()
	_priority({}) == set()
}

test_each_ground_of_priority_is_named if {
	_priority(_set({"/need/priority_list": "EU-07"})) == {"/need/priority_list"}
	_priority(_set({"/need/production_stopped": true})) == {"/need/production_stopped"}
	_priority(_set({"/exporter/licences_last_24m": 3})) == {"/exporter/licences_last_24m"}
}

test_earlier_licences_speak_only_with_clean_reports if {
	_priority(_set({"/exporter/licences_last_24m": 0})) == set()
	_priority(_set({"/exporter/licences_last_24m": 3, "/exporter/overdue_reports": 1})) == set()
	_priority(json.remove(_set({"/exporter/licences_last_24m": 3}), ["/exporter/overdue_reports"])) == set()
}

test_running_production_is_no_ground if _priority(_set({"/need/production_stopped": false})) == set()
