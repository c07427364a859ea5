# METADATA
# title: Red flags about papers
# description: Signs in certificates, dates and the exporter's own record.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.papers

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.status
import data.rareearth.licensing.completeness
import data.rareearth.licensing.exporter
import data.rareearth.reference.settings

# METADATA
# title: Doubtful certificate
# description: >-
#   Older than the configured limit, expired, unstamped, a copy, or of another contract. Who signed is not in the application.
# custom:
#   id: RF-25
#   effect: flag
#   severity: high
#   basis: [RF-25, REG792-25, ECL-35]
#   factor: 6
#   text:
#     en: "The end-user certificate is doubtful ({faults})."
#     zh: "最终用户和最终用途证明存疑（{faults}）。"
#   remedy:
#     en: File a fresh, stamped original for this contract.
#     zh: 提交本合同项下新近出具、加盖印章的正本。
findings contains found if {
	some i, certificate in completeness.certificates
	faults := sort(_certificate_faults(certificate))
	count(faults) > 0
	found := finding.make(rego.metadata.rule(), [sprintf("/documents/%d", [i])], {"faults": faults})
}

# METADATA
# title: Impossible dates
# description: >-
#   A certificate older than its order, a paper younger than the filing, an expiry before the issue. Papers that cannot be true
#   go to a named person.
# custom:
#   id: RF-27
#   effect: refer
#   severity: high
#   basis: [RF-27, ECL-21, ECL-35, REG792-17(3)]
#   factor: 8
#   text:
#     en: "The dates cannot be true ({contradictions})."
#     zh: "日期存在矛盾（{contradictions}）。"
#   remedy:
#     en: Correct the dates, or explain them with the original papers.
#     zh: 更正日期，或者凭原始文件作出说明。
findings contains found if {
	count(_contradictions) > 0
	found := finding.make(rego.metadata.rule(), sort(_contradictions), {"contradictions": sort(_contradictions)})
}

# METADATA
# title: Exporter with a record
# description: An open, criminal or recent grave penalty weighs high, and so does an unstated gravity; other penalties and overdue usage reports medium.
# custom:
#   id: RF-29
#   effect: flag
#   severity: medium
#   basis: [RF-29, ECL-13, ECL-30, REG792-18(1)]
#   factor: 7
#   text:
#     en: "The exporter's record shows: {record}."
#     zh: "出口经营者的信用记录显示：{record}。"
#   remedy:
#     en: File the overdue reports and show what was mended after the penalty.
#     zh: 补交逾期报告，并说明受到处罚后的整改情况。
findings contains found if {
	count(_record) > 0
	found := finding.graded(rego.metadata.rule(), _record_weight, sort(_record), {"record": sort(_record)})
}

_certificate_faults(certificate) := {fault | some fault in _possible_faults; _has(fault, certificate)}

_possible_faults := ["older_than_limit", "expired", "copy_only", "unstamped", "other_contract"]

_has("older_than_limit", certificate) if status.older_than(certificate.issued_on, 0, settings.certificate_max_age_days.value)

_has("expired", certificate) if certificate.expires_on < status.today

_has("copy_only", certificate) if certificate.original == false

_has("unstamped", certificate) if certificate.stamped == false

_has("other_contract", certificate) if certificate.contract_number != input.contract.number

_contradictions contains "/contract/signed_on" if input.contract.signed_on > input.filed_on

_contradictions contains "/accepted_on" if input.accepted_on < input.filed_on

_contradictions contains sprintf("/documents/%d/issued_on", [i]) if {
	some i, document in input.documents
	document.issued_on > _closed_on
}

_contradictions contains sprintf("/documents/%d/expires_on", [i]) if {
	some i, document in input.documents
	document.expires_on < document.issued_on
}

# A certificate for an order that was not there yet.
_contradictions contains sprintf("/documents/%d/issued_on", [i]) if {
	some i, certificate in completeness.certificates
	certificate.issued_on < input.contract.signed_on
}

_contradictions contains sprintf("/stops/%d", [i]) if {
	some i, stop in input.stops
	stop.until < stop.from
}

_contradictions contains sprintf("/stops/%d", [i]) if {
	some i, stop in input.stops
	stop.from < input.accepted_on
}

# Papers may follow between filing and acceptance; after that the file is closed.
_closed_on := [input[key] | some key in ["accepted_on", "filed_on"]][0]

_record contains sprintf("/exporter/penalties/%d", [i]) if some i, _ in input.exporter.penalties

_record contains "/exporter/overdue_reports" if input.exporter.overdue_reports > 0

_record_weight := "high" if _heavy_record

_record_weight := "medium" if not _heavy_record

_heavy_record if {
	some penalty in input.exporter.penalties
	exporter.heavy(penalty)
}
