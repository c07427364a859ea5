# METADATA
# title: Red flags about the route
# description: Signs in consignees, transit, payers and where the goods go on to.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.route

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.lib.names
import data.rareearth.lib.status
import data.rareearth.parties
import data.rareearth.reference.destinations
import data.rareearth.reference.instruments

# METADATA
# title: Consignee in another country than the end user
# description: Goods that are delivered elsewhere need an explanation.
# custom:
#   id: RF-15
#   effect: flag
#   severity: medium
#   basis: [RF-15]
#   factor: 5
#   text:
#     en: "The consignee {name} is in {country}, no end user is."
#     zh: "收货人{name}位于{country}，而最终用户均不在该国。"
#   remedy:
#     en: Explain the route, or deliver to the end user's country.
#     zh: 说明运输安排，或者直接交付至最终用户所在国。
findings contains found if {
	count(_countries_of_use) > 0
	some i, party in input.parties
	party.role == "consignee"
	not party.country in _countries_of_use
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d/country", [i])], {
		"name": party.name,
		"country": party.country,
	})
}

# METADATA
# title: Transhipment point on the route
# description: Transit through a configured place, or a destination that is one while every end user is elsewhere.
# custom:
#   id: RF-16
#   effect: flag
#   severity: medium
#   basis: [RF-16, ECL-45]
#   factor: 5
#   text:
#     en: "{country} is a configured transhipment point."
#     zh: "{country}系本系统所配置的转运地。"
#   remedy:
#     en: Ship directly, or show the through bill of lading.
#     zh: 直接运输，或者提供全程提单。
findings contains found if {
	some path, country in _transhipment
	found := finding.make(rego.metadata.rule(), [path], {"country": country})
}

# METADATA
# title: Third-party payer
# description: The payer is neither buyer nor user, or sits in a third country.
# custom:
#   id: RF-19
#   effect: flag
#   severity: medium
#   basis: [RF-19]
#   factor: 6
#   text:
#     en: "{name} pays, but is neither importer, consignee nor end user, or sits in a third country."
#     zh: "付款人{name}并非进口商、收货人或者最终用户，或者位于第三国。"
#   remedy:
#     en: Explain who pays and why.
#     zh: 说明付款人身份及原因。
findings contains found if {
	some i, payer in input.parties
	payer.role == "payer"
	not _buyer(payer)
	found := finding.make(rego.metadata.rule(), [sprintf("/parties/%d", [i])], {"name": payer.name})
}

# METADATA
# title: Open whether the goods go on
# description: A middleman buys, and no onward countries are stated.
# custom:
#   id: RF-23
#   effect: flag
#   severity: high
#   basis: [RF-23, ECL-16]
#   factor: 6
#   text:
#     en: "It is open whether the goods stay where they are bought: a middleman ({middlemen}) buys, and no onward countries are stated."
#     zh: "货物是否留在购买方所在国不明确：购买方为中间商（{middlemen}），且未填报后续流向国家。"
#   remedy:
#     en: State onward countries, an empty list if none, in line with the undertakings.
#     zh: 填报后续流向国家（无则填空列表），并与承诺保持一致。
findings contains found if {
	not input.onward.countries
	middlemen := sort({party.name | some party in _buyers; party.business in {"trader", "forwarder"}})
	count(middlemen) > 0
	found := finding.make(rego.metadata.rule(), ["/onward/countries"], {"middlemen": middlemen})
}

# METADATA
# title: Onward to a banned user
# description: >-
#   Products that go on to the defence industry of a country with a military ban that binds on the day. The goods themselves
#   go elsewhere, so a named person weighs it.
# custom:
#   id: RF-24
#   effect: refer
#   severity: high
#   basis: [RF-24, ANN-2024-46 §1, ANN-2026-1, ANN-2026-26]
#   factor: 1
#   text:
#     en: "What is made of the goods goes on to users under a ban ({facts})."
#     zh: "货物或其制成品将流向受禁止的用户（{facts}）。"
#   remedy:
#     en: Exclude these users by contract and have the end user undertake it.
#     zh: 以合同条款排除该类用户，并由最终用户作出承诺。
findings contains found if {
	count(_onward_banned) > 0
	found := finding.make(rego.metadata.rule(), sort(_onward_banned), {"facts": sort(_onward_banned)})
}

_onward_banned contains "/onward/to_us_defence" if {
	input.onward.to_us_defence == true
	_banned("US")
}

_onward_banned contains sprintf("/onward/countries/%d", [i]) if {
	some i, country in input.onward.countries
	_banned(country)
	_serves_military
}

# Whether a ban on military users of this country binds today; a lapsed suspension binds for caution.
_banned(country) if {
	ban := instruments.rows[destinations.military_ban[country]]
	status.now(ban) in {"in_force", "lapsed_unverified"}
}

_serves_military if input.end_use.military == true

_serves_military if input.end_use.sector == "defence"

_transhipment[path] := country if {
	some i, country in input.transit
	destinations.transhipment[country]
	path := sprintf("/transit/%d", [i])
}

_transhipment[path] := input.destination if {
	path := "/destination"
	destinations.transhipment[input.destination]
	not _used_at_destination
}

_used_at_destination if {
	some user in parties.end_users
	user.country == input.destination
}

_countries_of_use contains user.country if some user in parties.end_users

_countries_of_buyers contains buyer.country if some buyer in _buyers

_buyers contains party if {
	some party in input.parties
	party.role in {"importer", "consignee", "end_user", "ultimate_end_user"}
}

_buyer(payer) if {
	payer.country in _countries_of_buyers
	some party in _buyers
	names.fold(party.name) == names.fold(payer.name)
}
