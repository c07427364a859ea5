# METADATA
# title: Parties
# description: >-
#   Who takes part in an application, in every role and with every owner, and which list rows carry one of their names.
#   Names are compared exactly after folding; near matches come from `data.screening`, which only the service has.
# schemas:
#   - input: schema.application.schema
package rareearth.parties

import future.keywords.not

import data.rareearth.lib.names
import data.rareearth.lib.status
import data.rareearth.reference.parties
import data.rareearth.reference.party_index

# METADATA
# title: Everybody named in the application
# description: One subject a party, an exporter or an owner. An owner carries the share it holds and the role of what it owns.
subjects contains {
	"path": sprintf("/parties/%d", [i]),
	"kind": "party",
	"role": party.role,
	"names": names_of(party),
	"country": object.get(party, "country", "not stated"),
} if {
	some i, party in input.parties
}

subjects contains {
	"path": sprintf("/parties/%d/owners/%d", [i, j]),
	"kind": "owner",
	"role": party.role,
	"names": names_of(owner),
	"country": object.get(owner, "country", "not stated"),
	"share_pct": object.get(owner, "share_pct", null),
} if {
	some i, party in input.parties
	some j, owner in party.owners
}

subjects contains {
	"path": "/exporter",
	"kind": "party",
	"role": "exporter",
	"names": names_of(input.exporter),
	"country": object.get(input.exporter, "country", "CN"),
}

subjects contains {
	"path": sprintf("/exporter/owners/%d", [j]),
	"kind": "owner",
	"role": "exporter",
	"names": names_of(owner),
	"country": object.get(owner, "country", "not stated"),
	"share_pct": object.get(owner, "share_pct", null),
} if {
	some j, owner in input.exporter.owners
}

# METADATA
# title: The names that a party bears, in any script
names_of(party) := {name | some key in ["name", "name_local"]; name := party[key]}

# METADATA
# title: List rows that carry the name of a subject
# description: One hit for each name and row, in whatever state the row is; several rows of one name are judged each for itself.
hits contains _hit(subject, name, id, "exact name", 1) if {
	some subject in subjects
	some name in subject.names
	some id in _rows_named(name)
}

# Screening finds the exact names too; those are hits already.
hits contains _hit(subject, name, match.row, "screening", match.score) if {
	some subject in subjects
	some name in subject.names
	some match in data.screening.matches[name]
	match.band == "hit"
	not match.row in _rows_named(name)
}

_rows_named(name) := object.get(party_index.by_name, names.fold(name), [])

_hit(subject, name, id, by, score) := {
	"path": subject.path,
	"kind": subject.kind,
	"role": subject.role,
	"country": subject.country,
	"share_pct": object.get(subject, "share_pct", null),
	"name": name,
	"row": id,
	"list": parties.rows[id].list,
	"listed_name": parties.rows[id].name,
	"listed_country": parties.rows[id].country,
	"instrument": parties.rows[id].instrument,
	"status": status.now(parties.rows[id]),
	"matched_by": by,
	"score": score,
}

# METADATA
# title: Near matches that a person has to look at
# description: Whatever screening found that is no hit.
near contains {"path": subject.path, "name": name, "row": match.row, "listed_name": match.name, "score": match.score} if {
	some subject in subjects
	some name in subject.names
	some match in data.screening.matches[name]
	not status.now(parties.rows[match.row]) == "not_yet"
	not _hit_rows[subject.path][match.row]
}

_hit_rows[path] contains hit.row if {
	some hit in hits
	path := hit.path
}

# METADATA
# title: Names that were not screened
# description: Without the service's table every name is unscreened. That is never taken for a clean result.
unscreened contains {"path": subject.path, "name": name} if {
	some subject in subjects
	some name in subject.names
	not data.screening.matches[name]
}

# METADATA
# title: What the screening of all names came to
screening := "not_run" if count(unscreened) > 0

else := "not_run" if count(subjects) == 0

else := "hit" if count(hits) > 0

else := "review" if count(near) > 0

else := "clear"

# METADATA
# title: Those who will use the goods
end_users[i] := party if {
	some i, party in input.parties
	party.role in {"end_user", "ultimate_end_user"}
}

# METADATA
# title: Whether a party is itself military
# description: Ties to armed forces do not make a firm military; they are a red flag (RF-03).
military(party) if party.business == "military"

military(party) if party.site_type == "military_base"

# METADATA
# title: Whether a party is military or tied to it
tied(party) if military(party)

tied(party) if party.military_ties == true

# METADATA
# title: Parties on the watch list today
watched contains hit if {
	some hit in hits
	hit.list == "watch"
	hit.kind == "party"
	hit.status == "in_force"
}
