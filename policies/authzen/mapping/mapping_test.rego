package authzen.mapping_test

import future.keywords.not

import data.authzen.mapping
import data.rareearth.fixture_test as fixture

_request := {
	"subject": {"type": "exporter", "id": fixture.application.exporter.name, "properties": object.remove(fixture.application.exporter, ["name"])},
	"action": {"name": "export"},
	"resource": {
		"type": "application",
		"id": fixture.application.id,
		"properties": object.remove(fixture.application, ["id", "exporter"]),
	},
}

_with(path, value) := json.patch(_request, [{"op": "add", "path": path, "value": value}])

_pointers(request) := pointers if {
	pointers := {fault.pointer | some fault in mapping.question.faults} with input as request
}

test_an_application_comes_through_whole if {
	mapping.question.application == fixture.application with input as _request
}

test_properties_may_be_absent if {
	bare := {
		"subject": {"type": "exporter", "id": "A"},
		"action": {"name": "export"},
		"resource": {"type": "application", "id": "B"},
	}
	mapping.question.application == {"id": "B", "exporter": {"name": "A"}} with input as bare
}

test_it_is_told_where_each_part_comes_from if {
	places := mapping.question.places with input as _request
	places == {"": "/resource/properties", "/exporter": "/subject/properties", "/exporter/name": "/subject/id", "/id": "/resource/id"}
}

test_the_application_is_made_as_the_places_tell if {
	places := {"": "/subject/properties", "/contract": "/resource/properties", "/contract/number": "/resource/id"}
	made := mapping.question.application with input as _request with mapping.places as places
	made == object.union(_request.subject.properties, {"contract": object.union(_request.resource.properties, {"number": _request.resource.id})})
}

test_words_of_another_bundle_are_faults if {
	_pointers(_with("/subject/type", "user")) == {"/subject/type"}
	_pointers(_with("/action/name", "read")) == {"/action/name"}
	_pointers(_with("/resource/type", "document")) == {"/resource/type"}
	_pointers({}) == {"/subject/type", "/action/name", "/resource/type"}
}

test_what_is_stated_twice_is_a_fault if {
	every place in ["/resource/properties/exporter", "/resource/properties/id", "/subject/properties/name"] {
		every value in ["Another", {"name": "Another"}, false, null] {
			_pointers(_with(place, value)) == {place}
		}
	}
}

test_each_fault_says_what_belongs_there if {
	twice := [
		{"op": "add", "path": "/resource/properties/exporter", "value": {"name": "Another"}},
		{"op": "add", "path": "/resource/properties/id", "value": "X"},
		{"op": "add", "path": "/subject/properties/name", "value": "Another"},
	]
	request := json.patch(_request, array.concat(twice, [{"op": "remove", "path": path} | some path in ["/subject/type", "/action/name", "/resource/type"]]))
	details := {fault.pointer: fault.detail | some fault in mapping.question.faults} with input as request
	details == {
		"/subject/type": `is no kind of subject here; an exporter is asked about, with type "exporter"`,
		"/action/name": `is no action here; "export" is`,
		"/resource/type": `is no kind of resource here; "application" is`,
		"/resource/properties/exporter": "the exporter is the subject; state it there alone",
		"/resource/properties/id": "the reference of the application is the id of the resource; state it there alone",
		"/subject/properties/name": "the name of the exporter is the id of the subject; state it there alone",
	}
}

test_no_application_stands_beside_faults if {
	not mapping.question.application with input as _with("/action/name", "read")
}

_decision := {
	"outcome": "no_licence_required",
	"decision_id": "0199",
	"as_of": "2026-11-23T00:00:00+08:00",
	"green_channel": {"eligible": false},
	"reasons": [{
		"rule": "RF-12", "severity": "medium", "basis": ["RF-12"], "text": {"en": "a", "zh": "b"}, "remedy": {"en": "c", "zh": "d"},
		"title": "T", "effect": "flag", "factor": 6, "paths": [], "evidence": {},
	}],
	"missing": ["contract"],
	"valid_until": null,
	"policy": {"name": "rareearth", "revision": "1", "digest": "sha256:1"},
	"record": {"seq": 1, "hash": "sha256:2"},
}

test_only_goods_that_need_no_licence_are_permitted if {
	mapping.answer.decision == true with input as {"request": _request, "decision": _decision}
	every outcome in ["green_channel", "general_licence", "registration", "standard_review", "prohibited", "incomplete"] {
		refused := object.union(_decision, {"outcome": outcome})
		mapping.answer.decision == false with input as {"request": _request, "decision": refused}
		mapping.answer.context.outcome == outcome with input as {"request": _request, "decision": refused}
	}
}

test_the_context_names_reasons_and_record if {
	answer := mapping.answer with input as {"request": _request, "decision": _decision}
	answer.context.reasons == [{
		"rule": "RF-12", "severity": "medium", "basis": ["RF-12"], "text": {"en": "a", "zh": "b"}, "remedy": {"en": "c", "zh": "d"},
	}]
	answer.context.record == {"seq": 1, "hash": "sha256:2"}
	answer.context.missing == ["contract"]
	answer.context.valid_until == null
}
