# METADATA
# title: Red flags about parties
# description: Signs in the names, owners, sites and business of those who take part.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.parties

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.sectors
import data.rareearth.reference.settings

# METADATA
# title: Name near a listed party
# description: A score in the review band is not a match and not a clearance; a person compares.
# custom:
#   id: RF-01
#   effect: flag
#   severity: high
#   basis: [RF-01, ECL-18]
#   factor: 6
#   text:
#     en: "{name} is near the listed {listed_name} (score {score})."
#     zh: "{name}与列名实体{listed_name}相近（得分{score}）。"
#   remedy:
#     en: Show by registration papers that it is another firm, or that it is the same.
#     zh: 提交登记文件，证明是否为同一主体。
findings contains found if {
	some match in parties.near
	found := finding.make(rego.metadata.rule(), [match.path], match)
}

# METADATA
# title: Party whose listing does not bind today
# description: >-
#   Suspended and stopped measures leave the name on record; a lapsed suspension is unverified and weighs as high.
# custom:
#   id: RF-02
#   effect: flag
#   severity: medium
#   basis: [RF-02, ECL-18]
#   factor: 6
#   text:
#     en: "{name} ({role}) is listed as {listed_name} by {instrument}; the measure is {status} today."
#     zh: "{name}（{role}）曾被{instrument}列名（{listed_name}），措施当前状态为{status}。"
#   remedy:
#     en: Check for a notice since the last known one; where the status is unverified a person decides.
#     zh: 核查此后是否另有公告；状态未能核实的，由专人决定。
findings contains found if {
	some hit in parties.hits
	hit.kind == "party"
	hit.status in {"suspended", "ended", "lapsed_unverified"}
	severity := {"suspended": "medium", "ended": "medium", "lapsed_unverified": "high"}[hit.status]
	found := finding.graded(rego.metadata.rule(), severity, [hit.path], hit)
}

# METADATA
# title: Military or security ties
# description: An end user, site or owner with ties to armed forces, security services or defence research.
# custom:
#   id: RF-03
#   effect: flag
#   severity: high
#   basis: [RF-03, ECL-13]
#   factor: 6
#   text:
#     en: "{name} ({role}) has military or security ties."
#     zh: "{name}（{role}）与军方或安全部门存在联系。"
#   remedy:
#     en: Name the site and the product, and separate the civilian use from the tie.
#     zh: 写明使用场所和产品，并说明该民用用途如何与上述联系相区分。
findings contains found if {
	some i, party in input.parties
	parties.tied(party)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d", [i])], {"name": party.name, "role": party.role})
}

# METADATA
# title: Mixed group without a site statement
# description: A group with civil and defence business has to say at which site the goods are used.
# custom:
#   id: RF-04
#   effect: flag
#   severity: medium
#   basis: [RF-04]
#   factor: 6
#   text:
#     en: "{name} has civil and defence business, but the site of use is not stated."
#     zh: "{name}兼有民用与防务业务，但未说明使用场所。"
#   remedy:
#     en: State address and kind of the site, and the country of use.
#     zh: 填报场所地址、类型及使用国。
findings contains found if {
	some i, party in parties.end_users
	party.military_ties == true
	not _site_stated(party)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d", [i])], {"name": party.name})
}

# METADATA
# title: Owned by a listed party
# description: Half or more weighs high, a quarter or more medium. The statutes have no general 50 % rule.
# custom:
#   id: RF-05
#   effect: flag
#   severity: medium
#   basis: [RF-05, ECL-18]
#   factor: 6
#   text:
#     en: "{name} holds {share_en} of the {role} and is listed as {listed_name} by {instrument} ({status})."
#     zh: "{name}持有{role}{share_zh}的股权，且已被{instrument}列名（{listed_name}，{status}）。"
#   remedy:
#     en: Show the ownership as it is today, and that the owner does not get the goods.
#     zh: 提供最新的股权证明，并证明该股东不会取得货物。
findings contains found if {
	some hit in parties.hits
	hit.kind == "owner"
	hit.status in {"in_force", "suspended", "lapsed_unverified"}
	severity := _weight(hit.share_pct)
	found := finding.graded(rego.metadata.rule(), severity, [hit.path], object.union(hit, _share(hit.share_pct)))
}

# METADATA
# title: Goods that do not fit the buyer
# description: The form of the item is not one that the stated sector uses.
# custom:
#   id: RF-07
#   effect: flag
#   severity: high
#   basis: [RF-07]
#   factor: 6
#   text:
#     en: "The form {form} of line {line} does not fit the sector {sector}."
#     zh: "第{line}项的形态（{form}）与行业（{sector}）不符。"
#   remedy:
#     en: Explain what the end user makes of it, or correct the sector.
#     zh: 说明最终用户如何使用该货物，或者更正行业。
findings contains found if {
	usual := sectors.rows[input.end_use.sector].forms
	some i, item in input.items
	form := item.form
	not form in usual
	found := finding.make(rego.metadata.rule(), [sprintf("/items/%d/form", [i]), "/end_use/sector"], {
		"line": item.line,
		"form": form,
		"sector": input.end_use.sector,
	})
}

# METADATA
# title: New customer
# description: An end user founded less than a year ago. Web presence and capital are not in the application.
# custom:
#   id: RF-09
#   effect: flag
#   severity: medium
#   basis: [RF-09]
#   factor: 6
#   text:
#     en: "{name} was founded on {founded_on}, less than {months} months ago."
#     zh: "{name}成立于{founded_on}，不足{months}个月。"
#   remedy:
#     en: Introduce the customer with its owners, premises and customers of its own.
#     zh: 补充客户介绍，包括股东、场所及其客户。
findings contains found if {
	some i, party in parties.end_users
	_founded_within(party.founded_on, settings.new_customer_months.value)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d/founded_on", [i])], {
		"name": party.name,
		"founded_on": party.founded_on,
		"months": settings.new_customer_months.value,
	})
}

# METADATA
# title: Middleman as end user
# description: A forwarder, trading company, bank or free-zone address as final consignee or end user.
# custom:
#   id: RF-14
#   effect: flag
#   severity: high
#   basis: [RF-14]
#   factor: 6
#   text:
#     en: "{name} is a {what}, but stands as {role}."
#     zh: "{name}为{what}，却列为{role}。"
#   remedy:
#     en: Name the one who will use the goods.
#     zh: 填报实际使用货物的最终用户。
findings contains found if {
	some i, party in input.parties
	party.role in {"end_user", "ultimate_end_user", "consignee"}
	some what in _middleman(party)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d", [i])], {
		"name": party.name,
		"role": party.role,
		"what": what,
	})
}

# METADATA
# title: End user that failed verification
# description: The watch list names parties that did not cooperate with verification.
# custom:
#   id: RF-30
#   effect: flag
#   severity: high
#   basis: [RF-30, REG792-26]
#   factor: 6
#   text:
#     en: "{name} did not cooperate with verification: watch list by {instrument} ({status})."
#     zh: "{name}曾未配合核查：{instrument}关注名单（{status}）。"
#   remedy:
#     en: Have the party verified; after success it leaves the list.
#     zh: 协助该主体接受核查；经核查通过的，可以移出关注名单。
findings contains found if {
	some hit in parties.hits
	hit.list == "watch"
	hit.role in {"end_user", "ultimate_end_user", "importer"}
	hit.status in {"in_force", "lapsed_unverified"}
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Service provider with a listing
# description: An agent, forwarder, bank or broker whose name stands in any list row, whatever its state.
# custom:
#   id: RF-31
#   effect: flag
#   severity: medium
#   basis: [RF-31, ECL-20, ECL-36]
#   factor: 6
#   text:
#     en: "The {role} {name} stands on a list as {listed_name} ({status})."
#     zh: "服务提供方{name}（{role}）在名单中列名（{listed_name}，{status}）。"
#   remedy:
#     en: Choose another service provider, or show that the listing has ended.
#     zh: 更换服务提供方，或者证明列名已经解除。
findings contains found if {
	some hit in parties.hits
	hit.role in {"agent", "forwarder", "bank", "broker"}
	hit.status != "not_yet"
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

_weight(share) := "high" if share >= settings.owner_high_pct.value

_weight(share) := "medium" if {
	share >= settings.owner_medium_pct.value
	share < settings.owner_high_pct.value
}

# A listed owner whose share is not stated may hold it all.
_weight(null) := "high"

_share(null) := {"share_en": "an unstated share", "share_zh": "未申报比例"}

_share(share) := {"share_en": sprintf("%v %%", [share]), "share_zh": sprintf("%v%%", [share])} if share != null

_site_stated(party) if {
	party.address
	party.site_type != "unknown"
	input.end_use.site_country
}

_founded_within(day, months) if {
	founded := time.parse_ns("2006-01-02", day)
	status.today < time.format([time.add_date(founded, 0, months, 0), "UTC", "2006-01-02"])
}

_middleman(party) := {party.business | party.business in {"trader", "forwarder", "bank"}} | {party.site_type | party.site_type == "free_zone"}
