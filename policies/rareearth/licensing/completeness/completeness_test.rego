package rareearth.licensing.completeness_test

import data.rareearth.licensing.completeness

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_certificate := {
	"type": "end_user_certificate",
	"issued_on": "2026-05-11",
	"expires_on": "2027-05-10",
	"original": true,
	"stamped": true,
	"translated": true,
	"contract_number": "C-1",
	"party": "Beispiel GmbH",
	"undertakings": ["no_other_use", "no_transfer"],
}

_papers := {"application_form", "identity", "contract", "technical_description", "party_introduction"}

_complete := {
	"exporter": {"name": "Gannan Magnet"},
	"parties": [{"role": "end_user", "name": "Beispiel GmbH", "name_local": "示例有限公司", "country": "DE"}],
	"end_use": {"statement": "rotor magnets", "sector": "wind_power", "military": false, "wmd": false, "terrorism": false},
	"contract": {"number": "C-1"},
	"documents": array.concat([_certificate], [{"type": type} | some type in sort(_papers)]),
}

_findings(application) := found if found := completeness.findings with input as application with time.now_ns as _today

_fired(application) := {found.reason.rule | some found in _findings(application)}

_all(rule, application) := [found | some found in _findings(application); found.reason.rule == rule]

_missing(rule, application) := {name | some found in _all(rule, application); some name in found.reason.evidence.missing}

_with_documents(documents) := json.patch(_complete, [{"op": "replace", "path": "/documents", "value": documents}])

# The complete file with its certificate changed.
_certified(change) := json.patch(_complete, [{"op": "replace", "path": "/documents/0", "value": object.union(_certificate, change)}])

_uncertified(field) := json.remove(_complete, [sprintf("/documents/0/%s", [field])])

test_a_complete_file_lacks_nothing if {
	_findings(_complete) == set()
	completeness.complete with input as _complete with time.now_ns as _today
}

test_whatever_is_missing_makes_the_application_incomplete if {
	found := _findings({"exporter": {"name": "Gannan Magnet"}})
	{each.outcome | some each in found} == {"incomplete"}
	{each.reason.rule | some each in found} == {"REG792-16(1)", "ECL-22"}
	not completeness.complete with input as {}
}

# REG792-16(1)

test_each_paper_of_a_single_or_special_application_is_asked_for if {
	every kind in ["single", "special"] {
		every type in _papers - {"technical_description"} {
			application := _with_documents([document | some document in _complete.documents; document.type != type])
			_missing("REG792-16(1)", object.union(application, {"kind": kind})) == {type}
		}
	}
	_missing("REG792-16(1)", _with_documents(array.slice(_complete.documents, 1, 6))) == {"end_user_certificate"}
}

test_a_test_report_stands_for_the_technical_description if {
	others := [document | some document in _complete.documents; document.type != "technical_description"]
	_missing("REG792-16(1)", _with_documents(others)) == {"technical_description"}
	_findings(_with_documents(array.concat(others, [{"type": "test_report"}]))) == set()
	[found] := _all("REG792-16(1)", _with_documents(others))
	contains(found.reason.text.en, "technical description of the item or test report")
	contains(found.reason.text.zh, "技术说明或者检测报告")
}

test_a_file_without_documents_lacks_them_all if {
	every application in [json.remove(_complete, ["/documents"]), _with_documents([])] {
		_missing("REG792-16(1)", application) == _papers | {"end_user_certificate"}
	}
}

test_absent_papers_are_told_one_after_the_other if {
	papers := [document | some document in _complete.documents; not document.type in {"application_form", "technical_description"}]
	[found] := _all("REG792-16(1)", _with_documents(papers))
	found.reason.text == {
		"en": "The application lacks: application form; technical description of the item or test report.",
		"zh": "申请缺少下列材料：两用物项出口许可申请表；两用物项的技术说明或者检测报告。",
	}
}

test_absent_papers_point_at_the_papers if {
	found := completeness.findings with input as object.union(_with_documents([]), {"kind": "general"})
		with time.now_ns as _today
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	{each.reason.rule: each.reason.paths | some each in found} == {
		"REG792-16(1)": ["/documents"],
		"REG792-16(2)": ["/documents"],
		"REG792-26/papers": ["/documents"],
	}
}

test_a_registration_asks_for_form_identity_and_contract if {
	application := {"kind": "registration", "exporter": {"name": "Gannan Magnet"}, "registration_case": "repair_in"}
	_missing("REG792-16(1)", application) == {"application_form", "identity", "contract"}
	_fired(application) == {"REG792-16(1)"}
}

test_a_consultation_asks_for_the_figures if {
	_missing("REG792-16(1)", {"kind": "consultation"}) == {"technical_description"}
	_fired({"kind": "consultation", "documents": [{"type": "technical_description"}]}) == set()
}

# REG792-16(2)

_statements := {"icp_statement", "past_use_statement", "channels_statement"}

test_a_general_licence_asks_for_three_statements_more if {
	_missing("REG792-16(2)", object.union(_complete, {"kind": "general"})) == _statements
	every type in _statements {
		others := [{"type": other} | some other in (_statements - {type})]
		application := object.union(_with_documents(array.concat(_complete.documents, others)), {"kind": "general"})
		_fired(application) == {"REG792-16(2)"}
		_missing("REG792-16(2)", application) == {type}
	}
}

test_a_general_licence_asks_for_the_papers_of_a_single_one_too if {
	application := object.union(_with_documents([{"type": type} | some type in _statements]), {"kind": "general"})
	_fired(application) == {"REG792-16(1)"}
	_missing("REG792-16(1)", application) == _papers | {"end_user_certificate"}
}

# REG792-26/papers

_watched(application) := {name |
	some found in completeness.findings with input as application
		with time.now_ns as _today
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	found.reason.rule == "REG792-26/papers"
	some name in found.reason.evidence.missing
}

test_a_watch_list_party_adds_report_and_undertaking if {
	_watched(_complete) == {"risk_assessment", "compliance_undertaking"}
	_watched(_with_documents([{"type": "risk_assessment"}])) == {"compliance_undertaking"}
	_watched(_with_documents([{"type": "risk_assessment"}, {"type": "compliance_undertaking"}])) == set()
	not "REG792-26/papers" in _fired(_complete)
}

# ECL-22

test_each_fact_that_is_not_stated_is_asked_for if {
	every pointer in [
		"/end_use/statement", "/end_use/sector", "/end_use/military", "/end_use/wmd", "/end_use/terrorism",
		"/contract/number",
	] {
		_missing("ECL-22", json.remove(_complete, [pointer])) == {pointer}
	}
}

test_false_is_a_statement if not "ECL-22" in _fired(_complete)

test_a_registration_has_to_name_its_case if {
	_missing("ECL-22", {"kind": "registration"}) == {"/registration_case"}
}

# ECL-15 and ECL-21/party

test_a_certificate_may_use_either_name_of_the_end_user if {
	every name in ["BEISPIEL GMBH", "示例有限公司"] {
		_findings(_certified({"party": name})) == set()
	}
}

test_a_certificate_for_somebody_else_is_no_certificate_for_the_end_user if {
	every name in ["Muster AG", "Beispeil GmbH"] {
		application := _certified({"party": name})
		_fired(application) == {"ECL-15", "ECL-21/party"}
		_missing("ECL-15", application) == {"end_user_certificate"}
		_missing("ECL-21/party", application) == {"/documents/0/party"}
	}
}

test_each_end_user_needs_a_certificate_of_its_own if {
	second := {"op": "add", "path": "/parties/-", "value": {"role": "end_user", "name": "Muster AG"}}
	[found] := _all("ECL-15", json.patch(_complete, [second]))
	found.reason.paths == ["/parties/1"]
	found.reason.evidence.end_user == "Muster AG"
	certificate := object.union(_certificate, {"party": "Muster AG"})
	_findings(json.patch(_complete, [second, {"op": "add", "path": "/documents/-", "value": certificate}])) == set()
}

test_the_user_of_the_product_needs_no_certificate_and_may_give_one if {
	ultimate := {"op": "add", "path": "/parties/-", "value": {"role": "ultimate_end_user", "name": "Fahrzeug AG"}}
	_findings(json.patch(_complete, [ultimate])) == set()
	certificate := {"op": "add", "path": "/documents/-", "value": object.union(_certificate, {"party": "Fahrzeug AG"})}
	_findings(json.patch(_complete, [ultimate, certificate])) == set()
}

_government(party) := array.concat(_complete.documents, [{"type": "government_certificate", "party": party}])

test_a_government_certificate_speaks_for_an_end_user_too if {
	_fired(_with_documents(_government("Muster AG"))) == {"ECL-21/party"}
	_findings(_with_documents(_government("Beispiel GmbH"))) == set()
}

test_other_papers_may_speak_for_whom_they_like if {
	_findings(_and({"type": "party_introduction", "party": "Muster AG"})) == set()
}

test_where_no_certificate_is_required_none_is_missed if {
	application := object.union(_certified({"party": "Muster AG"}), {"kind": "registration", "registration_case": "repair_in"})
	_fired(application) == {"ECL-21/party"}
}

# REG792-24

test_both_undertakings_are_required if {
	every given, absent in {
		"no_other_use": ["no_transfer"],
		"no_transfer": ["no_other_use"],
		"no_wmd": ["no_other_use", "no_transfer"],
	} {
		[found] := _all("REG792-24", _certified({"undertakings": [given]}))
		found.reason.evidence.undertakings == absent
		found.reason.paths == ["/documents/0/undertakings"]
	}
}

test_a_certificate_without_undertakings_gives_none if {
	[found] := _all("REG792-24", _uncertified("undertakings"))
	found.reason.evidence.undertakings == ["no_other_use", "no_transfer"]
	contains(found.reason.text.en, "lacks the undertaking not to change the end use and not to pass the item on to any third party.")
	contains(found.reason.text.zh, "不擅自改变最终用途、不擅自向任何第三方转让")
}

# REG792-24/form

test_each_mark_of_form_is_required if {
	every field in ["original", "stamped", "translated"] {
		_missing("REG792-24/form", _certified({field: false})) == {sprintf("/documents/0/%s", [field])}
	}
	every field in ["original", "stamped", "translated", "contract_number", "party", "issued_on"] {
		_missing("REG792-24/form", _uncertified(field)) == {sprintf("/documents/0/%s", [field])}
	}
}

# ECL-21

test_every_paper_names_the_same_contract if {
	[found] := _all("ECL-21", _certified({"contract_number": "C-2"}))
	found.reason.severity == "high"
	found.reason.paths == ["/documents/0/contract_number", "/contract/number"]
	paper := {"type": "contract", "contract_number": "C-I"}
	[other] := _all("ECL-21", _with_documents(array.concat(_complete.documents, [paper])))
	other.reason.paths[0] == "/documents/6/contract_number"
}

test_a_number_that_is_not_stated_contradicts_nothing if {
	not "ECL-21" in _fired(_uncertified("contract_number"))
	not "ECL-21" in _fired(json.remove(_complete, ["/contract"]))
}

# REG792-25

test_a_paper_is_valid_through_its_last_day if {
	_findings(_certified({"expires_on": "2026-11-23"})) == set()
	_missing("REG792-25", _certified({"expires_on": "2026-11-22"})) == {"end_user_certificate"}
	_findings(_uncertified("expires_on")) == set()
}

_and(document) := _with_documents(array.concat(_complete.documents, [document]))

test_a_required_paper_of_any_kind_can_lapse if {
	others := [document | some document in _complete.documents; document.type != "technical_description"]
	[found] := _all("REG792-25", _with_documents(array.concat(others, [{"type": "test_report", "expires_on": "2026-01-01"}])))
	found.reason.text.en == "The test report expired on 2026-01-01."
	found.reason.text.zh == "检测报告的有效期已于2026-01-01届满。"
}

test_a_lapsed_paper_beside_a_valid_one_needs_no_other if {
	_findings(_and({"type": "test_report", "expires_on": "2026-01-01"})) == set()
	_findings(_and(object.union(_certificate, {"expires_on": "2026-01-01"}))) == set()
}

test_a_missing_paper_does_not_make_another_one_lapse if {
	others := [document | some document in _complete.documents; document.type != "identity"]
	_fired(_with_documents(array.concat(others, [{"type": "test_report", "expires_on": "2026-01-01"}]))) == {"REG792-16(1)"}
}

test_a_lapsed_statement_counts_only_where_statements_are_required if {
	application := _and({"type": "icp_statement", "expires_on": "2026-01-01"})
	_findings(application) == set()
	_missing("REG792-25", object.union(application, {"kind": "general"})) == {"icp_statement"}
}

test_a_lapsed_risk_assessment_counts_only_with_a_watch_list_party if {
	application := _and({"type": "risk_assessment", "expires_on": "2026-01-01"})
	_findings(application) == set()
	some found in completeness.findings with input as application
		with time.now_ns as _today
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	found.reason.rule == "REG792-25"
}

test_a_lapsed_certificate_speaks_for_nobody if {
	certificate := object.union(_certificate, {"party": "Muster AG", "expires_on": "2026-11-22"})
	application := json.patch(_and(certificate), [{"op": "add", "path": "/parties/-", "value": {"role": "end_user", "name": "Muster AG"}}])
	[found] := _all("ECL-15", application)
	found.reason.evidence.end_user == "Muster AG"
}

# What a finding does, how much it weighs and which outcome it asks for.
_weight(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	certificate := {"type": "end_user_certificate", "party": "Muster AG", "contract_number": "C-2", "expires_on": "2026-01-01"}
	application := json.patch(_with_documents([certificate]), [
		{"op": "add", "path": "/kind", "value": "general"},
		{"op": "remove", "path": "/end_use/sector"},
	])
	found := completeness.findings with input as application
		with time.now_ns as _today
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	{each.reason.rule: _weight(each) | some each in found} == {
		"REG792-16(1)": "require medium incomplete",
		"REG792-16(2)": "require medium incomplete",
		"REG792-26/papers": "require medium incomplete",
		"ECL-22": "require medium incomplete",
		"ECL-15": "require medium incomplete",
		"ECL-21/party": "require medium incomplete",
		"REG792-24": "require medium incomplete",
		"REG792-24/form": "require medium incomplete",
		"REG792-25": "require medium incomplete",
		"ECL-21": "require high incomplete",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
