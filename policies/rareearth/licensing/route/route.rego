# METADATA
# title: Type of export
# description: How the goods leave, and the registration route for goods that only come and go.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.route

import future.keywords.not

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
#     zh: "以{regime}方式向境外转移两用物项，无论是否属于买卖，均属出口。"
#   remedy:
#     en: Apply as for a sale; where the goods return, ask for registration instead.
#     zh: 按出口申请许可；货物将复运的，可以改为申请以登记填报信息方式获得出口凭证。
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
#     zh: "以{regime}方式出境，与直接出口同样须取得许可。"
#   remedy:
#     en: Show the licence to customs when the goods leave the country; moves between bonded places inside China need none.
#     zh: 货物出境时向海关交验许可证；在境内海关特殊监管区域、保税监管场所之间流转的，无需取得许可证。
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
#     en: "A registration case applies: {case_en} ({basis_of_case}). Nothing bars it."
#     zh: "符合以登记填报信息方式获得出口凭证的情形：{case_zh}（{basis_of_case}），且无限制情形。"
#   remedy:
#     en: Register before each export and keep proof that the goods went back.
#     zh: 每次出口前登记填报信息，并保存货物复运的证明。
findings contains found if {
	registrable
	found := finding.make(rego.metadata.rule(), ["/registration_case"], {
		"case": input.registration_case,
		"case_en": _case.title.en,
		"case_zh": _case.title.zh,
		"basis_of_case": _case.basis,
	})
}

# METADATA
# title: Registration is not open
# description: Without one of the cases, with another regime, or under a bar the exporter needs a single licence.
# custom:
#   id: REG792-20(2)
#   effect: flag
#   severity: medium
#   basis: [REG792-19, REG792-20(1), REG792-20(2), REG792-26]
#   factor: 3
#   text:
#     en: "Registration was asked for but is not open: {why}."
#     zh: "申请以登记填报信息方式获得出口凭证，但不符合下列条件：{why}。"
#   remedy:
#     en: Apply for a single licence, or state the registration case and the regime that go together.
#     zh: 改为申请单项许可，或者填报相互对应的登记情形与贸易方式。
findings contains found if {
	input.kind == "registration"
	count(_obstacles) > 0
	found := finding.make(rego.metadata.rule(), sort(_obstacles), {"why": sort(_obstacles)})
}

# METADATA
# title: Whether the application may be registered
registrable if {
	input.kind == "registration"
	count(_obstacles) == 0
}

_case := registration_cases.rows[input.registration_case]

_obstacles contains "/registration_case" if not _case

_obstacles contains "/regime" if {
	regimes := _case.regimes
	not object.get(input, "regime", "general_trade") in regimes
}

_obstacles contains bar if some bar in exporter.bars

_obstacles contains hit.path if some hit in parties.watched
