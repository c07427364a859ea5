package sheet

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// What spreadsheets make of commodity codes, and what is said of it.
func TestHSCode(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ text, said string }{
		{"8505111000", ""},
		{"85051110", ""},
		{"01012100", ""},
		{"8.50511E+09", "its last 4 digits may be lost: probably it begins with 850511"},
		{"8,50511E+09", "probably it begins with 850511"},
		{"8.505111E9", "its last 3 digits may be lost: probably it begins with 8505111"},
		{"8.505111001E+09", "probably 8505111001 is meant"},
		{"8.5E+22", "in scientific form; take it from its source"},
		{"8,505,111,000", "separators of thousands into it; probably 8505111000 is meant"},
		{"8.505.111.000", "probably 8505111000 is meant"},
		{"8 505 111 000", "probably 8505111000 is meant"},
		{"8'505'111'000", "probably 8505111000 is meant"},
		{"8505111000.0", "as a fraction; probably 8505111000 is meant"},
		{"8505111000,00", "as a fraction; probably 8505111000 is meant"},
		{"505111000", "so probably 0505111000 is meant; if not, a digit is missing"},
		{"1012100", "so probably 01012100 is meant"},
		{"8505.11.10.00", "written with separators; probably 8505111000 is meant"},
		{"8505 1110 00", "written with separators; probably 8505111000 is meant"},
		{"2805.30", "written with separators; and then it has 6 digits"},
		{"2805-30", "written with separators; and then it has 6 digits"},
		{"280530", "an international subheading"},
		{"2805", "it has 4 digits; write the whole code"},
		{"850511100090", "it has 12 digits"},
		{"'8505111000", "probably 8505111000 is meant, without quotation marks"},
		{`="8505111000"`, "probably 8505111000 is meant, without quotation marks"},
		{"８５０５１１１０００", "probably 8505111000 is meant, without quotation marks and in half-width digits"},
		{"28/05/1930", "looks like a date that a spreadsheet made of a code; probably a code that begins with 2805 30 is meant"},
		{"28/05/2030", "probably a code that begins with 2805 30 is meant"},
		{"2030-05-28", "probably a code that begins with 2805 30 is meant"},
		{"28-May-30", "probably a code that begins with 2805 30 is meant"},
		{"2846-10-01", "probably a code that begins with 2846 10 is meant"},
		{"2846/10/1", "probably a code that begins with 2846 10 is meant"},
		{"Oct-2846", "probably a code that begins with 2846 10 is meant"},
		{"Oct-46", "looks like a date"},
		{"2846年10月", "probably a code that begins with 2846 10 is meant"},
		{"47631", "it is the date 2030-05-28; probably a code that begins with 2805 30 is meant"},
		{"magnet", "write its digits only"},
		{"8505-11-10", "written with separators; probably 85051110 is meant"},
	} {
		value, detail := hsCode(cell{text: tc.text})
		switch {
		case tc.said == "" && (value != tc.text || detail != ""):
			t.Errorf("%s: %v, %s", tc.text, value, detail)
		case tc.said != "" && (value != nil || !strings.Contains(detail, tc.said)):
			t.Errorf("%s: %v, %s; want %s", tc.text, value, detail, tc.said)
		}
	}
	for day, said := range map[string]string{"2030-05-28": "begins with 2805 30", "2846-10-01": "begins with 2846 10", "2025-01-01": "the date 2025-01-01"} {
		if value, detail := hsCode(cell{day, isDate}); value != nil || !strings.Contains(detail, said) || !strings.Contains(detail, "format the column as text") {
			t.Errorf("the date %s: %v, %s", day, value, detail)
		}
	}
}

// Whatever stands there: it is taken exactly as it is, or refused with a reason; and never mended.
func TestHSCodeIsNeverMended(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[0-9.,eE+\-/ '="]{1,14}`), rapid.StringMatching(`[0-9]{4,13}`), rapid.String()).Draw(t, "text")
		value, detail := hsCode(cell{text: text})
		if detail == "" && (value != text || !codeShape.MatchString(text)) {
			t.Fatalf("%q was taken as %v", text, value)
		}
		if detail != "" && (value != nil || strings.HasSuffix(detail, ": ")) {
			t.Fatalf("%q: %v, %s", text, value, detail)
		}
	})
}

func TestValues(t *testing.T) {
	t.Parallel()
	land := countries()
	for _, tc := range []struct {
		read reading
		cell cell
		want string // of a value, as written; ! and a part of what is said of one that is wrong
	}{
		{number, cell{text: "1200"}, "1200"},
		{number, cell{text: "0.50"}, "0.50"},
		{number, cell{text: "１２００"}, "1200"},
		{number, cell{text: "-1"}, "-1"},
		{number, cell{text: "1,200"}, "!two ways"},
		{number, cell{text: "1.200,5"}, "!two ways"},
		{number, cell{text: "2,5"}, "!two ways"},
		{number, cell{text: "1200 kg"}, "!not a number"},
		{number, cell{text: ".5"}, "!not a number"},
		{number, cell{text: "0012"}, "!not a number"},
		{number, cell{"2026-01-02", isDate}, "!made the date"},
		{day, cell{text: "2026-06-01"}, "2026-06-01"},
		{day, cell{text: "2026/6/1"}, "2026-06-01"},
		{day, cell{text: "2026年6月1日"}, "2026-06-01"},
		{day, cell{"2026-06-01", isDate}, "2026-06-01"},
		{day, cell{text: "01/06/2026"}, "!one way only"},
		{day, cell{text: "45000"}, "!one way only"},
		{yesOrNo, cell{text: "Yes"}, "true"},
		{yesOrNo, cell{text: "否"}, "false"},
		{yesOrNo, cell{text: "perhaps"}, "!neither"},
		{asWritten, cell{"2026-06-01", isDate}, "!made the date"},
		{asWritten, cell{"8505", isNumber}, "8505"},
		{land, cell{text: "de"}, "DE"},
		{land, cell{text: "德国"}, "DE"},
		{land, cell{text: "Germany"}, "DE"},
		{land, cell{text: "美国"}, "US"},
		{land, cell{text: "United Kingdom"}, "GB"},
		{land, cell{text: "South Korea"}, "KR"},
		{land, cell{text: "Korea"}, "Korea"},
		{land, cell{text: "EU"}, "EU"},
		{land, cell{text: "中国"}, "CN"},
		{wordOf(unitWords()), cell{text: "KG"}, "KGM"},
		{wordOf(unitWords()), cell{text: "公斤"}, "KGM"},
		{wordOf(unitWords()), cell{text: "boxes"}, "boxes"},
		{wordOf(formWords()), cell{text: " Magnet"}, " Magnet"},
		{wordOf(formWords()), cell{text: "MAGNET"}, "magnet"},
		{wordOf(sectorWords()), cell{text: "Wind power"}, "wind_power"},
		{listOf(land, func(v any) any { return v }), cell{text: "hk； 德国;"}, "HK DE"},
		{listOf(land, func(v any) any { return v }), cell{text: "None"}, ""},
		{composition, cell{text: "Dy 2.5; Nd 30"}, "Dy=2.5 Nd=30"},
		{composition, cell{text: "Dy: 2.5%, Nd=30 %，B 1"}, "Dy=2.5 Nd=30 B=1"},
		{composition, cell{text: "镝2.5；钕30、Fe 67.5"}, "Dy=2.5 Nd=30 Fe=67.5"},
		{composition, cell{text: "Dy 2,5; Nd 30"}, "!not an element"},
		{composition, cell{text: "Dy; Nd"}, "!not an element"},
		{composition, cell{"2.5", isNumber}, "!names no element"},
	} {
		value, detail := tc.read(tc.cell)
		got := written(value)
		if said, wrong := strings.CutPrefix(tc.want, "!"); wrong {
			if value != nil || !strings.Contains(detail, said) {
				t.Errorf("%v: %s, %q; want %q", tc.cell, got, detail, said)
			}
		} else if got != tc.want || detail != "" {
			t.Errorf("%v: %s, %q; want %s", tc.cell, got, detail, tc.want)
		}
	}
}
