# METADATA
# title: Need
# description: >-
#   Compares what is ordered with what the end user consumes, both as contained material in kilograms. Contained material
#   is the mass of the listed elements where a composition states it, else the whole quantity, which is the cautious side.
# schemas:
#   - input: schema.application.schema
package rareearth.lib.need

import future.keywords.not

import data.rareearth.controls
import data.rareearth.reference.control_list

# Grams of each unit; whole numbers, so that no figure at a limit is rounded over it.
_grams := {"GRM": 1, "KGM": 1000, "TNE": 1000000}

# METADATA
# title: Ordered contained material of all listed lines, in kilograms
# description: Undefined where a quantity is not stated or counted in pieces.
ordered_kg := total if {
	masses := [_contained(line) | some line in controls.listed]
	count(masses) == count(controls.listed)
	count(masses) > 0
	total := sum(masses)
}

# METADATA
# title: Consumption of one year, in kilograms
annual_kg := kg if {
	kg := _kg(input.need.annual_consumption)
	kg > 0
}

# METADATA
# title: Stock on hand, in kilograms
stock_kg := _kg(input.need.stock_on_hand)

# METADATA
# title: Months of consumption that the order covers
order_months := (ordered_kg * 12) / annual_kg

# METADATA
# title: Months of consumption that order and stock cover
# description: A stock that is not stated is left out here; the green channel asks for it.
cover_months := ((ordered_kg + stock_kg) * 12) / annual_kg

cover_months := order_months if not stock_kg

_kg(quantity) := (quantity.value * _grams[quantity.unit]) / 1000

# METADATA
# title: Whether the quantity of a line is stated by weight
weighed(line) if _kg(input.items[line.index].quantity) > 0

_contained(line) := (_kg(item.quantity) * _percent(item, line)) / 100 if item := input.items[line.index]

_percent(item, line) := min([100, sum(shares)]) if {
	shares := _shares(item, line)
	count(shares) > 0
}

_percent(item, line) := 100 if count(_shares(item, line)) == 0

# A listed element without a share may be the whole.
_shares(item, line) := [share |
	listed := {symbol | some entry in line.entries; some symbol in control_list.entries[entry.code].symbols}
	some part in item.composition
	part.element in listed
	share := object.get(part, "wt_pct", 100)
	share > 0
]
