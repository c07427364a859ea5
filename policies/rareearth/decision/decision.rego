# METADATA
# title: Decision
# description: >-
#   The decision on an export-licence application: the only entry point. Each rule is a field of the decision document, so no
#   helper may stand here. The service adds decision_id, decided_at, policy and record.
# entrypoint: true
# schemas:
#   - input: schema.application.schema
package rareearth.decision

import future.keywords.not

import data.rareearth.clock as time_limit
import data.rareearth.controls.lines
import data.rareearth.coverage
import data.rareearth.greenchannel
import data.rareearth.greenchannel.observations
import data.rareearth.lib.status
import data.rareearth.outcome as ladder
import data.rareearth.validity

# METADATA
# title: The applicant's own reference
application_id := input.id

# METADATA
# title: The instant the rules were asked about, Beijing time
as_of := status.instant

# METADATA
# title: The recommendation
outcome := ladder.outcome

# METADATA
# title: Status of each line
items := [{"line": line.line, "status": line.status, "entries": line.entries} | some line in lines.lines]

# METADATA
# title: Every finding that gives a reason, by review factor and rule
reasons := [reason |
	ordered := {[found.reason.factor, found.reason.rule, found.reason] | some found in ladder.speaking}
	some [_, _, reason] in ordered
]

# METADATA
# title: The ten conditions of the green channel
green_channel := {
	"eligible": greenchannel.eligible,
	"channel": observations.channel,
	"conditions": greenchannel.conditions,
	"failed": greenchannel.failed,
}

# METADATA
# title: Document types and fields still needed
# description: Where no licence is needed or another law decides, nothing is.
missing := sort(ladder.missing | greenchannel.missing) if not ladder.outcome in ladder.without_papers

missing := [] if ladder.outcome in ladder.without_papers

# METADATA
# title: Duties after a licence
obligations := time_limit.obligations

# METADATA
# title: The statutory time limit that runs, or null
clock := time_limit.running

# METADATA
# title: Until when nothing that was consulted changes, or null
valid_until := validity.until

# METADATA
# title: What was not assessed
not_assessed := coverage.not_assessed
