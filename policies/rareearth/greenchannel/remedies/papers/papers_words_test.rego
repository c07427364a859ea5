# What an applicant reads: each remedy word for word, in both languages.
package rareearth.greenchannel.remedies.papers_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies.papers

_told(application) := {offer.pointer: [offer.text.en, offer.text.zh] | some offer in found} if {
	found := papers.offers with input as application with time.now_ns as fixture.today
}

test_words_about_a_missing_paper if {
	_told(fixture.without(["/documents/1"])) == {"/documents/-": [
		"Obtain and attach the application form.",
		"取得并补交两用物项出口许可申请表。",
	]}
}

test_words_about_no_papers_at_all if {
	application := json.patch(fixture.without(["/documents"]), [{"op": "add", "path": "/kind", "value": "registration"}])
	_told(application) == {"/documents": [
		concat("", [
			"Obtain and attach the papers of the application: application form, contract or agreement, ",
			"identity papers of the legal representative, the main managers and the person handling.",
		]),
		concat("", [
			"取得并提交申请材料：两用物项出口许可申请表；合同或者协议副本；",
			"法定代表人、主要经营管理人以及经办人的身份证明。",
		]),
	]}
}

_anew_en := "Obtain a new certificate of Talmotor GmbH for contract C-77 and file it in place of this one, which %s."

_anew_zh := "取得Talmotor GmbH就合同C-77重新出具的证明，替换现有证明（%s）。"

test_words_about_a_certificate_that_has_to_be_issued_anew if {
	every fault in [
		["expires_on", "2026-06-14", "has expired", "有效期已届满"],
		["issued_on", "2025-06-14", "is too old", "签发过久"],
		["contract_number", "C-78", "names another contract", "所载合同号不一致"],
		["party", "Somebody GmbH", "speaks for somebody else", "系为他人出具"],
		["issued_on", "2026-06-16", "is of a day still to come", "签发日期尚未到来"],
	] {
		[field, value, why_en, why_zh] := fault
		told := _told(_set({sprintf("/documents/0/%s", [field]): value}))
		told == {"/documents/0": [sprintf(_anew_en, [why_en]), sprintf(_anew_zh, [why_zh])]}
	}
}

test_words_about_two_faults_of_one_certificate if {
	_told(_set({"/documents/0/expires_on": "2026-06-14", "/documents/0/contract_number": "C-78"})) == {"/documents/0": [
		sprintf(_anew_en, ["has expired and names another contract"]),
		sprintf(_anew_zh, ["有效期已届满、所载合同号不一致"]),
	]}
}

test_words_about_undertakings if {
	_told(_set({"/documents/0/undertakings": ["no_other_use", "no_transfer"]})) == {"/documents/0/undertakings": [
		concat(" ", [
			"Have Talmotor GmbH undertake in the certificate:",
			"not to use the item for weapons of mass destruction or their delivery systems;",
			"not to use the item for military purposes.",
		]),
		"由Talmotor GmbH在证明中承诺：不用于大规模杀伤性武器及其运载工具；不用于军事目的。",
	]}
}

test_words_about_what_a_certificate_has_to_show if {
	words := {
		"original": ["in the original", "正本形式"],
		"stamped": ["with its stamp", "加盖印章"],
		"translated": ["with a Chinese translation", "附中文译本"],
		"contract_number": ["with the number of the contract", "载明合同号"],
		"party": ["with the name of the end user", "载明最终用户名称"],
		"issued_on": ["with its day of issue", "载明签发日期"],
	}
	_told(fixture.without([sprintf("/documents/0/%s", [field]) | some field, _ in words])) == {sprintf("/documents/0/%s", [field]): [
		sprintf("File the certificate %s, and state it.", [en]),
		sprintf("提交%s的证明，并据实填报。", [zh]),
	] |
		some field, [en, zh] in words
	}
}
