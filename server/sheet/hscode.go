package sheet

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/width"
)

// How commodity codes look when something happened to them on the way.
var (
	codeShape       = regexp.MustCompile(`^\d{8}(\d{2})?$`)
	allDigits       = regexp.MustCompile(`^\d+$`)
	scientificShape = regexp.MustCompile(`^(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})$`)
	groupedShape    = regexp.MustCompile(`^\d{1,3}(?:[,.'’ \x{00a0}\x{202f}]\d{3})+$`)
	fractionShape   = regexp.MustCompile(`^(\d+)[.,]0+$`)
	dottedShape     = regexp.MustCompile(`^\d{2,4}(?:[.\- /]\d{1,4})+$`)
	dayShape        = regexp.MustCompile(`^(\d{1,4})[-/.年](\d{1,2})[-/.月](\d{1,4})日?$`)
	monthShape      = regexp.MustCompile(`^(?:(\d{1,4})[- ])?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?:[- ](\d{1,4}))?$`)
	chineseMonth    = regexp.MustCompile(`^(?:(\d{1,4})年)?(\d{1,2})月(?:(\d{1,2})日)?$`)
)

// hsCode takes a commodity code of 8 or 10 digits as it is. Whatever else stands there is refused, with what a spreadsheet
// did to it as far as that can be told, and with what was probably meant. It is never mended here: a code decides what is
// controlled, and only its owner knows it.
func hsCode(c cell) (value any, detail string) {
	if c.kind == isDate {
		return nil, "a spreadsheet made the date " + c.text + " of it" + meantByDate(c.text) + asText
	}
	if codeShape.MatchString(c.text) {
		return c.text, ""
	}
	return nil, fmt.Sprintf("%q is no commodity code of 8 or 10 digits: ", shortened(c.text)) + damage(c.text)
}

const asText = "; format the column as text and enter the code again"

// damage says what happened to a code.
func damage(text string) string {
	plain := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "="), `"`), `"`)
	plain = strings.TrimLeft(plain, "'’`")
	if narrow := width.Narrow.String(plain); narrow != text && codeShape.MatchString(narrow) {
		return meant(narrow) + ", without quotation marks and in half-width digits"
	}
	lower := strings.ToLower(plain)
	switch {
	case scientificShape.MatchString(plain):
		return scientific(scientificShape.FindStringSubmatch(plain))
	case fractionShape.MatchString(plain):
		whole := fractionShape.FindStringSubmatch(plain)[1]
		return "a spreadsheet wrote it as a fraction" + whole0(whole)
	case dated(lower):
		return "it looks like a date that a spreadsheet made of a code" + meantByDate(lower) + asText
	case groupedShape.MatchString(plain):
		return "a spreadsheet put separators of thousands into it" + whole0(digitsOf(plain))
	case dottedShape.MatchString(plain):
		return "it is written with separators" + whole0(digitsOf(plain))
	case allDigits.MatchString(plain):
		return counted(plain)
	}
	return "write its digits only"
}

// whole0 says what was meant, if the digits that are left are a code.
func whole0(digits string) string {
	if codeShape.MatchString(digits) {
		return "; " + meant(digits)
	}
	if allDigits.MatchString(digits) {
		return "; and then " + counted(digits)
	}
	return ""
}

func meant(code string) string { return "probably " + code + " is meant" }

// scientific tells which digits of a code are left. A spreadsheet shows 6 of them, and the rest is lost in the file.
func scientific(found []string) string {
	digits, exponent := found[1]+found[2], found[3]
	const what = "a spreadsheet wrote it as a number in scientific form"
	power, err := strconv.Atoi(exponent)
	length := power + 1
	if err != nil || length > 10 || length < len(digits) {
		return what + "; take it from its source" + asText
	}
	lost := length - len(digits)
	if lost == 0 {
		return what + whole0(digits)
	}
	return fmt.Sprintf("%s, and its last %d digits may be lost: probably it begins with %s; take it from its source%s", what, lost, digits, asText)
}

// counted speaks of digits that are too few or too many.
func counted(digits string) string {
	switch n := len(digits); {
	case n == 7 || n == 9:
		return fmt.Sprintf("it has %d digits: a spreadsheet takes away a zero in front, so probably 0%s is meant; if not, a digit is missing", n, digits)
	case n == 5:
		serial, err := strconv.ParseFloat(digits, 64)
		if at, dateErr := excelize.ExcelDateToTime(serial, false); err == nil && dateErr == nil && serial >= 20_000 && serial < 80_000 {
			day := at.Format(time.DateOnly)
			return fmt.Sprintf("it has 5 digits; as a spreadsheet counts days it is the date %s%s%s", day, meantByDate(day), asText)
		}
		return "it has 5 digits"
	case n == 6:
		return "it has 6 digits, which is an international subheading; add the digits of the Chinese tariff"
	case n < 8:
		return fmt.Sprintf("it has %d digits; write the whole code", n)
	case n == 12 || n == 13:
		return fmt.Sprintf("it has %d digits; write the 10 of the tariff without what the declaration adds", n)
	default:
		return fmt.Sprintf("it has %d digits", n)
	}
}

// dated says whether a text is a date. One far in the future and in the middle of a month is a code with separators.
func dated(text string) bool {
	year, _, day, ok := dateIn(text)
	return ok && (year < firstHeading || day <= 1)
}

// The headings of the tariff that can be taken for a year; what lies before them is a year indeed.
const firstHeading, lastHeading = 2200, 9706

// dateIn reads a date in the ways in which spreadsheets write them. A part that is not there is 0.
func dateIn(text string) (year, month, day int, ok bool) {
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // digits only, or nothing
	if found := dayShape.FindStringSubmatch(text); found != nil {
		a, b, c := number(found[1]), number(found[2]), number(found[3])
		switch {
		case len(found[1]) == 4 && b >= 1 && b <= 12 && c >= 1 && c <= 31:
			return a, b, c, true
		case len(found[3]) == 4 && b >= 1 && b <= 12 && a >= 1 && a <= 31: // day first
			return c, b, a, true
		case len(found[3]) == 4 && a >= 1 && a <= 12 && b >= 1 && b <= 31: // month first
			return c, a, b, true
		}
		return 0, 0, 0, false
	}
	if found := monthShape.FindStringSubmatch(text); found != nil {
		month = (strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", found[2]) / 3) + 1
		before, after := number(found[1]), number(found[3])
		switch {
		case found[1] != "" && found[3] != "": // 1-oct-46
			return after, month, before, true
		case len(found[1]) == 4:
			return before, month, 0, true
		case found[3] != "" && after > 31 || len(found[3]) == 4:
			return after, month, 0, true
		}
		return 0, month, before + after, true
	}
	if found := chineseMonth.FindStringSubmatch(text); found != nil {
		return number(found[1]), number(found[2]), number(found[3]), true
	}
	return 0, 0, 0, false
}

// meantByDate says which code a spreadsheet probably made a date of: a heading and a subheading read as year and month
// (2846-10), or three pairs of digits read as day, month and year (28-05-30).
func meantByDate(text string) string {
	year, month, day, ok := dateIn(text)
	switch {
	case !ok || month == 0:
		return ""
	case year >= firstHeading && year <= lastHeading && day > 1:
		return fmt.Sprintf("; probably a code that begins with %04d %02d %02d is meant", year, month, day)
	case year >= firstHeading && year <= lastHeading:
		return fmt.Sprintf("; probably a code that begins with %04d %02d is meant", year, month)
	case year > 0 && day > 0:
		return fmt.Sprintf("; probably a code that begins with %02d%02d %02d is meant", day, month, int(math.Mod(float64(year), 100)))
	}
	return ""
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// shortened keeps a message readable whatever stands in a cell.
func shortened(text string) string {
	const longest = 60
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
