# METADATA
# title: Red flags from parties on file
# description: >-
#   What the register of parties says of those who take part. Being on file is no listing: it bars nothing, and a person decides.
#   The bars of the watch list (REG792-26) follow from the ministry's notice alone.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.registry

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.history
import data.rareearth.lib.status
import data.rareearth.parties

# METADATA
# title: Verification on file
# description: >-
#   The last concluded verification counts. If the end user or importer failed or delayed it, that weighs high; one that is still
#   open weighs medium. Of others both weigh one step less. A failure that was passed since is only noted, as a party leaves
#   the watch list too once it is verified.
# custom:
#   id: RF-30/file
#   effect: flag
#   severity: high
#   basis: [RF-30, REG792-26, ECL-17]
#   factor: 6
#   text:
#     en: "{names} ({roles}), on file as {on_file}: {state_en}."
#     zh: "{names}（{roles}，档案主体：{on_file}）：{state_zh}。"
#   remedy:
#     en: Have the party verified and the result put on file. If it is another firm of the same name, show it by registration papers.
#     zh: 协助该主体接受核查，并将结果记入档案。系同名的其他企业的，应当提交登记文件予以证明。
findings contains found if {
	some party in _filed
	state := _state(party)
	bearers := [subject | some subject in parties.subjects; _bears(subject, party)]
	found := finding.graded(rego.metadata.rule(), _weight(state.kind, bearers), sort({subject.path | some subject in bearers}), {
		"names": sort({name | some subject in bearers; some name in subject.names}),
		"roles": sort({subject.role | some subject in bearers}),
		"on_file": party.name,
		"party": party.id,
		"country": object.get(party, "country", "not stated"),
		"result": state.result,
		"on": state.on,
		"state_en": sprintf(_words[state.kind][state.result].en, [state.on]),
		"state_zh": sprintf(_words[state.kind][state.result].zh, [state.on]),
	})
}

# Each party on file once, under however many of its names and in however many roles it was found.
_filed contains party if {
	some subject in parties.subjects
	some name in subject.names
	some party in history.on_file[name]
}

_bears(subject, party) if {
	some name in subject.names
	party in history.on_file[name]
}

# What the verifications of a party come to; undefined where there is nothing to tell.
_state(party) := {"kind": "standing", "result": result, "on": on} if {
	[on, _, result] := _last(party, {"passed", "delayed", "failed"})
	result != "passed"
} else := {"kind": "open", "result": result, "on": on} if {
	[on, _, result] := _last(party, {"passed", "pending"})
	result != "passed"
} else := {"kind": "overcome", "result": result, "on": on} if {
	[on, _, result] := _last(party, {"delayed", "failed"})
}

# The last verification with one of these results, of several on one day the worst. What lies after this day is not known yet.
_last(party, results) := max({[verification.on, gravity, verification.result] |
	some verification in party.verifications
	verification.result in results
	verification.on <= status.today
	some gravity, result in _from_best_to_worst
	result == verification.result
})

_from_best_to_worst := ["passed", "pending", "delayed", "failed"]

_words := {
	"standing": {
		"failed": {"en": "failed verification on %s", "zh": "%s核查未通过"},
		"delayed": {"en": "delayed verification, noted on %s", "zh": "%s记录为未按期配合核查"},
	},
	"open": {"pending": {"en": "verification has been open since %s", "zh": "自%s起核查尚未结束"}},
	"overcome": {
		"failed": {"en": "failed verification on %s and has passed it since", "zh": "%s核查未通过，此后已通过核查"},
		"delayed": {"en": "delayed verification, noted on %s, and has passed it since", "zh": "%s记录为未按期配合核查，此后已通过核查"},
	},
}

_weight("standing", bearers) := "high" if _verified(bearers)

_weight("standing", bearers) := "medium" if not _verified(bearers)

_weight("open", bearers) := "medium" if _verified(bearers)

_weight("open", bearers) := "low" if not _verified(bearers)

_weight("overcome", _) := "low"

# Whether one of them is whom the watch list is about.
_verified(bearers) if {
	some subject in bearers
	subject.kind == "party"
	subject.role in {"end_user", "ultimate_end_user", "importer"}
}
