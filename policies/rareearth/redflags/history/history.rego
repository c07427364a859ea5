# METADATA
# title: Red flags from earlier applications
# description: >-
#   Signs that no single application shows: orders in parts, orders out of proportion, papers used twice, customers never met.
#   Only applications of the same exporter for the same end user are compared, certificates excepted; what is divided over several
#   exporters or end users is not seen here. Where the history was not consulted these rules are silent, and
#   licensing/history says so.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.history

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.history
import data.rareearth.lib.need
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.settings

# METADATA
# title: First application for this end user
# description: >-
#   Nobody has met the customer before. By itself this is only noted, because every record begins on some day; where the date of
#   foundation is not stated either, nothing speaks for the customer, and it counts. A young firm is told by RF-09.
# custom:
#   id: RF-09/first
#   effect: flag
#   severity: low
#   basis: [RF-09]
#   factor: 6
#   text:
#     en: "No earlier application of the exporter for {name} is on record."
#     zh: "该出口经营者此前无向{name}出口的申请记录。"
#   remedy:
#     en: State when the customer was founded, and introduce it with its owners, premises and customers of its own.
#     zh: 填报客户成立日期，并补充客户介绍，包括股东、场所及其客户。
findings contains found if {
	some name, paths in _never_met
	found := finding.graded(rego.metadata.rule(), _weight_of_first(name), sort(paths), {"name": name})
}

# METADATA
# title: Order far above earlier ones
# description: >-
#   The order of one element against the largest of the year before (of the last ten that the history names). A single earlier
#   order is no measure: a sample is followed by a series.
# custom:
#   id: RF-12/history
#   effect: flag
#   severity: medium
#   basis: [RF-12]
#   factor: 6
#   text:
#     en: "{kg} kg of {element} for {end_user} are {times} times the largest order of the year before ({largest} kg)."
#     zh: "{end_user}本次订购{element}{kg}千克，为此前一年内单次最大订货量（{largest}千克）的{times}倍。"
#   remedy:
#     en: Document the higher need, for example by the end user's production plan.
#     zh: 提供需求增加的证明，例如最终用户的生产计划。
findings contains found if {
	[ratio, _, _, jump] := max(_jumps)
	found := finding.make(rego.metadata.rule(), ["/items"], object.union(jump, {"times": round(ratio * 10) / 10}))
}

# METADATA
# title: More in a year than a year's need
# description: >-
#   All orders of 365 days, this one included, against the documented consumption. What goes beyond a year's need and the six
#   months that may lie in stock is stockpiling, however evenly it is ordered.
# custom:
#   id: RF-12/year
#   effect: flag
#   severity: medium
#   basis: [RF-12]
#   factor: 6
#   text:
#     en: "Together with {orders} earlier within 365 days, the order for {end_user} covers {months} months of consumption."
#     zh: "{end_user}近365日内另有{orders}次订货，连同本次合计可满足{months}个月的消耗。"
#   remedy:
#     en: Order less, document the higher need, or show which of the earlier orders were not delivered.
#     zh: 减少订货量，提供需求增加的证明，或者说明此前哪些订货未实际交付。
findings contains found if {
	months := history.months_with("days_365")
	months > settings.cover_months_year.value
	need.order_months <= settings.cover_months_year.value
	earlier := history.most("days_365")
	found := finding.make(rego.metadata.rule(), ["/need", "/items"], {
		"end_user": earlier.end_user,
		"orders": earlier.count,
		"months": round(months * 10) / 10,
	})
}

# METADATA
# title: Order split into parts
# description: >-
#   The orders of 90 days together cross a limit that this order alone keeps: six or twelve months of documented consumption, where
#   RF-12 begins to weigh medium and high. Parts weigh no less than the whole would, so beyond twelve months they weigh high; so do
#   three orders or more, whatever they add up to beyond the limit, while two may be a coincidence and weigh medium. Whether it
#   was meant as splitting is for a person to judge.
# custom:
#   id: RF-13
#   effect: flag
#   severity: high
#   basis: [RF-13, REG792-39, ECL-34]
#   factor: 6
#   text:
#     en: "Together with {orders} earlier within 90 days, the order for {end_user} covers {months} months of consumption; alone it covers {alone}."
#     zh: "{end_user}近90日内另有{orders}次订货，连同本次合计可满足{months}个月的消耗；仅按本次订货计算为{alone}个月。"
#   remedy:
#     en: >-
#       Say why the need was not applied for at once, or document the higher need. The same order filed again keeps its
#       reference, and then counts once.
#     zh: 说明未一次性提出申请的原因，或者提供需求增加的证明。同一订单重新提交的，应当沿用原申请编号，不重复计算。
findings contains found if {
	months := history.months_with("days_90")
	months > min(_limits_kept)
	earlier := history.most("days_90")
	found := finding.graded(rego.metadata.rule(), _weight_of_parts(earlier.count + 1, months), ["/need", "/items"], {
		"end_user": earlier.end_user,
		"orders": earlier.count,
		"months": round(months * 10) / 10,
		"alone": round(need.order_months * 10) / 10,
	})
}

# METADATA
# title: Many orders that cannot be added up
# description: >-
#   Several orders within 90 days of which some quantity or the consumption is not stated, so that nobody can tell whether they
#   keep the limit together. Leaving a figure out must not be a way around RF-13.
# custom:
#   id: RF-13/unweighed
#   effect: flag
#   severity: medium
#   basis: [RF-13, REG792-39]
#   factor: 6
#   text:
#     en: "{orders} orders for {end_user} within 90 days, this one included, cannot be held against a need."
#     zh: "{end_user}近90日内（含本次）共订货{orders}次，无法与需求比对。"
#   remedy:
#     en: State all quantities by weight, and the yearly consumption of the end user.
#     zh: 全部数量按重量填报，并填报最终用户的年消耗量。
findings contains found if {
	_incomparable
	[before, end_user] := max({[earlier.count, earlier.end_user] | some earlier in history.before("days_90")})
	before + 1 >= settings.split_orders_unweighed.value
	found := finding.make(rego.metadata.rule(), ["/need", "/items"], {"end_user": end_user, "orders": before + 1})
}

# METADATA
# title: Certificate presented for another contract
# description: >-
#   A certificate of the same kind, party and day of issue was presented for another contract before, by whichever exporter, or is on
#   file with one. An end user that issues several on one day has to be asked.
# custom:
#   id: RF-26
#   effect: flag
#   severity: medium
#   basis: [RF-26, REG792-24, REG792-25]
#   factor: 6
#   text:
#     en: "End-user proof for {party} of {issued_on} was presented before for other contracts ({contracts})."
#     zh: "为{party}出具、日期为{issued_on}的最终用户和最终用途证明，此前已用于其他合同（{contracts}）。"
#   remedy:
#     en: File the original issued for this contract. Where several were issued on one day, have the end user confirm each.
#     zh: 提交为本合同出具的正本；同日出具多份的，由最终用户逐份确认。
findings contains found if {
	some i, certificate in history.certificates
	contracts := sort((_contracts_before(i) | _contracts_on_file(certificate)) - {certificate.contract})
	count(contracts) > 0
	found := finding.make(rego.metadata.rule(), [sprintf("/documents/%d", [i])], {
		"party": certificate.party,
		"issued_on": certificate.issued_on,
		"contracts": contracts,
	})
}

# A customer is known if it was met under any of its names. One that stands in two roles is one customer.
_never_met[party.name] contains sprintf("/parties/%d", [i]) if {
	some i, party in parties.end_users
	every name in parties.names_of(party) {
		history.customers[name].count == 0
	}
}

_weight_of_first(name) := "low" if name in _aged

_weight_of_first(name) := "medium" if not name in _aged

_aged contains party.name if {
	some party in parties.end_users
	party.founded_on
}

# How many times the largest order of a year an order is, where it is too many times, with what tells two alike apart.
_jumps contains [kg / largest, name, element, {"end_user": name, "element": element, "kg": kg, "largest": largest}] if {
	some name, rows in history.orders
	some element, row in rows
	kg := need.element_kg[element]
	weights := [earlier.kg | some earlier in row.previous; earlier.decided_on >= _a_year_ago; earlier.kg > 0]
	count(weights) >= settings.order_jump_orders.value
	largest := max(weights)
	kg > largest * settings.order_jump_factor.value
}

# The first of 365 days of which today is the last, as the history counts them.
_a_year_ago := time.format([time.add_date(time.parse_ns("2006-01-02", status.today), 0, 0, -364), "UTC", "2006-01-02"])

# The limits that this order alone keeps; the lowest of them is the one that parts could be meant to keep.
_limits_kept contains limit if {
	some limit in [settings.cover_months_medium.value, settings.cover_months_high.value]
	need.order_months <= limit
}

_weight_of_parts(orders, _) := "high" if orders >= settings.split_orders_high.value

_weight_of_parts(orders, months) := _weight_of_months(months) if orders < settings.split_orders_high.value

_weight_of_months(months) := "high" if months > settings.cover_months_high.value

_weight_of_months(months) := "medium" if months <= settings.cover_months_high.value

_incomparable if not need.order_months

_incomparable if {
	some row in history.orders[_]
	row.days_90.unknown > 0
}

_contracts_before(i) := {contract | some contract in history.presented[i].contracts}

# Only what is on file with a contract number can speak of another contract.
_contracts_on_file(certificate) := {filed.contract_number |
	some party in history.on_file[certificate.party]
	some filed in party.certificates
	filed.type == certificate.type
	filed.issued_on == certificate.issued_on
}
