# METADATA
# title: Red flags about the route
# description: Signs in consignees, transit, payers and where the goods go on to.
# schemas:
#   - input: schema.application.schema
package rareearth.redflags.route

import data.rareearth.lib.finding
import data.rareearth.lib.names
import data.rareearth.parties
import data.rareearth.reference.destinations

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
#     zh: 说明运输安排，或直接交付至最终用户所在国。
findings contains found if {
	some i, party in input.parties
	party.role == "consignee"
	countries := {user.country | some user in parties.end_users}
	count(countries) > 0
	not party.country in countries
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
#     zh: "{country}属于所配置的转运地。"
#   remedy:
#     en: Ship directly, or show the through bill of lading.
#     zh: 直接运输，或提供全程提单。
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
#     zh: "付款人{name}并非进口商、收货人或最终用户，或位于第三国。"
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
#     en: "It is open whether the goods stay with the end user ({facts})."
#     zh: "货物是否留在最终用户处不明确（{facts}）。"
#   remedy:
#     en: State onward countries, an empty list if none, in line with the undertakings.
#     zh: 填报后续流向国家（无则填空列表），并与承诺保持一致。
findings contains found if {
	count(_open) > 0
	found := finding.make(rego.metadata.rule(), sort(_open), {"facts": sort(_open)})
}

# METADATA
# title: Onward to a banned user
# description: >-
#   Products that go on to the defence industry of a country with a military ban. The goods themselves go elsewhere, so a named
#   person weighs it.
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
#     zh: 以合同排除该类用户，并由最终用户承诺。
findings contains found if {
	count(_onward_banned) > 0
	found := finding.make(rego.metadata.rule(), sort(_onward_banned), {"facts": sort(_onward_banned)})
}

_onward_banned contains "/onward/to_us_defence" if input.onward.to_us_defence == true

_onward_banned contains sprintf("/onward/countries/%d", [i]) if {
	some i, country in input.onward.countries
	destinations.military_ban[country]
	input.end_use.military == true
}

_onward_banned contains sprintf("/onward/countries/%d", [i]) if {
	some i, country in input.onward.countries
	destinations.military_ban[country]
	input.end_use.sector == "defence"
}

# A middleman buys, and nothing is said of where the goods go on to.
_open contains "/onward/countries" if {
	not input.onward.countries
	some party in input.parties
	party.role in {"importer", "consignee", "end_user", "ultimate_end_user"}
	party.business in {"trader", "forwarder"}
}

_transhipment[path] := country if {
	some i, country in input.transit
	destinations.transhipment[country]
	path := sprintf("/transit/%d", [i])
}

_transhipment["/destination"] := input.destination if {
	destinations.transhipment[input.destination]
	not _used_at_destination
}

_used_at_destination if {
	some user in parties.end_users
	user.country == input.destination
}

_buyers contains party if {
	some party in input.parties
	party.role in {"importer", "consignee", "end_user", "ultimate_end_user"}
}

_buyer(payer) if {
	some party in _buyers
	names.fold(party.name) == names.fold(payer.name)
	payer.country in {buyer.country | some buyer in _buyers}
}
