# What an applicant reads: each statement word for word, in both languages, with the value that is proposed.
package rareearth.greenchannel.remedies.statements_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.remedies.statements

_told(application) := {offer.pointer: [offer.value, offer.text.en, offer.text.zh] | some offer in found} if {
	found := statements.offers with input as application with time.now_ns as fixture.today
}

# The words where nothing of this is stated.
_words_of(pointers) := _told(fixture.without(pointers))

test_words_about_uses if {
	_words_of(["/end_use/military", "/end_use/wmd", "/end_use/terrorism"]) == {
		"/end_use/military": [false, "State that the end use is not military, if it is so.", "如属实，声明不用于军事目的。"],
		"/end_use/wmd": [
			false, "State that the end use is not for weapons of mass destruction, if it is so.",
			"如属实，声明不用于大规模杀伤性武器。",
		],
		"/end_use/terrorism": [false, "State that the end use is not for terrorist purposes, if it is so.", "如属实，声明不用于恐怖主义目的。"],
	}
}

test_words_about_a_vague_end_use if {
	_words_of(["/end_use/model", "/end_use/oem", "/end_use/site_country", "/end_use/statement"]) == {
		"/end_use/model": ["(model)", "State the model of the product.", "填报产品型号。"],
		"/end_use/oem": ["(manufacturer)", "State the manufacturer of the product.", "填报产品生产企业。"],
		"/end_use/site_country": ["DE", "State the country in which the goods are used.", "填报使用地所在国。"],
		"/end_use/statement": [
			"(product, process and place of the end use)",
			"Describe the end use in your own words, with product, process and place.",
			"具体说明最终用途，包括产品、工艺和使用地点。",
		],
	}
}

test_words_about_the_way if {
	_words_of(["/onward", "/transit"]) == {
		"/onward/countries": [[], "State that the goods do not go on to other countries, if it is so.", "如属实，声明货物不再流向其他国家。"],
		"/onward/to_us_defence": [
			false, "State that nothing goes on to the defence industry of the United States, if it is so.",
			"如属实，声明不流向美国防务企业。",
		],
		"/transit": [[], "State that the goods pass through no other country, if it is so.", "如属实，声明货物不经其他国家过境。"],
	}
	_told(_set({"/transit": ["HK", "FR", "SG"]}))["/transit"][1] == "Ship without transit through HK, SG, and state the way that the goods then take."
}

test_words_about_the_exporter if {
	_words_of(["/exporter/penalties", "/exporter/overdue_reports"]) == {
		"/exporter/penalties": [
			[], "State that the exporter has no penalties for violations of export control law, if it is so.",
			"如属实，声明出口经营者未因违反出口管制法律受到处罚。",
		],
		"/exporter/overdue_reports": [
			0, "State that the exporter has no overdue usage report, if it is so.",
			"如属实，声明出口经营者没有逾期使用报告。",
		],
	}
	_told(_set({"/exporter/overdue_reports": 1})) == {"/exporter/overdue_reports": [
		0, "File the 1 overdue usage reports, and state that none is overdue any more.",
		"补交1份逾期使用报告，并申报已无逾期。",
	]}
}

test_words_about_parties if {
	_words_of(["/parties/0/founded_on", "/parties/0/owners", "/parties/1/country"]) == {
		"/parties/0/founded_on": [
			"2025-06-15", "State when Talmotor GmbH was founded; it is no new customer if that was 12 months ago or more.",
			"填报Talmotor GmbH的成立日期；成立已满12个月的，不视为新客户。",
		],
		"/parties/0/owners": [
			[],
			concat(" ", [
				"State the direct owners of Talmotor GmbH, an empty list if there are none;",
				"nobody who holds half or more may be listed.",
			]),
			"填报Talmotor GmbH的直接股东，没有的填空列表；持股50%以上的股东不得在名单之内。",
		],
		"/parties/1/country": [
			"DE", "State the country of the importer Talmotor GmbH; the channel is open to it if that is one of the member states.",
			"填报Talmotor GmbH（importer）所在国；属通道成员国的，符合条件。",
		],
	}
}

test_words_about_terms_that_become_others if {
	_told(_set({"/contract/payment": "prepayment", "/items/0/description": "Goods"})) == {
		"/contract/payment": [
			"letter_of_credit", "Agree on payment by letter of credit in place of prepayment.",
			"约定以信用证付款，代替prepayment。",
		],
		"/items/0/description": [
			"(grade, composition, dimensions)", "Describe line 1 with grade, composition and dimensions.",
			"第1项按牌号、成分和尺寸具体描述。",
		],
	}
}
