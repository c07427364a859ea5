package conventions_test

import data.conventions

_finding := {
	"package": "rareearth.licensing.end_user",
	"name": "findings",
	"place": "end_user.rego:10",
	"annotations": {
		"title": "Party on the control list",
		"description": "Nobody may deal with it.",
		"custom": {
			"id": "LAW-1",
			"effect": "refuse",
			"severity": "high",
			"basis": ["LAW-1", "LAW-2(1)", "NOTE-7 §2"],
			"factor": 1,
			"text": {"en": "{name} is listed.", "zh": "{name}已被列入。"},
			"remedy": {"en": "Take it out.", "zh": "请更换。"},
		},
	},
}

# One rule for each factor, so that a sound tree has all eight.
_others := [json.patch(_finding, [
	{"op": "replace", "path": "/place", "value": sprintf("others.rego:%d", [n])},
	{"op": "replace", "path": "/annotations/custom/id", "value": id},
	{"op": "replace", "path": "/annotations/custom/factor", "value": n},
]) |
	some i, id in ["LAW-3", "LAW-4", "LAW-2(1)/papers", "LIST", "P-01", "F-01", "F-02"]
	n := i + 2
]

_helper := {
	"package": "rareearth.lib.status",
	"name": "now",
	"place": "status.rego:20",
	"annotations": {"title": "Status now"},
}

_pkg := {
	"path": "rareearth.lib.status",
	"place": "status.rego:1",
	"reads_input": true,
	"annotations": {
		"title": "Status",
		"description": "Over dates.",
		"schemas": [{"path": "input", "schema": "schema.application.schema"}],
	},
}

_criteria := {
	"articles": {"LAW-1": "A", "LAW-2(1)": "B", "LAW-3": "C", "LAW-4": "-", "LAW-5": "A", "LAW-6": "B", "LAW-8": "B"},
	"announcements": ["NOTE-7"],
	"notices": ["LIST"],
	"facts": ["G-01"],
	"conditions": ["P-01"],
	"flags": ["F-01", "F-02", "F-03"],
	"uncertain": ["U-01"],
}

_coverage := {
	"LAW-5": {"reason": {"en": "Not public.", "zh": "未公开。"}},
	"F-02": {"reason": {"en": "Not stated: {missing}.", "zh": "未填报：{missing}。"}, "needs": [{"pointer": "/need"}]},
	"F-03": {"reason": {"en": "Not in the application.", "zh": "未包含在申请中。"}},
}

_obligations := {"LAW-6": {"basis": ["LAW-6(2)"]}}

_clocks := {"CLOCK-1": {"basis": ["LAW-8"]}}

_tables := {"criteria": _criteria, "coverage": _coverage, "obligations": _obligations, "clocks": _clocks}

_sound := {
	"outcomes": ["prohibited", "incomplete"],
	"packages": [_pkg],
	"rules": array.concat([_finding, _helper], _others),
}

_instruments := {"NOTE-7 §2": {"effective_from": "2025-01-01"}}

# What the conventions say of a tree, as "convention place: detail".
_said(tree) := _said_with(tree, {})

# What they say of it when some of the tables are others.
_said_with(tree, others) := {line |
	tables := {name: object.get(others, name, table) | some name, table in _tables}
	found := conventions.violations with input as tree
		with data.criteria as tables.criteria
		with data.rareearth.reference.coverage.rows as tables.coverage
		with data.rareearth.reference.obligations.rows as tables.obligations
		with data.rareearth.reference.clocks.rows as tables.clocks
		with data.rareearth.reference.instruments.rows as _instruments
	some violation in found
	line := sprintf("%s %s: %s", [violation.convention, violation.place, violation.detail])
}

# What they say when the first finding is changed by patches below its annotations.
_changed(patches) := _said(json.patch(_sound, [patch |
	some change in patches
	patch := object.union(change, {"path": sprintf("/rules/0/annotations%s", [change.path])})
]))

_fault(detail) := {sprintf("finding end_user.rego:10: %s", [detail])}

test_sound_tree_has_no_violation if _said(_sound) == set()

test_package_without_title_or_description if {
	wanted := {"package status.rego:1: package rareearth.lib.status has no title in its METADATA"}
	_said(json.remove(_sound, ["/packages/0/annotations/title"])) == wanted
	unknown := {"package status.rego:1: package rareearth.lib.status has no description in its METADATA"}
	_said(json.patch(_sound, [{"op": "replace", "path": "/packages/0/annotations/description", "value": " "}])) == unknown
	count(_said(json.remove(_sound, ["/packages/0/annotations"]))) == 3
}

test_package_that_reads_input_without_schema if {
	wanted := {"schema status.rego:1: package rareearth.lib.status reads input; name its schema, such as schema.application.schema, in its METADATA"}
	_said(json.remove(_sound, ["/packages/0/annotations/schemas"])) == wanted
	_said(json.patch(_sound, [{"op": "replace", "path": "/packages/0/annotations/schemas/0/schema", "value": "data.x"}])) == wanted
	_said(json.patch(_sound, [{"op": "replace", "path": "/packages/0/annotations/schemas/0/path", "value": "data.x"}])) == wanted
}

test_package_that_reads_no_input_needs_no_schema if {
	_said(json.patch(_sound, [
		{"op": "replace", "path": "/packages/0/reads_input", "value": false},
		{"op": "remove", "path": "/packages/0/annotations/schemas"},
	])) == set()
}

test_exported_rule_without_title if {
	wanted := {"title status.rego:20: rareearth.lib.status.now has no title in its METADATA; give it one, or let its name start with _"}
	_said(json.remove(_sound, ["/rules/1/annotations/title"])) == wanted
	_said(json.remove(_sound, ["/rules/1/annotations"])) == wanted
}

test_private_rule_needs_no_title if {
	_said(json.patch(_sound, [
		{"op": "replace", "path": "/rules/1/name", "value": "_now"},
		{"op": "remove", "path": "/rules/1/annotations"},
	])) == set()
}

test_second_body_needs_no_title if {
	second := json.remove(object.union(_helper, {"place": "status.rego:30"}), ["/annotations"])
	_said(json.patch(_sound, [{"op": "add", "path": "/rules/-", "value": second}])) == set()
}

test_finding_without_annotations_is_told_of_each_part if {
	said := _said(json.remove(_sound, ["/rules/0/annotations"]))
	count({line | some line in said; startswith(line, "finding end_user.rego:10: ")}) == 9
}

test_each_missing_part_of_a_finding if {
	every part in ["title", "description"] {
		_fault(sprintf("%s is missing", [part])) - _changed([{"op": "remove", "path": sprintf("/%s", [part])}]) == set()
	}
	every key in ["id", "effect", "severity", "basis", "factor", "text", "remedy"] {
		_fault(sprintf("custom.%s is missing", [key])) - _changed([{"op": "remove", "path": sprintf("/custom/%s", [key])}]) == set()
	}
}

test_misspelt_key_of_a_finding if {
	_changed([{"op": "add", "path": "/custom/serverity", "value": "high"}]) == _fault("custom.serverity is no key of a finding")
}

test_values_that_a_key_cannot_have if {
	every row in [
		{"key": "effect", "value": "deny", "detail": "custom.effect cannot be deny; it is one of clear, flag, hold, refer, refuse, require"},
		{"key": "severity", "value": "huge", "detail": "custom.severity cannot be huge; it is one of high, low, medium"},
		{"key": "outcome", "value": "approved", "detail": "custom.outcome cannot be approved; it is one of incomplete, prohibited"},
		{"key": "instrument", "value": "NOTE-8", "detail": "custom.instrument cannot be NOTE-8; it is one of NOTE-7 §2"},
	] {
		_changed([{"op": "add", "path": sprintf("/custom/%s", [row.key]), "value": row.value}]) == _fault(row.detail)
	}
}

test_factor_is_a_whole_number_from_1_to_8 if {
	every factor in [0, 9, 1.5, "6", null] {
		said := concat("\n", _changed([{"op": "replace", "path": "/custom/factor", "value": factor}]))
		contains(said, "finding end_user.rego:10: custom.factor ")
	}
}

test_outcome_and_instrument_may_be_named if {
	_changed([
		{"op": "add", "path": "/custom/outcome", "value": "incomplete"},
		{"op": "add", "path": "/custom/instrument", "value": "NOTE-7 §2"},
	]) == set()
}

test_id_that_nobody_knows if {
	every id in ["LAW-99", "LAW-1x", "law-1", "", "LAW-10"] {
		_changed([{"op": "replace", "path": "/custom/id", "value": id}]) == _fault(sprintf("custom.id is %s; articles.yaml knows no such article or flag", [id]))
	}
}

test_id_of_a_paragraph_or_of_the_whole_article if {
	every id in ["LAW-1(4)", "LAW-1/papers", "LAW-2", "LAW-2(1)(3)", "NOTE-7 §3", "U-01", "G-01"] {
		_changed([{"op": "replace", "path": "/custom/id", "value": id}]) == set()
	}
}

test_basis_that_is_no_list if {
	wanted := "finding end_user.rego:10: custom.basis is not a list of at least one article id"
	every basis in [[], "LAW-1", {"a": "LAW-1"}] {
		wanted in _changed([{"op": "replace", "path": "/custom/basis", "value": basis}])
	}
}

test_basis_that_nobody_knows if {
	_changed([{"op": "add", "path": "/custom/basis/-", "value": "LAW-77"}]) == _fault("custom.basis names LAW-77, which articles.yaml does not know")
}

test_text_that_is_missing_or_in_the_other_language if {
	every key in ["text", "remedy"] {
		every lang, other in {"en": "已被列入", "zh": "listed"} {
			pointer := sprintf("/custom/%s/%s", [key, lang])
			wanted := _fault(sprintf("custom.%s.%s is missing or not in that language", [key, lang]))
			wanted - _changed([{"op": "remove", "path": pointer}]) == set()
			wanted - _changed([{"op": "replace", "path": pointer, "value": ""}]) == set()
			wanted - _changed([{"op": "replace", "path": pointer, "value": other}]) == set()
		}
	}
}

test_texts_that_fill_in_different_places if {
	_changed([{"op": "replace", "path": "/custom/text/zh", "value": "{list}已被列入。"}]) == _fault("custom.text: the two languages do not fill in the same {places}")
}

test_texts_that_fill_in_evidence_of_their_language if {
	_changed([
		{"op": "replace", "path": "/custom/text/en", "value": "{name} is {case_en}."},
		{"op": "replace", "path": "/custom/text/zh", "value": "{name}为{case_zh}。"},
	]) == set()
}

test_id_given_twice if {
	_said(json.patch(_sound, [{"op": "replace", "path": "/rules/2/annotations/custom/id", "value": "LAW-1"}])) == {
		"unique end_user.rego:10: the id LAW-1 is given to 2 rules (end_user.rego:10, others.rego:2)",
		"unique others.rego:2: the id LAW-1 is given to 2 rules (end_user.rego:10, others.rego:2)",
	}
}

test_id_on_a_rule_that_is_no_finding if {
	wanted := {"stray status.rego:20: rareearth.lib.status.now has the id LAW-1 but is no finding"}
	_said(json.patch(_sound, [{"op": "add", "path": "/rules/1/annotations/custom", "value": {"id": "LAW-1"}}])) == wanted
}

test_factor_that_no_rule_belongs_to if {
	wanted := {"factor policies: no rule belongs to review factor 2 of ECL-13"}
	_said(json.patch(_sound, [{"op": "replace", "path": "/rules/2/annotations/custom/factor", "value": 1}])) == wanted
}

test_condition_without_a_rule if {
	wanted := {"condition policies: no rule has the id P-01"}
	_said(json.patch(_sound, [{"op": "replace", "path": "/rules/6/annotations/custom/id", "value": "G-01"}])) == wanted
}

test_flag_that_nobody_answers if {
	wanted := {"flag policies: F-03 is neither the id of a rule nor a row of reference.coverage"}
	_said_with(_sound, {"coverage": object.remove(_coverage, ["F-03"])}) == wanted
}

test_flag_that_has_a_rule_and_is_never_assessed if {
	wanted := {"flag policies: F-02 has a rule; take its row out of reference.coverage, or say what it needs"}
	_said_with(_sound, {"coverage": json.remove(_coverage, ["/F-02/needs"])}) == wanted
}

test_article_that_nobody_answers if {
	uncovered := {"article policies: LAW-5 is in the basis of no rule, obligation or clock, and reference.coverage does not say why"}
	_said_with(_sound, {"coverage": object.remove(_coverage, ["LAW-5"])}) == uncovered
	unanswered := {"article policies: LAW-6 is in the basis of no rule, obligation or clock, and reference.coverage does not say why"}
	_said_with(_sound, {"obligations": {}}) == unanswered
	untimed := {"article policies: LAW-8 is in the basis of no rule, obligation or clock, and reference.coverage does not say why"}
	_said_with(_sound, {"clocks": {}}) == untimed
}

test_announcement_that_nobody_answers if {
	wanted := {"article policies: NOTE-70 is in the basis of no rule, obligation or clock, and reference.coverage does not say why"}
	_said_with(_sound, {"criteria": object.union(_criteria, {"announcements": ["NOTE-7", "NOTE-70"]})}) == wanted
}

test_coverage_without_a_reason if {
	said := _said_with(_sound, {"coverage": json.remove(_coverage, ["/F-03/reason/zh"])})
	said == {"coverage policies: reference.coverage, row F-03: reason.zh is missing or not in that language"}
	count(_said_with(_sound, {"coverage": json.remove(_coverage, ["/F-03/reason"])})) == 2
}

test_coverage_or_obligation_that_nobody_knows if {
	rows := object.union(_coverage, {"LAW-9": _coverage["LAW-5"]})
	wanted := {"coverage policies: reference.coverage names LAW-9, which articles.yaml does not know"}
	_said_with(_sound, {"coverage": rows}) == wanted
	unknown := {"coverage policies: reference.obligations names LAW-9, which articles.yaml does not know"}
	_said_with(_sound, {"obligations": {"LAW-6": {"basis": ["LAW-6", "LAW-9"]}}}) == unknown
	untimed := {"coverage policies: reference.clocks names LAW-9, which articles.yaml does not know"}
	_said_with(_sound, {"clocks": {"CLOCK-1": {"basis": ["LAW-8", "LAW-9"]}}}) == untimed
}
