# METADATA
# title: Destination
# description: What stands against the country the goods go to.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.destination

import data.rareearth.controls
import data.rareearth.lib.finding
import data.rareearth.reference.control_list
import data.rareearth.reference.destinations

_refused_to_us := {"ANN-2023-23", "ANN-2024-33", "ANN-2025-55"}

# METADATA
# title: Gallium, germanium, antimony and superhard items to the United States
# description: In principle not permitted. A suspension of this paragraph is data.
# custom:
#   id: ANN-2024-46 §2
#   instrument: ANN-2024-46 §2
#   effect: refer
#   severity: high
#   basis: [ANN-2024-46 §2, ANN-2025-72, ECL-48]
#   factor: 5
#   text:
#     en: "Exports of {codes} to the United States are in principle not permitted."
#     zh: "原则上不予许可向美国出口{codes}。"
#   remedy:
#     en: Wait for a suspension to be confirmed, or choose another destination.
#     zh: 待暂停实施经确认，或变更目的地。
findings contains found if {
	input.destination == "US"
	codes := _codes_of(_refused_to_us)
	count(codes) > 0
	found := finding.make(rego.metadata.rule(), ["/destination"], {"codes": sort(codes)})
}

# METADATA
# title: Graphite to the United States
# description: End users and end uses of graphite are checked more strictly.
# custom:
#   id: ANN-2024-46 §2/graphite
#   instrument: ANN-2024-46 §2
#   effect: flag
#   severity: high
#   basis: [ANN-2024-46 §2, ANN-2025-72]
#   factor: 5
#   text:
#     en: "Graphite ({codes}) to the United States is reviewed more strictly."
#     zh: "向美国出口石墨（{codes}）实施更严格审查。"
#   remedy:
#     en: Give full proof of end user and end use.
#     zh: 提供完整的最终用户和最终用途证明。
findings contains found if {
	input.destination == "US"
	codes := _codes_of({"ANN-2023-39"})
	count(codes) > 0
	found := finding.make(rego.metadata.rule(), ["/destination"], {"codes": sort(codes)})
}

# METADATA
# title: Graded destination
# description: A risk grade of the destination brings matching measures. The grades are not public; the table is empty until they are (U-05).
# custom:
#   id: ECL-8
#   effect: flag
#   severity: high
#   basis: [ECL-8, REG792-10]
#   factor: 5
#   text:
#     en: "{country} carries the risk grade {grade}."
#     zh: "{country}的风险等级为{grade}。"
#   remedy:
#     en: Follow the measures that go with the grade.
#     zh: 按该风险等级对应的管控措施办理。
findings contains found if {
	some path, country in _places
	grade := destinations.grades.rows[country].grade
	found := finding.make(rego.metadata.rule(), [path], {"country": country, "grade": grade})
}

_places["/destination"] := input.destination

_places["/end_use/site_country"] := input.end_use.site_country

_codes_of(announcements) := {entry.code |
	some line in controls.listed
	some entry in line.entries
	entry.instrument in announcements
	control_list.entries[entry.code]
}
