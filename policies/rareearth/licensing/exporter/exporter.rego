# METADATA
# title: Exporter
# description: Whether the exporter may apply at all, and which easier routes its record opens or closes.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.exporter

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.settings

# METADATA
# title: Exporter inside a non-acceptance period
# description: After a penalty the authority may refuse to accept applications for up to five years.
# custom:
#   id: ECL-39
#   effect: hold
#   severity: high
#   outcome: not_accepted
#   basis: [ECL-39]
#   factor: 7
#   text:
#     en: "Applications of this exporter are not accepted up to and including {until}."
#     zh: "主管部门不受理该出口经营者的申请，直至{until}（含当日）。"
#   remedy:
#     en: Apply again after the period, or show that it was lifted.
#     zh: 期满后再行申请，或者证明该限制已经解除。
findings contains found if {
	some i, penalty in input.exporter.penalties
	_shut_out(penalty)
	found := finding.make(
		rego.metadata.rule(),
		[sprintf("/exporter/penalties/%d/no_applications_until", [i])],
		{"until": penalty.no_applications_until},
	)
}

# METADATA
# title: Bar from general licence and registration
# description: >-
#   A criminal penalty for export-control offences, a grave administrative penalty within five years, or being wholly owned
#   by a control-listed foreign party. What is not stated (how grave, since when, what share) is not taken as harmless. The
#   exporter may still apply for single licences.
# custom:
#   id: REG792-20
#   effect: flag
#   severity: medium
#   basis: [REG792-20(1), ECL-39]
#   factor: 7
#   text:
#     en: "General licence and registration are barred ({bars})."
#     zh: "不得申请通用许可，也不得以登记填报信息方式获得出口凭证（{bars}）。"
#   remedy:
#     en: Apply for single licences until the bar ends.
#     zh: 限制情形消除之前，可以申请单项许可。
findings contains found if {
	count(bars) > 0
	found := finding.make(rego.metadata.rule(), sort(bars), {"bars": sort(bars)})
}

# METADATA
# title: General licence conditions
# description: >-
#   A general licence wants a running compliance programme, a record of exports and relatively fixed channels and end users.
#   The thresholds of 2009 may no longer apply; ours are settings (U-06).
# custom:
#   id: ECL-14
#   effect: flag
#   severity: medium
#   basis: [ECL-14, REG792-16(2), REG792-20(1), REG792-26]
#   factor: 7
#   text:
#     en: "A general licence was asked for, but conditions are not met: {why}."
#     zh: "申请通用许可，但不符合下列条件：{why}。"
#   remedy:
#     en: Apply for single licences first, and set up the compliance programme; or state what is not stated.
#     zh: 建立内部合规制度并先行申请单项许可；或者补充未填报事项。
findings contains found if {
	input.kind == "general"
	count(_general_obstacles) > 0
	found := finding.make(rego.metadata.rule(), sort(_general_obstacles), {"why": sort(_general_obstacles)})
}

# METADATA
# title: Only a Chinese exporter can apply
# description: The foreign buyer supplies papers; the application is made by the exporter, who is in China.
# custom:
#   id: ECL-11
#   effect: require
#   severity: medium
#   basis: [ECL-2, ECL-11, ECL-21]
#   factor: 7
#   text:
#     en: "The exporter is established in {country}; only an exporter in China can apply."
#     zh: "出口经营者设立于{country}；仅中国境内的出口经营者可以提出申请。"
#   remedy:
#     en: Let the Chinese exporter file the application.
#     zh: 由中国境内的出口经营者提出申请。
findings contains found if {
	country := object.get(input.exporter, "country", "CN")
	country != "CN"
	found := finding.make(rego.metadata.rule(), ["/exporter/country"], {"country": country, "missing": ["/exporter/country"]})
}

# METADATA
# title: Bars in force, as pointers
bars contains sprintf("/exporter/penalties/%d", [i]) if {
	some i, penalty in input.exporter.penalties
	_barring(penalty)
}

bars contains hit.path if {
	some hit in parties.hits
	hit.kind == "owner"
	hit.role == "exporter"
	hit.list == "export-control"
	hit.status in {"in_force", "lapsed_unverified"}
	hit.share_pct in {100, null}
}

# METADATA
# title: Whether a general licence is asked for and open
general_licence_open if {
	input.kind == "general"
	count(_general_obstacles) == 0
}

# METADATA
# title: Whether a penalty still weighs high
# description: It bars the easier instruments, or its non-acceptance period runs.
heavy(penalty) if _barring(penalty)

heavy(penalty) if _shut_out(penalty)

# The last day of the period is still inside it.
_shut_out(penalty) if penalty.no_applications_until >= status.today

_barring(penalty) if penalty.kind == "criminal"

# A gravity that is not stated is not taken as light, nor a day that is not stated as long ago.
_barring(penalty) if {
	not penalty.grave == false
	not _old(penalty)
}

_old(penalty) if status.older_than(penalty.imposed_on, settings.penalty_lookback_years.value, 0)

_general_obstacles contains "/exporter/icp" if not _icp_running

_general_obstacles contains "/exporter/licences_last_24m" if not _has_record

_general_obstacles contains bar if some bar in bars

_general_obstacles contains hit.path if some hit in parties.watched

_icp_running if input.exporter.icp.established == true

_has_record if input.exporter.licences_last_24m >= settings.general_min_licences_24m.value
