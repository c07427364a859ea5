package system.authz_test

import data.system.authz

_roles := ["client", "author", "auditor", "operator"]

_request(names, method, path) := {
	"identity": {"name": "acme", "roles": names, "exporter": "", "method": "token"},
	"method": method,
	"path": split(path, "/"),
	"query": [],
}

_allowed(names, method, path) if {
	verdict := authz.allow with input as _request(names, method, path)
	verdict == {"allowed": true}
}

_refused(names, method, path) := verdict.reason if {
	verdict := authz.allow with input as _request(names, method, path)
	verdict.allowed == false
}

# The whole table once more, by hand: who may do what. In order: client, author, auditor, operator; last, who is nobody.
_wanted := {
	"POST v1/decisions": "c----",
	"POST v1/decisions/batch": "c----",
	"POST v1/dry-runs": "cwa--",
	"GET v1/decisions": "c-a--",
	"GET v1/decisions/018f": "c-a--",
	"POST v1/decisions/018f/replay": "-wa--",
	"GET v1/journal/checkpoint": "cwao-",
	"GET v1/journal/key": "cwao-",
	"GET v1/journal/inclusion": "c-a--",
	"GET v1/journal/consistency": "c-a--",
	"GET v1/journal/records/7/leaf": "--a--",
	"GET v1/controls": "cwao-",
	"GET v1/controls/1C902.a.1": "cwao-",
	"GET v1/controls/61/1(1)": "cwao-",
	"GET v1/parties": "cwao-",
	"GET v1/registry/parties": "--ao-",
	"GET v1/registry/parties/P-1": "--ao-",
	"PUT v1/registry/parties/P-1": "---o-",
	"GET v1/bundles": "-wao-",
	"GET v1/bundles/sha256:00": "-wao-",
	"POST v1/bundles": "-w-o-",
	"POST v1/bundles/sha256:00/activate": "---o-",
	"GET v1/shadow": "-wao-",
	"POST v1/shadow": "---o-",
	"DELETE v1/shadow": "---o-",
	"POST ": "c----",
	"GET v1/data": "--a--",
	"POST v1/data": "--a--",
	"POST v0/data": "--a--",
	"POST v1/batch/data": "--a--",
	"GET v1/data/registry/parties": "--a--",
	"POST v1/data/history": "--a--",
	"GET v1/data/screening": "--a--",
	"GET v1/data/system/authz": "--a--",
	"GET v1/data/authzen/mapping": "--a--",
	"GET v1/data/nowhere": "cwao-",
	"POST v1/data/nowhere/at/all": "cwao-",
	"POST v0/data/nowhere": "cwao-",
	"POST v1/batch/data/nowhere": "cwao-",
	"GET v1/data/rareearth": "c----",
	"POST v1/data/rareearth/decision": "c----",
	"GET v1/data/rareearth/reference/control_list": "cwa--",
	"POST v1/data/rareearth/reference/control_list": "c----",
	"POST v1/batch/data/rareearth/decision": "c----",
	"POST v1/batch/data/history": "-----",
	"POST v0/data/rareearth/decision": "c----",
	"POST v0/data/history": "-----",
	"GET v1/query": "--a--",
	"POST v1/query": "--a--",
	"POST v1/compile": "--a--",
	"GET v1/policies": "-wa--",
	"GET v1/policies/rareearth/decision/decision.rego": "-wa--",
	"GET v1/config": "---o-",
	"GET v1/status": "---o-",
	"PUT v1/data/rareearth": "cwao-",
	"PATCH v1/data/registry": "cwao-",
	"DELETE v1/data/rareearth": "cwao-",
	"PUT v1/policies/x": "cwao-",
	"DELETE v1/policies/x": "cwao-",
	"POST access/v1/evaluation": "c----",
	"POST access/v1/evaluations": "c----",
	"GET .well-known/authzen-configuration": "cwaoN",
	"GET .well-known/authzen-configuration/tenant": "cwaoN",
	"GET openapi.json": "cwaoN",
	"GET docs": "cwaoN",
	"GET docs/page.css": "cwaoN",
	"GET livez": "cwaoN",
	"GET readyz": "cwaoN",
	"GET health": "cwaoN",
	"GET health/ready": "cwaoN",
}

# What differs from the table by hand, for every route with every role and with none.
test_every_route_with_every_role if {
	differences := {sprintf("%s as %v", [route, names]) |
		some route, marks in _wanted
		some i, names in [["client"], ["author"], ["auditor"], ["operator"], []]
		[method, path] := split(route, " ")
		wanted := substring(marks, i, 1) != "-"
		got := {true | _allowed(names, method, path)} == {true}
		got != wanted
	}
	differences == set()
}

# No row of the table stands outside the test above.
test_every_row_is_tested if {
	untested := {row |
		some row in authz.roles.routes
		not _tested(row)
	}
	untested == set()
}

_tested(row) if {
	some route, _ in _wanted
	[method, path] := split(route, " ")
	verdict := authz.allow with input as _request(["anything"], method, path)
		with authz.roles.routes as [object.union(row, {"roles": ["anything"]})]
	verdict.allowed
}

test_every_method_of_a_row_is_known if {
	odd := {method |
		some row in authz.roles.routes
		some method in row.methods
		not method in {"GET", "POST", "PUT", "PATCH", "DELETE"}
	}
	odd == set()
}

test_a_row_knows_shipped_roles_only if {
	odd := {role |
		some row in authz.roles.routes
		some role in row.roles
		not role in array.concat(_roles, ["anyone"])
	}
	odd == set()
}

test_head_is_read_as_get if {
	_allowed(["client"], "HEAD", "v1/controls")
	_refused(["operator"], "HEAD", "v1/decisions")
}

test_methods_are_told_apart if {
	every method in ["PUT", "DELETE", "PATCH", "get", "TRACE", ""] {
		_refused(_roles, method, "v1/decisions") == "The policies allow nobody to do this."
	}
}

test_what_no_row_names_is_refused if {
	every path in ["v1", "v2/decisions", "V1/decisions", "v1/decisions/1/2", "v1/decisions/", "v1//decisions", "policies", "v1/policies/x"] {
		_refused(_roles, "POST", path)
	}
}

# A segment is compared whole: one that holds a slash, a star or dots is no way into another row.
test_segments_are_not_parsed_again if {
	every path in [["v1/decisions"], ["v1", "decisions/batch"], ["v1", "*"], ["*", "decisions"], ["v1", "**"], ["**"], ["v1", "..", "v1", "decisions"]] {
		verdict := authz.allow with input as object.union(_request(["client"], "POST", ""), {"path": path})
		verdict.allowed == false
	}
}

test_several_roles_add_up if {
	_allowed(["client", "operator"], "POST", "v1/decisions")
	_allowed(["client", "operator"], "POST", "v1/bundles")
}

test_an_unknown_role_gives_nothing_and_is_not_repeated if {
	reason := _refused(["root", "client"], "GET", "v1/bundles")
	reason == "This needs one of the roles auditor, author, operator; the caller has client."
	_refused(["root"], "GET", "v1/status") == "This needs one of the roles operator; the caller has none."
}

# A caller that calls itself anyone gets what anyone gets.
test_anyone_is_no_role_to_have if {
	_allowed(["anyone"], "GET", "livez")
	_refused(["anyone"], "GET", "v1/controls") == "This needs one of the roles auditor, author, client, operator; the caller has none."
}

test_without_an_input_nobody_is_allowed if {
	authz.allow.allowed == false with input as {}
	authz.allow.allowed == false with input as {"method": "GET", "path": "livez"}
	authz.allow.allowed == false with input as object.remove(_request(_roles, "POST", "v1/decisions"), ["identity"])
}

test_an_empty_table_allows_nothing if {
	verdict := authz.allow with input as _request(_roles, "GET", "livez") with authz.roles.routes as []
	verdict.allowed == false
}
