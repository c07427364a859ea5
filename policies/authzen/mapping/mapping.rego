# METADATA
# title: AuthZEN
# description: >-
#   Puts the OpenID Authorization API into the words of this bundle: who exports what. The service sends a request through
#   `question`, decides the application that comes of it, and sends both through `answer`. Whatever bundle is active answers, so
#   that another one can serve other subjects. A decision is true only where no licence is needed: every other outcome means
#   that the goods may not simply leave, and stands in the context with its reasons.
# schemas:
#   - input: schema.authzen.schema
package authzen.mapping

import future.keywords.not

# METADATA
# title: What a request asks
# description: >-
#   The application that is to be decided, with where it has its parts from, or the faults that keep the request from being one.
#   Both never stand together.
question := {"application": application, "places": places} if count(faults) == 0

question := {"faults": sort(faults)} if count(faults) > 0

# METADATA
# title: Where an application has its parts from
# description: >-
#   The resource is the application, with the applicant's own reference as its id; the subject is the exporter, by its name. What
#   more is known of either stands in the properties, in the words of an application. Each key is a place of the application,
#   and its value the place of the request that is taken over there, as JSON pointers. The application is made by this table, and
#   by it the service finds where in a request a fault of the application is.
places := {
	"": "/resource/properties",
	"/exporter": "/subject/properties",
	"/exporter/name": "/subject/id",
	"/id": "/resource/id",
}

# METADATA
# title: The application of a request
application := json.patch({}, [{"op": "add", "path": place, "value": _stated(places[place])} |
	some place in sort(object.keys(places)) # what is around comes before what is inside
])

# Properties may be absent; type and id are there in every request that the service hands over.
_stated(pointer) := object.get(input, split(trim_prefix(pointer, "/"), "/"), {})

_properties(entity) := object.get(entity, "properties", {})

# METADATA
# title: What a request has that is not of this bundle
faults contains {"pointer": "/subject/type", "detail": "is no kind of subject here; an exporter is asked about, with type \"exporter\""} if {
	not input.subject.type == "exporter"
}

faults contains {"pointer": "/action/name", "detail": "is no action here; \"export\" is"} if {
	not input.action.name == "export"
}

faults contains {"pointer": "/resource/type", "detail": "is no kind of resource here; \"application\" is"} if {
	not input.resource.type == "application"
}

# What is stated twice could be stated differently.
faults contains {"pointer": "/resource/properties/exporter", "detail": "the exporter is the subject; state it there alone"} if {
	"exporter" in object.keys(_properties(input.resource))
}

faults contains {"pointer": "/resource/properties/id", "detail": "the reference of the application is the id of the resource; state it there alone"} if {
	"id" in object.keys(_properties(input.resource))
}

faults contains {"pointer": "/subject/properties/name", "detail": "the name of the exporter is the id of the subject; state it there alone"} if {
	"name" in object.keys(_properties(input.subject))
}

# METADATA
# title: What is answered to a request that was decided
answer := {
	"decision": input.decision.outcome == "no_licence_required",
	"context": {
		"outcome": input.decision.outcome,
		"decision_id": input.decision.decision_id,
		"as_of": input.decision.as_of,
		"green_channel": input.decision.green_channel.eligible,
		"reasons": [{"rule": reason.rule, "severity": reason.severity, "basis": reason.basis, "text": reason.text, "remedy": reason.remedy} |
			some reason in input.decision.reasons
		],
		"missing": input.decision.missing,
		"valid_until": input.decision.valid_until,
		"policy": input.decision.policy,
		"record": input.decision.record,
	},
}
