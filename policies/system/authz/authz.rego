# METADATA
# title: Authorisation
# description: >-
#   Who may ask the service for what. The table `roles` beside this file says it, row by row; here stands only how a row is
#   read. What no row allows is refused, and the service takes anything but a plain yes for a no. The answer has the shape
#   that OPA itself takes from system.authz.
# schemas:
#   - input: schema.authz.schema
package system.authz

# METADATA
# title: Whether the request is allowed, and if not, why
default allow := {"allowed": false, "reason": "The policies allow nobody to do this."}

allow := {"allowed": true} if {
	some role in _allowing
	role in _held
} else := {"allowed": false, "reason": reason} if {
	count(_allowing) > 0
	reason := sprintf("This needs one of the roles %s; the caller has %s.", [_list(_allowing), _list(_held & _known)])
}

# The roles that may do what is asked, by any row.
_allowing contains role if {
	some route in data.system.authz.roles.routes
	_method in route.methods
	_fits(route)
	some role in route.roles
}

# Whoever calls is anyone. Nobody can be given that role, and having it gives nothing more.
_held contains "anyone"

_held contains role if some role in input.identity.roles

# Names of roles that no row knows are not repeated to the caller: a token may carry what concerns other services.
_known contains role if {
	some route in data.system.authz.roles.routes
	some role in route.roles
	role != "anyone"
}

# A request that asks for the head of an answer may have what one for the whole may.
_method := "GET" if {
	input.method == "HEAD"
} else := input.method

_fits(route) if {
	count(route.path) == count(input.path)
	_begins(route.path)
}

_fits(route) if {
	last := count(route.path) - 1
	route.path[last] == "**"
	last <= count(input.path)
	_begins(array.slice(route.path, 0, last))
	not _excepted(route, last)
}

# Where a row names exceptions, there has to be a segment that is none of them.
_excepted(route, place) if {
	route.except
	not input.path[place]
}

_excepted(route, place) if input.path[place] in route.except

_begins(pattern) if {
	every i, part in pattern {
		part in {"*", input.path[i]}
	}
}

_list(names) := concat(", ", sort(names)) if {
	count(names) > 0
} else := "none"
