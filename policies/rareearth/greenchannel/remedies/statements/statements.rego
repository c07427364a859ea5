# METADATA
# title: Statements that would remedy a finding
# description: Facts that the application leaves open, and terms of the deal that the exporter can choose.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel.remedies.statements

import future.keywords.not

import data.rareearth.lib.change
import data.rareearth.lib.status
import data.rareearth.licensing.end_use
import data.rareearth.parties
import data.rareearth.reference.destinations
import data.rareearth.reference.sectors
import data.rareearth.reference.settings
import data.rareearth.reference.wording

# METADATA
# title: Country of a party
# custom:
#   remedies: GC-P01
#   basis: [GC-P01]
#   example: true
#   text:
#     en: "State the country of the {role} {name}; the channel is open to it if that is one of the member states."
#     zh: "填报{name}（{role}）所在国；属通道成员国的，符合条件。"
offers contains change.state(rego.metadata.rule(), pointer, input.destination, {"role": party.role, "name": party.name}) if {
	some i, party in input.parties
	party.role in {"importer", "consignee", "intermediate_consignee", "end_user", "ultimate_end_user"}
	not party.country
	pointer := sprintf("/parties/%d/country", [i])
}

# METADATA
# title: Sector of the end use
# custom:
#   remedies: GC-P03
#   basis: [GC-P03, ECL-22]
#   example: true
#   text:
#     en: "State the sector of the end use. Any of the civil list will do, if it is so: {civil}."
#     zh: "填报最终用途所属行业；如属实，民用清单所列任一行业均可：{civil}。"
offers contains change.state(rego.metadata.rule(), "/end_use/sector", fitting[0], {"civil": fitting}) if {
	_unstated(["end_use", "sector"])
	fitting := [sector |
		some sector in sort(object.keys(sectors.rows))
		sectors.rows[sector].civil
		not sectors.rows[sector].case_by_case
		every item in input.items {
			_usual(item, sector)
		}
	]
}

# METADATA
# title: Uses that are excluded
# custom:
#   remedies: GC-P03
#   basis: [GC-P03, ECL-22]
#   text:
#     en: "State that the end use is not {what_en}, if it is so."
#     zh: "如属实，声明不用于{what_zh}。"
offers contains change.state(rego.metadata.rule(), sprintf("/end_use/%s", [use]), false, words) if {
	some use, words in {
		"military": {"what_en": "military", "what_zh": "军事目的"},
		"wmd": {"what_en": "for weapons of mass destruction", "what_zh": "大规模杀伤性武器"},
		"terrorism": {"what_en": "for terrorist purposes", "what_zh": "恐怖主义目的"},
	}
	_unstated(["end_use", use])
}

# METADATA
# title: Figure of a chip
# custom:
#   remedies: RF-32
#   basis: [GC-P03, RF-32]
#   example: true
#   text:
#     en: "State the node of the chips; above {node} nm no case-by-case review is asked for."
#     zh: "填报芯片制程；制程大于{node}纳米的，不要求逐案审查。"
offers contains change.state(rego.metadata.rule(), "/end_use/semiconductor_node_nm", settings.logic_node_nm.value * 2, evidence) if {
	count(end_use.chip_figures_missing) > 0
	evidence := {"node": settings.logic_node_nm.value}
}

# METADATA
# title: End use in words
# custom:
#   remedies: ECL-22
#   basis: [ECL-22]
#   example: true
#   text:
#     en: Describe the end use in your own words, with product, process and place.
#     zh: 具体说明最终用途，包括产品、工艺和使用地点。
offers contains change.state(rego.metadata.rule(), "/end_use/statement", "(product, process and place of the end use)", {}) if {
	_unstated(["end_use", "statement"])
}

# METADATA
# title: Number of the contract
# custom:
#   remedies: ECL-22
#   basis: [ECL-22]
#   example: true
#   text:
#     en: State the number of the contract, the same as in the papers.
#     zh: 填报合同号，并与材料所载一致。
offers contains change.state(rego.metadata.rule(), "/contract/number", number, {}) if {
	_unstated(["contract", "number"])
	number := array.concat([document.contract_number | some document in input.documents], ["(number)"])[0]
}

# METADATA
# title: Model, maker and country of use
# custom:
#   remedies: RF-06
#   basis: [RF-06]
#   example: true
#   text:
#     en: "State the {what_en}."
#     zh: "填报{what_zh}。"
offers contains change.state(rego.metadata.rule(), sprintf("/end_use/%s", [field]), row.value, row) if {
	some field, row in {
		"model": {"value": "(model)", "what_en": "model of the product", "what_zh": "产品型号"},
		"oem": {"value": "(manufacturer)", "what_en": "manufacturer of the product", "what_zh": "产品生产企业"},
		"site_country": {"value": input.destination, "what_en": "country in which the goods are used", "what_zh": "使用地所在国"},
	}
	_unstated(["end_use", field])
}

# METADATA
# title: Day of foundation
# custom:
#   remedies: RF-09/first
#   basis: [RF-09]
#   example: true
#   text:
#     en: "State when {name} was founded; it is no new customer if that was {months} months ago or more."
#     zh: "填报{name}的成立日期；成立已满{months}个月的，不视为新客户。"
offers contains change.state(rego.metadata.rule(), sprintf("/parties/%d/founded_on", [i]), day, evidence) if {
	months := settings.new_customer_months.value
	day := time.format([time.add_date(time.parse_ns("2006-01-02", status.today), 0, 0 - months, 0), "UTC", "2006-01-02"])
	some i, party in parties.end_users
	not party.founded_on
	evidence := {"name": party.name, "months": months}
}

# METADATA
# title: Owners of the end user
# custom:
#   remedies: GC-P04
#   basis: [GC-P04, RF-05]
#   example: true
#   text:
#     en: "State the direct owners of {name}, an empty list if there are none; nobody who holds half or more may be listed."
#     zh: "填报{name}的直接股东，没有的填空列表；持股50%以上的股东不得在名单之内。"
offers contains change.state(rego.metadata.rule(), sprintf("/parties/%d/owners", [i]), [], {"name": party.name}) if {
	some i, party in parties.end_users
	not party.owners
}

# METADATA
# title: Nothing goes on
# custom:
#   remedies: GC-P06
#   basis: [GC-P06, ECL-16]
#   text:
#     en: "State that {what_en}, if it is so."
#     zh: "如属实，声明{what_zh}。"
offers contains change.state(rego.metadata.rule(), row.pointer, row.value, row) if {
	some row in [
		{
			"keys": ["onward", "countries"],
			"pointer": "/onward/countries",
			"value": [],
			"what_en": "the goods do not go on to other countries",
			"what_zh": "货物不再流向其他国家",
		},
		{
			"keys": ["onward", "to_us_defence"],
			"pointer": "/onward/to_us_defence",
			"value": false,
			"what_en": "nothing goes on to the defence industry of the United States",
			"what_zh": "不流向美国防务企业",
		},
		{"keys": ["transit"], "pointer": "/transit", "value": [], "what_en": "the goods pass through no other country", "what_zh": "货物不经其他国家过境"},
	]
	_unstated(row.keys)
}

# METADATA
# title: Another way of carriage
# custom:
#   remedies: GC-P06
#   basis: [GC-P06, RF-16]
#   text:
#     en: "Ship without transit through {risk}, and state the way that the goods then take."
#     zh: "改变运输路线，不经{risk}过境，并据实填报路线。"
offers contains change.replace_with(rego.metadata.rule(), "/transit", direct, {"risk": risk}) if {
	risk := [country | some country in input.transit; destinations.transhipment[country]]
	count(risk) > 0
	direct := [country | some country in input.transit; not destinations.transhipment[country]]
}

# METADATA
# title: Record of the exporter
# custom:
#   remedies: GC-P07
#   basis: [GC-P07, REG792-18(1), REG792-20]
#   text:
#     en: "State that the exporter has {what_en}, if it is so."
#     zh: "如属实，声明出口经营者{what_zh}。"
offers contains change.state(rego.metadata.rule(), sprintf("/exporter/%s", [field]), row.value, row) if {
	some field, row in {
		"penalties": {"value": [], "what_en": "no penalties for violations of export control law", "what_zh": "未因违反出口管制法律受到处罚"},
		"overdue_reports": {"value": 0, "what_en": "no overdue usage report", "what_zh": "没有逾期使用报告"},
	}
	_unstated(["exporter", field])
}

# METADATA
# title: Overdue reports
# custom:
#   remedies: GC-P07
#   basis: [GC-P07, REG792-18(1)]
#   text:
#     en: "File the {count} overdue usage reports, and state that none is overdue any more."
#     zh: "补交{count}份逾期使用报告，并申报已无逾期。"
offers contains change.replace_with(rego.metadata.rule(), "/exporter/overdue_reports", 0, {"count": input.exporter.overdue_reports}) if {
	input.exporter.overdue_reports > 0
}

# METADATA
# title: Terms of payment
# custom:
#   remedies: RF-18
#   basis: [RF-18]
#   text:
#     en: "Agree on payment by letter of credit in place of {payment}."
#     zh: "约定以信用证付款，代替{payment}。"
offers contains change.replace_with(rego.metadata.rule(), "/contract/payment", "letter_of_credit", {"payment": input.contract.payment}) if {
	input.contract.payment in {"cash", "prepayment"}
}

# METADATA
# title: Clause on foreign inspection
# custom:
#   remedies: RF-34
#   basis: [RF-34]
#   text:
#     en: Take the clause out of the contract that lets a foreign government inspect inside China.
#     zh: 删去合同中允许外国政府在中国境内核查的条款。
offers contains change.replace_with(rego.metadata.rule(), "/contract/foreign_inspection_in_cn", false, {}) if {
	input.contract.foreign_inspection_in_cn == true
}

# METADATA
# title: Kind of application
# custom:
#   remedies: ECL-14
#   basis: [ECL-14, GC-F02]
#   text:
#     en: Apply for a single licence in place of a general one.
#     zh: 改为申请单项许可。
offers contains change.replace_with(rego.metadata.rule(), "/kind", "single", {}) if input.kind == "general"

# METADATA
# title: Description of the goods
# custom:
#   remedies: RF-21
#   basis: [RF-21]
#   example: true
#   text:
#     en: "Describe line {line} with grade, composition and dimensions."
#     zh: "第{line}项按牌号、成分和尺寸具体描述。"
offers contains change.replace_with(rego.metadata.rule(), sprintf("/items/%d/description", [i]), "(grade, composition, dimensions)", {"line": item.line}) if {
	some i, item in input.items
	lower(item.description) in wording.generic_description
}

_unstated(keys) if object.get(input, keys, null) == null

# A form that is not stated, or a sector that tells no forms, speaks for no sector and against none.
_usual(item, _) if not item.form

_usual(item, sector) if item.form in sectors.rows[sector].forms
