# METADATA
# title: Completeness
# description: >-
#   Whether every required paper and statement is there, consistent and unexpired. What is missing is named exactly; until
#   then no time limit runs.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.completeness

import future.keywords.not

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
#     en: "The application lacks: {papers_en}."
#     zh: "申请缺少下列材料：{papers_zh}。"
#   remedy:
#     en: "Add the named documents. Of alternatives, one is enough."
#     zh: "补交所列材料；可择一提交的，提交其中一项即可。"
findings contains found if {
	absent := _absent(_base_documents)
	count(absent) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], _named(absent))
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
#     en: "A general licence also needs: {papers_en}."
#     zh: "申请通用许可，还应当提交：{papers_zh}。"
#   remedy:
#     en: Add the named statements, or apply for a single licence.
#     zh: 补交所列说明，或者改为申请单项许可。
findings contains found if {
	absent := _absent(_general_documents)
	count(absent) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], _named(absent))
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
#     en: "A party is on the watch list; the application also needs: {papers_en}."
#     zh: "交易方已被列入关注名单，还应当提交：{papers_zh}。"
#   remedy:
#     en: Add the risk assessment report and the compliance undertaking.
#     zh: 补交风险评估报告以及合规承诺。
findings contains found if {
	absent := _absent(_watch_documents)
	count(absent) > 0
	found := finding.make(rego.metadata.rule(), ["/documents"], _named(absent))
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
#     zh: 逐项填报；答案为“否”的，填 false。
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
#     en: "No valid end-user certificate speaks for {end_user}."
#     zh: "未提交{end_user}的有效的最终用户和最终用途证明。"
#   remedy:
#     en: Add a certificate whose party is this end user, spelled as in the application.
#     zh: 补交该最终用户出具的证明，其名称应与申请一致。
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
# title: Certificate for somebody else
# description: An end-user certificate, from whomever it comes, speaks for an end user of this application.
# custom:
#   id: ECL-21/party
#   effect: require
#   severity: medium
#   basis: [ECL-21, REG792-24]
#   factor: 6
#   text:
#     en: "The {paper_en} speaks for {party}, who is not an end user of this application."
#     zh: "所提交的{paper_zh}系为{party}出具，该主体并非本申请的最终用户。"
#   remedy:
#     en: File the certificate of the end user named in the application, or correct the name in one of them.
#     zh: 提交申请所列最终用户的证明，或者更正其中一处名称。
findings contains found if {
	some i, document in input.documents
	document.type in {"end_user_certificate", "government_certificate"}
	document.party
	not _names_an_end_user(document)
	path := sprintf("/documents/%d/party", [i])
	found := finding.make(rego.metadata.rule(), [path], object.union(_titles(document.type), {
		"party": document.party,
		"missing": [path],
	}))
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
#     en: "The end-user certificate lacks the undertaking {absent_en}."
#     zh: "最终用户和最终用途证明缺少下列承诺：{absent_zh}。"
#   remedy:
#     en: Have the end user undertake not to change the end use and not to pass the goods on.
#     zh: 由最终用户承诺，未经许可不擅自改变最终用途、不擅自向任何第三方转让。
findings contains found if {
	some i, certificate in certificates
	absent := [u | some u in documents.undertakings.required; not u in object.get(certificate, "undertakings", [])]
	count(absent) > 0
	path := sprintf("/documents/%d/undertakings", [i])
	found := finding.make(rego.metadata.rule(), [path], {
		"undertakings": absent,
		"absent_en": concat(" and ", [documents.titles_undertakings[u].en | some u in absent]),
		"absent_zh": concat("、", [documents.titles_undertakings[u].zh | some u in absent]),
		"missing": [path],
	})
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
#     zh: "最终用户和最终用途证明的下列内容欠缺或者不符合要求：{missing}。"
#   remedy:
#     en: File the stamped original with a Chinese translation, the contract number, the end user's name and a date.
#     zh: 提交加盖印章的正本及中文译本，并载明合同号、最终用户名称和出具日期。
findings contains found if {
	some i, certificate in certificates
	missing := sort(_form_faults(i, certificate))
	count(missing) > 0
	found := finding.make(rego.metadata.rule(), missing, {"missing": missing})
}

# METADATA
# title: Papers that contradict each other
# description: Every paper that names a contract names the contract of the application.
# custom:
#   id: ECL-21
#   effect: require
#   severity: high
#   basis: [ECL-21, REG792-25]
#   factor: 8
#   text:
#     en: "The {paper_en} names contract {named}; the application names {contract}."
#     zh: "{paper_zh}所载合同号为{named}，申请所载合同号为{contract}。"
#   remedy:
#     en: File papers of one contract.
#     zh: 提交同一合同项下的材料。
findings contains found if {
	some i, document in input.documents
	document.contract_number != input.contract.number
	path := sprintf("/documents/%d/contract_number", [i])
	found := finding.make(rego.metadata.rule(), [path, "/contract/number"], object.union(_titles(document.type), {
		"named": document.contract_number,
		"contract": input.contract.number,
		"missing": [path],
	}))
}

# METADATA
# title: Expired paper
# description: >-
#   A lapsed certificate stops the export; a lapsed paper does not complete a file while no valid one stands in its place. A
#   paper is valid through its last day.
# custom:
#   id: REG792-25
#   effect: require
#   severity: medium
#   basis: [REG792-25]
#   factor: 8
#   text:
#     en: "The {paper_en} expired on {expires_on}."
#     zh: "{paper_zh}的有效期已于{expires_on}届满。"
#   remedy:
#     en: File a valid one; report it if goods have left under the lapsed certificate.
#     zh: 提交有效的材料；已凭失效证明出口的，应当立即报告。
findings contains found if {
	some i, document in input.documents
	_lapsed(document)
	_needed(document)
	found := finding.make(rego.metadata.rule(), [sprintf("/documents/%d/expires_on", [i])], object.union(_titles(document.type), {
		"expires_on": document.expires_on,
		"missing": [document.type],
	}))
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
	_kind == "general"
	some alternatives in documents.kinds.general.documents
	not alternatives in documents.kinds.single.documents
]

_watch_documents := [alternatives |
	count(parties.watched) > 0
	some alternatives in documents.watch_list.documents
]

# Groups of alternative papers of which none is in the file.
_absent(groups) := [alternatives | some alternatives in groups; not _any_present(alternatives)]

_any_present(alternatives) if {
	some document in input.documents
	document.type in alternatives
}

# A lapsed paper has to be replaced only while no valid one stands in its place.
_needed(document) if {
	some alternatives in array.flatten([_base_documents, _general_documents, _watch_documents])
	document.type in alternatives
	not _any_valid(alternatives)
}

_any_valid(alternatives) if {
	some document in input.documents
	document.type in alternatives
	not _lapsed(document)
}

_lapsed(document) if document.expires_on < status.today

# Absent groups in words; the first paper of a group stands for it in the list of what is missing.
_named(groups) := {
	"missing": [alternatives[0] | some alternatives in groups],
	"alternatives": groups,
	"papers_en": concat("; ", [concat(" or ", [documents.titles[type].en | some type in alternatives]) | some alternatives in groups]),
	"papers_zh": concat("；", [concat("或者", [documents.titles[type].zh | some type in alternatives]) | some alternatives in groups]),
}

_titles(type) := {"paper_en": documents.titles[type].en, "paper_zh": documents.titles[type].zh}

_certificate_required if ["end_user_certificate"] in _base_documents

_stated(path) if object.get(input, path, null) != null

_pointer(path) := concat("", [sprintf("/%s", [key]) | some key in path])

_certified(party) if {
	some certificate in certificates
	not _lapsed(certificate)
	_speaks_for(certificate, party)
}

_names_an_end_user(certificate) if {
	some party in parties.end_users
	_speaks_for(certificate, party)
}

_speaks_for(certificate, party) if {
	names.fold(certificate.party) in {names.fold(name) | some key in ["name", "name_local"]; name := party[key]}
}

# What the certificate denies or does not state.
_form_faults(i, certificate) := {sprintf("/documents/%d/%s", [i, field]) |
	some field in ["original", "stamped", "translated", "contract_number", "party", "issued_on"]
	not certificate[field]
}
