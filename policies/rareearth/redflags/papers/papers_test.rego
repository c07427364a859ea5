package rareearth.redflags.papers_test

import data.rareearth.redflags.papers

_instant(day) := time.parse_rfc3339_ns(sprintf("%sT00:00:00+08:00", [day]))

_today := _instant("2026-11-23")

_at(application, at) := found if {
	found := papers.findings with input as application
		with time.now_ns as at
		with data.rareearth.reference.settings.certificate_max_age_days.value as 365
}

_fired(application) := {found.reason.rule | some found in _at(application, _today)}

_the(rule, application, at) := found if {
	some found in _at(application, at)
	found.reason.rule == rule
}

test_an_empty_application_has_no_doubtful_papers if _fired({}) == set()

# RF-25

_certificate := {
	"type": "end_user_certificate",
	"issued_on": "2026-05-11",
	"expires_on": "2027-05-10",
	"original": true,
	"stamped": true,
	"contract_number": "C-1",
}

_certified(change) := {"contract": {"number": "C-1"}, "documents": [{"type": "contract"}, object.union(_certificate, change)]}

_faults(change, at) := _the("RF-25", _certified(change), at).reason.evidence.faults

test_a_good_certificate_raises_no_flag if _fired(_certified({})) == set()

test_each_fault_of_a_certificate_is_named if {
	every fault, change in {
		"expired": {"expires_on": "2026-11-22"},
		"copy_only": {"original": false},
		"unstamped": {"stamped": false},
		"other_contract": {"contract_number": "C-2"},
		"older_than_limit": {"issued_on": "2025-11-22"},
	} {
		_faults(change, _today) == [fault]
	}
	found := _the("RF-25", _certified({"original": false, "stamped": false}), _today)
	found.outcome == "enhanced_review"
	found.reason.paths == ["/documents/1"]
	found.reason.evidence.faults == ["copy_only", "unstamped"]
}

test_a_certificate_is_not_old_on_the_day_of_the_limit if {
	_fired(_certified({"issued_on": "2025-11-23"})) == set()
	_faults({"issued_on": "2025-11-23"}, _instant("2026-11-24")) == ["older_than_limit"]
}

test_a_certificate_is_valid_through_its_last_day if {
	_fired(_certified({"expires_on": "2026-11-23"})) == set()
	_faults({"expires_on": "2026-11-23"}, _instant("2026-11-24")) == ["expired"]
}

test_what_a_certificate_does_not_state_is_for_completeness_to_say if {
	_fired({"documents": [{"type": "end_user_certificate"}], "contract": {"number": "C-1"}}) == set()
	_fired({"documents": [{"type": "end_user_certificate", "contract_number": "C-1"}]}) == set()
}

test_other_papers_are_not_judged_as_certificates if {
	_fired(_certified({"type": "test_report", "stamped": false, "original": false, "contract_number": "C-2"})) == set()
}

# RF-27

_contradictions(application) := _the("RF-27", application, _today).reason.paths

_dated := {
	"filed_on": "2026-06-01",
	"accepted_on": "2026-06-03",
	"contract": {"signed_on": "2026-05-10"},
	"documents": [{"type": "end_user_certificate", "issued_on": "2026-05-11", "expires_on": "2027-05-11"}],
	"stops": [{"from": "2026-06-03", "until": "2026-06-03"}],
}

_changed(path, value) := json.patch(_dated, [{"op": "replace", "path": path, "value": value}])

test_dates_in_their_order_contradict_nothing if _fired(_dated) == set()

test_dates_may_fall_on_one_day if {
	one := "2026-06-01"
	application := {
		"filed_on": one,
		"accepted_on": one,
		"contract": {"signed_on": one},
		"documents": [{"type": "end_user_certificate", "issued_on": one, "expires_on": one}],
		"stops": [{"from": one, "until": one}],
	}
	_at(application, _instant(one)) == set()
}

test_each_impossible_order_of_dates_is_named if {
	every change in [
		["/contract/signed_on", "2026-06-02", ["/contract/signed_on", "/documents/0/issued_on"]],
		["/contract/signed_on", "2026-05-12", ["/documents/0/issued_on"]],
		["/accepted_on", "2026-05-31", ["/accepted_on"]],
		["/documents/0/issued_on", "2026-06-04", ["/documents/0/issued_on"]],
		["/documents/0/expires_on", "2026-05-10", ["/documents/0/expires_on"]],
		["/stops/0/until", "2026-06-02", ["/stops/0"]],
		["/stops/0/from", "2026-06-02", ["/stops/0"]],
	] {
		[path, value, named] := change
		_contradictions(_changed(path, value)) == named
	}
}

test_papers_may_follow_the_filing_until_acceptance_closes_the_file if {
	every day in ["2026-06-02", "2026-06-03"] {
		_fired(_changed("/documents/0/issued_on", day)) == set()
	}
	unaccepted := json.remove(_dated, ["/accepted_on", "/stops"])
	_fired(unaccepted) == set()
	_contradictions(json.patch(unaccepted, [{"op": "replace", "path": "/documents/0/issued_on", "value": "2026-06-02"}])) == ["/documents/0/issued_on"]
	unfiled := json.remove(_changed("/documents/0/issued_on", "2026-06-04"), ["/filed_on"])
	_contradictions(unfiled) == ["/documents/0/issued_on"]
}

test_impossible_dates_are_referred if {
	found := _the("RF-27", _changed("/accepted_on", "2026-05-31"), _today)
	found.outcome == "refer_for_refusal"
	found.reason.severity == "high"
}

test_dates_that_are_not_stated_contradict_nothing if {
	every path in ["/filed_on", "/accepted_on", "/contract", "/documents/0/issued_on", "/documents/0/expires_on", "/stops/0/until"] {
		_fired(json.remove(_dated, [path])) == set()
	}
}

test_only_a_certificate_has_to_follow_its_order if {
	_fired(_changed("/documents/0", {"type": "test_report", "issued_on": "2020-01-01"})) == set()
}

# RF-29

_weight(exporter) := {found.reason.severity | some found in _at({"exporter": exporter}, _today)}

_penalty(facts) := {"penalties": [object.union({"kind": "administrative", "grave": false}, facts)]}

test_an_open_or_grave_penalty_weighs_high if {
	every facts in [{"kind": "criminal"}, {"grave": true}, {"no_applications_until": "2026-11-23"}] {
		_weight(_penalty(facts)) == {"high"}
	}
	_weight({"penalties": [{"kind": "administrative"}]}) == {"high"}
	_the("RF-29", {"exporter": _penalty({"kind": "criminal"})}, _today).outcome == "enhanced_review"
}

test_a_light_and_closed_penalty_weighs_medium if {
	_weight(_penalty({})) == {"medium"}
	_weight(_penalty({"no_applications_until": "2026-11-22"})) == {"medium"}
}

test_overdue_reports_weigh_medium if {
	found := _the("RF-29", {"exporter": {"overdue_reports": 1}}, _today)
	found.reason.severity == "medium"
	found.outcome == ""
	found.reason.evidence.record == ["/exporter/overdue_reports"]
}

test_each_entry_of_the_record_is_pointed_at if {
	light := {"kind": "administrative", "grave": false}
	found := _the("RF-29", {"exporter": {"penalties": [light, light], "overdue_reports": 1}}, _today)
	found.reason.paths == ["/exporter/overdue_reports", "/exporter/penalties/0", "/exporter/penalties/1"]
}

test_a_clean_or_unstated_record_raises_no_flag if {
	_weight({"penalties": [], "overdue_reports": 0}) == set()
	_weight({"name": "Gannan Magnet"}) == set()
}

# What a finding does, how much it weighs and which outcome it asks for.
_effect(found) := concat(" ", [found.reason.effect, found.reason.severity, found.outcome])

test_every_finding_has_its_weight_and_its_texts if {
	application := {
		"filed_on": "2026-06-01",
		"accepted_on": "2026-05-31",
		"exporter": {"overdue_reports": 2},
		"documents": [{"type": "end_user_certificate", "stamped": false}],
	}
	found := _at(application, _today)
	{each.reason.rule: _effect(each) | some each in found} == {
		"RF-25": "flag high enhanced_review",
		"RF-27": "refer high refer_for_refusal",
		"RF-29": "flag medium ",
	}
	every text in {text | some each in found; some text in [each.reason.text, each.reason.remedy]} {
		not contains(concat("", [text.en, text.zh]), "{")
	}
}
