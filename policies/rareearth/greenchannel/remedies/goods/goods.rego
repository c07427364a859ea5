# METADATA
# title: Goods and quantities that would remedy a finding
# description: >-
#   Lines that can be classified or filed elsewhere, and quantities that can be held against the need. What the end user consumes is not
#   offered to be stated otherwise than it was.
# schemas:
#   - input: schema.application.schema
package rareearth.greenchannel.remedies.goods

import future.keywords.not

import data.rareearth.controls
import data.rareearth.controls.lines
import data.rareearth.lib.change
import data.rareearth.lib.history
import data.rareearth.lib.need
import data.rareearth.reference.control_list
import data.rareearth.reference.instruments
import data.rareearth.reference.settings

# METADATA
# title: Content of a magnet
# custom:
#   remedies: ECL-12(4)
#   basis: [ECL-12(4), GC-P02]
#   example: true
#   text:
#     en: >-
#       Have the content of dysprosium and terbium of line {line} determined and state it. With either the line is an item of
#       announcement 18 and the channel is open to it; without both, and with a complete assay, it needs no licence.
#     zh: 检测第{line}项的镝、铽含量并填报。含其一的，属第18号公告物项，可适用通道；均不含且检测完整的，无须申请许可。
offers contains change.state(rego.metadata.rule(), place.pointer, place.value, {"line": line.line}) if {
	some line in lines.lines
	line.why == "no_assay"
	place := _content(line)
}

# METADATA
# title: Control code of a line
# custom:
#   remedies: ECL-12(4)
#   basis: [ECL-12(4), GC-P02]
#   example: true
#   text:
#     en: "State the control code of line {line}, if it is one of these: {codes}."
#     zh: "如属实，填报第{line}项的管制编码：{codes}。"
offers contains change.state(rego.metadata.rule(), sprintf("/items/%d/control_code", [line.index]), codes[0], {"line": line.line, "codes": codes}) if {
	some line in lines.lines
	line.status == "unclassified"
	line.why in {"several", "not_excluded"}
	codes := [control_list.entries[entry.code].code | some entry in line.entries; _for_the_channel(entry)]
}

# METADATA
# title: Line of another announcement
# custom:
#   remedies: GC-P02
#   basis: [GC-P02]
#   text:
#     en: "File line {line} in an application of its own: it is listed by {instrument}, for which the channel is not meant."
#     zh: "第{line}项由{instrument}列管，不适用通道，应另行申请。"
offers contains change.take_out(rego.metadata.rule(), sprintf("/items/%d", [line.index]), {"line": line.line, "instrument": instrument}) if {
	some line in controls.listed
	some entry in line.entries
	_bars(entry)
	instrument := entry.instrument
	some other in controls.listed
	every its in other.entries {
		not _bars(its)
	}
}

# METADATA
# title: Weight of a line
# custom:
#   remedies: GC-P08
#   basis: [GC-P08]
#   example: true
#   text:
#     en: "State the quantity of line {line} by weight."
#     zh: "按重量填报第{line}项的数量。"
offers contains change.state(rego.metadata.rule(), sprintf("/items/%d/quantity", [line.index]), {"value": 1, "unit": "KGM"}, {"line": line.line}) if {
	some line in controls.listed
	not need.weighed(line)
}

# METADATA
# title: Yearly consumption
# custom:
#   remedies: GC-P08
#   basis: [GC-P08, RF-12]
#   example: true
#   text:
#     en: "State the end user's documented yearly consumption of the contained material. The order is within need from {kg} kg a year on."
#     zh: "填报最终用户有据可查的材料年消耗量；年消耗量不低于{kg}千克的，订货在需求范围之内。"
offers contains change.state(rego.metadata.rule(), "/need/annual_consumption", {"value": kg, "unit": "KGM"}, {"kg": kg}) if {
	not need.annual_kg
	kg := ceil(((need.ordered_kg + _earlier_kg) * 12) / settings.cover_months_fast.value)
	kg > 0
}

# METADATA
# title: Stock on hand
# custom:
#   remedies: GC-P08
#   basis: [GC-P08, RF-12]
#   example: true
#   text:
#     en: State the end user's stock of the contained material, nought if there is none.
#     zh: 填报最终用户的材料库存，没有的填零。
offers contains change.state(rego.metadata.rule(), "/need/stock_on_hand", {"value": 0, "unit": "KGM"}, {}) if {
	not need.stock_kg >= 0
}

# METADATA
# title: Smaller order
# custom:
#   remedies: GC-P08
#   basis: [GC-P08, RF-12]
#   text:
#     en: "Order less of line {line}: together with what was ordered in the last 90 days, {months} months of need at most."
#     zh: "减少第{line}项订货量；连同近90日内的订货，不超过{months}个月需求。"
offers contains change.replace_with(rego.metadata.rule(), sprintf("/items/%d/quantity/value", [line.index]), value, {"line": line.line, "months": months}) if {
	months := settings.cover_months_fast.value
	open_kg := ((need.annual_kg * months) / 12) - _earlier_kg
	need.ordered_kg > open_kg
	some line in controls.listed
	value := floor(((input.items[line.index].quantity.value * open_kg) * 1000) / need.ordered_kg) / 1000
	value > 0
}

# A composition that leaves both out takes up the element that is found; a figure stands for the one that is measured.
_content(line) := {"pointer": sprintf("/items/%d/composition/-", [line.index]), "value": _found} if input.items[line.index].composition

_content(line) := {"pointer": sprintf("/items/%d/composition", [line.index]), "value": [_found]} if not input.items[line.index].composition

_found := {"element": "Dy", "wt_pct": 0.1}

_for_the_channel(entry) if {
	entry.status == "in_force"
	instruments.rows[entry.instrument].green_channel
}

_bars(entry) if {
	entry.status in {"in_force", "lapsed_unverified"}
	not instruments.rows[entry.instrument].green_channel
}

default _earlier_kg := 0

_earlier_kg := history.most("days_90").kg
