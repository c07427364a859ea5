# METADATA
# title: Conventions
# description: >-
#   What our Rego has to say about itself. The input is what the parser found in policies/: packages and rules with their
#   places and annotations. The tables are those of the policies; `data.criteria` is articles.yaml beside this file.
#   Every violation names the place, and how to mend it.
package conventions

import data.criteria
import data.rareearth.reference

# METADATA
# title: A package says what it is for
violations contains _violation(pkg.place, "package", detail) if {
	some pkg in input.packages
	some part in ["title", "description"]
	not _said(pkg, part)
	detail := sprintf("package %s has no %s in its METADATA", [pkg.path, part])
}

# METADATA
# title: A package that reads its input names the schema of it
# description: Without the schema a misspelt field is silently undefined; with it, opa check refuses the rule.
violations contains _violation(pkg.place, "schema", detail) if {
	some pkg in input.packages
	pkg.reads_input
	not _schema(pkg)
	detail := sprintf("package %s reads input; name its schema, such as schema.application.schema, in its METADATA", [pkg.path])
}

# METADATA
# title: An exported rule says what it is
# description: A rule of several bodies says it once.
violations contains _violation(min(places), "title", detail) if {
	some path, places in _untitled
	detail := sprintf("%s has no title in its METADATA; give it one, or let its name start with _", [path])
}

# METADATA
# title: A finding carries all that a decision shows
violations contains _violation(place, "finding", detail) if {
	some place, details in _faults
	some detail in details
}

# METADATA
# title: An id belongs to one rule
violations contains _violation(place, "unique", detail) if {
	some id, places in _places
	count(places) > 1
	some place in places
	detail := sprintf("the id %s is given to %d rules (%s)", [id, count(places), concat(", ", sort(places))])
}

# METADATA
# title: Only findings have an id
# description: An id on any other rule is in the catalogue, and no decision ever shows it.
violations contains _violation(rule.place, "stray", detail) if {
	some rule in input.rules
	rule.name != "findings"
	id := rule.annotations.custom.id
	detail := sprintf("%s has the id %s but is no finding", [_path(rule), id])
}

# METADATA
# title: Every review factor occurs
violations contains _violation("policies", "factor", detail) if {
	some factor in numbers.range(1, 8)
	not factor in {rule.annotations.custom.factor | some rule in _findings}
	detail := sprintf("no rule belongs to review factor %d of ECL-13", [factor])
}

# METADATA
# title: Every green-channel condition has a rule
violations contains _violation("policies", "condition", detail) if {
	some id in criteria.conditions
	not _places[id]
	detail := sprintf("no rule has the id %s", [id])
}

# METADATA
# title: Every red flag is computed or listed as not assessed
violations contains _violation("policies", "flag", detail) if {
	some id in criteria.flags
	not _places[id]
	not reference.coverage.rows[id]
	detail := sprintf("%s is neither the id of a rule nor a row of reference.coverage", [id])
}

# METADATA
# title: A red flag that has a rule is not listed as never assessed
violations contains _violation("policies", "flag", detail) if {
	some id in criteria.flags
	_places[id]
	row := reference.coverage.rows[id]
	not row.needs
	detail := sprintf("%s has a rule; take its row out of reference.coverage, or say what it needs", [id])
}

# METADATA
# title: Every article that a machine can check is answered
# description: By the basis of a rule, of a duty after a licence or of a time limit, or by a row that says why not.
violations contains _violation("policies", "article", detail) if {
	some id in _to_answer
	not _answered(id)
	detail := sprintf("%s is in the basis of no rule, obligation or clock, and reference.coverage does not say why", [id])
}

# METADATA
# title: What is not assessed has a reason in both languages
violations contains _violation("policies", "coverage", detail) if {
	some id, row in reference.coverage.rows
	some fault in _untold("reason", object.get(row, "reason", {}))
	detail := sprintf("reference.coverage, row %s: %s", [id, fault])
}

# METADATA
# title: Coverage, obligations and clocks name articles that exist
violations contains _violation("policies", "coverage", detail) if {
	some table, ids in {
		"coverage": object.keys(reference.coverage.rows),
		"obligations": {id | some row in reference.obligations.rows; some id in row.basis},
		"clocks": {id | some row in reference.clocks.rows; some id in row.basis},
	}
	some id in ids
	not _known(id)
	detail := sprintf("reference.%s names %s, which articles.yaml does not know", [table, id])
}

_schema(pkg) if {
	some schema in pkg.annotations.schemas
	schema.path == "input"
	startswith(schema.schema, "schema.")
}

_untitled[path] contains rule.place if {
	some rule in _exported
	path := _path(rule)
	not path in _titled
}

_titled contains _path(rule) if {
	some rule in _exported
	_said(rule, "title")
}

_to_answer contains id if {
	some id, mark in criteria.articles
	mark in {"A", "B"}
}

_to_answer contains id if some id in criteria.announcements

_answered(id) if {
	some answer in _answers
	_within(answer, id)
}

_answers contains id if {
	some rule in _findings
	some id in rule.annotations.custom.basis
}

_answers contains id if {
	some table in [reference.obligations, reference.clocks]
	some row in table.rows
	some id in row.basis
}

_answers contains id if some id, _ in reference.coverage.rows

_exported contains rule if {
	some rule in input.rules
	not startswith(rule.name, "_")
}

_findings contains rule if {
	some rule in input.rules
	rule.name == "findings"
}

_places[id] contains rule.place if {
	some rule in _findings
	id := rule.annotations.custom.id
}

_path(rule) := sprintf("%s.%s", [rule.package, rule.name])

_violation(place, convention, detail) := {"place": place, "convention": convention, "detail": detail}

# Takes the whole package or rule: of one without annotations, its annotations are undefined, and so would be the question.
_said(of, part) if trim_space(of.annotations[part]) != ""

_keys := {"id", "effect", "severity", "basis", "factor", "text", "remedy"}

_optional := {"instrument", "outcome"}

_allowed := {
	"effect": {"refuse", "refer", "hold", "require", "flag", "clear"},
	"severity": {"high", "medium", "low"},
	"factor": {n | some n in numbers.range(1, 8)},
	"instrument": object.keys(reference.instruments.rows),
	"outcome": {outcome | some outcome in input.outcomes},
}

# What is wrong with the annotations of a finding, by the place of the rule.
_faults[rule.place] contains sprintf("%s is missing", [part]) if {
	some rule in _findings
	some part in ["title", "description"]
	not _said(rule, part)
}

_faults[rule.place] contains sprintf("custom.%s is missing", [key]) if {
	some rule in _findings
	some key in _keys
	not _has(rule, key)
}

_faults[rule.place] contains sprintf("custom.%s is no key of a finding", [key]) if {
	some rule in _findings
	some key, _ in rule.annotations.custom
	not key in (_keys | _optional)
}

_faults[rule.place] contains detail if {
	some rule in _findings
	some key, allowed in _allowed
	value := rule.annotations.custom[key]
	not value in allowed
	detail := sprintf("custom.%s cannot be %v; it is one of %s", [key, value, _list(allowed)])
}

_faults[rule.place] contains detail if {
	some rule in _findings
	id := rule.annotations.custom.id
	not _known(split(id, "/")[0])
	detail := sprintf("custom.id is %s; articles.yaml knows no such article or flag", [id])
}

_faults[rule.place] contains "custom.basis is not a list of at least one article id" if {
	some rule in _findings
	_has(rule, "basis")
	not _basis(rule)
}

_faults[rule.place] contains sprintf("custom.basis names %v, which articles.yaml does not know", [id]) if {
	some rule in _findings
	some id in rule.annotations.custom.basis
	not _known(id)
}

_faults[rule.place] contains detail if {
	some rule in _findings
	some key in ["text", "remedy"]
	some detail in _untold(sprintf("custom.%s", [key]), rule.annotations.custom[key])
}

_faults[rule.place] contains sprintf("custom.%s: the two languages do not fill in the same {places}", [key]) if {
	some rule in _findings
	some key in ["text", "remedy"]
	texts := rule.annotations.custom[key]
	_filled(texts, "en") != _filled(texts, "zh")
}

_has(rule, key) if rule.annotations.custom[key] != null

_basis(rule) if {
	is_array(rule.annotations.custom.basis)
	count(rule.annotations.custom.basis) > 0
}

_list(allowed) := concat(", ", [sprintf("%v", [value]) | some value in allowed])

# {case_en} and {case_zh} are one place: evidence that has itself two languages.
_filled(texts, lang) := {place |
	some name in regex.find_n(`\{[a-z_]+\}`, texts[lang], -1)
	place := replace(name, sprintf("_%s}", [lang]), "}")
}

# What keeps a pair of texts from being read by both kinds of reader.
_untold(key, texts) := {detail |
	some lang, fits in {"en": `^[^\p{Han}]*[a-z][^\p{Han}]*$`, "zh": `\p{Han}`}
	text := object.get(texts, lang, "")
	not regex.match(fits, text)
	detail := sprintf("%s.%s is missing or not in that language", [key, lang])
}

_ids contains id if some id, _ in criteria.articles

_ids contains id if {
	some kind in ["announcements", "notices", "facts", "conditions", "flags", "uncertain"]
	some id in criteria[kind]
}

# An id is known; or it is a paragraph of a known one, or an article of which paragraphs are known.
_known(id) if {
	some known in _ids
	_within(id, known)
}

_known(id) if {
	some known in _ids
	_within(known, id)
}

# REG792-19(1) is within REG792-19, and so is REG792-19 itself; REG792-190 is not.
_within(id, article) if id == article

_within(id, article) if startswith(id, sprintf("%s(", [article]))

_within(id, article) if startswith(id, sprintf("%s §", [article]))
