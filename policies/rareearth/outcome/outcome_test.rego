# Each outcome by itself, with the findings given; the order of two is in outcome_order_test.rego.
package rareearth.outcome_test

import data.rareearth.fixture_test as fixture
import data.rareearth.outcome

_found(wanted, standing) := {"outcome": wanted, "standing": standing, "reason": {"rule": "T", "evidence": {}}}

# The outcome where nothing speaks but what the test names.
_base := {"asked": [], "none_listed": false, "screening": "clear", "hits": [], "registrable": false, "general": false, "green": false}

_of(facts) := reached if {
	given := object.union(_base, facts)
	reached := outcome.outcome with input as {}
		with outcome.asked as {wanted | some wanted in given.asked}
		with data.rareearth.controls.none_listed as given.none_listed
		with data.rareearth.parties.screening as given.screening
		with data.rareearth.parties.hits as {hit | some hit in given.hits}
		with data.rareearth.licensing.route.registrable as given.registrable
		with data.rareearth.licensing.exporter.general_licence_open as given.general
		with data.rareearth.greenchannel.eligible as given.green
}

test_what_a_finding_asks_for_is_the_outcome if {
	asked := [
		"out_of_scope", "not_accepted", "prohibited", "special_application",
		"classification_needed", "incomplete", "refer_for_refusal", "enhanced_review",
	]
	every wanted in asked {
		_of({"asked": [wanted]}) == wanted
	}
}

test_no_finding_can_ask_for_an_easier_route if {
	every wanted in ["no_licence_required", "registration", "general_licence", "green_channel", "standard_review", "approved", ""] {
		_of({"asked": [wanted]}) == "standard_review"
	}
}

test_everything_else_is_reviewed if _of({}) == "standard_review"

test_a_registrable_application_is_registered if _of({"registrable": true}) == "registration"

test_an_open_general_licence_is_one if _of({"general": true}) == "general_licence"

test_an_eligible_application_takes_the_green_channel if _of({"green": true}) == "green_channel"

test_goods_outside_the_list_with_clear_parties_need_no_licence if _of({"none_listed": true}) == "no_licence_required"

test_nobody_is_freed_of_a_licence_without_screening if {
	_of({"none_listed": true, "screening": "not_run"}) == "standard_review"
	_of({"none_listed": true, "screening": "review"}) == "standard_review"
	_of({"none_listed": true, "screening": "CLEAR"}) == "standard_review"
}

test_nobody_is_freed_of_a_licence_with_a_listed_party if {
	every status in ["in_force", "suspended", "lapsed_unverified"] {
		_of({"none_listed": true, "screening": "hit", "hits": [{"status": status}]}) == "standard_review"
	}
}

test_a_listing_that_ended_or_is_still_to_come_does_not_stand_in_the_way if {
	_of({"none_listed": true, "screening": "hit", "hits": [{"status": "ended"}, {"status": "not_yet"}]}) == "no_licence_required"
	_of({"none_listed": true, "screening": "hit", "hits": [{"status": "ended"}, {"status": "suspended"}]}) == "standard_review"
}

test_a_finding_against_use_or_parties_calls_for_a_licence if {
	_of({"none_listed": true, "asked": ["enhanced_review"]}) == "enhanced_review"
	_of({"none_listed": true, "asked": ["refer_for_refusal"]}) == "refer_for_refusal"
}

test_missing_papers_do_not_call_for_a_licence if _of({"none_listed": true, "asked": ["incomplete"]}) == "no_licence_required"

test_a_line_that_may_be_listed_calls_for_a_licence if _of({"none_listed": false}) == "standard_review"

test_the_outcomes_are_thirteen_and_none_is_called_approved if {
	count(outcome.order) == 13
	count({name | some name in outcome.order}) == 13
	not "approved" in outcome.order
}

# Gathering

test_findings_of_every_family_are_gathered if {
	found := outcome.gathered with input as fixture.application
		with data.rareearth.controls.findings as {_found("a", "in_force")}
		with data.rareearth.licensing.end_user.findings as {_found("b", "in_force")}
		with data.rareearth.redflags.papers.findings as {_found("c", "in_force")}
		with data.rareearth.greenchannel.findings as {_found("d", "in_force")}
		with time.now_ns as fixture.today
	{"a", "b", "c", "d"} & {one.outcome | some one in found} == {"a", "b", "c", "d"}
}

_gathered := {
	_found("prohibited", "suspended"),
	_found("special_application", "not_yet"),
	_found("incomplete", "ended"),
	_found("refer_for_refusal", "in_force"),
	_found("enhanced_review", "lapsed_unverified"),
}

test_only_measures_in_force_or_unverified_speak if {
	asked := outcome.asked with outcome.gathered as _gathered
	asked == {"refer_for_refusal", "enhanced_review"}
}

test_what_the_speaking_findings_miss_is_gathered if {
	missing := outcome.missing with outcome.gathered as {
		{"outcome": "", "standing": "in_force", "reason": {"evidence": {"missing": ["contract", "/end_use/sector"]}}},
		{"outcome": "", "standing": "in_force", "reason": {"evidence": {"missing": ["contract", "identity"]}}},
		{"outcome": "", "standing": "suspended", "reason": {"evidence": {"missing": ["risk_assessment"]}}},
		{"outcome": "", "standing": "in_force", "reason": {"evidence": {}}},
	}
	missing == {"contract", "identity", "/end_use/sector"}
}

test_an_application_without_anything_still_has_an_outcome if {
	reached := outcome.outcome with input as {} with time.now_ns as fixture.today
	reached in outcome.order
}
