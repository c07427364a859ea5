package rareearth.redflags.parties_test

import data.rareearth.redflags.parties

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_at(application, hits, at) := found if {
	found := parties.findings with input as application
		with time.now_ns as at
		with data.rareearth.parties.hits as hits
		with data.rareearth.parties.near as object.get(application, "near", [])
		with data.rareearth.reference.settings.new_customer_months.value as 12
		with data.rareearth.reference.settings.owner_medium_pct.value as 25
		with data.rareearth.reference.sectors.rows as {"wind_power": {"forms": ["magnet", "metal"]}, "other": {}}
}

_today := _instant("2026-11-23")

_rules(found) := {each.reason.rule | some each in found}

_fired(application) := _rules(_at(application, [], _today))

_by(facts) := {"parties": [object.union({"role": "end_user", "name": "Beispiel GmbH"}, facts)]}

test_an_empty_application_raises_no_flag if _fired({}) == set()

test_a_party_of_which_only_the_name_is_stated_raises_no_flag if _fired(_by({})) == set()

# RF-01

_near := {"path": "/parties/0", "name": "Alfa Arms", "row": "CL", "listed_name": "Alpha Arms", "score": 0.94}

test_a_near_name_is_for_a_person_to_compare if {
	some found in _at({"near": [_near]}, [], _today)
	found.reason.rule == "RF-01"
	found.outcome == "enhanced_review"
	found.reason.paths == ["/parties/0"]
	contains(found.reason.text.en, "Alfa Arms is near the listed Alpha Arms (score 0.94)")
}

# RF-02, RF-05, RF-30, RF-31: what the lists say

_hit(facts) := object.union(
	{
		"path": "/parties/0",
		"kind": "party",
		"role": "end_user",
		"country": "US",
		"share_pct": null,
		"name": "Alpha Arms",
		"row": "CL",
		"list": "export-control",
		"listed_name": "Alpha Arms Inc.",
		"listed_country": "US",
		"instrument": "invented notice",
		"status": "in_force",
		"matched_by": "exact name",
		"score": 1,
	},
	facts,
)

_weights(facts) := {found.reason.rule: found.reason.severity | some found in _at({}, [_hit(facts)], _today)}

test_a_listing_that_paused_or_ended_weighs_medium_and_a_lapsed_one_high if {
	_weights({"status": "suspended"}) == {"RF-02": "medium"}
	_weights({"status": "ended"}) == {"RF-02": "medium"}
	_weights({"status": "lapsed_unverified"}) == {"RF-02": "high"}
}

test_a_listing_that_binds_or_is_to_come_is_not_this_flag if {
	every status in ["in_force", "not_yet"] {
		not "RF-02" in object.keys(_weights({"status": status}))
	}
}

_share(share) := {found.reason.severity |
	some found in _at({}, [_hit({"kind": "owner", "share_pct": share})], _today)
	found.reason.rule == "RF-05"
}

test_half_owned_by_a_listed_party_weighs_high if {
	_share(100) == {"high"}
	_share(50) == {"high"}
}

test_a_quarter_owned_by_a_listed_party_weighs_medium if {
	_share(49.99) == {"medium"}
	_share(25) == {"medium"}
	_share(24.99) == set()
	_share(0) == set()
}

test_an_unstated_share_may_be_the_whole if _share(null) == {"high"}

test_an_owner_counts_while_its_listing_may_bind if {
	_weights({"kind": "owner", "share_pct": 60, "status": "suspended"}) == {"RF-05": "high"}
	_weights({"kind": "owner", "share_pct": 60, "status": "lapsed_unverified"}) == {"RF-05": "high"}
	_weights({"kind": "owner", "share_pct": 60, "status": "ended"}) == {}
	_weights({"kind": "owner", "share_pct": 60, "status": "not_yet"}) == {}
}

test_the_text_on_an_owner_gives_the_share_in_both_languages if {
	texts := {found.reason.text | some share in [33.3, null]; some found in _at({}, [_hit({"kind": "owner", "share_pct": share})], _today)}
	every part in ["holds 33.3 % of the end_user", "33.3%的股权", "holds an unstated share of the end_user", "未申报比例的股权"] {
		some text in texts
		contains(concat("", [text.en, text.zh]), part)
	}
}

test_a_watch_listed_buyer_did_not_cooperate if {
	every role in ["end_user", "ultimate_end_user", "importer"] {
		_weights({"list": "watch", "role": role}) == {"RF-30": "high"}
	}
	_weights({"list": "watch", "status": "lapsed_unverified"}) == {"RF-02": "high", "RF-30": "high"}
}

test_a_verified_or_future_listing_is_no_failed_verification if {
	_weights({"list": "watch", "status": "ended"}) == {"RF-02": "medium"}
	_weights({"list": "watch", "status": "not_yet"}) == {}
	_weights({"list": "watch", "role": "consignee"}) == {}
	_weights({"list": "export-control"}) == {}
}

test_a_listed_service_provider_is_flagged_whatever_its_state if {
	every role in ["agent", "forwarder", "bank", "broker"] {
		_weights({"role": role}) == {"RF-31": "medium"}
		_weights({"role": role, "status": "ended"}) == {"RF-02": "medium", "RF-31": "medium"}
		_weights({"role": role, "status": "not_yet"}) == {}
	}
}

test_a_payer_serves_nobody if _weights({"role": "payer"}) == {}

# RF-03, RF-04

test_ties_to_forces_weigh_high_in_every_role if {
	every facts in [{"military_ties": true, "role": "bank"}, {"business": "military"}, {"site_type": "military_base"}] {
		some found in _at(_by(facts), [], _today)
		found.reason.rule == "RF-03"
		found.outcome == "enhanced_review"
	}
	not "RF-03" in _fired(_by({"military_ties": false, "business": "government", "site_type": "factory"}))
}

_site := {"military_ties": true, "address": "Werkstrasse 1", "site_type": "factory"}

_group(facts, use) := object.union(_by(facts), {"end_use": use})

test_a_mixed_group_that_names_its_site_has_said_enough if _fired(_group(_site, {"site_country": "DE"})) == {"RF-03"}

test_a_mixed_group_has_to_name_address_kind_and_country if {
	every application in [
		_group(object.remove(_site, ["address"]), {"site_country": "DE"}),
		_group(object.remove(_site, ["site_type"]), {"site_country": "DE"}),
		_group(object.union(_site, {"site_type": "unknown"}), {"site_country": "DE"}),
		_group(_site, {}),
	] {
		_fired(application) == {"RF-03", "RF-04"}
	}
}

test_only_who_uses_the_goods_has_to_name_the_site if _fired(_by({"role": "bank", "military_ties": true})) == {"RF-03"}

# RF-07

_form(sector, form) := {"end_use": {"sector": sector}, "items": [{"line": 1, "form": "magnet"}, {"line": 2, "form": form}]}

test_a_form_that_the_sector_does_not_use_is_flagged if {
	some found in _at(_form("wind_power", "ore"), [], _today)
	found.reason.rule == "RF-07"
	found.reason.severity == "high"
	found.reason.paths == ["/items/1/form", "/end_use/sector"]
}

test_a_usual_form_raises_no_flag if _fired(_form("wind_power", "metal")) == set()

test_a_sector_without_forms_an_unknown_sector_and_an_unstated_form_are_not_judged if {
	_fired(_form("other", "ore")) == set()
	_fired(_form("wind power", "ore")) == set()
	_fired({"end_use": {"sector": "wind_power"}, "items": [{"line": 1}]}) == set()
	_fired({"items": [{"line": 1, "form": "ore"}]}) == set()
}

# RF-09

test_a_customer_is_new_until_the_day_of_its_first_year if {
	application := _by({"founded_on": "2025-11-24"})
	_fired(application) == {"RF-09"}
	_rules(_at(application, [], _instant("2026-11-24") - 1)) == {"RF-09"}
	_rules(_at(application, [], _instant("2026-11-24"))) == set()
}

test_only_the_age_of_a_user_counts if _fired(_by({"role": "bank", "founded_on": "2026-11-01"})) == set()

# RF-14

test_a_middleman_is_no_end_user if {
	every role in ["end_user", "ultimate_end_user", "consignee"] {
		every facts in [{"business": "trader"}, {"business": "forwarder"}, {"business": "bank"}, {"site_type": "free_zone"}] {
			_fired(_by(object.union({"role": role}, facts))) == {"RF-14"}
		}
	}
}

test_each_sign_of_a_middleman_is_named if {
	found := _at(_by({"business": "trader", "site_type": "free_zone"}), [], _today)
	{each.reason.evidence.what | some each in found} == {"trader", "free_zone"}
	{each.reason.severity | some each in found} == {"high"}
}

test_a_middleman_may_be_anything_else if {
	every role in ["importer", "intermediate_consignee", "forwarder", "bank", "agent", "broker", "payer"] {
		_fired(_by({"role": role, "business": "trader", "site_type": "free_zone"})) == set()
	}
	_fired(_by({"business": "manufacturer", "site_type": "warehouse"})) == set()
}

test_each_flag_points_at_its_party if {
	doubtful := {"role": "end_user", "name": "B", "military_ties": true, "founded_on": "2026-11-01", "business": "trader"}
	found := _at({"parties": [{"role": "payer", "name": "A"}, doubtful]}, [], _today)
	{each.reason.rule: each.reason.paths | some each in found} == {
		"RF-03": ["/parties/1"],
		"RF-04": ["/parties/1"],
		"RF-09": ["/parties/1/founded_on"],
		"RF-14": ["/parties/1"],
	}
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	application := object.union(
		_by({"military_ties": true, "business": "trader", "founded_on": "2026-01-01"}),
		{"near": [_near], "end_use": {"sector": "wind_power"}, "items": [{"line": 1, "form": "ore"}]},
	)
	hits := [_hit({"status": "suspended"}), _hit({"kind": "owner"}), _hit({"list": "watch"}), _hit({"role": "bank"})]
	found := _at(application, hits, _today)
	{each.reason.rule: _weight(each) | some each in found} == {
		"RF-01": "flag high enhanced_review",
		"RF-02": "flag medium ",
		"RF-03": "flag high enhanced_review",
		"RF-04": "flag medium ",
		"RF-05": "flag high enhanced_review",
		"RF-07": "flag high enhanced_review",
		"RF-09": "flag medium ",
		"RF-14": "flag high enhanced_review",
		"RF-30": "flag high enhanced_review",
		"RF-31": "flag medium ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
