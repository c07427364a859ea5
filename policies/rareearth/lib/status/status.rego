# METADATA
# title: Status over dates
# description: >-
#   One function says whether an instrument, a control-list entry, a party row, a channel or a membership applies on an
#   instant. A suspension is data; no rule compares a date of a measure itself. Instants are Beijing local time as text
#   (`2026-11-10T00:00:00+08:00`), which sorts as time does; the dates in the tables sort with them.
package rareearth.lib.status

import data.rareearth.reference.settings

_beijing_ns := ((8 * 60) * 60) * 1000000000

# METADATA
# title: The instant the rules are asked about
# description: Beijing has no daylight saving time, so a fixed offset needs no time zone table.
instant := time.format([time.now_ns() + _beijing_ns, "UTC", "2006-01-02T15:04:05.999999999+08:00"])

# METADATA
# title: The day the rules are asked about, in Beijing
today := substring(instant, 0, 10)

# METADATA
# title: Status of a row now
now(row) := at(row, instant)

# METADATA
# title: Status of a row at an instant
# description: >-
#   `not_yet`, `ended`, `suspended`, `lapsed_unverified` or `in_force`. A row without a first day has no status: undefined.
at(row, when) := _at(row, when) if is_string(row.effective_from)

_at(row, when) := "not_yet" if when < row.effective_from

else := "ended" if _ended(row, when)

else := "suspended" if _paused(row, when, true)

else := "lapsed_unverified" if _paused(row, when, false)

else := "lapsed_unverified" if _lapsed(row, when)

else := "in_force"

_ended(row, when) if _over(row.effective_until, when)

_ended(row, when) if {
	some window in row.suspended
	window.kind == "stopped"
	_inside(window, when)
}

_paused(row, when, confirmed) if {
	some window in row.suspended
	object.get(window, "kind", "suspended") == "suspended"
	window.confirmed == confirmed
	_inside(window, when)
}

# The last suspension is over and no notice since says that the measure lives again: nobody knows.
_lapsed(row, when) if {
	ends := {window.until | some window in row.suspended}
	count(ends) > 0
	every end in ends {
		_over(end, when)
	}
	not _resumed(row, max(ends), when)
}

_resumed(row, end, when) if {
	some notice in row.resumed
	notice.confirmed
	notice.from >= end
	notice.from <= when
}

_inside(window, when) if {
	window.from <= when
	not _over(window.until, when)
}

# An open end (null) is never over. Whether the printed end day itself still counts is one setting (U-01).
_over(end, when) if {
	is_string(end)
	_last(end) <= when
}

_last(end) := end if not _day_counts(end)

_last(end) := _next_day(end) if _day_counts(end)

_day_counts(end) if {
	settings.end_day_counts.value
	count(end) == 10
}

_next_day(day) := time.format([time.add_date(time.parse_ns("2006-01-02", day), 0, 0, 1), "UTC", "2006-01-02"])

# METADATA
# title: The instants at which the status of a row can change
turns(row) := {_start_of(day) | some day in _opening(row)} | {_start_of(_last(day)) | some day in _closing(row)}

_opening(row) := ({day | some day in [row.effective_from]} | {window.from | some window in object.get(row, "suspended", [])}) | {notice.from | some notice in object.get(row, "resumed", [])}

_closing(row) := {day |
	some day in [object.get(row, "effective_until", null)]
	is_string(day)
} | {window.until |
	some window in object.get(row, "suspended", [])
	is_string(window.until)
}

_start_of(day) := sprintf("%sT00:00:00+08:00", [day]) if count(day) == 10

_start_of(moment) := moment if count(moment) > 10

# METADATA
# title: The first instant after a day that is itself still included
after_day(day) := _start_of(_next_day(day))
