# METADATA
# title: History
# description: >-
#   What the service remembers of earlier applications (`data.history`) and knows of parties on file (`data.registry`), one row
#   at a time by its key. There a row is never absent, it is only empty; a stock opa has no rows, and then nothing was consulted.
#   What is remembered of this application (package memory) is called here by the same names as what is asked for.
# schemas:
#   - input: schema.application.schema
package rareearth.lib.history

import future.keywords.not

import data.rareearth.lib.need
import data.rareearth.parties

# METADATA
# title: What the exporter is remembered by
# description: The social credit code where it is stated, because a name can be written in several ways.
exporter := object.get(input.exporter, "uscc", input.exporter.name)

# METADATA
# title: The names of those who will use the goods
end_users contains name if {
	some party in parties.end_users
	some name in parties.names_of(party)
}

# METADATA
# title: Names that are looked up among the parties on file
# description: Everybody named in the application, in every role and with every owner, and whom its certificates speak for.
names contains name if {
	some subject in parties.subjects
	some name in subject.names
}

names contains certificate.party if some certificate in certificates

# METADATA
# title: Certificates that can be told from others, by position
# description: By kind, by whom they speak for and by the day of issue; with the contract for which they are presented.
certificates[i] := {
	"type": document.type,
	"party": document.party,
	"issued_on": document.issued_on,
	"contract": input.contract.number,
} if {
	some i, document in input.documents
	document.type in {"end_user_certificate", "government_certificate"}
}

# METADATA
# title: Earlier orders of this exporter, by end user and by each listed element of this order
orders[name][element] := row if {
	some name in end_users
	some element in need.elements
	row := data.history.orders[json.marshal({
		"but": input.id,
		"element": element,
		"end_user": name,
		"exporter": exporter,
	})]
}

# METADATA
# title: Earlier applications of this exporter, by end user
customers[name] := row if {
	some name in end_users
	row := data.history.customers[json.marshal({"but": input.id, "end_user": name, "exporter": exporter})]
}

# METADATA
# title: Other contracts for which each certificate was presented, by position of the certificate
presented[i] := row if {
	some i, certificate in certificates
	row := data.history.certificates[json.marshal({
		"but": input.id,
		"exporter": exporter,
		"issued_on": certificate.issued_on,
		"party": certificate.party,
		"type": certificate.type,
	})]
}

# METADATA
# title: Parties on file, by the name under which they were looked up
on_file[name] := found if {
	some name in names
	found := data.registry.parties[name]
}

# METADATA
# title: Whether every row of the history that this application asks for was there
default consulted := false

consulted if {
	count(end_users) > 0
	every name in end_users {
		customers[name]
		count(object.get(orders, name, {})) == count(need.elements)
	}
	count(presented) == count(certificates)
}

# METADATA
# title: Whether every name was looked up among the parties on file
default registry_consulted := false

registry_consulted if {
	count(names) > 0
	every name in names {
		on_file[name]
	}
}

# METADATA
# title: What was ordered before within a window, for each name of an end user
# description: >-
#   Kilograms of all elements of this order together, as far as known. An application with several elements stands in the row of
#   each, so that the applications are counted by the longest row.
before(window) := {earlier |
	some name, rows in orders
	earlier := {
		"end_user": name,
		"kg": sum([row[window].kg | some row in rows]),
		"count": max([row[window].count | some row in rows]),
	}
}

# METADATA
# title: The end user with most ordered before within a window
# description: Undefined where nothing was ordered before.
most(window) := top if {
	ranked := {[earlier.kg, earlier.count, earlier.end_user] | some earlier in before(window); earlier.count > 0}
	[kg, orders_before, name] := max(ranked)
	top := {"end_user": name, "kg": kg, "count": orders_before}
}

# METADATA
# title: Months of consumption that this order covers together with those of a window
# description: A stock is left out, because what was ordered before may be in it.
months_with(window) := need.order_months + ((most(window).kg * 12) / need.annual_kg)
