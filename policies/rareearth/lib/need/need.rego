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
	masses := [_contained(line, _percent(line)) | some line in controls.listed]
	count(masses) == count(controls.listed)
	count(masses) > 0
	total := sum(masses)
}

# METADATA
# title: Listed elements that the listed lines contain or may contain
elements contains symbol if {
	some line in controls.listed
	some symbol, _ in _parts(line)
}

# METADATA
# title: Ordered contained material of each listed element, in kilograms
# description: An element has none where one of its lines states no quantity by weight.
element_kg[symbol] := total if {
	some symbol in elements
	lines := [line | some line in controls.listed; _parts(line)[symbol]]
	masses := [_contained(line, _parts(line)[symbol]) | some line in lines]
	count(masses) == count(lines)
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

_contained(line, percent) := (_kg(input.items[line.index].quantity) * percent) / 100

# Shares of several elements that add up to more than all of it are all of it.
_percent(line) := min([100, sum([share | some share in _stated_parts(line)])]) if count(_stated_parts(line)) > 0

_percent(line) := 100 if count(_stated_parts(line)) == 0

# The share of each listed element, percent by weight. Where a composition shows none, each may be the whole.
_parts(line) := _stated_parts(line) if count(_stated_parts(line)) > 0

_parts(line) := {symbol: 100 | some symbol in _symbols(line)} if count(_stated_parts(line)) == 0

# A listed element without a share may be the whole.
_stated_parts(line) := {symbol: share |
	some symbol in _symbols(line)
	stated := [object.get(part, "wt_pct", 100) | some part in input.items[line.index].composition; part.element == symbol]
	share := min([100, sum(stated)])
	share > 0
}

_symbols(line) := {symbol | some entry in line.entries; some symbol in control_list.entries[entry.code].symbols}
