# METADATA
# title: Chinese working days
# description: >-
#   Counts statutory time limits in Chinese working days, from generated indexes of the announced calendars. Where no
#   calendar has been announced there is no answer: the functions are undefined and `missing_year` names the gap.
package rareearth.lib.calendar

import future.keywords.not

import data.rareearth.lib.status
import data.rareearth.reference.calendar
import data.rareearth.reference.calendar_index as index

# METADATA
# title: The last day of a time limit
# description: >-
#   The day on which `length` working days have passed since `start`. The start day is not counted unless the table says
#   so (U-07). Days inside `stops` (`{from, until}`, both ends included) are not counted; a stop without an end lasts to today.
due(start, length, stops) := day if {
	first := _first(start)
	spans := [_span(stop) | some stop in stops]
	count(spans) == count(stops)
	stopped := {d | some span in spans; some d in span}
	window := array.slice(index.days, first, (first + length) + count(stopped))
	counted := [d | some d in window; not d in stopped]
	day := counted[length - 1]
}

# METADATA
# title: The first year without a calendar that a time limit from this day would need
missing_year(start) := to_number(substring(start, 0, 4)) if not _first(start)

missing_year(start) := to_number(substring(index.last, 0, 4)) + 1 if _first(start)

_first(start) := index.after[start] if not calendar.count_acceptance_day

_first(start) := index.after[_day_before(start)] if calendar.count_acceptance_day

# The working days of a stop; undefined where the calendar does not reach.
_span(stop) := array.slice(index.days, index.after[_day_before(stop.from)], index.after[_until(stop)])

_until(stop) := object.get(stop, "until", status.today)

_day_before(day) := time.format([time.add_date(time.parse_ns("2006-01-02", day), 0, 0, -1), "UTC", "2006-01-02"])
