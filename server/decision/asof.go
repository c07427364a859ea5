package decision

import (
	"fmt"
	"time"

	"greenchannel/server/problem"
)

// Beijing is the time of all dates in applications, policies and decisions. It has no daylight saving time.
func Beijing() *time.Location { return time.FixedZone("", 8*60*60) }

// StartOfDay is the first moment of the day of an instant in Beijing.
func StartOfDay(at time.Time) time.Time {
	year, month, day := at.In(Beijing()).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, Beijing())
}

// Instant writes an instant as decisions carry it: RFC 3339 in Beijing time, to the millisecond.
func Instant(at time.Time) string { return at.In(Beijing()).Format("2006-01-02T15:04:05.999-07:00") }

// The years that can be asked about. Policies count in nanoseconds of 64 bits, which end in 2262; before 1990 there was
// no Chinese export control law of this kind.
const (
	firstYear = 1990
	lastYear  = 2199
)

// ParseAsOf reads the instant to decide as of: RFC 3339 with an offset, or a day, which means its start in Beijing.
func ParseAsOf(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, text, Beijing())
	}
	if err != nil {
		return time.Time{}, problem.New(problem.Invalid, fmt.Sprintf(
			"%q is neither a day nor an instant; write 2026-11-23 (from its first moment in Beijing) or 2026-11-23T09:00:00+08:00.",
			shorten(text)))
	}
	if year := at.In(Beijing()).Year(); year < firstYear || year > lastYear {
		return time.Time{}, problem.New(problem.Invalid, fmt.Sprintf(
			"The year %d cannot be asked about; choose one from %d to %d.", year, firstYear, lastYear))
	}
	return at, nil
}
