# METADATA
# title: End use
# description: What the goods are for, and what the exporter knows of it.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.end_use

import future.keywords.not

import data.rareearth.lib.finding
import data.rareearth.parties
import data.rareearth.reference.sectors
import data.rareearth.reference.settings

# METADATA
# title: Catch-all knowledge
# description: >-
#   Who knows, should know or was told that goods may endanger national security, serve weapons of mass destruction or
#   terrorism needs a licence, listed or not.
# custom:
#   id: ECL-12(3)
#   effect: flag
#   severity: high
#   basis: [ECL-12(3)]
#   factor: 1
#   text:
#     en: "The exporter states knowledge of a risk ({knowledge}: {risk}). A licence is needed whether or not the goods are listed."
#     zh: "出口经营者申报其知道、应当知道或者已获主管部门通知存在风险（{knowledge}：{risk}）。物项无论是否列入管制清单，均须申请许可。"
#   remedy:
#     en: Describe what is known and from whom; the authority reviews it case by case.
#     zh: 说明所知情况及其来源，由主管部门逐案审查。
findings contains found if {
	input.end_use.knowledge in {"should_know", "knows", "informed_by_authority"}
	found := finding.make(rego.metadata.rule(), ["/end_use/knowledge"], {
		"knowledge": input.end_use.knowledge,
		"risk": object.get(input.end_use, "risk", "not stated"),
	})
}

# METADATA
# title: Military end use
# description: A stated military use, or a buyer in the defence sector, is an indication that a named person weighs.
# custom:
#   id: ECL-13
#   effect: refer
#   severity: high
#   basis: [ECL-13, ECL-12(3)]
#   factor: 1
#   text:
#     en: "The application indicates a military end use ({facts})."
#     zh: "申请内容表明可能存在军事最终用途（{facts}）。"
#   remedy:
#     en: If the use is civilian, state it, name the product and the site, and have the end user certify it.
#     zh: 如系民用，应写明用途、产品和使用场所，并由最终用户出具证明。
findings contains found if {
	count(_military_facts) > 0
	found := finding.make(rego.metadata.rule(), sort(_military_facts), {"facts": sort(_military_facts)})
}

# METADATA
# title: In principle refused by announcement 61
# description: Military use, use in weapons of mass destruction and terrorism are in principle refused while announcement 61 is in force.
# custom:
#   id: ANN-2025-61 §3
#   instrument: ANN-2025-61
#   effect: refer
#   severity: high
#   basis: [ANN-2025-61, REG792-49]
#   factor: 1
#   text:
#     en: "Announcement 61 of 2025 refuses this use in principle ({facts})."
#     zh: "依据商务部公告2025年第61号，对该用途原则上不予许可（{facts}）。"
#   remedy:
#     en: Apply only with proof of another, civilian use.
#     zh: 能够证明实际用途为民用的，方可申请。
findings contains found if {
	facts := _military_facts | {sprintf("/end_use/%s", [use]) | some use in ["wmd", "terrorism"]; input.end_use[use] == true}
	count(facts) > 0
	found := finding.make(rego.metadata.rule(), sort(facts), {"facts": sort(facts)})
}

# METADATA
# title: Chips and military artificial intelligence are reviewed case by case
# description: >-
#   Logic at 14 nm or finer, memory of 256 layers or more, and artificial intelligence with possible military use. A maker of
#   semiconductors that states neither node nor layers may be at the fine end.
# custom:
#   id: ANN-2025-61 §4
#   instrument: ANN-2025-61
#   effect: flag
#   severity: high
#   basis: [ANN-2025-61]
#   factor: 6
#   text:
#     en: "Announcement 61 of 2025 reviews this use case by case ({facts})."
#     zh: "依据商务部公告2025年第61号，对该用途逐案审批（{facts}）。"
#   remedy:
#     en: Give the node, the layers and the users of the products.
#     zh: 说明制程节点、层数以及产品的用户。
findings contains found if {
	count(case_by_case) > 0
	found := finding.make(rego.metadata.rule(), sort(case_by_case), {"facts": sort(case_by_case)})
}

# METADATA
# title: Civilian end use
# description: A civilian use on the configured list, with military, mass-destruction and terrorist use expressly denied.
# custom:
#   id: GC-F04
#   effect: clear
#   severity: low
#   basis: [GC-F04, GC-F07, ECL-13]
#   factor: 6
#   text:
#     en: "The stated end use is civilian ({sector})."
#     zh: "所述最终用途为民用（{sector}）。"
#   remedy:
#     en: Nothing to mend; the end user must not change it without permission.
#     zh: 无需补正；未经许可，最终用户不得擅自改变最终用途。
findings contains found if {
	civilian
	found := finding.make(rego.metadata.rule(), ["/end_use/sector"], {"sector": input.end_use.sector})
}

# METADATA
# title: Whether the end use is stated, and stated as civilian throughout
civilian if {
	civil_sector
	every use in ["military", "wmd", "terrorism"] {
		input.end_use[use] == false
	}
}

# METADATA
# title: Whether the stated sector is on the configured civil list
civil_sector if sectors.rows[input.end_use.sector].civil

# METADATA
# title: Facts that call for a case-by-case review
case_by_case contains "/end_use/semiconductor_node_nm" if {
	input.end_use.semiconductor_node_nm <= settings.logic_node_nm.value
}

case_by_case contains "/end_use/memory_layers" if input.end_use.memory_layers >= settings.memory_layers.value

case_by_case contains "/end_use/ai_military" if input.end_use.ai_military == true

case_by_case contains "/end_use/sector" if count(chip_figures_missing) > 0

# METADATA
# title: Figures that a buyer in the semiconductor sector has not stated
# description: Either figure is enough; without both, absence is unknown, not coarse.
chip_figures_missing := [path |
	sectors.rows[input.end_use.sector].case_by_case
	not input.end_use.semiconductor_node_nm
	not input.end_use.memory_layers
	some path in ["/end_use/semiconductor_node_nm", "/end_use/memory_layers"]
]

_military_facts contains "/end_use/military" if input.end_use.military == true

_military_facts contains "/end_use/sector" if input.end_use.sector == "defence"

_military_facts contains sprintf("/parties/%d", [i]) if {
	some i, party in input.parties
	party.role in {"end_user", "ultimate_end_user", "consignee", "importer"}
	parties.military(party)
}
