# METADATA
# title: Control list
# description: What the status of each line means for the application.
# schemas:
#   - input: schema.application.schema
package rareearth.controls

import future.keywords.not

import data.rareearth.controls.lines
import data.rareearth.lib.finding
import data.rareearth.reference.control_list
import data.rareearth.reference.instruments

# METADATA
# title: Listed medium or heavy rare-earth item
# description: An item of announcement 18 of 2025 leaves China only under a licence. That announcement was never suspended.
# custom:
#   id: ANN-2025-18
#   effect: flag
#   severity: low
#   basis: [ANN-2025-18, ECL-4, ECL-12(2), REG792-14]
#   factor: 4
#   text:
#     en: "Line {line} is on the control list: {codes}."
#     zh: "第{line}项属于两用物项出口管制清单所列物项：{codes}。"
#   remedy:
#     en: Hold a dual-use export licence before the customs declaration, and state the control code in it.
#     zh: 报关前取得两用物项出口许可证，并在报关单备注栏注明管制编码。
findings contains found if {
	some line in lines.lines
	line.status == "listed"
	codes := _bound(line, "ANN-2025-18")
	count(codes) > 0
	found := finding.make(rego.metadata.rule(), [_path(line)], {"line": line.line, "codes": codes, "entries": _rows(codes)})
}

# METADATA
# title: Item listed by another announcement
# description: A licence is needed for every listed item, whatever announcement lists it.
# custom:
#   id: ECL-12(2)
#   effect: flag
#   severity: medium
#   basis: [ECL-12(2), ECL-9, REG792-12, REG792-14]
#   factor: 4
#   text:
#     en: "Line {line} is on the control list by {instruments}: {codes}."
#     zh: "第{line}项由{instruments}列入管制清单：{codes}。"
#   remedy:
#     en: Hold a dual-use export licence before the customs declaration. The green channel covers announcement 18 only.
#     zh: 报关前取得两用物项出口许可证。绿色通道仅适用于2025年第18号公告所列物项。
findings contains found if {
	some line in lines.lines
	line.status == "listed"
	codes := [code | some code in _codes_in_force(line); control_list.entries[code].instrument != "ANN-2025-18"]
	count(codes) > 0
	found := finding.make(rego.metadata.rule(), [_path(line)], {
		"line": line.line,
		"codes": codes,
		"instruments": sort({control_list.entries[code].instrument | some code in codes}),
		"entries": _rows(codes),
	})
}

# METADATA
# title: Listing whose suspension ended without a notice
# description: >-
#   The printed suspension of the announcement is over and no notice says what follows. Until one is found the line
#   counts as listed, and a person has to look (U-01).
# custom:
#   id: U-01
#   effect: flag
#   severity: high
#   basis: [ANN-2025-70, ECL-12(2)]
#   factor: 4
#   text:
#     en: "Line {line}: whether {codes} binds today could not be established; the last confirmed suspension is over."
#     zh: "第{line}项：{codes}目前是否生效未能核实，最后一次经确认的暂停期已届满。"
#   remedy:
#     en: Ask the authority whether the suspension was extended, and record the notice in the reference data.
#     zh: 向主管部门核实暂停是否延期，并将有关公告录入基础数据。
findings contains found if {
	some line in lines.lines
	codes := [entry.code | some entry in line.entries; entry.status == "lapsed_unverified"]
	count(codes) > 0
	found := finding.make(rego.metadata.rule(), [_path(line)], {"line": line.line, "codes": codes, "entries": _rows(codes)})
}

# METADATA
# title: Listing that does not bind on this day
# description: The entry is suspended, not yet in force or ended. It is shown, because its dates can turn.
# custom:
#   id: ECL-4
#   effect: clear
#   severity: low
#   basis: [ECL-4, ECL-12(2)]
#   factor: 4
#   text:
#     en: "Line {line}: {codes} does not bind on this day ({statuses})."
#     zh: "第{line}项：{codes}在当日不具约束力（{statuses}）。"
#   remedy:
#     en: Decide again if the goods leave on another day; see valid_until.
#     zh: 如货物在其他日期出口，应重新判定；参见 valid_until。
findings contains found if {
	some line in lines.lines
	idle := [entry | some entry in line.entries; entry.status in {"suspended", "not_yet", "ended"}]
	count(idle) > 0
	found := finding.make(rego.metadata.rule(), [_path(line)], {
		"line": line.line,
		"codes": [entry.code | some entry in idle],
		"statuses": sort({entry.status | some entry in idle}),
	})
}

# METADATA
# title: Line that cannot be classified
# description: Who cannot tell whether an item is controlled asks the authority; the policy does not guess.
# custom:
#   id: ECL-12(4)
#   effect: hold
#   severity: high
#   outcome: classification_needed
#   basis: [ECL-12(4), REG792-14]
#   factor: 4
#   text:
#     en: "Line {line} cannot be classified from what is stated ({why}); entries that may apply: {codes}."
#     zh: "根据所填内容无法对第{line}项归类（{why}）；可能适用的条目：{codes}。"
#   remedy:
#     en: >-
#       State the control code, the form and a complete assay with the shares of the listed elements (for magnets
#       dysprosium and terbium), or consult the authority.
#     zh: 补充管制编码、形态及完整成分检测结果（磁体须列明镝、铽含量），或向主管部门提出咨询。
findings contains found if {
	some line in lines.lines
	line.status == "unclassified"
	found := finding.make(rego.metadata.rule(), [_path(line)], {
		"line": line.line,
		"why": line.why,
		"codes": _shown_codes(line),
		"missing": _facts_missing(line),
	})
}

# METADATA
# title: Declared codes and goods disagree
# description: >-
#   The exporter has to know figures and main use of its goods. A listed thing under a code that does not say so is a
#   contradiction, which the papers have to lose before anything else is decided.
# custom:
#   id: REG792-14
#   effect: hold
#   severity: high
#   outcome: classification_needed
#   basis: [REG792-14, ECL-12(4), ECL-21]
#   factor: 4
#   text:
#     en: "Line {line}: the declared codes contradict the stated goods ({why}); the facts point to {codes}."
#     zh: "第{line}项：所申报编码与货物实际情况不符（{why}）；事实指向：{codes}。"
#   remedy:
#     en: Correct the HS code or the control code, or prove the composition with an assay.
#     zh: 更正商品编号或管制编码，或以成分检测报告证明。
findings contains found if {
	some line in lines.lines
	line.status == "conflict"
	found := finding.make(rego.metadata.rule(), [_path(line)], {
		"line": line.line,
		"why": line.why,
		"codes": _shown_codes(line),
	})
}

# METADATA
# title: Consultation about the classification
# description: An application for consultation is answered with a classification, not with a licence route.
# custom:
#   id: REG792-14/consultation
#   effect: hold
#   severity: low
#   outcome: classification_needed
#   basis: [REG792-14, ECL-12(4)]
#   factor: 4
#   text:
#     en: The applicant asks whether the goods are controlled.
#     zh: 申请人就物项是否属于管制物项提出咨询。
#   remedy:
#     en: Give the performance figures, the main use and the reason for doubt.
#     zh: 说明物项性能指标、主要用途及难以判断的原因。
findings contains found if {
	input.kind == "consultation"
	found := finding.make(rego.metadata.rule(), ["/kind"], {})
}

# METADATA
# title: Assembly with magnets inside
# description: >-
#   Motors, rotors, sensors and loudspeakers are generally outside the list according to the ministry's answers of 2025.
#   The word is "generally": the exporter keeps what shows it.
# custom:
#   id: ANN-2025-18/assembly
#   effect: clear
#   severity: low
#   basis: [ANN-2025-18, REG792-22, REG792-27]
#   factor: 4
#   text:
#     en: "Line {line} is an assembly, which the list generally does not cover."
#     zh: "第{line}项为组件，一般不属于清单管制范围。"
#   remedy:
#     en: Keep drawings, bill of materials and test reports for at least five years and show them to customs on request.
#     zh: 图纸、物料清单和检测报告至少保存五年，海关质疑时出示。
findings contains found if {
	some line in lines.lines
	line.why == "assembly"
	found := finding.make(rego.metadata.rule(), [_path(line)], {"line": line.line})
}

# METADATA
# title: Line outside the list
# description: The facts are enough to say that no entry applies.
# custom:
#   id: ECL-12
#   effect: clear
#   severity: low
#   basis: [ECL-12, GACC-2025-123]
#   factor: 4
#   text:
#     en: "Line {line} is not on the list ({why})."
#     zh: "第{line}项不在管制清单之列（{why}）。"
#   remedy:
#     en: Keep the assay or data sheet; customs may ask for it within seven working days.
#     zh: 保存检测报告或技术说明；海关质疑时须在七个工作日内提交。
findings contains found if {
	some line in lines.lines
	line.status == "not_listed"
	line.why in {"assay", "foreign", "outside_code"}
	found := finding.make(rego.metadata.rule(), [_path(line)], {"line": line.line, "why": line.why})
}

# METADATA
# title: Lines on the list
listed contains line if {
	some line in lines.lines
	line.status == "listed"
}

# METADATA
# title: Whether every line is known to be outside the list
none_listed if {
	count(lines.lines) > 0
	every line in lines.lines {
		line.status == "not_listed"
	}
}

_path(line) := sprintf("/items/%d", [line.index])

_codes_in_force(line) := [entry.code | some entry in line.entries; entry.status == "in_force"]

_bound(line, instrument) := [code |
	some code in _codes_in_force(line)
	control_list.entries[code].instrument == instrument
]

_shown_codes(line) := [entry.code | some entry in line.entries]

_rows(codes) := [row |
	some code in codes
	entry := control_list.entries[code]
	row := {
		"code": code,
		"item": entry.item,
		"instrument": instruments.rows[entry.instrument].title.en,
		"confidence": entry.confidence,
	}
]

# Which facts would settle the line.
_facts_missing(line) := array.concat(
	[sprintf("%s/%s", [_path(line), fact]) |
		some fact in ["control_code", "hs_code", "form", "composition"]
		not _item(line)[fact]
	],
	[sprintf("%s/assay", [_path(line)]) | object.get(_item(line), "assay", "none") != "complete"],
)

_item(line) := input.items[line.index]
