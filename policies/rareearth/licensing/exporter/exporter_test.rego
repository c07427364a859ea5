package rareearth.licensing.exporter_test

import data.rareearth.licensing.exporter

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_findings(application, hits, at) := found if {
	found := exporter.findings with input as application
		with time.now_ns as at
		with data.rareearth.parties.hits as hits
		with data.rareearth.reference.settings.general_min_licences_24m.value as 2
}

_fired(application, hits, at) := {found.reason.rule | some found in _findings(application, hits, at)}

_the(rule, application, hits, at) := found if {
	some found in _findings(application, hits, at)
	found.reason.rule == rule
}

_by(facts) := {"exporter": object.union({"name": "Gannan Magnet"}, facts)}

_punished(penalty) := _by({"penalties": [penalty]})

_bars(application, hits, at) := bars if {
	bars := exporter.bars with input as application
		with time.now_ns as at
		with data.rareearth.parties.hits as hits
}

test_an_exporter_of_which_nothing_is_said_has_nothing_against_it if _fired(_by({}), [], _today) == set()

# ECL-39

_shut_out := _punished({"kind": "administrative", "grave": false, "no_applications_until": "2026-11-23"})

test_inside_the_period_applications_are_not_accepted if {
	found := _the("ECL-39", _shut_out, [], _instant("2026-11-22"))
	found.outcome == "not_accepted"
	found.reason.paths == ["/exporter/penalties/0/no_applications_until"]
}

test_the_last_day_of_the_period_is_inside_it if {
	_fired(_shut_out, [], _today) == {"ECL-39"}
	_fired(_shut_out, [], _instant("2026-11-24") - 1) == {"ECL-39"}
	_fired(_shut_out, [], _instant("2026-11-24")) == set()
}

test_a_penalty_without_such_a_period_shuts_nobody_out if {
	not "ECL-39" in _fired(_punished({"kind": "criminal"}), [], _today)
	not "ECL-39" in _fired(_by({"penalties": []}), [], _today)
}

# REG792-20

test_a_criminal_penalty_bars_for_good if {
	every day in ["2001-01-01", "2026-11-22"] {
		_bars(_punished({"kind": "criminal", "imposed_on": day}), [], _today) == {"/exporter/penalties/0"}
	}
}

_grave(day) := _punished({"kind": "administrative", "grave": true, "imposed_on": day})

test_a_grave_penalty_bars_for_five_years_and_on_their_last_day if {
	_bars(_grave("2021-11-23"), [], _today) == {"/exporter/penalties/0"}
	_bars(_grave("2021-11-23"), [], _instant("2026-11-24") - 1) == {"/exporter/penalties/0"}
	_bars(_grave("2021-11-23"), [], _instant("2026-11-24")) == set()
	_bars(_grave("2021-11-22"), [], _today) == set()
}

test_a_penalty_of_unstated_gravity_or_day_is_not_taken_as_harmless if {
	every unstated in [{"imposed_on": "2024-01-01"}, {"grave": true}, {}] {
		_bars(_punished(object.union({"kind": "administrative"}, unstated)), [], _today) == {"/exporter/penalties/0"}
	}
}

test_a_light_penalty_bars_nothing if {
	_bars(_punished({"kind": "administrative", "grave": false, "imposed_on": "2026-11-22"}), [], _today) == set()
}

_hit(facts) := object.union(
	{"kind": "owner", "role": "exporter", "list": "export-control", "status": "in_force", "share_pct": 100, "path": "/exporter/owners/0"},
	facts,
)

test_a_company_wholly_owned_by_a_control_listed_party_is_barred if {
	every facts in [{}, {"status": "lapsed_unverified"}, {"share_pct": null}] {
		_bars(_by({}), [_hit(facts)], _today) == {"/exporter/owners/0"}
	}
}

test_other_owners_and_other_lists_bar_nothing if {
	every facts in [
		{"share_pct": 99.9}, {"status": "suspended"}, {"status": "ended"}, {"status": "not_yet"}, {"list": "watch"},
		{"list": "unreliable-entity"}, {"role": "end_user"}, {"kind": "party"},
	] {
		_bars(_by({}), [_hit(facts)], _today) == set()
	}
}

test_a_bar_is_said_whatever_is_applied_for if {
	found := _the("REG792-20", _grave("2026-01-01"), [_hit({})], _today)
	found.outcome == ""
	found.reason.evidence.bars == ["/exporter/owners/0", "/exporter/penalties/0"]
}

# ECL-14

_fit := {"icp": {"established": true}, "licences_last_24m": 2}

_general(facts) := object.union({"kind": "general"}, _by(facts))

_open(application, hits) if {
	exporter.general_licence_open with input as application
		with time.now_ns as _today
		with data.rareearth.parties.hits as hits
		with data.rareearth.reference.settings.general_min_licences_24m.value as 2
}

test_programme_and_record_open_the_general_licence if {
	_open(_general(_fit), [])
	_fired(_general(_fit), [], _today) == set()
}

_obstacles(application, hits) := _the("ECL-14", application, hits, _today).reason.paths

test_each_condition_of_a_general_licence_is_named_where_it_fails if {
	_obstacles(_general(object.union(_fit, {"icp": {"established": false}})), []) == ["/exporter/icp"]
	_obstacles(_general(object.union(_fit, {"licences_last_24m": 1})), []) == ["/exporter/licences_last_24m"]
	_obstacles(_general(object.union(_fit, {"penalties": [{"kind": "criminal"}]})), []) == ["/exporter/penalties/0"]
}

test_what_is_not_stated_opens_no_general_licence if {
	_obstacles(_general({}), []) == ["/exporter/icp", "/exporter/licences_last_24m"]
	_obstacles(_general({"icp": {"since": "2020-01-01"}, "licences_last_24m": 2}), []) == ["/exporter/icp"]
	not _open(_general({}), [])
}

test_a_watch_list_party_closes_the_general_licence if {
	watched := {"kind": "party", "role": "end_user", "list": "watch", "status": "in_force", "share_pct": null, "path": "/parties/0"}
	_obstacles(_general(_fit), [watched]) == ["/parties/0"]
	not _open(_general(_fit), [watched])
}

test_who_asks_for_no_general_licence_hears_nothing_of_its_conditions if {
	not "ECL-14" in _fired(_by({}), [], _today)
	not _open(_by(_fit), [])
}

# ECL-11

test_only_an_exporter_in_china_can_apply if {
	found := _the("ECL-11", _by({"country": "HK"}), [], _today)
	found.outcome == "incomplete"
	found.reason.evidence.missing == ["/exporter/country"]
	_fired(_by({"country": "CN"}), [], _today) == set()
}

# What RF-29 weighs by.

_heavy(penalty) if exporter.heavy(penalty) with time.now_ns as _today

test_an_open_or_grave_penalty_is_heavy if {
	every penalty in [
		{"kind": "criminal", "grave": false},
		{"kind": "administrative", "grave": true},
		{"kind": "administrative"},
		{"kind": "administrative", "grave": false, "no_applications_until": "2026-11-23"},
	] {
		_heavy(penalty)
	}
	not _heavy({"kind": "administrative", "grave": false})
	not _heavy({"kind": "administrative", "grave": true, "imposed_on": "2021-11-22"})
	not _heavy({"kind": "administrative", "grave": false, "no_applications_until": "2026-11-22"})
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	application := {"kind": "general", "exporter": {"country": "HK", "penalties": [{"kind": "criminal", "no_applications_until": "2027-01-01"}]}}
	found := _findings(application, [], _today)
	{each.reason.rule: _weight(each) | some each in found} == {
		"ECL-39": "hold high not_accepted",
		"REG792-20": "flag medium ",
		"ECL-14": "flag medium ",
		"ECL-11": "require medium incomplete",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
