# METADATA
# title: Non-proliferation and other regimes
# description: Goods that another law decides about, and uses that international obligations stand against.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.nonproliferation

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.reference.scope

# METADATA
# title: Military items are decided elsewhere
# description: Military items have a monopoly regime of their own; no dual-use licence can cover them.
# custom:
#   id: ECL-23
#   effect: hold
#   severity: high
#   outcome: out_of_scope
#   basis: [ECL-23, ECL-24, ECL-25, ECL-26, ECL-27, ECL-11]
#   factor: 1
#   text:
#     en: "Line {line} is a military item ({by})."
#     zh: "第{line}项属于军品（{by}）。"
#   remedy:
#     en: Apply to the authority for military exports; take the line out of this application.
#     zh: 向国家军品出口管制管理部门申请，并将该项从本申请中删除。
findings contains found if {
	some hit in _elsewhere
	hit.regime == "military"
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Nuclear items are decided elsewhere
# description: The Export Control Law names nuclear items beside dual-use items; their control has rules of its own.
# custom:
#   id: ECL-2
#   effect: hold
#   severity: high
#   outcome: out_of_scope
#   basis: [ECL-2]
#   factor: 2
#   text:
#     en: "Line {line} is a nuclear item ({by})."
#     zh: "第{line}项属于核出口管制物项（{by}）。"
#   remedy:
#     en: Apply to the authority for nuclear exports; take the line out of this application.
#     zh: 向核出口管制主管部门申请，并将该项从本申请中删除。
findings contains found if {
	some hit in _elsewhere
	hit.regime == "nuclear"
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Monitored chemicals and part 1 of the missile list are decided elsewhere
# description: Order 792 leaves both to other rules. They are known here only where the applicant declares them.
# custom:
#   id: REG792-47
#   effect: hold
#   severity: high
#   outcome: out_of_scope
#   basis: [REG792-47]
#   factor: 2
#   text:
#     en: "Line {line} is declared as {goods_en} ({by}), which other rules govern."
#     zh: "第{line}项申报为{goods_zh}（{by}），适用其他规定。"
#   remedy:
#     en: Apply under the rules for monitored chemicals or missiles; take the line out of this application.
#     zh: 依照监控化学品或者导弹及相关物项的管理规定申请，并将该项从本申请中删除。
findings contains found if {
	some hit in _elsewhere
	not hit.regime in {"military", "nuclear"}
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Weapons of mass destruction
# description: A stated use in weapons of mass destruction or their delivery goes to a named person with a presumption of refusal.
# custom:
#   id: ECL-12(3)(2)
#   effect: refer
#   severity: high
#   basis: [ECL-12(3), ECL-13, REG792-10]
#   factor: 2
#   text:
#     en: The stated end use serves weapons of mass destruction or their means of delivery.
#     zh: 所申报的最终用途涉及大规模杀伤性武器及其运载工具。
#   remedy:
#     en: None by correction of papers; if the statement is an error, correct it with proof.
#     zh: 无法通过补正材料解决；如申报有误，应予更正并提供证明。
findings contains found if {
	input.end_use.wmd == true
	found := finding.make(rego.metadata.rule(), ["/end_use/wmd"], {})
}

# METADATA
# title: Terrorism
# description: A stated terrorist use goes to a named person with a presumption of refusal.
# custom:
#   id: ECL-12(3)(3)
#   effect: refer
#   severity: high
#   basis: [ECL-12(3), ECL-13]
#   factor: 1
#   text:
#     en: The stated end use serves terrorism.
#     zh: 所申报的最终用途涉及恐怖主义目的。
#   remedy:
#     en: None by correction of papers; if the statement is an error, correct it with proof.
#     zh: 无法通过补正材料解决；如申报有误，应予更正并提供证明。
findings contains found if {
	input.end_use.terrorism == true
	found := finding.make(rego.metadata.rule(), ["/end_use/terrorism"], {})
}

_elsewhere contains _decided_elsewhere(sprintf("/items/%d/hs_code", [i]), item.line, row, item.hs_code) if {
	some i, item in input.items
	some length in [2, 4, 6]
	row := scope.hs_prefixes[substring(item.hs_code, 0, length)]
}

_elsewhere contains _decided_elsewhere(sprintf("/items/%d/control_code", [i]), item.line, row, item.control_code) if {
	some i, item in input.items
	row := scope.declared[lower(item.control_code)]
}

_decided_elsewhere(path, line, row, by) := {
	"path": path,
	"line": line,
	"regime": row.regime,
	"goods_en": row.title.en,
	"goods_zh": row.title.zh,
	"by": by,
}
