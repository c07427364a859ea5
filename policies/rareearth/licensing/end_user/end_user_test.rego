package rareearth.licensing.end_user_test

import data.rareearth.lib.finding
import data.rareearth.lib.names
import data.rareearth.licensing.end_user

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_pause(until) := [{"from": "2026-01-01", "until": until, "kind": "suspended", "confirmed": true}]

_row(list, name, from, windows) := {
	"list": list,
	"name": name,
	"country": "US",
	"instrument": sprintf("notice on %s", [name]),
	"effective_from": from,
	"suspended": windows,
}

_rows := {
	"CONTROL": _row("export-control", "Alpha Arms Inc.", "2025-01-02", []),
	"UNRELIABLE": _row("unreliable-entity", "Beta Missiles", "2025-01-02", []),
	"WATCH": _row("watch", "Gamma Trading", "2025-01-02", []),
	"LATER": _row("export-control", "Delta Optics", "2026-12-01", []),
	"PAUSED": _row("export-control", "Epsilon Radar", "2025-01-02", _pause("2027-01-01")),
	"LAPSED": _row("watch", "Zeta Drones", "2025-01-02", _pause("2026-11-10")),
	"STOPPED": _row("unreliable-entity", "Eta Sonar", "2025-01-02", [{"from": "2025-11-10", "until": null, "kind": "stopped", "confirmed": true}]),
}

_findings(application, at) := {found |
	some found in end_user.findings with input as application
		with time.now_ns as at
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.parties.provenance.checked_on as "2026-11-23"
		with data.rareearth.reference.settings.list_stale_days.value as 14
		with data.rareearth.reference.party_index.by_name as {names.fold(row.name): [id] | some id, row in _rows}
		with data.screening.matches as object.get(application, "screened", {})
	finding.speaks(found)
}

_fired(application, at) := {found.reason.rule | some found in _findings(application, at)} - {"ECL-17"}

_the(rule, application, at) := found if {
	some found in _findings(application, at)
	found.reason.rule == rule
}

_paths(rule, application, at) := _the(rule, application, at).reason.paths

_user := {"role": "end_user", "name": "Beispiel GmbH", "country": "DE"}

_application := {"exporter": {"name": "Gannan Magnet"}, "destination": "DE", "parties": [_user]}

_of(application) := object.union(_application, application)

_by(party) := object.union(_application, {"parties": [object.union(_user, party)]})

_owned(role, owner) := _by({"role": role, "owners": [owner]})

_roles := {
	"end_user", "ultimate_end_user", "importer", "consignee", "intermediate_consignee", "agent", "forwarder", "payer", "bank",
	"broker",
}

test_an_ordinary_application_has_nothing_against_it if _fired(_application, _today) == set()

test_an_empty_application_has_nothing_against_it if _fired({}, _today) == set()

# ECL-18, REG792-29

test_a_control_list_party_is_refused_in_every_role if {
	every role in _roles {
		found := _the("ECL-18", _by({"role": role, "name": "Alpha Arms Inc."}), _today)
		found.outcome == "prohibited"
		found.reason.paths == ["/parties/0"]
	}
}

test_an_exporter_on_the_control_list_is_refused if {
	_paths("ECL-18", _of({"exporter": {"name": "Alpha Arms Inc."}}), _today) == ["/exporter"]
}

test_another_spelling_of_a_listed_name_is_the_listed_name if {
	"ECL-18" in _fired(_by({"name": "Nobody", "name_local": "ALPHA  Arms, Incorporated"}), _today)
}

test_a_misspelt_listed_name_is_left_to_screening if _fired(_by({"name": "Alfa Arms Inc."}), _today) == set()

test_a_listing_binds_from_its_first_day if {
	application := _by({"name": "Delta Optics"})
	_fired(application, _instant("2026-12-01") - 1) == set()
	_fired(application, _instant("2026-12-01")) == {"ECL-18"}
}

test_a_listing_that_does_not_bind_refuses_nobody if {
	every name in ["Epsilon Radar", "Zeta Drones", "Eta Sonar"] {
		_fired(_by({"name": name}), _today) == set()
	}
}

test_an_owner_on_a_list_is_no_party_on_it if {
	every name in ["Alpha Arms Inc.", "Beta Missiles", "Gamma Trading"] {
		_fired(_owned("forwarder", {"name": name, "share_pct": 100}), _today) == set()
	}
}

test_special_circumstances_turn_the_refusal_into_a_special_application if {
	application := object.union(_by({"name": "Alpha Arms Inc."}), {"kind": "special"})
	_fired(application, _today) == {"REG792-29"}
	_the("REG792-29", application, _today).outcome == "special_application"
}

test_special_circumstances_need_a_control_list_party if _fired(_of({"kind": "special"}), _today) == set()

# UEL

test_an_unreliable_entity_is_refused_whatever_is_applied_for if {
	every kind in ["single", "general", "special"] {
		application := object.union(_by({"name": "Beta Missiles"}), {"kind": kind})
		_fired(application, _today) == {"UEL"}
		_the("UEL", application, _today).outcome == "prohibited"
	}
}

# REG792-26

test_a_watch_list_party_is_reviewed_by_a_person if {
	found := _the("REG792-26", _by({"name": "Gamma Trading"}), _today)
	found.outcome == "enhanced_review"
	found.reason.severity == "high"
}

# ANN-2024-46 §1 and ANN-2026-1

_bans := {"US": "ANN-2024-46 §1", "JP": "ANN-2026-1"}

test_military_users_of_two_countries_are_refused if {
	every country, ban in _bans {
		every military in [{"business": "military"}, {"site_type": "military_base"}] {
			every role in ["end_user", "ultimate_end_user"] {
				application := _by(object.union({"country": country, "role": role}, military))
				_fired(application, _today) == {ban}
				_paths(ban, application, _today) == ["/parties/0"]
			}
		}
	}
}

test_ties_alone_make_nobody_a_military_user if {
	every country, _ in _bans {
		_fired(_by({"country": country, "military_ties": true}), _today) == set()
	}
}

test_military_users_of_other_countries_fall_under_no_ban if {
	_fired(_by({"country": "DE", "business": "military"}), _today) == set()
	_fired(_by({"country": "jp", "business": "military"}), _today) == set()
}

test_a_military_user_without_a_country_falls_under_no_ban if {
	_fired({"parties": [{"role": "end_user", "name": "Base", "business": "military"}]}, _today) == set()
}

test_civilian_users_of_the_two_countries_are_not_touched if {
	every country, _ in _bans {
		application := object.union(_by({"country": country, "business": "manufacturer"}), {"destination": country})
		_fired(application, _today) == set()
		_fired(object.union(application, {"end_use": {"military": false, "sector": "robotics"}}), _today) == set()
	}
}

test_who_only_serves_the_deal_is_no_military_user if {
	_fired(_by({"country": "US", "role": "forwarder", "business": "military"}), _today) == set()
}

test_military_use_is_refused_wherever_the_goods_end_up_in_a_banned_country if {
	every country, ban in _bans {
		every place in [
			{"destination": country},
			{"end_use": {"site_country": country}},
			{"onward": {"countries": ["FR", country]}},
			{"parties": [object.union(_user, {"country": country})]},
		] {
			_paths(ban, object.union(_of({"end_use": {"military": true}}), place), _today) == ["/end_use/military"]
			_paths(ban, object.union(_of({"end_use": {"sector": "defence"}}), place), _today) == ["/end_use/sector"]
		}
	}
}

test_military_use_with_products_for_united_states_defence_is_refused if {
	_fired(_of({"end_use": {"military": true}, "onward": {"to_us_defence": true}}), _today) == {"ANN-2024-46 §1"}
}

test_military_use_elsewhere_falls_under_no_ban if _fired(_of({"end_use": {"military": true, "sector": "defence"}}), _today) == set()

test_the_ban_for_the_united_states_begins_on_its_day if {
	application := _by({"country": "US", "business": "military"})
	_fired(application, _instant("2024-12-03") - 1) == set()
	_fired(application, _instant("2024-12-03")) == {"ANN-2024-46 §1"}
}

test_the_ban_for_japan_begins_on_its_day if {
	application := _by({"country": "JP", "business": "military"})
	_fired(application, time.parse_rfc3339_ns("2026-01-05T23:59:59.999999999+08:00")) == set()
	_fired(application, time.parse_rfc3339_ns("2026-01-06T00:00:00+08:00")) == {"ANN-2026-1"}
}

# ANN-2025-61 §2

_in_force := _instant("2025-11-07") - 1

test_announcement_61_refuses_what_listed_owners_hold_to_half if {
	every role in ["importer", "end_user", "ultimate_end_user"] {
		every name in ["Alpha Arms Inc.", "Gamma Trading"] {
			found := _the("ANN-2025-61 §2", _owned(role, {"name": name, "share_pct": 50}), _in_force)
			found.outcome == "refer_for_refusal"
			found.reason.paths == ["/parties/0/owners/0"]
			contains(found.reason.text.en, found.reason.evidence.notice)
		}
	}
}

test_announcement_61_refuses_a_watch_list_importer if {
	"ANN-2025-61 §2" in _fired(_by({"name": "Gamma Trading", "role": "importer"}), _in_force)
}

test_announcement_61_adds_nothing_to_the_refusal_of_a_control_list_party if {
	_fired(_by({"name": "Alpha Arms Inc."}), _in_force) == {"ECL-18"}
}

test_less_than_half_or_an_unstated_share_is_no_ground_of_announcement_61 if {
	every name in ["Alpha Arms Inc.", "Gamma Trading"] {
		_fired(_owned("end_user", {"name": name, "share_pct": 49.99}), _in_force) == set()
		_fired(_owned("end_user", {"name": name}), _in_force) == set()
	}
}

test_announcement_61_looks_at_importers_and_end_users_only if {
	every role in _roles - {"importer", "end_user", "ultimate_end_user"} {
		_fired(_owned(role, {"name": "Alpha Arms Inc.", "share_pct": 100}), _in_force) == set()
	}
	_fired(_of({"exporter": {"name": "Gannan Magnet", "owners": [{"name": "Gamma Trading", "share_pct": 100}]}}), _in_force) == set()
}

test_announcement_61_says_nothing_of_the_unreliable_entity_list if {
	_fired(_owned("end_user", {"name": "Beta Missiles", "share_pct": 100}), _in_force) == set()
}

test_an_owner_whose_listing_is_paused_is_no_ground_of_announcement_61 if {
	_fired(_owned("end_user", {"name": "Epsilon Radar", "share_pct": 100}), _today) == set()
}

test_paragraph_2_of_announcement_61_keeps_its_dates if {
	application := _owned("end_user", {"name": "Alpha Arms Inc.", "share_pct": 60})
	every at in [_instant("2025-10-09") - 1, _instant("2025-11-07"), _instant("2026-11-10") - 1] {
		_fired(application, at) == set()
	}
	_the("ANN-2025-61 §2", application, _instant("2025-10-09")).outcome == "refer_for_refusal"
	_the("ANN-2025-61 §2", application, _instant("2026-11-10")).outcome == "enhanced_review"
}

# ECL-17

test_without_screening_a_person_has_to_look if {
	application := _owned("end_user", {"name": "Holding AG"})
	found := _the("ECL-17", application, _today)
	found.outcome == "enhanced_review"
	found.reason.paths == ["/exporter", "/parties/0", "/parties/0/owners/0"]
	found.reason.evidence.names == ["Beispiel GmbH", "Gannan Magnet", "Holding AG"]
}

test_one_unscreened_name_is_enough_to_say_so if {
	_paths("ECL-17", _of({"screened": {"Gannan Magnet": []}}), _today) == ["/parties/0"]
}

test_a_screened_application_needs_no_such_look if {
	not _the("ECL-17", _of({"screened": {"Gannan Magnet": [], "Beispiel GmbH": []}}), _today)
}

# REG792-15

_two(role, name) := {"parties": [_user, {"role": role, "name": name, "country": "DE"}]}

test_a_single_licence_for_two_end_users_is_not_complete if {
	found := _the("REG792-15", _of(_two("end_user", "Muster AG")), _today)
	found.outcome == "incomplete"
	found.reason.paths == ["/parties/0", "/parties/1"]
	"REG792-15" in _fired(object.union(_of(_two("end_user", "Muster AG")), {"kind": "single"}), _today)
}

test_one_end_user_spelt_twice_is_one_end_user if _fired(_of(_two("end_user", "BEISPIEL G.m.b.H.")), _today) == set()

test_other_roles_are_not_counted_as_end_users if {
	every role in _roles - {"end_user"} {
		_fired(_of(_two(role, "Muster AG")), _today) == set()
	}
}

test_other_instruments_may_have_several_end_users if {
	every kind in ["general", "registration", "special", "consultation"] {
		_fired(object.union(_of(_two("end_user", "Muster AG")), {"kind": kind}), _today) == set()
	}
}

# U-02

test_lists_are_stale_after_a_fortnight_and_not_on_its_last_day if {
	_fired(_application, _instant("2026-12-08") - 1) == set()
	found := _the("U-02", _application, _instant("2026-12-08"))
	found.reason.severity == "medium"
	found.outcome == ""
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	found := {each |
		some [application, day] in [
			[_of(_two("end_user", "Alpha Arms Inc.")), "2026-12-08"],
			[object.union(_by({"name": "Alpha Arms Inc."}), {"kind": "special"}), "2026-11-23"],
			[_by({"name": "Gamma Trading", "country": "JP", "business": "military"}), "2026-11-23"],
			[_by({"name": "Beta Missiles", "country": "US", "business": "military"}), "2026-11-23"],
		]
		some each in _findings(application, _instant(day))
	}
	{each.reason.rule: _weight(each) | some each in found} == {
		"ECL-18": "refuse high prohibited",
		"REG792-29": "hold high special_application",
		"UEL": "refuse high prohibited",
		"REG792-26": "flag high enhanced_review",
		"ANN-2024-46 §1": "refuse high prohibited",
		"ANN-2026-1": "refuse high prohibited",
		"ANN-2025-61 §2": "flag high enhanced_review",
		"ECL-17": "flag high enhanced_review",
		"REG792-15": "require medium incomplete",
		"U-02": "flag medium ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
