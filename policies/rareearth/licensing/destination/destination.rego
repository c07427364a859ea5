# METADATA
# title: Destination
# description: What stands against the country the goods go to.
# schemas:
#   - input: schema.application.schema
package rareearth.licensing.destination

import future.keywords.not

import data.rareearth.controls
import data.rareearth.lib.finding
import data.rareearth.parties
import data.rareearth.reference.destinations

# METADATA
# title: Gallium, germanium, antimony and superhard items to the United States
# description: >-
#   In principle not permitted, also where another country stands between China and the user in the United States. A
#   suspension of this paragraph is data.
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
#     zh: 待暂停实施的公告得到确认后再申请，或者变更目的国和最终用户。
findings contains found if {
	codes := _codes_bound_by({"ANN-2023-23", "ANN-2024-33", "ANN-2025-55"})
	count(codes) > 0
	count(_ends_in_us) > 0
	found := finding.make(rego.metadata.rule(), sort(_ends_in_us), {"codes": sort(codes)})
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
#     zh: "对石墨两用物项（{codes}）对美国出口，实施更严格的最终用户和最终用途审查。"
#   remedy:
#     en: Give full proof of end user and end use.
#     zh: 提交完整的最终用户和最终用途证明。
findings contains found if {
	codes := _codes_bound_by({"ANN-2023-39"})
	count(codes) > 0
	count(_ends_in_us) > 0
	found := finding.make(rego.metadata.rule(), sort(_ends_in_us), {"codes": sort(codes)})
}

# METADATA
# title: Graded destination
# description: >-
#   A risk grade of the destination brings matching measures. The grades are not public; the table is empty until they are
#   (U-05). A grade other than low or medium weighs high.
# custom:
#   id: ECL-8
#   effect: flag
#   severity: high
#   basis: [ECL-8, REG792-10]
#   factor: 5
#   text:
#     en: "{country} carries the risk grade {grade}."
#     zh: "目的地{country}的风险等级为{grade}。"
#   remedy:
#     en: Follow the measures that go with the grade.
#     zh: 按照与该风险等级相应的管控措施办理。
findings contains found if {
	some [path, country] in _places
	grade := destinations.grades.rows[country].grade
	found := finding.graded(rego.metadata.rule(), _weight(grade), [path], {"country": country, "grade": grade})
}

_weight(grade) := grade if grade in {"low", "medium"}

_weight(grade) := "high" if not grade in {"low", "medium"}

_places contains ["/destination", input.destination]

_places contains ["/end_use/site_country", input.end_use.site_country]

# Where the application says that the goods themselves end up in the United States.
_ends_in_us contains path if some [path, "US"] in _places

_ends_in_us contains sprintf("/parties/%d/country", [i]) if {
	some i, party in parties.end_users
	party.country == "US"
}

# The entries under which a line is listed by these announcements and that bind today.
_codes_bound_by(announcements) := {entry.code |
	some line in controls.listed
	some entry in line.entries
	entry.instrument in announcements
	entry.status in {"in_force", "lapsed_unverified"}
}
