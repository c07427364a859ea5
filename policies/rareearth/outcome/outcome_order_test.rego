# Of two neighbours in the order that both apply, the earlier wins; shown with whole applications, and with given findings
# where no application can meet both.
package rareearth.outcome_test

import data.rareearth.fixture_test as fixture
import data.rareearth.outcome

# Outcome of the whole application with these fields, screened without a near name.
_reached(fields) := reached if {
	application := fixture.with_fields(fields)
	reached := outcome.outcome with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

_asked(fields) := asked if {
	application := fixture.with_fields(fields)
	asked := outcome.asked with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
}

# What brings one outcome about, as fields of the application.
_arms := {"/items/0/hs_code": "9306300000"}

_not_accepted := {"/exporter/penalties": [{"kind": "administrative", "no_applications_until": "2026-12-01"}]}

_control_listed := {"/parties/-": {"role": "bank", "name": "General Dynamics", "country": "US"}}

_unreliable := {"/parties/-": {"role": "consignee", "name": "TechInsights Inc.", "country": "DE"}}

_special := {"/kind": "special"}

_unlisted := {"/items": [fixture.motor]}

_consultation := {"/kind": "consultation"}

_unclassified := {"/items": [{"line": 1, "form": "magnet", "hs_code": "8505111000", "description": "Magnets of grade N42SH"}]}

_incomplete := {"/documents/0/undertakings": ["no_other_use"]}

_wmd := {"/end_use/wmd": true}

_knowledge := {"/end_use/knowledge": "should_know", "/end_use/risk": "national_security"}

_returning := {
	"/kind": "registration",
	"/registration_case": "repair_in",
	"/regime": "repair_return_out",
	"/exporter/icp": {"established": true},
	"/exporter/licences_last_24m": 4,
}

_general := {
	"/kind": "general",
	"/exporter/icp": {"established": true},
	"/exporter/licences_last_24m": 4,
	"/documents": array.concat(fixture.application.documents, [{"type": type, "issued_on": "2026-05-20"} |
		some type in ["icp_statement", "past_use_statement", "channels_statement"]
	]),
}

_both(fields, other) := object.union(fields, other)

# The single ingredients

test_each_ingredient_brings_its_outcome_about if {
	_reached(_arms) == "out_of_scope"
	_reached(_not_accepted) == "not_accepted"
	_reached(_control_listed) == "prohibited"
	_reached(_unreliable) == "prohibited"
	_reached(_both(_special, _control_listed)) == "special_application"
	_reached(_unlisted) == "no_licence_required"
	_reached(_unclassified) == "classification_needed"
	_reached(_consultation) == "classification_needed"
	_reached(_incomplete) == "incomplete"
	_reached(_wmd) == "refer_for_refusal"
	_reached(_knowledge) == "enhanced_review"
	_reached(_returning) == "registration"
	_reached(_general) == "general_licence"
	_reached({}) == "green_channel"
	_reached({"/onward/countries": ["CH"]}) == "standard_review"
}

# The pairs

test_out_of_scope_goes_before_not_accepted if {
	{"out_of_scope", "not_accepted"} & _asked(_both(_arms, _not_accepted)) == {"out_of_scope", "not_accepted"}
	_reached(_both(_arms, _not_accepted)) == "out_of_scope"
}

test_not_accepted_goes_before_prohibited if {
	{"not_accepted", "prohibited"} & _asked(_both(_not_accepted, _control_listed)) == {"not_accepted", "prohibited"}
	_reached(_both(_not_accepted, _control_listed)) == "not_accepted"
}

test_prohibited_goes_before_a_special_application if {
	both := _both(_both(_special, _unreliable), {"/parties/0/name": "General Dynamics", "/parties/0/country": "US"})
	{"prohibited", "special_application"} & _asked(both) == {"prohibited", "special_application"}
	_reached(both) == "prohibited"
}

# A control-list party is never a reason for no licence, so no application can meet both.
test_a_special_application_goes_before_no_licence_required if {
	_of({"asked": ["special_application"], "none_listed": true}) == "special_application"
	_reached(_both(_both(_special, _control_listed), _unlisted)) == "special_application"
}

test_no_licence_required_goes_before_classification_needed if {
	"classification_needed" in _asked(_both(_unlisted, _consultation))
	_reached(_both(_unlisted, _consultation)) == "no_licence_required"
}

test_classification_needed_goes_before_incomplete if {
	{"classification_needed", "incomplete"} & _asked(_both(_unclassified, _incomplete)) == {"classification_needed", "incomplete"}
	_reached(_both(_unclassified, _incomplete)) == "classification_needed"
}

test_incomplete_goes_before_refer_for_refusal if {
	{"incomplete", "refer_for_refusal"} & _asked(_both(_incomplete, _wmd)) == {"incomplete", "refer_for_refusal"}
	_reached(_both(_incomplete, _wmd)) == "incomplete"
}

test_refer_for_refusal_goes_before_enhanced_review if {
	{"refer_for_refusal", "enhanced_review"} & _asked(_both(_wmd, _knowledge)) == {"refer_for_refusal", "enhanced_review"}
	_reached(_both(_wmd, _knowledge)) == "refer_for_refusal"
}

test_enhanced_review_goes_before_registration if {
	_asked(_both(_returning, _knowledge)) & {"enhanced_review"} == {"enhanced_review"}
	_reached(_both(_returning, _knowledge)) == "enhanced_review"
}

# An application has one kind, so none can be open to both.
test_registration_goes_before_a_general_licence if _of({"registrable": true, "general": true}) == "registration"

test_a_general_licence_goes_before_the_green_channel if {
	application := fixture.with_fields(_general)
	eligible := data.rareearth.greenchannel.eligible with input as application
		with data.screening.matches as fixture.nothing_near(application)
		with data.history as fixture.nothing_before(application)
		with data.registry.parties as fixture.nobody_on_file(application)
		with time.now_ns as fixture.today
	eligible
	_reached(_general) == "general_licence"
}

test_the_green_channel_goes_before_standard_review if {
	_of({"green": true}) == "green_channel"
	_reached({}) == "green_channel"
}

# Every pair, neighbours or not, with given findings.

_facts := {
	"no_licence_required": {"none_listed": true},
	"registration": {"registrable": true},
	"general_licence": {"general": true},
	"green_channel": {"green": true},
	"standard_review": {},
}

_given(name) := _facts[name]

_given(name) := {"asked": [name]} if not _facts[name]

test_of_any_two_outcomes_the_earlier_wins if {
	every i in numbers.range(0, 11) {
		every j in numbers.range(i + 1, 12) {
			_of(_given_both(outcome.order[i], outcome.order[j])) == _winner(outcome.order[i], outcome.order[j])
		}
	}
}

_given_both(one, other) := object.union_n([_given(one), _given(other), {"asked": asked}]) if {
	asked := array.concat(object.get(_given(one), "asked", []), object.get(_given(other), "asked", []))
}

# What stands against use or parties takes the ground from under no_licence_required, so these never apply together.
_winner("no_licence_required", later) := later if later in {"refer_for_refusal", "enhanced_review"}

else := "no_licence_required"

_winner(earlier, _) := earlier if earlier != "no_licence_required"

# Every other finding stays a reason

test_what_does_not_decide_stays_a_reason if {
	application := fixture.with_fields(_both(_both(_arms, _wmd), _incomplete))
	rules := {found.reason.rule |
		some found in outcome.speaking with input as application
			with data.screening.matches as fixture.nothing_near(application)
			with data.history as fixture.nothing_before(application)
			with data.registry.parties as fixture.nobody_on_file(application)
			with time.now_ns as fixture.today
	}
	{"ECL-23", "ECL-12(3)(2)", "REG792-24"} & rules == {"ECL-23", "ECL-12(3)(2)", "REG792-24"}
}
