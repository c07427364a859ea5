# METADATA
# title: Findings
# description: >-
#   Turns a rule's annotations and the facts it saw into a finding. The annotations are the finding: what stands there is
#   written nowhere else. A finding whose instrument is not in force is kept for its dates, but gives no reason.
package rareearth.lib.finding

import future.keywords.not

import data.rareearth.lib.status
import data.rareearth.reference.instruments

# METADATA
# title: A finding of the severity that its rule states
# description: >-
#   `paths` are JSON pointers into the application; `evidence` holds the rows, windows and figures used, and fills the
#   `{name}` places in the rule's texts.
make(rule, paths, evidence) := graded(rule, rule.custom.severity, paths, evidence)

# METADATA
# title: A finding of a severity that depends on the facts
graded(rule, severity, paths, evidence) := found if {
	custom := rule.custom
	standing := _standing(object.get(custom, "instrument", null))
	found := {
		"outcome": _outcome(custom, severity, standing),
		"standing": standing,
		"instrument": object.get(custom, "instrument", null),
		"reason": {
			"rule": custom.id,
			"title": rule.title,
			"effect": _effect(custom.effect, standing),
			"severity": _severity(severity, standing),
			"basis": custom.basis,
			"factor": custom.factor,
			"paths": paths,
			"text": filled(custom.text, evidence),
			"remedy": filled(custom.remedy, evidence),
			"evidence": object.union(evidence, _standing_note(custom, standing)),
		},
	}
}

# METADATA
# title: A finding made of several observations
# description: >-
#   For a condition that can fail in more than one place. Each observation is `{path, en, zh}`; the texts name all of
#   them at `{why}`.
observed(rule, observations) := found if {
	why := {"en": concat("; ", {o.en | some o in observations}), "zh": concat("；", {o.zh | some o in observations})}
	plain := make(rule, sort({o.path | some o in observations}), {"observations": [o.en | some o in observations]})
	found := json.patch(plain, [
		{"op": "replace", "path": "/reason/text/en", "value": replace(plain.reason.text.en, "{why}", why.en)},
		{"op": "replace", "path": "/reason/text/zh", "value": replace(plain.reason.text.zh, "{why}", why.zh)},
	])
}

# METADATA
# title: Whether a finding gives a reason
# description: A measure that is in force does; so does one whose suspension lapsed without a notice, for caution.
speaks(found) if found.standing in {"in_force", "lapsed_unverified"}

# A rule of the two statutes names no instrument; those have been in force as long as this service reaches back.
_standing(null) := "in_force"

_standing(id) := status.now(instruments.rows[id]) if id != null

_default_outcome := {"refuse": "prohibited", "refer": "refer_for_refusal", "require": "incomplete"}

# What the rule asks for: nobody may be refused on a measure whose status nobody could establish.
_outcome(_, _, "lapsed_unverified") := "enhanced_review"

_outcome(custom, severity, standing) := asked if {
	standing != "lapsed_unverified"
	asked := object.get(custom, "outcome", _implied_outcome(custom.effect, severity))
}

_implied_outcome(effect, _) := _default_outcome[effect]

_implied_outcome("flag", "high") := "enhanced_review"

_implied_outcome("flag", severity) := "" if severity != "high"

_implied_outcome(effect, _) := "" if effect in {"clear", "hold"}

_effect(_, "lapsed_unverified") := "flag"

_effect(effect, standing) := effect if standing != "lapsed_unverified"

_severity(_, "lapsed_unverified") := "high"

_severity(severity, standing) := severity if standing != "lapsed_unverified"

_standing_note(custom, standing) := {"instrument": custom.instrument, "standing": standing} if custom.instrument

_standing_note(custom, _) := {} if not custom.instrument

# METADATA
# title: Texts with the `{name}` places filled from the evidence
filled(texts, evidence) := {lang: strings.replace_n(_places(evidence), text) | some lang, text in texts}

_places(evidence) := {sprintf("{%s}", [name]): _shown(value) | some name, value in evidence}

_shown(value) := concat(", ", [sprintf("%v", [one]) | some one in value]) if is_array(value)

_shown(value) := sprintf("%v", [value]) if not is_array(value)
