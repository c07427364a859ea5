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
# description: The application that is to be decided, or the faults that keep the request from being one. Both never stand together.
question := {"application": application} if count(faults) == 0

question := {"faults": sort(faults)} if count(faults) > 0

# METADATA
# title: The application of a request
# description: >-
#   The resource is the application, with the applicant's own reference as its id; the subject is the exporter, by its name. What
#   more is known of either stands in the properties, in the words of an application.
application := object.union(_properties(input.resource), {
	"id": input.resource.id,
	"exporter": object.union(_properties(input.subject), {"name": input.subject.id}),
})

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
	_properties(input.resource).exporter
}

faults contains {"pointer": "/resource/properties/id", "detail": "the reference of the application is the id of the resource; state it there alone"} if {
	_properties(input.resource).id
}

faults contains {"pointer": "/subject/properties/name", "detail": "the name of the exporter is the id of the subject; state it there alone"} if {
	_properties(input.subject).name
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
