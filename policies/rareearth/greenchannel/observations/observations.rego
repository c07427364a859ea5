# METADATA
# title: Observations for the green channel
# description: >-
#   What the ten conditions look at: each observation names one place in the application that stands against a condition
#   (or, for priority, speaks for it), in English and Chinese.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel.observations

import future.keywords.not

import data.rareearth.controls
import data.rareearth.controls.lines
import data.rareearth.lib.history
import data.rareearth.lib.need
import data.rareearth.lib.status
import data.rareearth.licensing.completeness
import data.rareearth.licensing.end_use
import data.rareearth.licensing.end_user
import data.rareearth.licensing.exporter
import data.rareearth.parties
import data.rareearth.redflags
import data.rareearth.reference.channels
import data.rareearth.reference.destinations
import data.rareearth.reference.documents
import data.rareearth.reference.instruments
import data.rareearth.reference.settings

# METADATA
# title: The open channel that has the destination as a member
default channel := null

channel := open_channels[0]

# METADATA
# title: Channels open today that have the destination as a member today, by name
open_channels := sort({name |
	some name, row in channels.rows
	status.now(row) == "in_force"
	_member(name, input.destination)
})

_member(name, country) if status.now(channels.rows[name].members[country]) == "in_force"

# METADATA
# title: Why no channel covers the parties
outside_channel contains {
	"path": "/destination",
	"en": sprintf("no channel is open for %s on this day", [input.destination]),
	"zh": sprintf("当日没有对%s开放的通道", [input.destination]),
	"unstated": false,
} if {
	count(open_channels) == 0
}

outside_channel contains {
	"path": sprintf("/parties/%d/country", [i]),
	"en": sprintf("%s %s is in %s", [party.role, party.name, party.country]),
	"zh": sprintf("%s（%s）位于%s", [party.name, party.role, party.country]),
	"unstated": false,
} if {
	some i, party in input.parties
	party.role in _resident_roles
	not _in_channel(party.country)
}

outside_channel contains {
	"path": sprintf("/parties/%d/country", [i]),
	"en": sprintf("the country of %s %s is not stated", [party.role, party.name]),
	"zh": sprintf("未填报%s（%s）所在国", [party.name, party.role]),
	"unstated": true,
} if {
	some i, party in input.parties
	party.role in _resident_roles
	not party.country
}

# METADATA
# title: Countries whose membership of the channel is asked for
countries contains input.destination

countries contains party.country if {
	some party in input.parties
	party.role in _resident_roles
}

countries contains country if some country in input.onward.countries

_resident_roles := {"importer", "consignee", "intermediate_consignee", "end_user", "ultimate_end_user"}

_in_channel(country) if _member(channel, country)

# METADATA
# title: Lines that are not items of announcement 18
outside_announcement contains {
	"path": sprintf("/items/%d", [line.index]),
	"en": sprintf("line %v is %s", [line.line, line.status]),
	"zh": sprintf("第%v项状态为%s", [line.line, line.status]),
} if {
	some line in lines.lines
	line.status in {"unclassified", "conflict"}
}

outside_announcement contains {
	"path": sprintf("/items/%d", [line.index]),
	"en": sprintf("line %v is listed by %s", [line.line, entry.instrument]),
	"zh": sprintf("第%v项由%s列管", [line.line, entry.instrument]),
} if {
	some line in controls.listed
	some entry in line.entries
	entry.status in {"in_force", "lapsed_unverified"}
	not instruments.rows[entry.instrument].green_channel
}

outside_announcement contains {
	"path": "/items",
	"en": "no line is listed",
	"zh": "没有列管物项",
} if {
	count(controls.listed) == 0
}

# METADATA
# title: Why the end use is not shown to be civilian
not_civilian contains {
	"path": "/end_use/sector",
	"en": sprintf("the sector is %s", [object.get(input, ["end_use", "sector"], "not stated")]),
	"zh": sprintf("行业为%s", [object.get(input, ["end_use", "sector"], "未填报")]),
	"unstated": object.get(input, ["end_use", "sector"], null) == null,
} if {
	not end_use.civil_sector
}

not_civilian contains {
	"path": sprintf("/end_use/%s", [use]),
	"en": sprintf("%s use is not excluded", [use]),
	"zh": sprintf("未排除%s用途", [use]),
	"unstated": object.get(input, ["end_use", use], null) == null,
} if {
	some use in ["military", "wmd", "terrorism"]
	object.get(input, ["end_use", use], null) != false
}

not_civilian contains {
	"path": path,
	"en": sprintf("%s calls for a case-by-case review", [path]),
	"zh": sprintf("%s须逐案审查", [path]),
	"unstated": false,
} if {
	some path in end_use.case_by_case
}

# METADATA
# title: Names that are not clear of the lists
not_clear contains {
	"path": hit.path,
	"en": sprintf("%s is on the %s list (%s)", [hit.name, hit.list, hit.status]),
	"zh": sprintf("%s在%s名单中（%s）", [hit.name, hit.list, hit.status]),
} if {
	some hit in parties.hits
	hit.status in {"in_force", "suspended", "lapsed_unverified"}
	_counts(hit)
}

not_clear contains {
	"path": match.path,
	"en": sprintf("%s is near %s", [match.name, match.listed_name]),
	"zh": sprintf("%s与%s相近", [match.name, match.listed_name]),
} if {
	some match in parties.near
}

not_clear contains {
	"path": name.path,
	"en": sprintf("%s was not screened", [name.name]),
	"zh": sprintf("%s未经筛查", [name.name]),
} if {
	some name in parties.unscreened
}

not_clear contains {
	"path": "/parties",
	"en": "the parties were not looked up among those on file",
	"zh": "未在主体档案中查询各交易方",
} if {
	not history.registry_consulted
}

not_clear contains {
	"path": sprintf("/parties/%d/owners", [i]),
	"en": sprintf("the owners of %s are not stated", [party.name]),
	"zh": sprintf("未填报%s的股东", [party.name]),
	"unstated": true,
} if {
	some i, party in parties.end_users
	not party.owners
}

_counts(hit) if hit.kind == "party"

_counts(hit) if hit.share_pct >= settings.owner_high_pct.value

_counts(hit) if {
	hit.kind == "owner"
	hit.share_pct == null
}

# METADATA
# title: What the file lacks for the fast route
incomplete contains {
	"path": path,
	"en": found.reason.text.en,
	"zh": found.reason.text.zh,
} if {
	some found in ((completeness.findings | exporter.findings) | end_user.findings)
	found.outcome == "incomplete"
	some path in found.reason.paths
}

incomplete contains {
	"path": sprintf("/documents/%d/undertakings", [i]),
	"en": sprintf("the undertaking %s is not given", [undertaking]),
	"zh": sprintf("未作出承诺%s", [undertaking]),
} if {
	some i, certificate in completeness.certificates
	some undertaking in documents.undertakings.green_channel
	not undertaking in object.get(certificate, "undertakings", [])
}

incomplete contains {
	"path": sprintf("/documents/%d/issued_on", [i]),
	"en": sprintf("the certificate is issued only on %s", [certificate.issued_on]),
	"zh": sprintf("证明签发日期（%s）尚未到来", [certificate.issued_on]),
} if {
	some i, certificate in completeness.certificates
	certificate.issued_on > status.today
}

incomplete contains {"path": "/documents", "en": "no end-user certificate", "zh": "缺少最终用户证明"} if {
	count(completeness.certificates) == 0
}

# METADATA
# title: Where the goods may go on to
goes_on contains {
	"path": path,
	"en": sprintf("%s is not stated", [path]),
	"zh": sprintf("未填报%s", [path]),
	"unstated": true,
} if {
	some path, keys in {
		"/onward/countries": ["onward", "countries"],
		"/onward/to_us_defence": ["onward", "to_us_defence"],
		"/transit": ["transit"],
	}
	object.get(input, keys, null) == null
}

goes_on contains {
	"path": sprintf("/onward/countries/%d", [i]),
	"en": sprintf("goods go on to %s", [country]),
	"zh": sprintf("货物将转往%s", [country]),
	"unstated": false,
} if {
	some i, country in input.onward.countries
	not _in_channel(country)
}

goes_on contains {
	"path": "/onward/to_us_defence",
	"en": "goods go on to the defence industry of the United States",
	"zh": "货物将流向美国防务企业",
	"unstated": false,
} if {
	input.onward.to_us_defence == true
}

goes_on contains {
	"path": sprintf("/transit/%d", [i]),
	"en": sprintf("transit leads through %s", [country]),
	"zh": sprintf("经%s过境", [country]),
	"unstated": false,
} if {
	some i, country in input.transit
	destinations.transhipment[country]
}

# METADATA
# title: What stands against the exporter's standing
standing_faults contains {
	"path": path,
	"en": sprintf("%s bars it", [path]),
	"zh": sprintf("%s构成限制", [path]),
	"unstated": false,
} if {
	some path in exporter.bars
}

standing_faults contains {
	"path": "/exporter/overdue_reports",
	"en": sprintf("%v usage reports are overdue", [input.exporter.overdue_reports]),
	"zh": sprintf("有%v份使用报告逾期", [input.exporter.overdue_reports]),
	"unstated": false,
} if {
	input.exporter.overdue_reports > 0
}

standing_faults contains {
	"path": sprintf("/exporter/%s", [field]),
	"en": sprintf("/exporter/%s is not stated", [field]),
	"zh": sprintf("未填报/exporter/%s", [field]),
	"unstated": true,
} if {
	some field in ["penalties", "overdue_reports"]
	object.get(input, ["exporter", field], null) == null
}

# METADATA
# title: Why the quantity is not shown to be within need
beyond_need contains {
	"path": path,
	"en": sprintf("%s is not stated by weight", [path]),
	"zh": sprintf("%s未按重量填报", [path]),
	"unstated": true,
} if {
	some path, known in {
		"/need/annual_consumption": _known_consumption,
		"/need/stock_on_hand": _known_stock,
	}
	not known
}

beyond_need contains {
	"path": "/need",
	"en": sprintf("the order covers %v months", [round(need.order_months * 10) / 10]),
	"zh": sprintf("订货量可满足%v个月", [round(need.order_months * 10) / 10]),
	"unstated": false,
} if {
	need.order_months > settings.cover_months_fast.value
}

# What could be passed in parts would be no condition.
beyond_need contains {
	"path": "/need",
	"en": sprintf("the order and those of the last 90 days cover %v months", [round(months * 10) / 10]),
	"zh": sprintf("连同近90日内的订货可满足%v个月", [round(months * 10) / 10]),
	"unstated": false,
} if {
	months := history.months_with("days_90")
	months > settings.cover_months_fast.value
	need.order_months <= settings.cover_months_fast.value
}

beyond_need contains {
	"path": "/need",
	"en": "earlier orders were not consulted",
	"zh": "未查询历次订货",
	"unstated": false,
} if {
	not history.consulted
}

beyond_need contains {
	"path": sprintf("/items/%d/quantity", [line.index]),
	"en": sprintf("the quantity of line %v is not stated by weight", [line.line]),
	"zh": sprintf("第%v项数量未按重量填报", [line.line]),
	"unstated": true,
} if {
	some line in controls.listed
	not need.weighed(line)
}

beyond_need contains {
	"path": "/items",
	"en": "no line is listed, so nothing can be held against the need",
	"zh": "没有列管物项，无法与需求比对",
	"unstated": false,
} if {
	count(controls.listed) == 0
}

default _known_consumption := false

_known_consumption if need.annual_kg

default _known_stock := false

_known_stock if need.stock_kg >= 0

# METADATA
# title: Red flags that are too many
flags_too_many contains {
	"path": path,
	"en": sprintf("%s (%s)", [found.reason.rule, found.reason.severity]),
	"zh": sprintf("%s（%s）", [found.reason.rule, found.reason.severity]),
} if {
	some found in redflags[_].findings
	found.reason.severity == "high"
	some path in found.reason.paths
}

flags_too_many contains {
	"path": found.reason.paths[0],
	"en": sprintf("%s (%s)", [found.reason.rule, found.reason.severity]),
	"zh": sprintf("%s（%s）", [found.reason.rule, found.reason.severity]),
} if {
	medium := {each | some each in redflags[_].findings; each.reason.severity == "medium"}
	count(medium) > settings.medium_flags_allowed.value
	some found in medium
}

# METADATA
# title: What speaks for priority
priority contains {
	"path": "/need/priority_list",
	"en": sprintf("priority list %s", [list]),
	"zh": sprintf("列入优先清单%s", [list]),
} if {
	list := input.need.priority_list
}

priority contains {"path": "/need/production_stopped", "en": "production is stopped", "zh": "生产已停止"} if {
	input.need.production_stopped == true
}

priority contains {
	"path": "/exporter/licences_last_24m",
	"en": "earlier licences with clean reports",
	"zh": "曾获许可且使用报告无逾期",
} if {
	input.exporter.licences_last_24m > 0
	input.exporter.overdue_reports == 0
}
