# METADATA
# title: Coverage
# description: >-
#   What the policies do not model, and what they could not assess because the application does not state it or the service's
#   tables are not there, so that silence is not read as clearance.
# schemas:
#   - input: schema.application.schema
package rareearth.coverage

import future.keywords.not

import data.rareearth.controls
import data.rareearth.lib.history
import data.rareearth.lib.need as quantities
import data.rareearth.reference.coverage

# METADATA
# title: Articles and flags that this decision does not assess, in order of their ids
not_assessed := [{"id": id, "reason": reason} |
	some id in sort(object.keys(coverage.rows))
	reason := _reason(id)
]

_reason(id) := coverage.rows[id].reason if not coverage.rows[id].needs

_reason(id) := {
	"en": replace(coverage.rows[id].reason.en, "{missing}", concat(", ", unstated)),
	"zh": replace(coverage.rows[id].reason.zh, "{missing}", concat("、", unstated)),
} if {
	coverage.rows[id].needs
	unstated := [need.pointer | some need in coverage.rows[id].needs; not _stated(need)]
	count(unstated) > 0
}

# A need is one field of the application, a field of every element of a list, the weight of every listed line, or a table.
_stated(need) if object.get(input, need.path, null) != null

_stated(need) if {
	need.weighed == "listed"
	every line in controls.listed {
		quantities.weighed(line)
	}
}

_stated(need) if {
	elements := object.get(input, need.each, [])
	count(elements) > 0
	every element in elements {
		object.get(element, need.field, null) != null
	}
}

_stated(need) if {
	need.table == "history"
	history.consulted
}

_stated(need) if {
	need.table == "registry"
	history.registry_consulted
}
