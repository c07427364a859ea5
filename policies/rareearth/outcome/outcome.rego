# METADATA
# title: Outcome
# description: >-
#   Gathers what every criterion found, by path, and takes the first outcome of the contract's order that applies. Every other
#   finding stays a reason. The service recommends; the authority decides: no outcome approves anything.
# schemas:
#   - input: schema.application.schema
package rareearth.outcome

import future.keywords.not

import data.rareearth.controls
import data.rareearth.greenchannel
import data.rareearth.lib.finding
import data.rareearth.licensing
import data.rareearth.licensing.exporter
import data.rareearth.licensing.route
import data.rareearth.parties
import data.rareearth.redflags

# METADATA
# title: The outcomes, the first that applies wins
order := [
	"out_of_scope",
	"not_accepted",
	"prohibited",
	"special_application",
	"no_licence_required",
	"classification_needed",
	"incomplete",
	"refer_for_refusal",
	"enhanced_review",
	"registration",
	"general_licence",
	"green_channel",
	"standard_review",
]

# METADATA
# title: Every finding of every criterion
# description: No list of packages stands here; a new criterion is gathered because of where it lies.
gathered contains found if some found in controls.findings

gathered contains found if some found in licensing[_].findings

gathered contains found if some found in redflags[_].findings

gathered contains found if some found in greenchannel.findings

# METADATA
# title: Findings that give a reason today
speaking contains found if {
	some found in gathered
	finding.speaks(found)
}

# METADATA
# title: Outcomes that the findings ask for
asked contains found.outcome if some found in speaking

# METADATA
# title: The outcome of the application
outcome := [name | some name in order; _applies(name)][0]

# METADATA
# title: Outcomes for which no papers are asked for
without_papers := {"no_licence_required", "out_of_scope"}

# METADATA
# title: Document types and fields that the findings name as missing
missing contains name if {
	some found in speaking
	some name in found.reason.evidence.missing
}

_asked_only := {
	"out_of_scope", "not_accepted", "prohibited", "special_application",
	"classification_needed", "incomplete", "refer_for_refusal", "enhanced_review",
}

_applies(name) if {
	name in _asked_only
	name in asked
}

# Nothing is listed, nothing stands against the use or the parties, and all of that is known.
_applies("no_licence_required") if {
	controls.none_listed
	parties.screening in {"clear", "hit"}
	count(_standing_hits) == 0
	count(asked & {"refer_for_refusal", "enhanced_review"}) == 0
}

_applies("registration") if route.registrable

_applies("general_licence") if exporter.general_licence_open

_applies("green_channel") if greenchannel.eligible

_applies("standard_review")

# A listing that has ended no longer stands in the way of unlisted goods; it stays a flag.
_standing_hits contains hit if {
	some hit in parties.hits
	not hit.status in {"ended", "not_yet"}
}
