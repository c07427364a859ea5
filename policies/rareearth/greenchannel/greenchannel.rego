# METADATA
# title: Green channel
# description: >-
#   Ten conditions for the fast route that the ministry promised. It is a service promise, not law: it changes speed only.
#   Every condition is a rule of its own and says what fails. GC-P10 is a boost, not a requirement.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel

import future.keywords.not

import data.rareearth.controls
import data.rareearth.greenchannel.observations
import data.rareearth.lib.finding
import data.rareearth.reference.channels
import data.rareearth.reference.conditions as wording

# METADATA
# title: Open channel for the destination
# description: The channel is open on the day, and importer, consignee and end user are established in its member states.
# custom:
#   id: GC-P01
#   effect: flag
#   severity: low
#   basis: [GC-P01, GC-F02]
#   factor: 5
#   text:
#     en: "No open channel covers all parties: {why}."
#     zh: "没有开放的绿色通道覆盖全部交易方：{why}。"
#   remedy:
#     en: The channel is open for goods that stay with parties in its member states; others take the ordinary route.
#     zh: 通道仅适用于成员国境内的交易方；其他申请按普通程序办理。
findings contains found if {
	count(observations.outside_channel) > 0
	found := finding.observed(rego.metadata.rule(), observations.outside_channel)
}

# METADATA
# title: Items of announcement 18
# description: Every line is classified with certainty, and what is listed falls under announcement 18.
# custom:
#   id: GC-P02
#   effect: flag
#   severity: low
#   basis: [GC-P02, ANN-2025-18]
#   factor: 4
#   text:
#     en: "Not every line is an item of announcement 18: {why}."
#     zh: "并非所有物项均属第18号公告所列：{why}。"
#   remedy:
#     en: File other goods separately, and classify every line.
#     zh: 其他货物另行申请，并对每项完成归类。
findings contains found if {
	count(observations.outside_announcement) > 0
	found := finding.observed(rego.metadata.rule(), observations.outside_announcement)
}

# METADATA
# title: Civilian end use
# description: A sector on the configured civil list; no military, mass-destruction, terrorist or case-by-case use.
# custom:
#   id: GC-P03
#   effect: flag
#   severity: low
#   basis: [GC-P03, GC-F04, GC-F07]
#   factor: 6
#   text:
#     en: "The end use is not shown to be civilian: {why}."
#     zh: "未能证明为民用最终用途：{why}。"
#   remedy:
#     en: State a sector of the civil list, and military, wmd and terrorism as false, if that is the truth.
#     zh: 如属实，填报民用行业，并将 military、wmd、terrorism 填为 false。
findings contains found if {
	count(observations.not_civilian) > 0
	found := finding.observed(rego.metadata.rule(), observations.not_civilian)
}

# METADATA
# title: No listed party
# description: >-
#   Every name was screened and looked up among the parties on file; none is on a list in any state but ended, and no owner of
#   half or more is.
# custom:
#   id: GC-P04
#   effect: flag
#   severity: low
#   basis: [GC-P04, GC-F19, ANN-2025-61]
#   factor: 6
#   text:
#     en: "The parties are not clear of the lists: {why}."
#     zh: "交易方未能排除名单风险：{why}。"
#   remedy:
#     en: Replace the party, or wait until its listing has ended; have every name screened and looked up.
#     zh: 更换交易方或待其列名解除；对全部名称进行筛查，并查询主体档案。
findings contains found if {
	count(observations.not_clear) > 0
	found := finding.observed(rego.metadata.rule(), observations.not_clear)
}

# METADATA
# title: Complete file with all undertakings
# description: Complete, consistent and unexpired; the certificate an original; all four undertakings given.
# custom:
#   id: GC-P05
#   effect: flag
#   severity: low
#   basis: [GC-P05, REG792-16(1), REG792-24]
#   factor: 8
#   text:
#     en: "The file is not complete for the green channel: {why}."
#     zh: "材料不满足绿色通道要求：{why}。"
#   remedy:
#     en: Complete the file and have the end user give all four undertakings.
#     zh: 补齐材料，并由最终用户作出全部四项承诺。
findings contains found if {
	count(observations.incomplete) > 0
	found := finding.observed(rego.metadata.rule(), observations.incomplete)
}

# METADATA
# title: No onward transfer
# description: Nothing goes on outside the member states, and no transit leads through a configured risk place.
# custom:
#   id: GC-P06
#   effect: flag
#   severity: low
#   basis: [GC-P06, ECL-16, GC-F17]
#   factor: 5
#   text:
#     en: "Onward transfer or transit is not excluded: {why}."
#     zh: "未排除转让或经转运地过境：{why}。"
#   remedy:
#     en: State onward countries and transit, empty lists if none, and keep both inside the member states.
#     zh: 填报后续流向国和过境地（无则填空列表），并限于成员国境内。
findings contains found if {
	count(observations.goes_on) > 0
	found := finding.observed(rego.metadata.rule(), observations.goes_on)
}

# METADATA
# title: Exporter in good standing
# description: None of the bars of REG792-20, and no usage report overdue.
# custom:
#   id: GC-P07
#   effect: flag
#   severity: low
#   basis: [GC-P07, REG792-18(1), REG792-20]
#   factor: 7
#   text:
#     en: "The exporter is not in good standing: {why}."
#     zh: "出口经营者信用状况不符合要求：{why}。"
#   remedy:
#     en: File overdue usage reports; a bar ends with its time.
#     zh: 补交逾期使用报告；限制情形到期后消除。
findings contains found if {
	count(observations.standing_faults) > 0
	found := finding.observed(rego.metadata.rule(), observations.standing_faults)
}

# METADATA
# title: Quantity within need
# description: >-
#   No more than six months of the end user's documented consumption, with a statement of the stock. What the exporter ordered for
#   it in the last 90 days counts with the order.
# custom:
#   id: GC-P08
#   effect: flag
#   severity: low
#   basis: [GC-P08, RF-12]
#   factor: 6
#   text:
#     en: "The quantity is not shown to be within need: {why}."
#     zh: "未能证明数量在需求范围之内：{why}。"
#   remedy:
#     en: State quantity by weight, yearly consumption and stock; order no more than six months of need, at once or in parts.
#     zh: 按重量填报数量、年消耗量和库存；订货量（含分次订货）不超过六个月需求。
findings contains found if {
	count(observations.beyond_need) > 0
	found := finding.observed(rego.metadata.rule(), observations.beyond_need)
}

# METADATA
# title: Few red flags
# description: None of high severity, at most two medium.
# custom:
#   id: GC-P09
#   effect: flag
#   severity: low
#   basis: [GC-P09]
#   factor: 8
#   text:
#     en: "Too many red flags: {why}."
#     zh: "风险信号过多：{why}。"
#   remedy:
#     en: Mend what the red flags name.
#     zh: 按各风险信号提示整改。
findings contains found if {
	count(observations.flags_too_many) > 0
	found := finding.observed(rego.metadata.rule(), observations.flags_too_many)
}

# METADATA
# title: Priority
# description: A priority list, stopped production, or earlier licences with clean reports speak for more speed. Not required.
# custom:
#   id: GC-P10
#   effect: clear
#   severity: low
#   basis: [GC-P10, GC-F06, GC-F08]
#   factor: 8
#   text:
#     en: "Priority is asked for: {why}."
#     zh: "申请优先办理：{why}。"
#   remedy:
#     en: Nothing to mend.
#     zh: 无需补正。
findings contains found if {
	count(observations.priority) > 0
	found := finding.observed(rego.metadata.rule(), observations.priority)
}

# METADATA
# title: All ten conditions with their state
conditions := [condition |
	some id in sort(object.keys(wording.rows))
	condition := {"id": id, "met": _found(id) == wording.rows[id].met_by_finding, "text": _text(id)}
]

# METADATA
# title: Required conditions that fail
failed := [condition.id | some condition in conditions; not condition.met; wording.rows[condition.id].required]

# METADATA
# title: Whether the application may take the fast route
default eligible := false

eligible if count(failed) == 0

# METADATA
# title: Fields that a condition needed and that are not stated
missing contains observation.path if {
	observations.channel != null
	not input.kind in {"registration", "consultation"}
	some observations_of_one in [
		observations.outside_channel, observations.not_civilian, observations.not_clear, observations.goes_on,
		observations.standing_faults, observations.beyond_need,
	]
	some observation in observations_of_one
	observation.unstated
}

# METADATA
# title: Rows whose dates the conditions looked at
# description: The channels that the destination has or had, and the membership of every country that must be a member.
consulted contains channel if some channel in _channels

consulted contains membership if {
	some channel in _channels
	some country in observations.countries
	membership := channel.members[country]
}

_channels contains channel if {
	count(controls.listed) > 0
	some channel in channels.rows
	channel.members[input.destination]
}

_reasons[found.reason.rule] := found.reason if some found in findings

default _found(_) := false

_found(id) if _reasons[id]

_text(id) := _reasons[id].text

_text(id) := wording.rows[id].text if not _reasons[id]
