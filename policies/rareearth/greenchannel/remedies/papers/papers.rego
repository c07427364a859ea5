# METADATA
# title: Papers that would remedy a finding
# description: >-
#   Papers to add, to replace or to complete. A certificate is offered with everything that the fast route asks of one; it has to be of a
#   day on which it can have been issued, after the contract and before the file was closed.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel.remedies.papers

import future.keywords.not

import data.rareearth.lib.change
import data.rareearth.lib.names
import data.rareearth.lib.status
import data.rareearth.licensing.completeness
import data.rareearth.parties
import data.rareearth.reference.documents
import data.rareearth.reference.settings

# METADATA
# title: Missing paper
# custom:
#   remedies: REG792-16(1)
#   basis: [REG792-16(1), GC-P05]
#   text:
#     en: "Obtain and attach the {paper_en}."
#     zh: "取得并补交{paper_zh}。"
offers contains change.state(rego.metadata.rule(), "/documents/-", {"type": type}, _titles(type)) if {
	input.documents
	some type in _missing
	type != "end_user_certificate"
}

# METADATA
# title: Missing certificate
# custom:
#   remedies: REG792-16(1)
#   basis: [REG792-16(1), REG792-24, GC-P05]
#   text:
#     en: >-
#       Obtain the certificate of {name} on end user and end use and attach it: an original with stamp and Chinese translation, with all four
#       undertakings, for contract {contract}, issued between the contract and the filing.
#     zh: 取得并补交{name}出具的最终用户和最终用途证明：加盖印章的正本并附中文译本，作出全部四项承诺，载明合同号{contract}，签发日期在签约之后、提交申请之前。
offers contains change.state(rego.metadata.rule(), "/documents/-", _certificate, {"name": _end_user, "contract": _contract}) if {
	input.documents
	"end_user_certificate" in _missing
}

# METADATA
# title: No papers at all
# custom:
#   remedies: REG792-16(1)
#   basis: [REG792-16(1), REG792-24, GC-P05]
#   text:
#     en: "Obtain and attach the papers of the application: {papers_en}."
#     zh: "取得并提交申请材料：{papers_zh}。"
offers contains change.state(rego.metadata.rule(), "/documents", [_paper(type) | some type in types], words) if {
	not input.documents
	types := [type | some type in _missing]
	count(types) > 0
	words := {
		"papers_en": [documents.titles[type].en | some type in types],
		"papers_zh": concat("；", [documents.titles[type].zh | some type in types]),
	}
}

# METADATA
# title: Certificate that has to be issued anew
# custom:
#   remedies: GC-P05
#   basis: [REG792-24, REG792-25, ECL-15, ECL-21, GC-P05]
#   text:
#     en: "Obtain a new certificate of {name} for contract {contract} and file it in place of this one, which {why_en}."
#     zh: "取得{name}就合同{contract}重新出具的证明，替换现有证明（{why_zh}）。"
offers contains change.replace_with(rego.metadata.rule(), sprintf("/documents/%d", [i]), _certificate, evidence) if {
	some i, certificate in completeness.certificates
	count(_unfit(certificate)) > 0
	evidence := {
		"name": _end_user,
		"contract": _contract,
		"why_en": concat(" and ", [_unfit_words[why].en | some why in _unfit(certificate)]),
		"why_zh": concat("、", [_unfit_words[why].zh | some why in _unfit(certificate)]),
	}
}

# METADATA
# title: Other paper that has to be replaced
# custom:
#   remedies: REG792-25
#   basis: [REG792-25, ECL-21, GC-P05]
#   text:
#     en: "Obtain a valid {paper_en} of this contract and file it in place of this one."
#     zh: "取得本合同项下有效的{paper_zh}，替换现有材料。"
offers contains change.replace_with(rego.metadata.rule(), sprintf("/documents/%d", [i]), {"type": document.type}, _titles(document.type)) if {
	some i, document in input.documents
	document.type != "end_user_certificate"
	count(_unfit_paper(document)) > 0
}

# METADATA
# title: Undertakings
# custom:
#   remedies: GC-P05
#   basis: [REG792-24, ECL-16, GC-P05]
#   text:
#     en: "Have {name} undertake in the certificate: {absent_en}."
#     zh: "由{name}在证明中承诺：{absent_zh}。"
offers contains change.state(rego.metadata.rule(), sprintf("/documents/%d/undertakings", [i]), documents.undertakings.green_channel, evidence) if {
	some i, certificate in completeness.certificates
	absent := [one | some one in documents.undertakings.green_channel; not one in object.get(certificate, "undertakings", [])]
	count(absent) > 0
	evidence := {
		"name": _end_user,
		"absent_en": concat("; ", [documents.titles_undertakings[one].en | some one in absent]),
		"absent_zh": concat("；", [documents.titles_undertakings[one].zh | some one in absent]),
	}
}

# METADATA
# title: What the certificate has to show
# custom:
#   remedies: REG792-24/form
#   basis: [REG792-24, ECL-15, GC-P05]
#   text:
#     en: "File the certificate {what_en}, and state it."
#     zh: "提交{what_zh}的证明，并据实填报。"
offers contains change.state(rego.metadata.rule(), sprintf("/documents/%d/%s", [i, field]), row.value, row) if {
	some i, certificate in completeness.certificates
	some field, row in {
		"original": {"value": true, "what_en": "in the original", "what_zh": "正本形式"},
		"stamped": {"value": true, "what_en": "with its stamp", "what_zh": "加盖印章"},
		"translated": {"value": true, "what_en": "with a Chinese translation", "what_zh": "附中文译本"},
		"contract_number": {"value": _contract, "what_en": "with the number of the contract", "what_zh": "载明合同号"},
		"party": {"value": _end_user, "what_en": "with the name of the end user", "what_zh": "载明最终用户名称"},
		"issued_on": {"value": _issued_on, "what_en": "with its day of issue", "what_zh": "载明签发日期"},
	}
	not certificate[field]
}

_missing contains type if {
	some found in completeness.findings
	found.reason.rule in {"REG792-16(1)", "REG792-26/papers"}
	some type in found.reason.evidence.missing
}

# What the certificates and the contract agree on, where the contract itself is not stated yet.
default _contract := "(number)"

_contract := input.contract.number

_contract := [document.contract_number | some document in input.documents][0] if not input.contract.number

_end_user := [party.name | some party in input.parties; party.role == "end_user"][0]

# The last day on which a certificate can have been issued that belongs to the file.
_issued_on := min({day | some day in array.concat([status.today], [input[key] | some key in ["accepted_on", "filed_on"]])})

_certificate := {
	"type": "end_user_certificate",
	"issued_on": _issued_on,
	"original": true,
	"stamped": true,
	"translated": true,
	"contract_number": _contract,
	"party": _end_user,
	"undertakings": documents.undertakings.green_channel,
}

_paper(type) := {"type": type} if type != "end_user_certificate"

_paper("end_user_certificate") := _certificate

_titles(type) := {"paper_en": documents.titles[type].en, "paper_zh": documents.titles[type].zh}

# Faults that no word added to a certificate mends.
_unfit(certificate) := {why | some why in object.keys(_unfit_words); _is(why, certificate)}

_unfit_paper(document) := {why | some why in ["expired", "other_contract"]; _is(why, document)}

_unfit_words := {
	"expired": {"en": "has expired", "zh": "有效期已届满"},
	"too_old": {"en": "is too old", "zh": "签发过久"},
	"other_contract": {"en": "names another contract", "zh": "所载合同号不一致"},
	"other_party": {"en": "speaks for somebody else", "zh": "系为他人出具"},
	"not_yet_issued": {"en": "is of a day still to come", "zh": "签发日期尚未到来"},
}

_is("expired", document) if document.expires_on < status.today

_is("too_old", document) if status.older_than(document.issued_on, 0, settings.certificate_max_age_days.value)

_is("other_contract", document) if document.contract_number != input.contract.number

_is("other_party", document) if {
	document.party
	not _for_an_end_user(document)
}

_is("not_yet_issued", document) if document.issued_on > status.today

_for_an_end_user(document) if {
	some party in parties.end_users
	some name in parties.names_of(party)
	names.fold(name) == names.fold(document.party)
}
