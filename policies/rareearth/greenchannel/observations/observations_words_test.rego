# What an applicant reads: each observation word for word, in both languages.
package rareearth.greenchannel.observations_test

import data.rareearth.fixture_test as fixture
import data.rareearth.greenchannel.observations

_told(seen) := {[one.path, one.en, one.zh] | some one in seen}

_told_missing(seen) := {[one.path, one.en, one.zh] | some one in seen; one.unstated}

test_words_about_the_channel if {
	application := _set({"/destination": "CH", "/parties": [
		{"role": "end_user", "name": "B", "country": "CH"},
		{"role": "importer", "name": "C"},
	]})
	seen := _outside(application, "2026-06-15")
	_told(seen) == {
		["/destination", "no channel is open for CH on this day", "当日没有对CH开放的通道"],
		["/parties/0/country", "end_user B is in CH", "B（end_user）位于CH"],
		["/parties/1/country", "the country of importer C is not stated", "未填报C（importer）所在国"],
	}
	_told_missing(seen) == {["/parties/1/country", "the country of importer C is not stated", "未填报C（importer）所在国"]}
}

test_words_about_lines if {
	lines := [{"line": 7}, {"line": 8, "control_code": "6C002.a"}]
	seen := observations.outside_announcement with input as {"items": lines} with time.now_ns as fixture.today
	_told(seen) == {
		["/items/0", "line 7 is unclassified", "第7项状态为unclassified"],
		["/items/1", "line 8 is listed by ANN-2025-10", "第8项由ANN-2025-10列管"],
	}
	none := observations.outside_announcement with input as {"items": [fixture.motor]} with time.now_ns as fixture.today
	_told(none) == {["/items", "no line is listed", "没有列管物项"]}
}

test_words_about_the_end_use if {
	use := {"sector": "other", "military": true, "wmd": true, "semiconductor_node_nm": 14}
	seen := observations.not_civilian with input as {"end_use": use}
	_told(seen) == {
		["/end_use/sector", "the sector is other", "行业为other"],
		["/end_use/military", "military use is not excluded", "未排除military用途"],
		["/end_use/wmd", "wmd use is not excluded", "未排除wmd用途"],
		["/end_use/terrorism", "terrorism use is not excluded", "未排除terrorism用途"],
		["/end_use/semiconductor_node_nm", "/end_use/semiconductor_node_nm calls for a case-by-case review", "/end_use/semiconductor_node_nm须逐案审查"],
	}
	_told_missing(seen) == {["/end_use/terrorism", "terrorism use is not excluded", "未排除terrorism用途"]}
}

test_words_about_names if {
	parties := {"parties": [{"role": "end_user", "name": "D"}]}
	seen := observations.not_clear with input as parties
		with data.rareearth.parties.hits as {_hit({})}
		with data.rareearth.parties.near as {{"path": "/parties/1", "name": "C", "listed_name": "Cc"}}
		with data.rareearth.parties.unscreened as {{"path": "/parties/2", "name": "E"}}
		with data.rareearth.lib.history.registry_consulted as false
	_told(seen) == {
		["/parties/0", "B is on the watch list (in_force)", "B在watch名单中（in_force）"],
		["/parties/1", "C is near Cc", "C与Cc相近"],
		["/parties/2", "E was not screened", "E未经筛查"],
		["/parties", "the parties were not looked up among those on file", "未在主体档案中查询各交易方"],
		["/parties/0/owners", "the owners of D are not stated", "未填报D的股东"],
	}
	_told_missing(seen) == {["/parties/0/owners", "the owners of D are not stated", "未填报D的股东"]}
}

_lacking(application) := _told(seen) if {
	seen := observations.incomplete with input as application with time.now_ns as fixture.today
}

test_words_about_papers if {
	_lacking(_set({"/documents/0/undertakings": ["no_other_use", "no_transfer", "no_military"]})) == {[
		"/documents/0/undertakings", "the undertaking no_wmd is not given", "未作出承诺no_wmd",
	]}
	_lacking(_set({"/documents/0/issued_on": "2026-06-16"})) == {[
		"/documents/0/issued_on", "the certificate is issued only on 2026-06-16", "证明签发日期（2026-06-16）尚未到来",
	]}
	_lacking(fixture.with_fields({"/kind": "consultation", "/documents": [{"type": "technical_description"}]})) == {[
		"/documents", "no end-user certificate", "缺少最终用户证明",
	]}
}

test_words_about_onward_movement if {
	seen := _goes_on(_set({"/onward": {"countries": ["CH"], "to_us_defence": true}, "/transit": ["SG"]}))
	_told(seen) == {
		["/onward/countries/0", "goods go on to CH", "货物将转往CH"],
		["/onward/to_us_defence", "goods go on to the defence industry of the United States", "货物将流向美国防务企业"],
		["/transit/0", "transit leads through SG", "经SG过境"],
	}
	_unstated(seen) == set()
	silent := _goes_on(fixture.without(["/transit"]))
	_told_missing(silent) == {["/transit", "/transit is not stated", "未填报/transit"]}
}

test_words_about_the_record_of_the_exporter if {
	seen := _faults(_set({"/exporter/penalties": [{"kind": "criminal", "imposed_on": "2010-01-01"}], "/exporter/overdue_reports": 2}))
	_told(seen) == {
		["/exporter/penalties/0", "/exporter/penalties/0 bars it", "/exporter/penalties/0构成限制"],
		["/exporter/overdue_reports", "2 usage reports are overdue", "有2份使用报告逾期"],
	}
	_unstated(seen) == set()
	_told_missing(_faults(fixture.without(["/exporter/overdue_reports"]))) == {[
		"/exporter/overdue_reports", "/exporter/overdue_reports is not stated", "未填报/exporter/overdue_reports",
	]}
}

test_words_about_need if {
	# 6.16 months: one figure behind the point is told.
	by_weight := _beyond(_set({"/items/0/quantity/value": 3080}))
	_told(by_weight) == {["/need", "the order covers 6.2 months", "订货量可满足6.2个月"]}
	_unstated(by_weight) == set()
	earlier := _beyond_after(fixture.application, _ordered_before(41.6))
	_told(earlier) == {["/need", "the order and those of the last 90 days cover 6.2 months", "连同近90日内的订货可满足6.2个月"]}
	alone := observations.beyond_need with input as fixture.application with time.now_ns as fixture.today
	_told(alone) == {["/need", "earlier orders were not consulted", "未查询历次订货"]}
}

test_words_about_need_that_cannot_be_held_against_the_order if {
	_told(_beyond(fixture.without(["/need/stock_on_hand"]))) == {[
		"/need/stock_on_hand", "/need/stock_on_hand is not stated by weight", "/need/stock_on_hand未按重量填报",
	]}
	_told(_beyond(_set({"/items/0/quantity/unit": "H87"}))) == {[
		"/items/0/quantity", "the quantity of line 1 is not stated by weight", "第1项数量未按重量填报",
	]}
	unlisted := _beyond(_set({"/items": [fixture.motor]}))
	_told(unlisted) == {["/items", "no line is listed, so nothing can be held against the need", "没有列管物项，无法与需求比对"]}
	_unstated(unlisted) == set()
}

test_words_about_flags if {
	seen := observations.flags_too_many with input as {}
		with data.rareearth.redflags.order.findings as {_flag("RF-32", "high")}
		with data.rareearth.redflags.papers.findings as set()
	_told(seen) == {["/RF-32", "RF-32 (high)", "RF-32（high）"], ["/x", "RF-32 (high)", "RF-32（high）"]}
	medium := observations.flags_too_many with input as {}
		with data.rareearth.redflags.order.findings as {_flag("RF-06", "medium"), _flag("RF-09", "medium"), _flag("RF-15", "medium")}
		with data.rareearth.redflags.papers.findings as set()
	["/RF-15", "RF-15 (medium)", "RF-15（medium）"] in _told(medium)
}

test_words_about_priority if {
	grounds := {
		"/need/priority_list": "EU-07",
		"/need/production_stopped": true,
		"/exporter/licences_last_24m": 3,
	}
	seen := observations.priority with input as _set(grounds)
	_told(seen) == {
		["/need/priority_list", "priority list EU-07", "列入优先清单EU-07"],
		["/need/production_stopped", "production is stopped", "生产已停止"],
		["/exporter/licences_last_24m", "earlier licences with clean reports", "曾获许可且使用报告无逾期"],
	}
}

test_one_earlier_licence_is_enough_for_priority if {
	_priority(_set({"/exporter/licences_last_24m": 1})) == {"/exporter/licences_last_24m"}
}
