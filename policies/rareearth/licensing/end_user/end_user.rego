# METADATA
# title: End user and other parties
# description: Who may not be supplied, and who only under conditions. Every party in every role counts.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.end_user

import data.rareearth.lib.finding
import data.rareearth.lib.names
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.parties as listed
import data.rareearth.reference.settings

# METADATA
# title: Party on the export control list
# description: Nobody may deal with a control-list party in controlled items against the rules; in special circumstances the exporter may apply.
# custom:
#   id: ECL-18
#   effect: refuse
#   severity: high
#   basis: [ECL-18, ECL-10, REG792-13, REG792-28, REG792-29, ECL-20]
#   factor: 6
#   text:
#     en: "{name} ({role}) is on the export control list as {listed_name} by {instrument}."
#     zh: "{name}（{role}）已被{instrument}列入出口管制管控名单（{listed_name}）。"
#   remedy:
#     en: Take the party out, or apply with kind special and show the special circumstances. If it is another firm of the same name, prove it.
#     zh: 更换交易方；或者以特殊情况（special）提出申请并说明理由。系同名的其他企业的，应当提供证明。
findings contains found if {
	object.get(input, "kind", "single") != "special"
	some hit in _active("export-control")
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Special application for a control-list party
# description: Under special circumstances the exporter may apply to deal with a control-list party; the authority decides on that alone.
# custom:
#   id: REG792-29
#   effect: hold
#   severity: high
#   outcome: special_application
#   basis: [REG792-29, ECL-18]
#   factor: 6
#   text:
#     en: "{name} ({role}) is on the export control list as {listed_name} by {instrument}; the exporter applies under special circumstances."
#     zh: "{name}（{role}）已被{instrument}列入出口管制管控名单（{listed_name}），出口经营者以特殊情况提出申请。"
#   remedy:
#     en: Show the special circumstances and report after the deal as the approval demands.
#     zh: 说明特殊情况；获准交易的，按照要求报告。
findings contains found if {
	input.kind == "special"
	some hit in _active("export-control")
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Party on the unreliable entity list
# description: >-
#   The listing measure bars the party from trade connected with China. Its basis is the working mechanism's own notice,
#   not the export control list; domestic firms may apply to the mechanism.
# custom:
#   id: UEL
#   effect: refuse
#   severity: high
#   basis: [UEL, ECL-48]
#   factor: 1
#   text:
#     en: "{name} ({role}) is on the unreliable entity list as {listed_name} by {instrument}."
#     zh: "{name}（{role}）已被{instrument}列入不可靠实体清单（{listed_name}）。"
#   remedy:
#     en: Take the party out, or apply to the unreliable entity list working mechanism.
#     zh: 更换交易方，或者向不可靠实体清单工作机制提出申请。
findings contains found if {
	some hit in _active("unreliable-entity")
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: Party on the watch list
# description: >-
#   No general licence and no registration; a single licence needs a risk assessment report and a compliance undertaking,
#   and the 45-day limit does not apply.
# custom:
#   id: REG792-26
#   effect: flag
#   severity: high
#   basis: [REG792-26, REG792-28]
#   factor: 6
#   text:
#     en: "{name} ({role}) is on the watch list as {listed_name} by {instrument}."
#     zh: "{name}（{role}）已被{instrument}列入关注名单（{listed_name}）。"
#   remedy:
#     en: Apply for a single licence with a risk assessment report and a compliance undertaking; help the party to pass verification.
#     zh: 申请单项许可，并提交风险评估报告和合规承诺；协助该主体通过核查。
findings contains found if {
	some hit in parties.watched
	found := finding.make(rego.metadata.rule(), [hit.path], hit)
}

# METADATA
# title: United States military user or use
# description: No dual-use item may go to military users in the United States or for military purposes.
# custom:
#   id: ANN-2024-46 §1
#   instrument: ANN-2024-46 §1
#   effect: refuse
#   severity: high
#   basis: [ANN-2024-46 §1, ECL-10, REG792-13, ECL-48]
#   factor: 5
#   text:
#     en: "The application concerns military users or military use in the United States ({facts})."
#     zh: "申请涉及美国军事用户或军事用途（{facts}）。"
#   remedy:
#     en: None for a military user or use; a civilian user has to be stated and certified as such.
#     zh: 军事用户或军事用途不予许可；民用用户须如实填报并出具证明。
findings contains found if {
	facts := _military_in("US")
	count(facts) > 0
	found := finding.make(rego.metadata.rule(), sort(facts), {"facts": sort(facts)})
}

# METADATA
# title: Japanese military user or use
# description: No dual-use item may go to military users in Japan, for military purposes or for any use that adds to military strength.
# custom:
#   id: ANN-2026-1
#   instrument: ANN-2026-1
#   effect: refuse
#   severity: high
#   basis: [ANN-2026-1, ECL-10, REG792-13, ECL-48]
#   factor: 5
#   text:
#     en: "The application concerns military users, military use or military strength in Japan ({facts})."
#     zh: "申请涉及日本军事用户、军事用途，或者其他有助于提升日本军事实力的最终用户、最终用途（{facts}）。"
#   remedy:
#     en: None for a military user or use; a civilian user has to be stated and certified as such.
#     zh: 军事用户或军事用途不予许可；民用用户须如实填报并出具证明。
findings contains found if {
	facts := _military_in("JP")
	count(facts) > 0
	found := finding.make(rego.metadata.rule(), sort(facts), {"facts": sort(facts)})
}

# METADATA
# title: In principle refused by announcement 61, the importer or end user
# description: >-
#   Announcement 61 refuses in principle importers and end users on the control list or the watch list, and what these hold to
#   50 % or more. The statutes refuse a control-list party already (ECL-18); they know no 50 % rule, so that without the
#   announcement ownership is a red flag (RF-05).
# custom:
#   id: ANN-2025-61 §2
#   instrument: ANN-2025-61
#   effect: refer
#   severity: high
#   basis: [ANN-2025-61, REG792-49]
#   factor: 6
#   text:
#     en: "Announcement 61 of 2025 refuses in principle: {name}, listed as {listed_name} by {notice}, is the {role} or holds half or more of it."
#     zh: "依据商务部公告2025年第61号，原则上不予许可：{name}已被{notice}列名（{listed_name}），其为{role}，或者持有{role}50%以上股权。"
#   remedy:
#     en: Show the ownership as it is today, or choose another party.
#     zh: 提供最新的股权证明，或者更换交易方。
findings contains found if {
	some hit in parties.hits
	hit.role in {"importer", "end_user", "ultimate_end_user"}
	hit.status == "in_force"
	_refused_by_61(hit)
	found := finding.make(rego.metadata.rule(), [hit.path], object.union(object.remove(hit, ["instrument"]), {"notice": hit.instrument}))
}

# METADATA
# title: Screening was not run
# description: The names were compared with the lists only letter for letter. Without screening for near matches no fast route is open.
# custom:
#   id: ECL-17
#   effect: flag
#   severity: high
#   basis: [ECL-17, ECL-18, REG792-23]
#   factor: 6
#   text:
#     en: "The parties were not screened for near matches ({names})."
#     zh: "交易方名称未经近似名称筛查（{names}）。"
#   remedy:
#     en: Decide through the service, which screens every name, or supply data.screening.
#     zh: 通过本服务判定（自动筛查全部名称），或者提供 data.screening。
findings contains found if {
	parties.screening == "not_run"
	found := finding.make(
		rego.metadata.rule(),
		sort({name.path | some name in parties.unscreened}),
		{"names": sort({name.name | some name in parties.unscreened})},
	)
}

# METADATA
# title: One licence, one end user
# description: A single licence covers exactly one end user.
# custom:
#   id: REG792-15
#   effect: require
#   severity: medium
#   basis: [REG792-15]
#   factor: 3
#   text:
#     en: "A single licence covers one end user; {count} are named."
#     zh: "单项许可仅限向一个最终用户出口；申请列有{count}个最终用户。"
#   remedy:
#     en: File one application for each end user, or apply for a general licence.
#     zh: 按最终用户分别申请，或者申请通用许可。
findings contains found if {
	object.get(input, "kind", "single") == "single"
	named := {names.fold(party.name) | some party in input.parties; party.role == "end_user"}
	count(named) > 1
	paths := [sprintf("/parties/%d", [i]) | some i, party in input.parties; party.role == "end_user"]
	found := finding.make(rego.metadata.rule(), paths, {"count": count(named), "missing": paths})
}

# METADATA
# title: List data may be out of date
# description: The party lists were last checked longer ago than the setting allows; newer listings may be missing.
# custom:
#   id: U-02
#   effect: flag
#   severity: medium
#   basis: [U-02, ECL-18]
#   factor: 8
#   text:
#     en: "The party lists were last checked on {checked_on}, more than {days} days ago."
#     zh: "各名单最近一次核对于{checked_on}，至今已超过{days}日。"
#   remedy:
#     en: Read the official pages again, and update the reference data and its date.
#     zh: 重新核对官方公布的名单，并更新基础数据及核对日期。
findings contains found if {
	checked := listed.provenance.checked_on
	days := settings.list_stale_days.value
	status.older_than(checked, 0, days)
	found := finding.make(rego.metadata.rule(), [], {"checked_on": checked, "days": days})
}

_active(list) := {hit |
	some hit in parties.hits
	hit.list == list
	hit.kind == "party"
	hit.status == "in_force"
}

_refused_by_61(hit) if {
	hit.kind == "party"
	hit.list == "watch"
}

_refused_by_61(hit) if {
	hit.kind == "owner"
	hit.list in {"export-control", "watch"}
	hit.share_pct >= settings.owner_high_pct.value
}

# Military facts that are tied to a country: a user there, or a military use of goods that go there.
_military_in(country) := _military_users(country) | _military_uses(country)

_military_users(country) := {sprintf("/parties/%d", [i]) |
	some i, party in parties.end_users
	party.country == country
	parties.military(party)
}

_military_uses(country) := {path |
	country in _countries
	some path in _stated_uses
}

_stated_uses contains "/end_use/military" if input.end_use.military == true

_stated_uses contains "/end_use/sector" if input.end_use.sector == "defence"

# Where the goods or what is made of them end up, as far as stated.
_countries contains input.destination

_countries contains input.end_use.site_country

_countries contains country if some country in input.onward.countries

_countries contains party.country if some party in parties.end_users

_countries contains "US" if input.onward.to_us_defence == true
