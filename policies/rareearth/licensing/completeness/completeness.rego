# METADATA
# title: Completeness
# description: >-
#   Whether every required paper and statement is there, consistent and unexpired. What is missing is named exactly; until
#   then no time limit runs.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.completeness

import data.rareearth.lib.finding
import data.rareearth.lib.names
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.documents

_kind := object.get(input, "kind", "single")

# METADATA
# title: Required papers
# description: Form, identity, contract, technical description or test report, end-user certificate and introduction of the parties.
# custom:
#   id: REG792-16(1)
#   effect: require
#   severity: medium
#   basis: [REG792-16(1), ECL-15, ECL-21, REG792-4]
#   factor: 8
#   text:
#     en: "The application lacks: {missing}."
#     zh: "申请缺少以下材料：{missing}。"
#   remedy:
#     en: "Add the named documents. Of alternatives, one is enough."
#     zh: "补交所列文件；可选文件提交其一即可。"
findings contains found if {
	missing := [alternatives[0] | some alternatives in _base_documents; not _any_present(alternatives)]
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], {
		"missing": missing,
		"alternatives": [alternatives | some alternatives in _base_documents; not _any_present(alternatives)],
	})
}

# METADATA
# title: Further papers for a general licence
# description: How the compliance programme runs, how past licences were used, and who the channels and end users are.
# custom:
#   id: REG792-16(2)
#   effect: require
#   severity: medium
#   basis: [REG792-16(2)]
#   factor: 8
#   text:
#     en: "A general licence also needs: {missing}."
#     zh: "申请通用许可还需提交：{missing}。"
#   remedy:
#     en: Add the named statements, or apply for a single licence.
#     zh: 补交所列说明，或改为申请单项许可。
findings contains found if {
	_kind == "general"
	missing := [alternatives[0] | some alternatives in _general_documents; not _any_present(alternatives)]
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], {"missing": missing})
}

# METADATA
# title: Further papers for a watch-list party
# description: A risk assessment report and a compliance undertaking.
# custom:
#   id: REG792-26/papers
#   effect: require
#   severity: medium
#   basis: [REG792-26]
#   factor: 8
#   text:
#     en: "A party is on the watch list; the application also needs: {missing}."
#     zh: "交易方在关注名单内，申请还需提交：{missing}。"
#   remedy:
#     en: Add the risk assessment report and the compliance undertaking.
#     zh: 补交风险评估报告和合规承诺。
findings contains found if {
	count(parties.watched) > 0
	missing := [alternatives[0] | some alternatives in documents.watch_list.documents; not _any_present(alternatives)]
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], {"missing": missing})
}

# METADATA
# title: Statements that the form asks for
# description: What is not stated is unknown. The authority needs these to review anything.
# custom:
#   id: ECL-22
#   effect: require
#   severity: medium
#   basis: [ECL-21, ECL-22, REG792-14]
#   factor: 8
#   text:
#     en: "Not stated: {missing}."
#     zh: "未填报：{missing}。"
#   remedy:
#     en: State each named field; "no" is stated as false.
#     zh: 逐项填报；“否”请填 false。
findings contains found if {
	missing := [_pointer(path) | some path in documents.kinds[_kind].facts; not _stated(path)]
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), missing, {"missing": missing})
}

# METADATA
# title: End-user certificate speaks for the end user
# description: Each end user's proof is issued by itself or by its government, and names it.
# custom:
#   id: ECL-15
#   effect: require
#   severity: medium
#   basis: [ECL-15, REG792-24]
#   factor: 6
#   text:
#     en: "No end-user certificate speaks for {end_user}."
#     zh: "没有为{end_user}出具的最终用户和最终用途证明。"
#   remedy:
#     en: Add a certificate whose party is this end user, spelled as in the application.
#     zh: 补交该最终用户出具的证明，名称与申请一致。
findings contains found if {
	_certificate_required
	count(certificates) > 0
	some i, party in parties.end_users
	party.role == "end_user"
	not _certified(party)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d", [i])], {
		"end_user": party.name,
		"missing": ["end_user_certificate"],
	})
}

# METADATA
# title: Undertakings of the end user
# description: The end user promises not to change the use and not to pass the goods on without permission.
# custom:
#   id: REG792-24
#   effect: require
#   severity: medium
#   basis: [REG792-24, ECL-16]
#   factor: 6
#   text:
#     en: "The end-user certificate lacks the undertakings {undertakings}."
#     zh: "最终用户证明缺少承诺：{undertakings}。"
#   remedy:
#     en: Have the end user undertake not to change the end use and not to pass the goods on.
#     zh: 由最终用户承诺不改变最终用途、不擅自转让第三方。
findings contains found if {
	some i, certificate in certificates
	absent := [u | some u in documents.undertakings.required; not u in object.get(certificate, "undertakings", [])]
	count(absent) > 0
	path := sprintf("/documents/%d/undertakings", [i])
	found := finding.make(rego.metadata.rule(), [path], {"undertakings": absent, "missing": [path]})
}

# METADATA
# title: Form of the certificate
# description: The certificate is filed in the original, stamped, with a Chinese translation, and carries number and dates.
# custom:
#   id: REG792-24/form
#   effect: require
#   severity: medium
#   basis: [REG792-24, ECL-15]
#   factor: 6
#   text:
#     en: "The end-user certificate does not show: {missing}."
#     zh: "最终用户证明未能显示：{missing}。"
#   remedy:
#     en: File the stamped original with a Chinese translation, the contract number, the end user's name and a date.
#     zh: 提交加盖印章的正本及中文译本，并注明合同号、最终用户名称和日期。
findings contains found if {
	some i, certificate in certificates
	missing := sort(_form_faults(i, certificate))
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), missing, {"missing": missing})
}

# METADATA
# title: Papers that contradict each other
# description: Contract number and end user are the same in form, contract and certificate.
# custom:
#   id: ECL-21
#   effect: require
#   severity: high
#   basis: [ECL-21, REG792-25]
#   factor: 8
#   text:
#     en: "The end-user certificate names contract {certificate}; the application names {contract}."
#     zh: "最终用户证明所载合同号为{certificate}，申请所载为{contract}。"
#   remedy:
#     en: File papers of one contract.
#     zh: 提交同一合同项下的文件。
findings contains found if {
	some i, certificate in certificates
	certificate.contract_number != input.contract.number
	path := sprintf("/documents/%d/contract_number", [i])
	found := finding.make(rego.metadata.rule(), [path, "/contract/number"], {
		"certificate": certificate.contract_number,
		"contract": input.contract.number,
		"missing": [path],
	})
}

# METADATA
# title: Expired paper
# description: A lapsed certificate stops the export; a lapsed paper of any kind does not complete a file.
# custom:
#   id: REG792-25
#   effect: require
#   severity: medium
#   basis: [REG792-25]
#   factor: 8
#   text:
#     en: "The {type} expired on {expires_on}."
#     zh: "文件{type}已于{expires_on}到期。"
#   remedy:
#     en: File a valid one; report it if goods have left under the lapsed certificate.
#     zh: 提交有效文件；如已凭失效证明出口，应立即报告。
findings contains found if {
	some i, document in input.documents
	document.expires_on < status.today
	found := finding.make(rego.metadata.rule(), [sprintf("/documents/%d/expires_on", [i])], {
		"type": document.type,
		"expires_on": document.expires_on,
		"missing": [document.type],
	})
}

# METADATA
# title: End-user certificates in the file, by position
certificates[i] := document if {
	some i, document in input.documents
	document.type == "end_user_certificate"
}

# METADATA
# title: Whether nothing is missing, inconsistent or expired
complete if count(findings) == 0

_base_documents := documents.kinds.single.documents if _kind == "general"

_base_documents := documents.kinds[_kind].documents if _kind != "general"

_general_documents := [alternatives |
	some alternatives in documents.kinds.general.documents
	not alternatives in documents.kinds.single.documents
]

_any_present(alternatives) if {
	some document in input.documents
	document.type in alternatives
}

_certificate_required if ["end_user_certificate"] in _base_documents

_stated(path) if object.get(input, path, null) != null

_pointer(path) := concat("", [sprintf("/%s", [key]) | some key in path])

_certified(party) if {
	some certificate in certificates
	names.fold(certificate.party) in {names.fold(name) | some key in ["name", "name_local"]; name := party[key]}
}

_form_faults(i, certificate) := {sprintf("/documents/%d/%s", [i, field]) |
	some field in ["original", "stamped", "translated"]
	not _true(certificate, field)
} | {sprintf("/documents/%d/%s", [i, field]) |
	some field in ["contract_number", "party", "issued_on"]
	not certificate[field]
}

_true(certificate, field) if certificate[field] == true
