# METADATA
# title: Red flags about the order
# description: Signs in end use, goods, quantity, price and contract.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.order

import future.keywords.not

import data.rareearth.controls.lines
import data.rareearth.lib.finding
import data.rareearth.lib.need
import data.rareearth.licensing.end_use
import data.rareearth.reference.settings
import data.rareearth.reference.wording

# METADATA
# title: Vague end use
# description: Generic words only, or no model, manufacturer or country of use.
# custom:
#   id: RF-06
#   effect: flag
#   severity: medium
#   basis: [RF-06]
#   factor: 6
#   text:
#     en: "The end use is vague ({vague})."
#     zh: "最终用途表述笼统（{vague}）。"
#   remedy:
#     en: State product, model, manufacturer and country of use.
#     zh: 写明产品、型号、整机制造商和使用国。
findings contains found if {
	input.end_use
	count(_vague) > 0
	found := finding.make(rego.metadata.rule(), sort(_vague), {"vague": sort(_vague)})
}

# METADATA
# title: More than the need
# description: >-
#   Quantity and stock together against the end user's consumption: more than six months weighs medium, more than twelve
#   high.
# custom:
#   id: RF-12
#   effect: flag
#   severity: medium
#   basis: [RF-12]
#   factor: 6
#   text:
#     en: "Order and stock cover {months} months of consumption."
#     zh: "订货量加库存可满足{months}个月的消耗。"
#   remedy:
#     en: Order less, or document the higher need.
#     zh: 减少订货量，或者提供需求增加的证明。
findings contains found if {
	months := need.cover_months
	months > settings.cover_months_medium.value
	found := finding.graded(rego.metadata.rule(), _cover_weight(months), ["/need", "/items"], {
		"months": round(months * 10) / 10,
		"ordered_kg": need.ordered_kg,
	})
}

# METADATA
# title: Prepaid or paid in cash
# description: Cash, or full prepayment of a dear order. The amounts are settings of ours.
# custom:
#   id: RF-18
#   effect: flag
#   severity: medium
#   basis: [RF-18]
#   factor: 6
#   text:
#     en: "Payment is by {payment}."
#     zh: "付款方式为{payment}。"
#   remedy:
#     en: Explain the terms, or pay by letter of credit or transfer.
#     zh: 说明付款安排，或者改用信用证、汇款。
findings contains found if {
	_unusual_payment
	found := finding.make(rego.metadata.rule(), ["/contract/payment"], {"payment": input.contract.payment})
}

# METADATA
# title: Generic description of goods
# description: A description that would fit anything. Packaging and marking are not in the application.
# custom:
#   id: RF-21
#   effect: flag
#   severity: medium
#   basis: [RF-21]
#   factor: 4
#   text:
#     en: "Line {line} is described only as {description}."
#     zh: "第{line}项仅描述为“{description}”。"
#   remedy:
#     en: Give grade, composition and dimensions.
#     zh: 写明牌号、成分和规格尺寸。
findings contains found if {
	some i, item in input.items
	_generic(item.description, wording.generic_description)
	found := finding.make(rego.metadata.rule(), [sprintf("/items/%d/description", [i])], {
		"line": item.line,
		"description": item.description,
	})
}

# METADATA
# title: Code does not fit the goods
# description: The declared tariff or control code does not fit description or composition, or the list does not know it.
# custom:
#   id: RF-28
#   effect: flag
#   severity: high
#   basis: [RF-28, ECL-21, ECL-34, REG792-39]
#   factor: 4
#   text:
#     en: "Line {line}: the declared code does not fit the goods ({why})."
#     zh: "第{line}项：所申报编码与货物不符（{why}）。"
#   remedy:
#     en: Correct the code; a false declaration is itself an offence.
#     zh: 更正编码；虚假申报本身即属违法。
findings contains found if {
	some line in lines.lines
	why := _misfit(line)
	found := finding.make(rego.metadata.rule(), [sprintf("/items/%d", [line.index])], {"line": line.line, "why": why})
}

# METADATA
# title: Chips or military artificial intelligence
# description: >-
#   Logic at 14 nm or finer, memory of 256 layers or more, artificial intelligence with possible military use, or a buyer in
#   the semiconductor sector that states neither figure.
# custom:
#   id: RF-32
#   effect: flag
#   severity: high
#   basis: [RF-32, ANN-2025-61]
#   factor: 6
#   text:
#     en: "The end use needs a case-by-case review ({facts})."
#     zh: "该最终用途需逐案审查（{facts}）。"
#   remedy:
#     en: Give node, layers, products and their users.
#     zh: 说明制程节点、层数、产品及其用户。
findings contains found if {
	count(end_use.case_by_case) > 0
	facts := sort(end_use.case_by_case)
	found := finding.make(rego.metadata.rule(), facts, {"facts": facts, "missing": end_use.chip_figures_missing})
}

# METADATA
# title: Foreign inspection inside China
# description: A contract that lets a foreign government inspect inside China needs the ministry's consent.
# custom:
#   id: RF-34
#   effect: flag
#   severity: medium
#   basis: [RF-34, REG792-38]
#   factor: 1
#   text:
#     en: The contract allows a foreign government to inspect inside China.
#     zh: 合同允许外国政府在中国境内实施核查。
#   remedy:
#     en: Take the clause out, or ask for the ministry's consent.
#     zh: 删除该条款，或者事先取得国务院商务主管部门同意。
findings contains found if {
	input.contract.foreign_inspection_in_cn == true
	found := finding.make(rego.metadata.rule(), ["/contract/foreign_inspection_in_cn"], {})
}

# METADATA
# title: Denial in free text
# description: A denial is a claim. It neither clears nor accuses; the fields and the certificate count.
# custom:
#   id: RF-35
#   effect: flag
#   severity: low
#   basis: [RF-35]
#   factor: 6
#   text:
#     en: "The statement denies a use ({phrases}); that is a claim, not proof."
#     zh: "用途说明中否认某种用途（{phrases}）；该表述仅为单方声明，不构成证明。"
#   remedy:
#     en: State the fields military, wmd and terrorism, and have the end user undertake it.
#     zh: 填报 military、wmd、terrorism 字段，并由最终用户作出书面承诺。
findings contains found if {
	statement := lower(input.end_use.statement)
	phrases := [phrase | some phrase in wording.denials; contains(statement, phrase)]
	count(phrases) > 0
	found := finding.make(rego.metadata.rule(), ["/end_use/statement"], {"phrases": phrases})
}

_cover_weight(months) := "high" if months > settings.cover_months_high.value

_cover_weight(months) := "medium" if months <= settings.cover_months_high.value

_vague contains sprintf("/end_use/%s", [field]) if {
	some field in ["model", "oem", "site_country"]
	not input.end_use[field]
}

_vague contains "/end_use/statement" if _generic(input.end_use.statement, wording.generic_end_use)

# A text of nothing but generic phrases, whatever punctuation stands between them.
_generic(text, phrases) if {
	parts := [part | some raw in regex.split(`[^\p{L}\p{N}\s_-]+`, lower(text)); part := _words(raw); count(part) > 0]
	count(parts) > 0
	every part in parts {
		_says_nothing(part, phrases)
	}
}

_words(text) := [word | some word in regex.split(`[\s_-]+`, text); word != ""]

_says_nothing(words, phrases) if concat(" ", words) in phrases

_says_nothing(words, phrases) if {
	every word in words {
		word in phrases
	}
}

_unusual_payment if input.contract.payment == "cash"

_unusual_payment if {
	input.contract.payment == "prepayment"
	some item in input.items
	currency := item.value.currency
	total := sum([each.value.amount | some each in input.items; each.value.currency == currency])
	total >= settings.prepayment_dear.value[currency]
}

# Dear or not cannot be told without a threshold in that currency: taken as dear.
_unusual_payment if {
	input.contract.payment == "prepayment"
	some item in input.items
	not settings.prepayment_dear.value[item.value.currency]
}

_misfit(line) := line.why if line.status == "conflict"

_misfit(line) := "unknown_control_code" if {
	line.status != "conflict"
	lines.unknown_code(input.items[line.index])
}
