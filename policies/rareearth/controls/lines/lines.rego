# METADATA
# title: Line status
# description: >-
#   Whether each line of an application is on the control list on the day, from the declared codes and the stated facts.
#   HS codes are reference codes only: they propose entries, facts name one. Absence of a figure is unknown, not clean.
# schemas:
#   - input: schema.application.schema
package rareearth.controls.lines

import future.keywords.not

import data.rareearth.lib.status
import data.rareearth.reference.control_index as index
import data.rareearth.reference.control_list
import data.rareearth.reference.forms
import data.rareearth.reference.hs_outside
import data.rareearth.reference.wording

# METADATA
# title: The judged lines, in the order of the application
lines := [line |
	some i, item in input.items
	line := _line(i, item)
]

_line(i, item) := {
	"index": i,
	"line": item.line,
	"status": judged.status,
	"why": judged.why,
	"keys": judged.keys,
	"entries": [_entry(key, item, facts) | some key in judged.keys],
} if {
	facts := _facts(item)
	judged := _judged(item, facts)
}

_entry(key, item, facts) := {
	"code": key,
	"instrument": control_list.entries[key].instrument,
	"status": standing(key),
	"matched_by": array.flatten([
		[fact | some fact in ["control_code", "hs_code"]; key in facts[fact]],
		["composition" | _shares_element(key, facts.present)],
		["form" | _form_stated(item); _form_fits(key, item)],
	]),
}

# METADATA
# title: Status of a control-list entry today
standing(key) := status.now(control_list.entries[key])

# METADATA
# title: The entries among these that bind today
# description: A lapsed suspension binds for caution; not yet, suspended and ended entries are shown only.
binding(keys) := {key | some key in keys; standing(key) in {"in_force", "lapsed_unverified"}}

# What each fact of an item points to. `composed` are entries that the composition alone is enough for; `pool` are
# entries that the HS code proposes and no other fact rules out; `named` those of them that a fact singles out. An element
# without a share is contained; only a share of nought denies it.
_facts(item) := object.union(base, {"pool": pool, "named": _named(pool, item, base)}) if {
	present := {part.element | some part in item.composition; not part.wt_pct == 0}
	base := {
		"present": present,
		"stated": {part.element | some part in item.composition},
		"complete": _complete(item),
		"control_code": {key | some key in index.by_code[object.get(item, "control_code", "none")]},
		"hs_code": _by_hs(object.get(item, "hs_code", "")),
		"composed": _composed(item, present),
	}
	pool := {key |
		some key in base.hs_code
		_form_fits(key, item)
		not _ruled_out(key, item, base)
	}
}

# An assay that names no element is not complete, whatever it is called.
default _complete(_) := false

_complete(item) if {
	item.assay == "complete"
	count(item.composition) > 0
}

_by_hs(code) := {key | some key in object.get(index.by_hs, code, [])} | {key | some key in object.get(index.by_hs8, substring(code, 0, 8), [])}

_composed(item, present) := {key |
	some symbol in present
	some form, keys in index.by_symbol[symbol]
	_form_of_entry_fits(form, item)
	some key in keys
	not _magnet_without_cobalt(key, item, present)
}

# Samarium magnets are listed as samarium-cobalt; a complete assay without cobalt shows another magnet.
_magnet_without_cobalt(key, item, present) if {
	control_list.entries[key].form == "magnet"
	"Sm" in control_list.entries[key].symbols
	_complete(item)
	not "Co" in present
}

_named(pool, item, base) := ({key | some key in pool; _shares_element(key, base.present)} | _only(pool)) | _covered(item, base)

_only(pool) := pool if count(pool) == 1

_only(pool) := set() if count(pool) != 1

# Where no HS code is declared, or the declared one says what the composition says, the composition names the entries by itself.
_covered(item, base) := base.composed if not item.hs_code

_covered(item, base) := _with_other_elements({key | some key in base.composed; _hs_says(key, item, base)}, base) if item.hs_code

# Entries that a code speaks for, and those of the elements that it leaves out. A code that speaks for none brings none in.
_with_other_elements(spoken, base) := spoken | {key |
	count(spoken) > 0
	some key in base.composed
	not _any_shares(spoken, key)
}

_any_shares(keys, key) if {
	some other in keys
	_shares_element(other, control_list.entries[key].symbols)
}

# The HS code is printed for the entry; or, where none is printed, for another entry of the same element.
_hs_says(key, _, facts) if key in facts.hs_code

_hs_says(key, _, facts) if {
	count(control_list.entries[key].hs_codes) == 0
	_any_shares(facts.hs_code, key)
}

# All rare-earth magnets have one line, whatever their composition.
_hs_says(key, item, _) if {
	control_list.entries[key].form == "magnet"
	_rare_earth_magnet_code(item)
}

_form_fits(key, item) if _form_of_entry_fits(control_list.entries[key].form, item)

_form_of_entry_fits(_, item) if not _form_stated(item)

_form_of_entry_fits(form, item) if item.form in forms.rows[form].item_forms

# Who says "other" says only what the goods are not called; it rules no entry out.
_form_stated(item) if item.form != "other"

_shares_element(key, elements) if {
	some symbol in control_list.entries[key].symbols
	symbol in elements
}

# A complete assay rules out entries of elements that it does not show; it says nothing about machines.
_ruled_out(key, item, base) if {
	base.complete
	count(control_list.entries[key].symbols) > 0
	not _shares_element(key, base.present)
	not item.form == "equipment"
}

_ruled_out(key, item, base) if _magnet_without_cobalt(key, item, base.present)

# The ladder of the contract: the first rung that holds. Where a code or a fact points to entries, it ends here.
_judged(item, facts) := _verdict("listed", "declared", keys) if {
	keys := _with_other_elements(_declared(item, facts), facts)
	_bind(keys)
}

else := _verdict("conflict", reason, _pointed_to(facts)) if {
	reason := _contradiction(item, facts)
}

else := _verdict("unclassified", "no_assay", facts.pool | _magnet_keys) if {
	_magnet_of_unknown_content(item, facts)
	_bind(_magnet_keys)
}

else := _verdict("listed", "named", facts.named) if _bind(facts.named)

else := _verdict("unclassified", "several", facts.pool) if _bind(facts.pool)

else := _judged_by_goods(item, facts)

# The rest of the ladder, where nothing points to an entry that binds today.
_judged_by_goods(item, facts) := _verdict("unclassified", "unknown_code", _pointed_to(facts)) if unknown_code(item)

else := _verdict("not_listed", "assembly", _pointed_to(facts)) if item.form == "assembly"

else := _verdict("unclassified", "not_excluded", _pointed_to(facts) | _same_know_how(facts)) if _bind(_same_know_how(facts))

else := _verdict("not_listed", "not_binding", _pointed_to(facts)) if {
	count(_pointed_to(facts)) > 0
	_identified(item, facts)
}

else := _verdict("unclassified", "not_excluded", _not_excluded(item, facts)) if _bind(_not_excluded(item, facts))

else := _verdict("not_listed", reason, set()) if {
	reason := _clean(item, facts)
}

else := _verdict("unclassified", "unknown", _pointed_to(facts))

_verdict(line_status, why, keys) := {"status": line_status, "why": why, "keys": keys}

_bind(keys) if count(binding(keys)) > 0

_pointed_to(facts) := (facts.control_code | facts.composed) | facts.pool

# The entries of the declared control code that fit the HS code, the form and the composition.
_declared(item, facts) := {key |
	some key in facts.control_code
	_form_fits(key, item)
	_hs_fits(key, item, facts)
	_composition_fits(key, facts)
	not _magnet_without_cobalt(key, item, facts.present)
}

_hs_fits(_, item, _) if not item.hs_code

_hs_fits(key, item, facts) if _hs_says(key, item, facts)

# No code is printed for most alloys: such an entry goes with any code that the list does not have.
_hs_fits(key, _, facts) if {
	count(control_list.entries[key].hs_codes) == 0
	count(facts.hs_code) == 0
}

_composition_fits(key, _) if count(control_list.entries[key].symbols) == 0

_composition_fits(_, facts) if count(facts.stated) == 0

_composition_fits(key, facts) if _shares_element(key, facts.present)

_composition_fits(key, facts) if {
	not facts.complete
	count(facts.composed) == 0
	not _shares_element(key, facts.stated)
}

# Ways in which the papers contradict the goods; the first that is found is named.
_contradiction(item, facts) := "samarium_called_neodymium" if {
	_samarium_cobalt(facts)
	_magnet(item)
	_called_ndfeb(item)
	_bind(facts.composed | facts.pool)
}

else := "code_does_not_fit" if {
	count(facts.control_code) > 0
	count(_declared(item, facts)) == 0
	_bind(_pointed_to(facts))
}

else := "stated_unlisted" if {
	item.control_code == "none"
	_bind(facts.named)
}

else := "unlisted_hs_code" if {
	_bind(facts.composed)
	count(_covered(item, facts)) == 0
}

else := "more_than_the_whole" if sum([part.wt_pct | some part in item.composition]) > 100.5

_magnet(item) if item.form == "magnet"

_magnet(item) if _rare_earth_magnet_code(item)

_rare_earth_magnet_code(item) if startswith(hs_outside.magnets.rare_earth, item.hs_code)

_called_ndfeb(item) if {
	description := lower(item.description)
	some name in wording.ndfeb_names
	contains(description, name)
}

_magnet_of_unknown_content(item, facts) if {
	_magnet_that_may_be_listed(item, facts)
	not facts.complete
	count({"Dy", "Tb"} & facts.stated) == 0
	not _samarium_cobalt(facts)
}

_samarium_cobalt(facts) if {"Sm", "Co"} & facts.present == {"Sm", "Co"}

_magnet_that_may_be_listed(item, _) if _rare_earth_magnet_code(item)

_magnet_that_may_be_listed(item, facts) if {
	item.form == "magnet"
	"Nd" in facts.stated
}

_magnet_keys := _by_hs(hs_outside.magnets.rare_earth)

# METADATA
# title: Whether a control code is declared that the list does not know
unknown_code(item) if {
	code := item.control_code
	code != "none"
	not index.by_code[code]
}

# Entries that the facts leave open: the HS code proposes them, and only the stated form speaks against it; or the list
# prints no HS code and has thresholds that no composition answers (gallium, germanium, antimony, cathode materials).
# Carbon is left out: most goods have some, and its share tells neither diamond nor graphite.
_not_excluded(item, facts) := {key |
	some key in facts.hs_code
	not _ruled_out(key, item, facts)
} | {key |
	some key in index.unprinted.material
	_form_fits(key, item)
	_shares_element(key, facts.present - {"C"})
}

# Know-how of the same field under another measure, such as the technology catalogue beside announcement 62: a suspension
# of the one says nothing about the other.
_same_know_how(facts) := {key |
	some pointed in _pointed_to(facts)
	control_list.entries[pointed].form == "technology"
	some key in index.unprinted.technology
	control_list.entries[key].element == control_list.entries[pointed].element
}

# An entry that does not bind clears a line only where it is known that the line is that entry and nothing besides.
_identified(item, facts) if count(_declared(item, facts)) > 0

_identified(item, facts) if {
	facts.complete
	not item.form in {"equipment", "technology"}
}

_identified(_, facts) if count(_only(facts.pool)) > 0

_identified(item, _) if {
	_magnet(item)
	not _bind(_magnet_keys)
}

# What is enough to say that a line is not on the list.
_clean(item, facts) := "assay" if {
	facts.complete
	not item.form in {"equipment", "technology"}
}

else := "outside_code" if hs_outside.rows[item.hs_code].foreign_to_list

else := "foreign" if {
	item.form in forms.foreign_forms
	item.hs_code
	count(facts.hs_code) == 0
}
