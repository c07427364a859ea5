# METADATA
# title: Status over dates
# description: >-
#   One function says whether an instrument, a control-list entry, a party row, a channel or a membership applies on an
#   instant. A suspension is data; no rule compares a date of a measure itself. Instants are Beijing local time as text
#   (`2026-11-10T00:00:00+08:00`), which sorts as time does; the dates in the tables sort with them.
package rareearth.lib.status

import future.keywords.not

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

else := "suspended" if _paused(row, when)

else := "lapsed_unverified" if _doubted(row, when)

else := "in_force"

_ended(row, when) if {
	is_string(row.effective_until)
	row.effective_until <= when
}

_ended(row, when) if {
	some window in row.suspended
	window.kind == "stopped"
	_inside(window, when)
}

_paused(row, when) if {
	some window in _suspensions(row)
	window.confirmed
	_inside(window, when)
}

# A suspension was announced, but its notice was not seen, nor a later one that the measure lives again: nobody knows.
_doubted(row, when) if {
	some window in _suspensions(row)
	not window.confirmed
	_inside(window, when)
	not _resumed(row, window.from, when)
}

# The last suspension is over, and no notice since says that the measure lives again: nobody knows.
_doubted(row, when) if {
	windows := {window | some window in row.suspended}
	count(windows) > 0
	every window in windows {
		_over(window.until, when)
	}
	not _resumed(row, max({_settled(window) | some window in windows}), when)
}

_suspensions(row) := {window | some window in row.suspended; object.get(window, "kind", "suspended") == "suspended"}

# From when on a notice counts: after a confirmed suspension, and even during one that was never confirmed.
_settled(window) := window.until if window.confirmed

_settled(window) := window.from if not window.confirmed

_resumed(row, since, when) if {
	some notice in row.resumed
	notice.confirmed
	notice.from >= since
	notice.from <= when
}

_inside(window, when) if {
	window.from <= when
	not _over(window.until, when)
}

# An open end (null) is never over. Whether the printed end day of a window itself still counts is one setting (U-01).
_over(end, when) if {
	is_string(end)
	_last(end) <= when
}

_last(end) := _next_day(end) if _day_counts(end)

_last(end) := end if not _day_counts(end)

_day_counts(end) if {
	settings.end_day_counts.value
	not contains(end, "T")
}

_next_day(day) := time.format([time.add_date(time.parse_ns("2006-01-02", day), 0, 0, 1), "UTC", "2006-01-02"])

# METADATA
# title: The instants at which the status of a row can change
turns(row) := {_start_of(moment) | some moment in _bounds(row)} | {_start_of(_last(window.until)) |
	some window in row.suspended
	is_string(window.until)
}

_bounds(row) := {moment |
	some moment in array.flatten([
		[row[key] | some key in ["effective_from", "effective_until"]],
		[window.from | some key in ["suspended", "resumed"]; some window in row[key]],
	])
	is_string(moment)
}

_start_of(moment) := moment if contains(moment, "T")

_start_of(moment) := sprintf("%sT00:00:00+08:00", [moment]) if not contains(moment, "T")

# METADATA
# title: Whether a day lies further back than so many years and days
# description: A period that began on it ends with the day of the same date, which is still inside it.
older_than(day, years, days) if {
	last := time.add_date(time.parse_ns("2006-01-02", day), years, 0, days)
	time.parse_ns("2006-01-02", today) > last
}

# METADATA
# title: The first instant after a day that is itself still included
after_day(day) := _start_of(_next_day(day))
