package rareearth.greenchannel.remedies.papers_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies.papers

_offers(application) := {offer.pointer: offer.value | some offer in found} if {
	found := papers.offers with input as application with time.now_ns as fixture.today
}

_set(fields) := fixture.with_fields(fields)

# The certificate that is offered: of the last day on which the file was open.
_new := object.union(object.remove(fixture.certificate, ["expires_on"]), {"issued_on": "2026-06-01"})

test_nothing_is_offered_for_a_whole_file if _offers(fixture.application) == {}

test_a_missing_paper if _offers(fixture.without(["/documents/1"])) == {"/documents/-": {"type": "application_form"}}

test_papers_that_a_watch_list_party_calls_for if {
	found := papers.offers with input as fixture.application
		with time.now_ns as fixture.today
		with data.rareearth.parties.watched as {{"path": "/parties/0"}}
	{offer.value.type | some offer in found} == {"risk_assessment", "compliance_undertaking"}
}

test_a_missing_certificate if _offers(fixture.without(["/documents/0"])) == {"/documents/-": _new}

test_no_papers_at_all if {
	offered := _offers(fixture.without(["/documents"]))
	object.keys(offered) == {"/documents"}
	{paper.type | some paper in offered["/documents"]} == {
		"application_form", "contract", "end_user_certificate",
		"identity", "party_introduction", "technical_description",
	}
	_new in offered["/documents"]
}

test_a_question_needs_one_paper if {
	application := json.patch(fixture.without(["/documents"]), [{"op": "add", "path": "/kind", "value": "consultation"}])
	_offers(application) == {"/documents": [{"type": "technical_description"}]}
}

test_where_no_papers_are_asked_for_none_are_offered if {
	found := papers.offers with input as fixture.without(["/documents"])
		with data.rareearth.licensing.completeness.findings as set()
		with time.now_ns as fixture.today
	found == set()
}

test_a_certificate_is_of_the_end_user_wherever_it_stands if {
	importer := object.union(fixture.application.parties[1], {"name": "Hafen Import GmbH"})
	application := json.patch(fixture.without(["/documents/0"]), [{"op": "add", "path": "/parties/0", "value": importer}])
	_offers(application)["/documents/-"].party == "Talmotor GmbH"
}

test_a_certificate_is_of_the_first_day_on_which_the_file_was_closed if {
	every without, day in {"/filed_on": "2026-06-02", "/accepted_on": "2026-06-01"} {
		_offers(fixture.without(["/documents/0", without]))["/documents/-"].issued_on == day
	}
	_offers(fixture.without(["/documents/0", "/filed_on", "/accepted_on"]))["/documents/-"].issued_on == "2026-06-15"
}

test_an_expired_certificate_is_issued_anew if _offers(_set({"/documents/0/expires_on": "2026-06-14"})) == {"/documents/0": _new}

test_a_certificate_is_valid_through_its_last_day if _offers(_set({"/documents/0/expires_on": "2026-06-15"})) == {}

test_a_certificate_that_is_too_old if {
	_offers(_set({"/documents/0/issued_on": "2025-06-14"})) == {"/documents/0": _new}
	_offers(_set({"/documents/0/issued_on": "2025-06-15"})) == {}
}

test_a_certificate_of_another_contract_or_party if {
	_offers(_set({"/documents/0/contract_number": "C-78"})) == {"/documents/0": _new}
	_offers(_set({"/documents/0/party": "Somebody GmbH"})) == {"/documents/0": _new}
}

test_a_certificate_of_a_day_to_come if {
	_offers(_set({"/documents/0/issued_on": "2026-06-16"})) == {"/documents/0": _new}
	_offers(_set({"/documents/0/issued_on": "2026-06-15"})) == {}
}

test_a_paper_that_expired_or_is_of_another_contract if {
	_offers(_set({"/documents/2/expires_on": "2026-06-14"})) == {"/documents/2": {"type": "identity"}}
	_offers(_set({"/documents/3/contract_number": "C-78"})) == {"/documents/3": {"type": "contract"}}
}

test_undertakings_that_are_not_given if {
	undertakings := ["no_other_use", "no_transfer", "no_wmd", "no_military"]
	_offers(fixture.without(["/documents/0/undertakings"])) == {"/documents/0/undertakings": undertakings}
	_offers(_set({"/documents/0/undertakings": ["no_other_use", "no_transfer", "no_wmd"]})) == {"/documents/0/undertakings": undertakings}
}

test_what_a_certificate_has_to_show if {
	fields := ["original", "stamped", "translated", "contract_number", "party", "issued_on"]
	_offers(fixture.without([sprintf("/documents/0/%s", [field]) | some field in fields])) == {
		"/documents/0/original": true,
		"/documents/0/stamped": true,
		"/documents/0/translated": true,
		"/documents/0/contract_number": "C-77",
		"/documents/0/party": "Talmotor GmbH",
		"/documents/0/issued_on": "2026-06-01",
	}
}

test_a_copy_becomes_an_original if _offers(_set({"/documents/0/original": false})) == {"/documents/0/original": true}

test_the_number_of_the_papers_stands_for_that_of_the_contract if {
	application := fixture.without(["/contract/number", "/documents/0/stamped"])
	_offers(application) == {"/documents/0/stamped": true}
	_offers(json.patch(application, [{"op": "remove", "path": "/documents/0"}]))["/documents/-"].contract_number == "(number)"
	numbered := json.patch(json.remove(application, ["/documents/0"]), [{"op": "add", "path": "/documents/0/contract_number", "value": "C-79"}])
	_offers(numbered)["/documents/-"].contract_number == "C-79"
}
