# What every table of the reference must keep, whoever edits it.
package rareearth.reference_test

import data.rareearth.lib.status
import data.rareearth.reference

_instruments := reference.instruments.rows

_entries := reference.control_list.entries

_parties := reference.parties.rows

test_the_lists_are_whole if {
	count(_entries) == 156
	count(_parties) == 274
	count([1 | some row in _parties; row.list_code == "CL"]) == 153
	count([1 | some row in _parties; row.list_code == "WL"]) == 40
	count([1 | some row in _parties; row.list_code == "UEL"]) == 81
}

test_every_table_says_where_it_is_from if {
	every name in _tables {
		provenance := reference[name].provenance
		provenance.title != ""
		provenance.source != ""
		provenance.note != ""
		regex.match(`^\d{4}-\d{2}-\d{2}$`, provenance.checked_on)
	}
}

_tables := {
	"calendar", "calendar_index", "channels", "clocks", "control_index", "control_list", "destinations", "documents",
	"elements", "folding", "forms", "hs_outside", "instruments", "parties", "party_index", "registration_cases", "scope",
	"sectors", "settings", "wording",
}

test_every_entry_is_keyed_by_its_code_under_a_known_instrument if {
	every key, entry in _entries {
		entry.code == key
		entry.instrument_name == _instruments[entry.instrument].name
		reference.forms.rows[entry.form]
		entry.confidence in {"two-sources", "one-source"}
		count(entry.sources) > 0
	}
}

# The pause is written in two files; they must not drift apart.
test_entries_are_paused_as_their_instrument_is if {
	every entry in _entries {
		entry.suspended == _instruments[entry.instrument].suspended
		_resumed(entry) == _instruments[entry.instrument].resumed
	}
}

_resumed(entry) := entry.resumed

_resumed(entry) := [] if not entry.resumed

test_no_entry_starts_before_its_instrument if {
	every entry in _entries {
		entry.effective_from >= _instruments[entry.instrument].effective_from
	}
}

test_symbols_are_elements_that_a_composition_can_name if {
	every entry in _entries {
		every symbol in entry.symbols {
			regex.match(`^[A-Z][a-z]?$`, symbol)
			contains(entry.symbol, symbol)
		}
	}
	every entry in _deciding {
		count(entry.symbols) == 1
		reference.elements.rows[entry.symbols[0]]
	}
}

_deciding := [entry | some entry in _entries; _instruments[entry.instrument].composition_decides]

test_the_twelve_elements_are_those_of_the_two_announcements if {
	_elements_of("ANN-2025-18") == {symbol | some symbol, row in reference.elements.rows; row.seven}
	_elements_of("ANN-2025-57") == {symbol | some symbol, row in reference.elements.rows; row.suspended_five}
}

_elements_of(instrument) := {symbol |
	some entry in _entries
	entry.instrument == instrument
	some symbol in entry.symbols
}

test_every_window_is_well_formed if {
	every window in _windows {
		window.instrument != ""
		is_boolean(window.confirmed)
		_in_order(window.from, window.until)
	}
	count(_windows) > 200
}

_windows := [window |
	some rows in [_instruments, _entries, _parties, reference.channels.rows, reference.channels.rows.EU.members]
	some row in rows
	some window in row.suspended
]

_in_order(_, null)

_in_order(from, until) if from < until

# Number of rows of a list in each state, as the ministry's notices read on two days.
_states(list_code, when) := {state: total |
	some state in {"not_yet", "ended", "suspended", "lapsed_unverified", "in_force"}
	total := count([1 |
		some row in _parties
		row.list_code == list_code
		status.at(row, when) == state
	])
	total > 0
}

_june_2025 := "2025-06-01T00:00:00+08:00"

_november_2026 := "2026-11-23T00:00:00+08:00"

test_party_states_in_june_2025 if {
	_states("CL", _june_2025) == {"in_force": 43, "suspended": 28, "not_yet": 82}
	_states("UEL", _june_2025) == {"in_force": 38, "suspended": 17, "not_yet": 26}
	_states("WL", _june_2025) == {"not_yet": 40}
}

test_party_states_in_november_2026 if {
	_states("CL", _november_2026) == {"in_force": 110, "lapsed_unverified": 16, "ended": 27}
	_states("UEL", _november_2026) == {"in_force": 53, "lapsed_unverified": 11, "ended": 17}
	_states("WL", _november_2026) == {"in_force": 40}
}

test_the_pause_today_is_unverified if {
	every id in ["ANN-2025-55", "ANN-2025-56", "ANN-2025-57", "ANN-2025-58", "ANN-2025-61", "ANN-2025-62"] {
		status.at(_instruments[id], _november_2026) == "lapsed_unverified"
		status.at(_instruments[id], "2026-01-15T00:00:00+08:00") == "suspended"
	}
	status.at(_instruments["ANN-2024-46 §2"], _november_2026) == "suspended"
	status.at(_instruments["ANN-2025-18"], _november_2026) == "in_force"
}

test_the_union_has_27_members_and_had_28 if {
	_members(_november_2026) == 27
	_members("2019-12-31T00:00:00+08:00") == 28
}

_members(when) := count([1 | some row in reference.channels.rows.EU.members; status.at(row, when) == "in_force"])

test_every_ban_names_an_instrument if {
	every id in reference.destinations.military_ban {
		_instruments[id]
	}
}

test_every_required_paper_and_undertaking_has_a_title if {
	every kind in reference.documents.kinds {
		every group in kind.documents {
			every paper in group {
				reference.documents.titles[paper].zh
			}
		}
	}
	every word in reference.documents.undertakings.green_channel {
		reference.documents.titles_undertakings[word].zh
	}
}

test_words_are_lower_case if {
	every list in ["generic_end_use", "generic_description", "denials", "ndfeb_names"] {
		every word in reference.wording[list] {
			word == lower(word)
		}
	}
}

test_folding_keys_can_be_met if {
	every key, _ in reference.folding.characters {
		key == lower(key)
	}
}
