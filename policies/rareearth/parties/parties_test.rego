package rareearth.parties_test

import data.rareearth.fixture_test as fixture
import data.rareearth.lib.names
import data.rareearth.parties

_today := "2026-11-23"

# The names that the tests use, on the days that they use.
_rows := {
	"CL-1": {"name": "Grey Shield Corp.", "list": "export-control", "country": "US", "instrument": "N 1", "effective_from": "2025-01-02", "suspended": []},
	"CL-2": {
		"name": "Grey Shield Corp.", "list": "export-control", "country": "US", "instrument": "N 2", "effective_from": "2025-04-04",
		"suspended": [{"from": "2025-05-14", "until": null, "kind": "stopped", "confirmed": true}],
	},
	"WL-1": {"name": "Amber Sea Works", "list": "watch", "country": "JP", "instrument": "N 3", "effective_from": "2026-02-24", "suspended": []},
}

_names := {
	names.fold("Grey Shield Corp."): ["CL-1", "CL-2"],
	names.fold("灰盾公司"): ["CL-1", "CL-2"],
	names.fold("Amber Sea Works"): ["WL-1"],
}

_hits(application, day) := {hit |
	some hit in parties.hits with input as application
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.party_index.by_name as _names
		with time.now_ns as fixture.midnight(day)
}

_matched(application) := {[hit.path, hit.row] | some hit in _hits(application, _today)}

_party(fields) := {"exporter": {"name": "A"}, "parties": [object.union({"role": "end_user", "name": "B"}, fields)]}

# Who takes part

test_everybody_named_is_a_subject if {
	application := {
		"exporter": {"name": "E", "name_local": "甲", "owners": [{"name": "EO", "country": "CN", "share_pct": 60}]},
		"parties": [
			{"role": "end_user", "name": "U", "country": "DE", "owners": [{"name": "UO"}]},
			{"role": "bank", "name": "K"},
		],
	}
	found := parties.subjects with input as application
	found == {
		{"path": "/exporter", "kind": "party", "role": "exporter", "names": {"E", "甲"}, "country": "CN"},
		{"path": "/exporter/owners/0", "kind": "owner", "role": "exporter", "names": {"EO"}, "country": "CN", "share_pct": 60},
		{"path": "/parties/0", "kind": "party", "role": "end_user", "names": {"U"}, "country": "DE"},
		{"path": "/parties/0/owners/0", "kind": "owner", "role": "end_user", "names": {"UO"}, "country": "not stated", "share_pct": null},
		{"path": "/parties/1", "kind": "party", "role": "bank", "names": {"K"}, "country": "not stated"},
	}
}

test_the_country_of_a_subject_is_the_stated_one if {
	application := {
		"exporter": {"name": "E", "country": "HK", "owners": [{"name": "EO"}]},
		"parties": [{"role": "end_user", "name": "U", "owners": [{"name": "UO", "country": "FR"}]}],
	}
	found := parties.subjects with input as application
	{subject.path: subject.country | some subject in found} == {
		"/exporter": "HK",
		"/exporter/owners/0": "not stated",
		"/parties/0": "not stated",
		"/parties/0/owners/0": "FR",
	}
	{subject.path: subject.share_pct | some subject in found} == {"/exporter/owners/0": null, "/parties/0/owners/0": null}
}

test_every_role_is_looked_at if {
	roles := [
		"end_user", "ultimate_end_user", "importer", "consignee", "intermediate_consignee",
		"agent", "forwarder", "payer", "bank", "broker",
	]
	every role in roles {
		{hit.role | some hit in _hits(_party({"role": role, "name": "Amber Sea Works"}), _today)} == {role}
	}
}

# Exact names

test_a_listed_name_is_a_hit_with_all_that_a_reader_needs if {
	_hits(_party({"name": "Amber Sea Works", "country": "JP"}), _today) == {{
		"path": "/parties/0",
		"kind": "party",
		"role": "end_user",
		"country": "JP",
		"share_pct": null,
		"name": "Amber Sea Works",
		"row": "WL-1",
		"list": "watch",
		"listed_name": "Amber Sea Works",
		"listed_country": "JP",
		"instrument": "N 3",
		"status": "in_force",
		"matched_by": "exact name",
		"score": 1,
	}}
}

test_spelling_does_not_hide_a_name if {
	every name in ["AMBER SEA WORKS", "Amber  Sea-Works", "Ａｍｂｅｒ Sea Works", "Amber\u200b Sea Works", "\"Amber Sea Works\""] {
		_matched(_party({"name": name})) == {["/parties/0", "WL-1"]}
	}
}

test_the_local_name_is_compared_too if {
	_matched(_party({"name_local": "灰盾公司"})) == {["/parties/0", "CL-1"], ["/parties/0", "CL-2"]}
}

test_an_owner_is_compared_with_its_share if {
	application := _party({"owners": [{"name": "Grey Shield Corporation", "share_pct": 51}]})
	{[hit.kind, hit.share_pct, hit.role] | some hit in _hits(application, _today)} == {["owner", 51, "end_user"]}
}

test_the_exporter_and_its_owners_are_compared if {
	application := {"exporter": {"name": "Amber Sea Works", "owners": [{"name": "Grey Shield Corp."}]}, "parties": []}
	_matched(application) == {["/exporter", "WL-1"], ["/exporter/owners/0", "CL-1"], ["/exporter/owners/0", "CL-2"]}
}

test_each_row_of_a_name_is_judged_for_itself if {
	application := _party({"name": "Grey Shield Corp."})
	statuses := {hit.row: hit.status | some hit in _hits(application, _today)}
	statuses == {"CL-1": "in_force", "CL-2": "ended"}
}

test_a_row_that_does_not_bind_yet_is_a_hit_that_says_so if {
	{hit.status | some hit in _hits(_party({"name": "Amber Sea Works"}), "2026-02-23")} == {"not_yet"}
	{hit.status | some hit in _hits(_party({"name": "Amber Sea Works"}), "2026-02-24")} == {"in_force"}
}

test_a_misspelt_name_is_no_exact_hit if _matched(_party({"name": "Ambre Sea Works"})) == set()

test_a_name_without_letters_hits_nothing if {
	every name in ["---", "", "。"] {
		_matched(_party({"name": name})) == set()
	}
}

test_parties_that_are_not_stated_hit_nothing if _matched({"exporter": {"name": "A"}}) == set()

# The same with the rows that are really there

test_real_rows_are_found_by_name_and_alias if {
	application := fixture.with_fields({"/parties/0/name": "SKYDIO INC", "/parties/1/name_local": "通用动力公司"})
	found := parties.hits with input as application with time.now_ns as fixture.midnight(_today)
	{[hit.path, hit.row, hit.status] | some hit in found} == {
		["/parties/0", "CL-2025-13-05", "ended"],
		["/parties/0", "UEL-2025-7-01", "lapsed_unverified"],
		["/parties/1", "CL-2025-1-01", "in_force"],
	}
}

# Screening

_screened(matches) := object.union({name: [] | some name in {"A", "B"}}, matches)

_near(application, matches) := {[match.path, match.row] |
	some match in parties.near with input as application
		with data.screening.matches as _screened(matches)
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.party_index.by_name as _names
		with time.now_ns as fixture.midnight(_today)
}

_screening(application, matches) := state if {
	state := parties.screening with input as application
		with data.screening.matches as _screened(matches)
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.party_index.by_name as _names
		with time.now_ns as fixture.midnight(_today)
}

_match(row, band, score) := {"row": row, "name": _rows[row].name, "list": _rows[row].list, "score": score, "band": band}

test_without_screening_every_name_is_unscreened if {
	parties.screening == "not_run" with input as _party({})
	unscreened := {name.name | some name in parties.unscreened} with input as _party({"owners": [{"name": "C"}]})
	unscreened == {"A", "B", "C"}
}

test_one_name_without_an_answer_is_enough_for_not_run if {
	application := _party({"name_local": "乙"})
	parties.screening == "not_run" with input as application with data.screening.matches as {"A": [], "B": []}
	parties.screening == "clear" with input as application with data.screening.matches as {"A": [], "B": [], "乙": []}
}

test_an_exact_hit_does_not_stand_for_a_screening if {
	application := _party({"name": "Skydio, Inc."})
	parties.screening == "not_run" with input as application with time.now_ns as fixture.midnight(_today)
}

test_names_without_any_match_are_clear if _screening(_party({}), {}) == "clear"

test_a_match_in_the_review_band_is_for_a_person if {
	matches := {"B": [_match("WL-1", "review", 0.88)]}
	_screening(_party({}), matches) == "review"
	_near(_party({}), matches) == {["/parties/0", "WL-1"]}
}

test_a_match_in_the_hit_band_is_a_hit if {
	matches := {"B": [_match("WL-1", "hit", 0.98)]}
	_screening(_party({}), matches) == "hit"
	_near(_party({}), matches) == set()
	found := parties.hits with input as _party({})
		with data.screening.matches as matches
		with data.rareearth.reference.parties.rows as _rows
		with time.now_ns as fixture.midnight(_today)
	{[hit.row, hit.matched_by, hit.score] | some hit in found} == {["WL-1", "screening", 0.98]}
}

test_a_hit_goes_before_a_near_match if {
	matches := {"A": [_match("CL-1", "review", 0.85)], "B": [_match("WL-1", "hit", 0.99)]}
	_screening(_party({}), matches) == "hit"
	_near(_party({}), matches) == {["/exporter", "CL-1"]}
}

test_a_row_that_is_a_hit_is_not_near_as_well if {
	matches := {"乙": [_match("WL-1", "review", 0.9)], "Amber Sea Works": [_match("WL-1", "hit", 1)]}
	_near(_party({"name": "Amber Sea Works", "name_local": "乙"}), matches) == set()
}

# The service's screening finds exact names too.
test_an_exact_name_that_screening_finds_is_one_hit if {
	found := parties.hits with input as _party({"name": "Amber Sea Works"})
		with data.screening.matches as {"A": [], "Amber Sea Works": [_match("WL-1", "hit", 1)]}
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.party_index.by_name as _names
		with time.now_ns as fixture.midnight(_today)
	{hit.matched_by | some hit in found} == {"exact name"}
	count(found) == 1
}

test_a_match_in_a_band_that_is_unknown_is_for_a_person if {
	_screening(_party({}), {"B": [_match("WL-1", "HIT", 0.98)]}) == "review"
}

test_a_near_match_with_a_row_that_does_not_bind_yet_is_left_out if {
	near := parties.near with input as _party({})
		with data.screening.matches as {"A": [], "B": [_match("WL-1", "review", 0.9)]}
		with data.rareearth.reference.parties.rows as _rows
		with time.now_ns as fixture.midnight("2026-02-23")
	near == set()
}

test_a_near_match_with_a_row_that_the_list_does_not_have_is_for_a_person if {
	_screening(_party({}), {"B": [{"row": "XL-9", "name": "Unknown row", "list": "watch", "score": 0.9, "band": "review"}]}) == "review"
}

test_nobody_named_is_nobody_screened if {
	parties.screening == "not_run" with input as {}
}

# End users

test_end_users_are_those_who_use_the_goods if {
	users := parties.end_users with input as {"parties": [
		{"role": "importer", "name": "I"},
		{"role": "end_user", "name": "U"},
		{"role": "ultimate_end_user", "name": "V"},
	]}
	{i: user.name | some i, user in users} == {1: "U", 2: "V"}
}

test_military_is_who_says_so_in_business_or_site if {
	parties.military({"business": "military"})
	parties.military({"site_type": "military_base"})
}

test_ties_make_nobody_military_but_are_ties if {
	not parties.military({"business": "manufacturer", "military_ties": true})
	parties.tied({"military_ties": true})
	parties.tied({"business": "military"})
	parties.tied({"site_type": "military_base"})
}

test_civilian_and_unstated_are_neither_military_nor_tied if {
	every party in [{}, {"business": "manufacturer", "site_type": "factory", "military_ties": false}, {"business": "Military"}] {
		not parties.military(party)
		not parties.tied(party)
	}
}

# Watch list

_watched(application, day) := {hit.path |
	some hit in parties.watched with input as application
		with data.rareearth.reference.parties.rows as _rows
		with data.rareearth.reference.party_index.by_name as _names
		with time.now_ns as fixture.midnight(day)
}

test_a_party_on_the_watch_list_is_watched if _watched(_party({"name": "Amber Sea Works"}), "2026-02-24") == {"/parties/0"}

test_a_party_is_not_watched_before_its_day if _watched(_party({"name": "Amber Sea Works"}), "2026-02-23") == set()

test_an_owner_on_the_watch_list_is_not_a_watched_party if {
	_watched(_party({"owners": [{"name": "Amber Sea Works", "share_pct": 100}]}), _today) == set()
}

test_a_party_of_another_list_is_not_watched if _watched(_party({"name": "Grey Shield Corp."}), _today) == set()
