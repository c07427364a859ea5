# METADATA
# title: Type of export
# description: How the goods leave, and the registration route for goods that only come and go.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.route

import data.rareearth.lib.finding
import data.rareearth.licensing.exporter
import data.rareearth.parties
import data.rareearth.reference.registration_cases

# METADATA
# title: Export without a sale
# description: Gifts, exhibitions, repairs and other transfers are exports like a sale.
# custom:
#   id: REG792-2
#   effect: flag
#   severity: low
#   basis: [REG792-2, ECL-2]
#   factor: 3
#   text:
#     en: "The regime {regime} is an export under the regulations, sale or not."
#     zh: "贸易方式“{regime}”无论是否买卖，均属出口。"
#   remedy:
#     en: Apply as for a sale; where the goods return, ask for registration instead.
#     zh: 按出口申请许可；如货物复运，可申请登记填报。
findings contains found if {
	input.regime in {
		"gift", "repair_return_out", "repair_return_in",
		"exhibition_return_out", "exhibition_return_in", "civil_aircraft_parts",
	}
	found := finding.make(rego.metadata.rule(), ["/regime"], {"regime": input.regime})
}

# METADATA
# title: Transit, re-export and bonded zones
# description: Transit, transhipment, re-export and exports from bonded places follow the law like direct exports.
# custom:
#   id: ECL-45
#   effect: flag
#   severity: low
#   basis: [ECL-45, REG792-48]
#   factor: 3
#   text:
#     en: "The regime {regime} needs the licence as a direct export does."
#     zh: "贸易方式“{regime}”与直接出口一样须取得许可。"
#   remedy:
#     en: Show the licence to customs when the goods leave the country; moves between bonded places inside China need none.
#     zh: 货物出境时向海关交验许可证；境内海关特殊监管区域之间流转无需许可证。
findings contains found if {
	input.regime in {"bonded_exit", "transit"}
	found := finding.make(rego.metadata.rule(), ["/regime"], {"regime": input.regime})
}

# METADATA
# title: Registration in place of a licence
# description: Six cases of goods that come and go are registered before each export.
# custom:
#   id: REG792-19
#   effect: clear
#   severity: low
#   basis: [REG792-19, REG792-15]
#   factor: 3
#   text:
#     en: "The registration case {case} applies ({basis_of_case}), and nothing bars it."
#     zh: "符合登记填报情形{case}（{basis_of_case}），且无排除情形。"
#   remedy:
#     en: Register before each export and keep proof that the goods went back.
#     zh: 每次出口前登记填报，并保存货物复运的证明。
findings contains found if {
	registrable
	found := finding.make(rego.metadata.rule(), ["/registration_case"], {
		"case": input.registration_case,
		"basis_of_case": registration_cases.rows[input.registration_case].basis,
	})
}

# METADATA
# title: Registration is not open
# description: Without one of the cases, with another regime, or under a bar the exporter needs a single licence.
# custom:
#   id: REG792-20(2)
#   effect: flag
#   severity: medium
#   basis: [REG792-19, REG792-20, REG792-26]
#   factor: 3
#   text:
#     en: "Registration was asked for but is not open: {why}."
#     zh: "申请登记填报，但不符合条件：{why}。"
#   remedy:
#     en: Apply for a single licence, or state the registration case and the regime that go together.
#     zh: 改为申请单项许可，或填报相符的登记情形与贸易方式。
findings contains found if {
	input.kind == "registration"
	not registrable
	found := finding.make(rego.metadata.rule(), ["/registration_case"], {"why": sort(_obstacles)})
}

# METADATA
# title: Whether the application may be registered
registrable if {
	input.kind == "registration"
	count(_obstacles) == 0
}

_obstacles contains "registration_case" if not registration_cases.rows[input.registration_case]

_obstacles contains "regime" if {
	case := registration_cases.rows[input.registration_case]
	not object.get(input, "regime", "general_trade") in case.regimes
}

_obstacles contains "REG792-20" if count(exporter.bars) > 0

_obstacles contains "REG792-26" if count(parties.watched) > 0
