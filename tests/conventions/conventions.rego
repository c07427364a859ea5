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
	not _said(pkg.annotations, part)
	detail := sprintf("package %s has no %s in its METADATA", [pkg.path, part])
}

# METADATA
# title: A package that reads the application names its schema
# description: Without the schema a misspelt field is silently undefined; with it, opa check refuses the rule.
violations contains _violation(pkg.place, "schema", detail) if {
	some pkg in input.packages
	pkg.reads_input
	not _schema(pkg.annotations)
	detail := sprintf("package %s reads input; name schema.application.schema in its METADATA", [pkg.path])
}

_schema(annotations) if {
	some schema in annotations.schemas
	schema.path == ["input"]
	schema.schema == ["schema", "application", "schema"]
}

# METADATA
# title: An exported rule says what it is
# description: A rule of several bodies says it once.
violations contains _violation(min(places), "title", detail) if {
	some path, places in _untitled
	detail := sprintf("%s has no title in its METADATA; give it one, or let its name start with _", [path])
}

_untitled[path] contains rule.place if {
	some rule in _exported
	path := _path(rule)
	not path in _titled
}

_titled contains _path(rule) if {
	some rule in _exported
	_said(rule.annotations, "title")
}

# METADATA
# title: A finding carries all that a decision shows
violations contains _violation(rule.place, "finding", detail) if {
	some rule in _findings
	some detail in _faults(object.get(rule, "annotations", {}))
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
# description: By the basis of a rule, by a duty after a licence, or by a row that says why not.
violations contains _violation("policies", "article", detail) if {
	some id in _to_answer
	not _answered(id)
	detail := sprintf("%s is in the basis of no rule and no obligation, and reference.coverage does not say why", [id])
}

_to_answer := {id | some id, mark in criteria.articles; mark in {"A", "B"}} | {id | some id in criteria.announcements}

_answered(id) if {
	some answer in _answers
	_within(answer, id)
}

_answers := ({id | some rule in _findings; some id in rule.annotations.custom.basis} |
	{id | some row in reference.obligations.rows; some id in row.basis}) |
	object.keys(reference.coverage.rows)

# METADATA
# title: What is not assessed has a reason in both languages
violations contains _violation("policies", "coverage", detail) if {
	some id, row in reference.coverage.rows
	some fault in _text_faults("reason", object.get(row, "reason", {}))
	detail := sprintf("reference.coverage %s: %s", [id, fault])
}

# METADATA
# title: Coverage and obligations name articles that exist
violations contains _violation("policies", "coverage", detail) if {
	some table, ids in {
		"coverage": object.keys(reference.coverage.rows),
		"obligations": {id | some row in reference.obligations.rows; some id in row.basis},
	}
	some id in ids
	not _known(id)
	detail := sprintf("reference.%s names %s, which articles.yaml does not know", [table, id])
}

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

_said(annotations, part) if {
	text := annotations[part]
	trim_space(text) != ""
}

_keys := {"id", "effect", "severity", "basis", "factor", "text", "remedy"}

_optional := {"instrument", "outcome"}

_faults(annotations) := (_common_faults(annotations) | _value_faults(annotations)) | _text_faults_of(annotations)

_common_faults(annotations) := {fault |
	some part in ["title", "description"]
	not _said(annotations, part)
	fault := sprintf("%s is missing", [part])
} | {fault |
	some key in _keys
	not _has(annotations, key)
	fault := sprintf("custom.%s is missing", [key])
} | {fault |
	some key, _ in annotations.custom
	not key in (_keys | _optional)
	fault := sprintf("custom.%s is no key of a finding", [key])
}

_has(annotations, key) if annotations.custom[key] != null

_value_faults(annotations) := {fault |
	id := annotations.custom.id
	not _known(split(id, "/")[0])
	fault := sprintf("custom.id %s: articles.yaml knows no such article or flag", [id])
} | {fault |
	effect := annotations.custom.effect
	not effect in {"refuse", "refer", "hold", "require", "flag", "clear"}
	fault := sprintf("custom.effect %v is none of refuse, refer, hold, require, flag, clear", [effect])
} | {fault |
	severity := annotations.custom.severity
	not severity in {"high", "medium", "low"}
	fault := sprintf("custom.severity %v is none of high, medium, low", [severity])
} | {fault |
	factor := annotations.custom.factor
	not factor in numbers.range(1, 8)
	fault := sprintf("custom.factor %v is no whole number from 1 to 8", [factor])
} | {fault |
	outcome := annotations.custom.outcome
	not outcome in input.outcomes
	fault := sprintf("custom.outcome %v is no outcome", [outcome])
} | {fault |
	instrument := annotations.custom.instrument
	not reference.instruments.rows[instrument]
	fault := sprintf("custom.instrument %v is no row of reference.instruments", [instrument])
} | _basis_faults(annotations)

_basis_faults(annotations) := {fault |
	basis := annotations.custom.basis
	not _non_empty_list(basis)
	fault := "custom.basis is no list of article ids, or an empty one"
} | {fault |
	some id in annotations.custom.basis
	not _known(id)
	fault := sprintf("custom.basis names %v, which articles.yaml does not know", [id])
}

_non_empty_list(basis) if {
	is_array(basis)
	count(basis) > 0
}

# Of a text that is missing altogether the missing key is told already.
_text_faults_of(annotations) := {fault |
	some key in ["text", "remedy"]
	texts := annotations.custom[key]
	some fault in _text_faults(sprintf("custom.%s", [key]), texts)
} | {fault |
	some key in ["text", "remedy"]
	texts := annotations.custom[key]
	_names(texts.en) != _names(texts.zh)
	fault := sprintf("custom.%s: the two languages do not name the same {places}", [key])
}

_text_faults(key, texts) := {fault |
	some lang in ["en", "zh"]
	not _said(texts, lang)
	fault := sprintf("%s.%s is missing", [key, lang])
} | {fault |
	some lang, _ in texts
	not lang in {"en", "zh"}
	fault := sprintf("%s.%v is no language of this service", [key, lang])
} | {fault |
	_said(texts, "zh")
	not regex.match(`\p{Han}`, texts.zh)
	fault := sprintf("%s.zh is not Chinese", [key])
} | {fault |
	_said(texts, "en")
	regex.match(`\p{Han}`, texts.en)
	fault := sprintf("%s.en is not English", [key])
}

_names(text) := {name | some name in regex.find_n(`\{[a-z_]+\}`, text, -1)}

_ids := (((object.keys(criteria.articles) | {id | some id in criteria.announcements}) |
	{id | some id in criteria.notices}) | {id | some id in criteria.facts}) |
	(({id | some id in criteria.conditions} | {id | some id in criteria.flags}) | {id | some id in criteria.uncertain})

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
_within(id, id)

_within(id, article) if startswith(id, sprintf("%s(", [article]))

_within(id, article) if startswith(id, sprintf("%s §", [article]))
