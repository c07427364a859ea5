package rareearth.licensing.route_test

import data.rareearth.licensing.route

_findings(application, hits) := found if {
	found := route.findings with input as application with data.rareearth.parties.hits as hits
}

_fired(application) := {found.reason.rule | some found in _findings(application, [])}

_the(rule, application, hits) := found if {
	some found in _findings(application, hits)
	found.reason.rule == rule
}

_regimes := {
	"general_trade", "processing", "repair_return_out", "repair_return_in", "exhibition_return_out", "exhibition_return_in",
	"civil_aircraft_parts", "bonded_exit", "transit", "gift",
}

_without_sale := {
	"gift", "repair_return_out", "repair_return_in", "exhibition_return_out", "exhibition_return_in", "civil_aircraft_parts",
}

test_a_transfer_without_sale_is_an_export_too if {
	{regime | some regime in _regimes; "REG792-2" in _fired({"regime": regime})} == _without_sale
}

test_transit_and_bonded_exit_need_the_licence_like_a_direct_export if {
	{regime | some regime in _regimes; "ECL-45" in _fired({"regime": regime})} == {"bonded_exit", "transit"}
}

test_another_way_of_export_points_at_the_regime if {
	every regime in ["gift", "transit"] {
		{found.reason.paths | some found in _findings({"regime": regime}, [])} == {["/regime"]}
	}
}

test_a_regime_that_is_not_stated_is_ordinary_trade if {
	_fired({}) == set()
	rows := {"sold": {"regimes": ["general_trade"], "title": {"en": "sold", "zh": "出售"}, "basis": "none"}}
	_registrable(object.remove(_registration("sold", ""), ["regime"]), []) with data.rareearth.reference.registration_cases.rows as rows
}

# REG792-19

_pairs := {
	"repair_in": "repair_return_out",
	"repair_out": "repair_return_in",
	"fair_in_cn": "exhibition_return_out",
	"fair_abroad": "exhibition_return_in",
	"civil_aircraft_parts": "civil_aircraft_parts",
}

_registration(case, regime) := {"kind": "registration", "registration_case": case, "regime": regime, "exporter": {"name": "Gannan Magnet"}}

_registrable(application, hits) if route.registrable with input as application with data.rareearth.parties.hits as hits

test_each_case_goes_with_its_regime_and_with_no_other if {
	every case, own in _pairs {
		{regime | some regime in _regimes; _registrable(_registration(case, regime), [])} == {own}
		found := _the("REG792-19", _registration(case, own), [])
		found.outcome == ""
		found.reason.effect == "clear"
		found.reason.evidence.case == case
		found.reason.paths == ["/registration_case"]
		not _the("REG792-20(2)", _registration(case, own), [])
	}
}

_why(application, hits) := _the("REG792-20(2)", application, hits).reason.paths

test_a_case_under_another_regime_is_not_registered if {
	_why(_registration("repair_in", "gift"), []) == ["/regime"]
	_why(object.remove(_registration("repair_in", ""), ["regime"]), []) == ["/regime"]
}

test_a_case_that_is_not_stated_or_misspelt_is_not_registered if {
	every application in [object.remove(_registration("", "gift"), ["registration_case"]), _registration("repair in", "repair_return_out")] {
		_why(application, []) == ["/registration_case"]
		not _registrable(application, [])
	}
}

test_a_bar_of_the_exporter_closes_registration if {
	application := object.union(_registration("repair_in", "repair_return_out"), {"exporter": {"penalties": [{"kind": "criminal"}]}})
	_why(application, []) == ["/exporter/penalties/0"]
	not _registrable(application, [])
}

test_a_watch_list_party_closes_registration if {
	watched := {"kind": "party", "role": "end_user", "list": "watch", "status": "in_force", "share_pct": null, "path": "/parties/0"}
	application := _registration("repair_in", "repair_return_out")
	_why(application, [watched]) == ["/parties/0"]
	not _registrable(application, [watched])
}

test_who_asks_for_no_registration_gets_none if {
	every kind in ["single", "general", "special", "consultation"] {
		application := object.union(_registration("repair_in", "repair_return_out"), {"kind": kind})
		not _registrable(application, [])
		_fired(application) == {"REG792-2"}
	}
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	found := (_findings(_registration("repair_in", "repair_return_out"), []) | _findings({"regime": "transit"}, [])) | _findings({"kind": "registration"}, [])
	{each.reason.rule: _weight(each) | some each in found} == {
		"REG792-2": "flag low ",
		"ECL-45": "flag low ",
		"REG792-19": "clear low ",
		"REG792-20(2)": "flag medium ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
