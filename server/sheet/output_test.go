package sheet

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"greenchannel/server/decision"
)

// written writes a value of a field as text.
func written(value any) string {
	switch v := value.(type) {
	case jsontext.Value:
		return string(v)
	case []any:
		var all []string
		for _, one := range v {
			if part, ok := one.(map[string]any); ok {
				all = append(all, fmt.Sprintf("%s=%s", part["element"], written(part["wt_pct"])))
			} else {
				all = append(all, written(one))
			}
		}
		return strings.Join(all, " ")
	}
	return fmt.Sprint(value)
}

// The same list in every encoding is the same list, and how it was read is told.
func TestEncodings(t *testing.T) {
	t.Parallel()
	encoded := func(bytes []byte, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes)
	}
	plain := []byte(goodsInChinese)
	little, big := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder(), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder()
	latin := "description,form\nGröße 5 für Läufer,magnet\n"
	want := items(t, sound(t, goodsInChinese, options(t)))
	for _, tc := range []struct{ file, note string }{
		{goodsInChinese, "UTF-8"},
		{"\ufeff" + goodsInChinese, "UTF-8"},
		{encoded(simplifiedchinese.GB18030.NewEncoder().Bytes(plain)), "GB18030"},
		{"\xff\xfe" + encoded(little.Bytes(plain)), "UTF-16LE"},
		{"\xfe\xff" + encoded(big.Bytes(plain)), "UTF-16BE"},
		{encoded(little.Bytes(plain)), "UTF-16LE"},
		{encoded(big.Bytes(plain)), "UTF-16BE"},
	} {
		book := sound(t, tc.file, options(t))
		if !strings.Contains(book.Notes[0], "read as "+tc.note+",") {
			t.Errorf("%s: %v", tc.note, book.Notes)
		}
		if diff := cmp.Diff(want, items(t, book)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.note, diff)
		}
	}
	western, err := charmap.Windows1252.NewEncoder().String(latin)
	if err != nil {
		t.Fatal(err)
	}
	if got := faults(t, western, options(t)); !strings.Contains(got[0], "name its encoding with --encoding, such as windows-1252") {
		t.Errorf("Western European text is taken for Chinese: %v", got)
	}
	o := options(t)
	o.Encoding = "windows-1252"
	if got := items(t, sound(t, western, o)); got[0]["description"] != "Größe 5 für Läufer" {
		t.Errorf("by name: %v", got)
	}
	o.Encoding = "utf-8"
	if got := faults(t, "description\nx\n\xff\n", o); got[0] != "list.csv: is not UTF-8 in line 3" {
		t.Errorf("got %q", got)
	}
	if got := faults(t, "description\nx\n\xff\xff\n", options(t)); !strings.Contains(got[0], "cannot be read as GB18030 in line 3") {
		t.Errorf("got %q", got)
	}
	o.Encoding = "klingon"
	if got := faults(t, "description\nx\n", o); !strings.Contains(got[0], "the encodings are utf-8") {
		t.Errorf("got %q", got)
	}
}

func decided() decision.Decision {
	text := func(s string) decision.Text { return decision.Text{EN: s, ZH: "中" + s} }
	return decision.Decision{
		AsOf: "2026-11-23T00:00:00+08:00", Outcome: decision.Incomplete, Policy: decision.PolicyRef{Revision: "r1"},
		Items: []decision.Line{
			{Line: 1, Status: "listed", Entries: []decision.Entry{{Code: "1C905.a.4", Status: "in_force"}}},
			{Line: 2, Status: "unclassified"},
		},
		Reasons: []decision.Reason{
			{Rule: "ON-1", Effect: "flag", Severity: "low", Paths: []string{"/items/0"}, Remedy: text("licence")},
			{Rule: "GC-P02", Effect: "flag", Severity: "high", Paths: []string{"/items/0"}, Remedy: text("fast")},
			{Rule: "ON-2", Effect: "hold", Severity: "medium", Paths: []string{"/items/1"}, Remedy: text("state the assay")},
			{Rule: "ON-BOTH", Effect: "flag", Severity: "high", Paths: []string{"/items/0", "/items/1"}, Remedy: text("both")},
			{Rule: "ON-USE", Effect: "flag", Severity: "low", Paths: []string{"/items/1/form", "/end_use/sector"}, Remedy: text("use")},
			{Rule: "PAPERS", Effect: "require", Severity: "medium", Paths: []string{"/documents"}, Remedy: text("file the papers")},
			{Rule: "PAPERS", Effect: "require", Severity: "low", Remedy: text("less")},
		},
		Missing: []string{"contract", "/items/1/assay", "/transit", "/onward/countries"},
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	ask := Ask{Lines: []Line{{Row: 2, Line: "1"}, {Row: 3, Line: "2"}}}
	rows := Rows(Orders, ask, decided())
	want := []Row{
		{
			Line: ask.Lines[0], Status: "listed", Entries: []string{"1C905.a.4 (in_force)"}, Outcome: decision.Incomplete,
			Reasons: []string{"ON-1", "GC-P02", "ON-BOTH", "ON-USE", "PAPERS"}, Missing: []string{"contract", "transit", "/onward/countries"},
			Next: decision.Text{EN: "file the papers", ZH: "中file the papers"}, AsOf: "2026-11-23T00:00:00+08:00", Bundle: "r1",
		},
		{
			Line: ask.Lines[1], Status: "unclassified", Outcome: decision.Incomplete,
			Reasons: []string{"ON-2", "ON-BOTH", "ON-USE", "PAPERS"}, Missing: []string{"contract", "assay", "transit", "/onward/countries"},
			Next: decision.Text{EN: "file the papers", ZH: "中file the papers"}, AsOf: "2026-11-23T00:00:00+08:00", Bundle: "r1",
		},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("orders (-want +got):\n%s", diff)
	}
	// Of a catalogue nothing is told that rests on who buys it.
	rows = Rows(Catalogue, ask, decided())
	for i, reason := range []string{"ON-1", "ON-2"} {
		if r := rows[i]; r.Outcome != "" || len(r.Reasons) != 1 || r.Reasons[0] != reason || len(r.Missing) != i || r.Next.EN == "file the papers" {
			t.Errorf("row %d of a catalogue: %+v", i, r)
		}
	}
	failed := Failed(ask, "too slow")
	if len(failed) != 2 || failed[1].Status != Undecided || failed[1].Row != 3 || failed[1].Next.EN != "too slow" {
		t.Errorf("failed %+v", failed)
	}
	if short := Rows(Orders, ask, decision.Decision{}); short[1].Status != Undecided {
		t.Errorf("a line that no decision speaks of is %+v", short[1])
	}
}

// What can be taken for a formula is made harmless, wherever a name comes from.
func TestFormulasAreHarmless(t *testing.T) {
	t.Parallel()
	evil := []string{
		`=1+1`, `+1`, `-1`, `@SUM(A1)`, "\t=1", "\r=1", "\n=1", `＝1`, `＋1`, `－1`, `＠1`, ` =1`, "\u00a0=1", "\u3000＝1", "\u200b=1", `=HYPERLINK("http://x","y")`,
	}
	var rows []Row
	for i, text := range append(evil, "magnet", "5-axis", "") {
		rows = append(rows, Row{Line: Line{Row: i + 2, Description: text, Application: text, Reference: text}, Status: "listed", Next: decision.Text{EN: text}})
	}
	var out bytes.Buffer
	if err := WriteCSV(&out, "en", rows); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
	if err != nil || len(records) != len(rows)+1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	for i, record := range records[1:] {
		for at, value := range record {
			if strings.ContainsAny(firstOf(value), "=+-@＝＋－＠\t\r\n") {
				t.Errorf("row %d, column %d begins a formula: %q", i, at, value)
			}
		}
		if plain := i >= len(evil); plain && record[4] != rows[i].Description {
			t.Errorf("%q became %q", rows[i].Description, record[4])
		} else if !plain && strings.ReplaceAll(record[4], "\r", "") != "'"+strings.ReplaceAll(rows[i].Description, "\r", "") && !strings.Contains(rows[i].Description, "\r") {
			t.Errorf("%q became %q", rows[i].Description, record[4])
		}
	}

	out.Reset()
	if err := WriteXLSX(&out, "en", rows, []string{"=note"}); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	for i, row := range rows {
		for _, column := range []string{"B", "D", "E", "L"} {
			name := fmt.Sprintf("%s%d", column, i+2)
			formula, err := book.GetCellFormula("Screening", name)
			kind, kindErr := book.GetCellType("Screening", name)
			if err != nil || kindErr != nil || formula != "" || row.Description != "" && kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
				t.Errorf("%s is a formula (%q) or of type %v: %v, %v", name, formula, kind, err, kindErr)
			}
		}
	}
	if formula, err := book.GetCellFormula("Notes", "A1"); err != nil || formula != "" {
		t.Errorf("the note is the formula %q, %v", formula, err)
	}
}

func firstOf(text string) string {
	text = strings.TrimLeft(text, " \u00a0\u3000\u200b")
	for _, r := range text {
		return string(r)
	}
	return "x"
}

func TestOutputInChinese(t *testing.T) {
	t.Parallel()
	row := Row{Line: Line{Row: 2}, Status: "listed", Next: decision.Text{EN: "licence", ZH: "取得许可"}}
	var out bytes.Buffer
	if err := WriteCSV(&out, "zh", []Row{row}); err != nil {
		t.Fatal(err)
	}
	want := "\ufeff行,申请编号,行号,货号,品名,商品编码,列管状态,清单条目,结论,理由,尚缺,下一步,判定时点,策略包修订版\r\n2,,,,,,listed,,未判定,,,取得许可,,\r\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

// The template is a list that can be read, in both languages and forms.
func TestTemplate(t *testing.T) {
	t.Parallel()
	for _, lang := range []string{"en", "zh"} {
		var text, workbook bytes.Buffer
		if err := TemplateCSV(&text, lang); err != nil {
			t.Fatal(err)
		}
		if err := TemplateXLSX(&workbook, lang); err != nil {
			t.Fatal(err)
		}
		one, other := sound(t, text.String(), options(t)), sound(t, workbook.String(), options(t))
		if one.Kind != Orders || len(one.Asks) != 1 || !one.Asks[0].App.Equal(other.Asks[0].App) {
			t.Errorf("%s: %s and %s", lang, one.Asks[0].App.Bytes(), other.Asks[0].App.Bytes())
		}
	}
	seen := map[string]string{}
	for _, c := range columns() {
		if c.meaning.EN == "" || c.meaning.ZH == "" || c.zh == "" {
			t.Errorf("%s lacks a text", c.name)
		}
		for _, name := range append([]string{c.name, c.zh}, c.also...) {
			if before, twice := seen[foldedHead(name)]; twice {
				t.Errorf("%s names %s and %s", name, before, c.name)
			}
			seen[foldedHead(name)] = c.name
		}
	}
}

// Whatever the file: no panic, and either a book or faults.
func FuzzRead(f *testing.F) {
	var workbook bytes.Buffer
	if err := TemplateXLSX(&workbook, "en"); err != nil {
		f.Fatal(err)
	}
	for _, file := range []string{goodsInChinese, orders, "sep=;\nhs_code\n1\n", "{}\n{", "\xff\xfea\x00", "品名\n\x81\x30", "hs_code\n\"", workbook.String()} {
		f.Add([]byte(file))
	}
	o := options(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		book, err := Read("list", file, o)
		if (book == nil) == (err == nil) || err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatalf("%v, %v", book, err)
		}
	})
}
