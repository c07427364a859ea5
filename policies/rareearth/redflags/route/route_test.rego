package rareearth.redflags.route_test

import data.rareearth.redflags.route
import data.rareearth.reference.instruments

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_at(application, at) := found if {
	found := route.findings with input as application
		with time.now_ns as at
		with data.rareearth.reference.destinations.transhipment as {"XA": {}, "XB": {}}
}

_rules(found) := {each.reason.rule | some each in found}

_fired(application) := _rules(_at(application, _today))

_the(rule, application) := found if {
	some found in _at(application, _today)
	found.reason.rule == rule
}

_paths(rule, application) := {path |
	some found in _at(application, _today)
	found.reason.rule == rule
	some path in found.reason.paths
}

_user := {"role": "end_user", "name": "Beispiel GmbH", "country": "DE"}

_with_party(party) := {"destination": "DE", "parties": [_user, party]}

test_an_empty_application_raises_no_flag if _fired({}) == set()

test_goods_that_go_straight_to_their_user_raise_no_flag if {
	_fired({"destination": "DE", "transit": ["NL"], "parties": [_user], "onward": {"countries": []}}) == set()
}

# RF-15

test_a_consignee_in_another_country_than_any_user_is_flagged if {
	application := _with_party({"role": "consignee", "name": "Lager BV", "country": "NL"})
	found := _the("RF-15", application)
	found.reason.severity == "medium"
	found.reason.paths == ["/parties/1/country"]
}

test_a_consignee_in_the_country_of_a_user_is_not_flagged if {
	_fired(_with_party({"role": "consignee", "name": "Lager GmbH", "country": "DE"})) == set()
	_fired({"parties": [
		_user, {"role": "ultimate_end_user", "name": "Fahrzeug AG", "country": "AT"},
		{"role": "consignee", "name": "Lager AG", "country": "AT"},
	]}) == set()
}

test_countries_that_are_not_stated_are_not_compared if {
	_fired(_with_party({"role": "consignee", "name": "Lager BV"})) == set()
	_fired({"parties": [{"role": "end_user", "name": "Beispiel GmbH"}, {"role": "consignee", "name": "Lager BV", "country": "NL"}]}) == set()
}

# RF-16

test_each_transhipment_point_on_the_way_is_flagged if {
	_paths("RF-16", {"destination": "DE", "transit": ["XA", "NL", "XB"]}) == {"/transit/0", "/transit/2"}
}

test_a_transhipment_point_as_destination_is_flagged_while_every_user_is_elsewhere if {
	_paths("RF-16", {"destination": "XA", "parties": [_user]}) == {"/destination"}
	_paths("RF-16", {"destination": "XA", "parties": [object.remove(_user, ["country"])]}) == {"/destination"}
	_fired({"destination": "XA", "parties": [object.union(_user, {"country": "XA"})]}) == set()
}

# RF-19

_paid_by(payer) := _with_party(object.union({"role": "payer"}, payer))

test_a_payer_who_is_no_buyer_is_flagged if {
	_paths("RF-19", _paid_by({"name": "Finanz AG", "country": "DE"})) == {"/parties/1"}
	_paths("RF-19", _paid_by({"name": "Beispeil GmbH", "country": "DE"})) == {"/parties/1"}
}

test_a_buyer_who_pays_from_a_third_country_is_flagged if {
	_paths("RF-19", _paid_by({"name": "Beispiel GmbH", "country": "CH"})) == {"/parties/1"}
	_paths("RF-19", _paid_by({"name": "Beispiel GmbH"})) == {"/parties/1"}
}

test_a_buyer_may_pay if {
	every role in ["importer", "consignee", "end_user", "ultimate_end_user"] {
		_fired({"parties": [object.union(_user, {"role": role}), {"role": "payer", "name": "BEISPIEL GMBH", "country": "DE"}]}) == set()
	}
}

test_who_only_serves_the_deal_is_no_buyer if {
	parties := [_user, {"role": "broker", "name": "Makler AG", "country": "DE"}, {"role": "payer", "name": "Makler AG", "country": "DE"}]
	_fired({"parties": parties}) == {"RF-19"}
}

# RF-23

test_a_middleman_who_buys_has_to_say_where_the_goods_go if {
	every role in ["importer", "consignee", "end_user", "ultimate_end_user"] {
		every business in ["trader", "forwarder"] {
			found := _the("RF-23", {"parties": [{"role": role, "name": "Handel AG", "business": business}]})
			found.outcome == "enhanced_review"
			found.reason.paths == ["/onward/countries"]
			found.reason.evidence.middlemen == ["Handel AG"]
		}
	}
}

test_stated_onward_countries_answer_the_question_even_if_there_are_none if {
	application := {"parties": [{"role": "importer", "name": "Handel AG", "business": "trader"}]}
	_fired(object.union(application, {"onward": {"countries": []}})) == set()
	_fired(object.union(application, {"onward": {"countries": ["FR"]}})) == set()
	_fired(object.union(application, {"onward": {"to_us_defence": false}})) == {"RF-23"}
}

test_without_a_middleman_the_question_is_not_this_flag if {
	_fired(_with_party({"role": "importer", "name": "Werk AG", "business": "manufacturer"})) == set()
	_fired(_with_party({"role": "forwarder", "name": "Spedition AG", "business": "forwarder"})) == set()
}

# RF-24

_onward(countries, use) := {"onward": {"countries": countries}, "end_use": use}

test_military_products_for_a_banned_country_are_referred if {
	every use in [{"military": true}, {"sector": "defence"}] {
		found := _the("RF-24", _onward(["FR", "JP", "US"], use))
		found.outcome == "refer_for_refusal"
		found.reason.paths == ["/onward/countries/1", "/onward/countries/2"]
	}
}

test_products_for_united_states_defence_are_referred_whatever_the_use if {
	_paths("RF-24", {"onward": {"to_us_defence": true}}) == {"/onward/to_us_defence"}
	_fired({"onward": {"to_us_defence": false}}) == set()
}

test_civilian_products_may_go_on if {
	_fired(_onward(["JP", "US"], {"military": false, "sector": "robotics"})) == set()
	_fired({"onward": {"countries": ["JP", "US"]}}) == set()
}

test_military_products_for_other_countries_are_not_this_flag if _fired(_onward(["FR", "jp"], {"military": true})) == set()

test_the_flag_begins_with_the_ban_it_stands_on if {
	every country, day in {"US": "2024-12-03", "JP": "2026-01-06"} {
		_at(_onward([country], {"military": true}), _instant(day) - 1) == set()
		_rules(_at(_onward([country], {"military": true}), _instant(day))) == {"RF-24"}
	}
	_at({"onward": {"to_us_defence": true}}, _instant("2024-12-03") - 1) == set()
}

test_a_ban_whose_suspension_lapsed_still_flags_and_a_suspended_one_does_not if {
	ban := object.union(instruments.rows["ANN-2026-1"], {"suspended": [{"from": "2026-02-01", "until": "2026-11-23", "confirmed": true}]})
	application := _onward(["JP"], {"military": true})
	_rules(_at(application, _today)) == {"RF-24"} with instruments.rows["ANN-2026-1"] as ban
	_at(application, _today - 1) == set() with instruments.rows["ANN-2026-1"] as ban
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	application := {
		"destination": "DE",
		"transit": ["XA"],
		"parties": [_user, {"role": "consignee", "name": "Handel AG", "country": "NL", "business": "trader"}, {"role": "payer", "name": "Finanz AG"}],
		"onward": {"to_us_defence": true},
	}
	found := _at(application, _today)
	{each.reason.rule: _weight(each) | some each in found} == {
		"RF-15": "flag medium ",
		"RF-16": "flag medium ",
		"RF-19": "flag medium ",
		"RF-23": "flag high enhanced_review",
		"RF-24": "refer high refer_for_refusal",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
