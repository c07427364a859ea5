package sheet

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
)

// reader is the real reader of applications.
var reader = sync.OnceValues(func() (*decision.Reader, error) {
	schema, err := fs.ReadFile(policies.FS(), "schemas/application/schema.json")
	if err != nil {
		return nil, err
	}
	return decision.NewReader(schema)
})

func options(t testing.TB) Options {
	t.Helper()
	r, err := reader()
	if err != nil {
		t.Fatal(err)
	}
	return Options{Read: r.Read}
}

// sound reads a file that has no fault.
func sound(t testing.TB, data string, o Options) *Book {
	t.Helper()
	book, err := Read("list.csv", []byte(data), o)
	if err != nil {
		t.Fatalf("%.200q: %v", data, err)
	}
	return book
}

// faults reads a file that has some, and gives them a line each.
func faults(t testing.TB, data string, o Options) []string {
	t.Helper()
	book, err := Read("list.csv", []byte(data), o)
	faulty := new(Faulty)
	if book != nil || !errors.As(err, &faulty) {
		t.Fatalf("%.200q: no fault (%v)", data, err)
	}
	return strings.Split(strings.TrimSuffix(faulty.Error(), "\n"), "\n")
}

// items gives the items of all applications of a book.
func items(t testing.TB, book *Book) []map[string]any {
	t.Helper()
	var all []map[string]any
	for _, ask := range book.Asks {
		all = append(all, application(t, ask)["items"].([]map[string]any)...)
	}
	return all
}

func application(t testing.TB, ask Ask) map[string]any {
	t.Helper()
	var app map[string]any
	decoder := json.NewDecoder(bytes.NewReader(ask.App.Bytes()))
	decoder.UseNumber()
	if err := decoder.Decode(&app); err != nil {
		t.Fatal(err)
	}
	var list []map[string]any
	for _, item := range app["items"].([]any) {
		list = append(list, item.(map[string]any))
	}
	app["items"] = list
	return app
}

const goodsInChinese = "货号,品名,商品编码,形态,成分,检测程度,数量,单位,原产国\n" +
	"A-1,钕铁硼磁体,8505111000,磁体,钕 29；镝 1.9,完整,1200,公斤,中国\n" +
	"\n" +
	"A-2,Dysprosium oxide,2846901400,oxide,Dy 87.1,,0.5,TNE,cn\n"

func TestCatalogue(t *testing.T) {
	t.Parallel()
	book := sound(t, goodsInChinese, options(t))
	if book.Kind != Catalogue || len(book.Asks) != 1 {
		t.Fatalf("read as %s with %d asks", book.Kind, len(book.Asks))
	}
	want := []map[string]any{
		{
			"line": json.Number("1"), "description": "钕铁硼磁体", "hs_code": "8505111000", "form": "magnet", "assay": "complete", "origin": "CN",
			"composition": []any{
				map[string]any{"element": "Nd", "wt_pct": json.Number("29")}, map[string]any{"element": "Dy", "wt_pct": json.Number("1.9")},
			},
			"quantity": map[string]any{"value": json.Number("1200"), "unit": "KGM"},
		},
		{
			"line": json.Number("2"), "description": "Dysprosium oxide", "hs_code": "2846901400", "form": "oxide", "origin": "CN",
			"composition": []any{map[string]any{"element": "Dy", "wt_pct": json.Number("87.1")}},
			"quantity":    map[string]any{"value": json.Number("0.5"), "unit": "TNE"},
		},
	}
	if diff := cmp.Diff(want, items(t, book)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	lines := []Line{
		{Row: 2, Reference: "A-1", Description: "钕铁硼磁体", HSCode: "8505111000"},
		{Row: 4, Reference: "A-2", Description: "Dysprosium oxide", HSCode: "2846901400"},
	}
	if diff := cmp.Diff(lines, book.Asks[0].Lines); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// A long catalogue is asked about in parts, and no row is lost.
func TestCatalogueInParts(t *testing.T) {
	t.Parallel()
	book := sound(t, "description,line\n"+strings.Repeat("magnet,7\n", 120), options(t))
	row := 2
	for _, ask := range book.Asks {
		if n := len(application(t, ask)["items"].([]map[string]any)); n != len(ask.Lines) || n > chunk {
			t.Errorf("%d items for %d rows", n, len(ask.Lines))
		}
		for _, line := range ask.Lines {
			if line.Row != row || line.Line != "7" {
				t.Errorf("row %d is told as %+v", row, line)
			}
			row++
		}
	}
	if row != 122 {
		t.Errorf("%d rows are asked about", row-2)
	}
}

const orders = `application_id;line;description;hs_code;form;quantity;unit;exporter;end_user;end_user_country;importer;country;end_use;military;documents
SO-1;1;magnets;8505111000;magnet;10;kg;Ningbo Example;Beispiel GmbH;DE;Händler AG;Germany;Motors;no;contract; test_report
SO-2;;oxide;2846901400;oxide;;;Ningbo Example;Exemple SA;FR;;FR;;;
SO-1;2;rods;8505111000;magnet;;;;;;;;;;
;;powder;;;;;Ningbo Example;Beispiel GmbH;;;de;;;
`

func TestOrders(t *testing.T) {
	t.Parallel()
	book := sound(t, strings.ReplaceAll(orders, "contract; test_report", `"contract; 检测报告"`), options(t))
	if book.Kind != Orders || len(book.Asks) != 3 {
		t.Fatalf("read as %s with %d applications", book.Kind, len(book.Asks))
	}
	first := application(t, book.Asks[0])
	want := map[string]any{
		"id": "SO-1", "exporter": map[string]any{"name": "Ningbo Example"}, "destination": "DE",
		"parties": []any{
			map[string]any{"role": "end_user", "name": "Beispiel GmbH", "country": "DE"}, map[string]any{"role": "importer", "name": "Händler AG"},
		},
		"end_use":   map[string]any{"statement": "Motors", "military": false},
		"documents": []any{map[string]any{"type": "contract"}, map[string]any{"type": "test_report"}},
		"items": []map[string]any{
			{"line": json.Number("1"), "description": "magnets", "hs_code": "8505111000", "form": "magnet", "quantity": map[string]any{"value": json.Number("10"), "unit": "KGM"}},
			{"line": json.Number("2"), "description": "rods", "hs_code": "8505111000", "form": "magnet"},
		},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("SO-1 (-want +got):\n%s", diff)
	}
	if last := application(t, book.Asks[2]); last["id"] != "row 5" || last["destination"] != "DE" {
		t.Errorf("the row without an id is %v", last)
	}
	if rows := book.Asks[0].Lines; rows[0].Row != 2 || rows[1].Row != 4 || rows[1].Application != "SO-1" {
		t.Errorf("lines %+v", rows)
	}
}

// Every fault at once, in the order of the file, by row and column.
func TestFaultsAllAtOnce(t *testing.T) {
	t.Parallel()
	got := faults(t, `application_id,line,description,hs_code,form,quantity,unit,exporter,end_user,destination,Lagerort,
SO-1,1,magnets,8.50511E+09,magnets,"1,200",kg,Ningbo,Beispiel GmbH,EU,,
SO-1,1,rods,28053019,magnet,5,,Another,,,,
SO-2,x,#REF!,#######,,,,Ningbo,Beispiel GmbH,,,stray
`, options(t))
	want := []string{
		`list.csv:1:K (Lagerort): is no column that is known; name it in --ignore if it does not matter, or see --template for those that there are`,
		`list.csv:2:D (hs_code): "8.50511E+09" is no commodity code of 8 or 10 digits: a spreadsheet wrote it as a number in scientific form, and its last 4 digits may be lost: probably it begins with 850511; take it from its source; format the column as text and enter the code again`,
		`list.csv:2:E (form): "magnets" is not one of "metal", "alloy", "target", "magnet", "oxide", "compound", "mixture", "ore", "equipment", "technology", "assembly", "other"; did you mean "magnet"?`,
		`list.csv:2:F (quantity): "1,200" can be read in two ways; write the number without separators of thousands, and with a point before its fraction`,
		`list.csv:2:J (destination): "EU" is not one of the 249 values allowed here: The one country of final destination; a union of states is not a country (A country by its ISO 3166-1 alpha-2 code)`,
		`list.csv:3:B (line): line 1 is already the number of item 0, counted from 0; give each item its own`,
		`list.csv:3:F (quantity): the field "unit" is required and not stated: UN/CEFACT Recommendation 20: KGM kilogram, GRM gram, TNE tonne, H87 piece (column G (unit))`,
		`list.csv:3:H (exporter): "Another" differs from "Ningbo" in row 2 of the same application "SO-1"`,
		`list.csv:4: the field "destination" is required and not stated: The one country of final destination; a union of states is not a country (column J (destination))`,
		`list.csv:4:B (line): "x" is not a number; write digits only, such as 1200 or 0.5, and the unit in a column of its own`,
		`list.csv:4:C (description): holds the error #REF! of a spreadsheet; mend its formula`,
		`list.csv:4:D (hs_code): holds only number signs: the column was too narrow when the file was saved; widen it`,
		`list.csv:4:L: stands in a column without a name`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeads(t *testing.T) {
	t.Parallel()
	o := options(t)
	ignoring := o
	ignoring.Ignore = []string{"Lager Ort", "price"}
	for _, tc := range []struct {
		name, file string
		options    Options
		note       string
		fault      string
	}{
		{name: "titles above", file: "Catalogue 2026\n\nNingbo, China\nHS Code,Description*\n8505111000,x\n", options: o, note: "the head is row 4"},
		{name: "both languages", file: "商品编码/HS Code,\"品名\nDescription\"\n8505111000,x\n", options: o},
		{name: "one column", file: "商品编码\n8505111000\n", options: o},
		{name: "ignored", file: "hs_code,lager-ort,Price\n8505111000,B7,\"1,000\"\n", options: ignoring},
		{name: "ignored at the end", file: "Price,hs_code,Lager ort\n1,8505111000,B7\n", options: ignoring},
		{name: "semicolons", file: "hs_code;description\n8505111000;a, b\n", options: o, note: "separated by semicolons"},
		{name: "tabs", file: "hs_code\tdescription\n8505111000\ta, b; c, d\n", options: o, note: "separated by tabs"},
		{name: "declared", file: "sep=;\r\nhs_code;description\r\n8505111000;a,b,c\r\n", options: o, note: "separated by semicolons"},
		{name: "no head", file: "8505111000,magnet\n", options: o, fault: "has no head"},
		{name: "head only", file: "hs_code,description\n", options: o, fault: "no row below it"},
		{name: "misspelt", file: "hs_code,compositon\n8505111000,Dy 1\n", options: o, fault: "list.csv:1:B (compositon): is no column that is known; did you mean composition (成分)?"},
		{name: "twice", file: "hs_code,HS Code\n8505111000,8505111000\n", options: o, fault: "list.csv:1:B (HS Code): stands for hs_code, as another column does"},
		{name: "two languages at odds", file: "hs_code,品名/HS\n8505111000,x\n", options: o, fault: "list.csv:1:B (品名/HS): is no column"},
		{name: "nothing to ignore", file: "hs_code\n8505111000\n", options: ignoring, fault: `has no column "Lager Ort" to ignore`},
		{name: "too many values", file: "hs_code,description\n8505111000,1,200\n", options: o, fault: "list.csv:2:C: stands in a column without a name; is a separator or a quotation mark out of place?"},
		{name: "a quotation mark inside", file: "hs_code,description\n8505111000,5\" disc\n", options: o, fault: "list.csv:2: a quotation mark stands inside a value"},
		{name: "a quotation mark without end", file: "hs_code,description\n8505111000,\"disc\n", options: o, fault: "list.csv:2: a quoted value does not end"},
	} {
		if tc.fault != "" {
			if got := strings.Join(faults(t, tc.file, tc.options), "\n"); !strings.Contains(got, tc.fault) {
				t.Errorf("%s: %s", tc.name, got)
			}
			continue
		}
		book := sound(t, tc.file, tc.options)
		if got := items(t, book); len(got) != 1 || got[0]["hs_code"] != "8505111000" {
			t.Errorf("%s: items %v", tc.name, got)
		}
		if !strings.Contains(strings.Join(book.Notes, " "), tc.note) {
			t.Errorf("%s: notes %v", tc.name, book.Notes)
		}
	}
}

// Rows are counted as a spreadsheet counts them, whatever stands inside of cells.
func TestRowsAreThoseOfASpreadsheet(t *testing.T) {
	t.Parallel()
	got := faults(t, "description,hs_code\n\"two\nlines\",8505111000\n\n\"three\r\nmore\nlines\",8505\n", options(t))
	if len(got) != 1 || !strings.HasPrefix(got[0], "list.csv:4:B (hs_code):") {
		t.Errorf("got %q", got)
	}
}

// Old spreadsheets end rows with a carriage return alone. What stands in quotes is no end of a row, and stays as it is.
func TestRowsThatEndInCarriageReturns(t *testing.T) {
	t.Parallel()
	const whole = "hs_code,description\r8505111000,\"a \"\"disc\"\",\rof two lines\"\r\r8505111000,\"\rand\nof three\r\n\"\r"
	for name, file := range map[string]string{
		"commas":                whole,
		"no end of the last":    strings.TrimSuffix(whole, "\r"),
		"with a mark":           "\ufeff" + whole,
		"a value before quotes": "\"hs_code\",\"description\"" + strings.TrimPrefix(whole, "hs_code,description"),
	} {
		book := sound(t, file, options(t))
		lines := book.Asks[0].Lines
		if len(lines) != 2 || lines[0].Row != 2 || lines[1].Row != 4 {
			t.Fatalf("%s: lines %+v", name, lines)
		}
		if lines[0].Description != "a \"disc\",\rof two lines" || lines[1].Description != "and\nof three" {
			t.Errorf("%s: %q, %q", name, lines[0].Description, lines[1].Description)
		}
	}
	for file, want := range map[string]string{
		"sep=;\rdescription;hs_code\r\"two\rlines\";8505111000\r\rx;8505\r":   "list.csv:5:B (hs_code): ",
		"description,hs_code\rx,8505111000\r5\" disc,8505111000\rx,8505\r":    "list.csv:3: a quotation mark stands inside a value",
		"description,hs_code\r\"two\rlines\",8505111000\r\"disc,8505111000\r": "list.csv:3: a quoted value does not end",
		"description,hs_code\r\na\rb,8505\r\nx,8505111000\n":                  "list.csv:2:B (hs_code): ",
	} {
		if got := faults(t, file, options(t)); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%q: %q", file, got)
		}
	}
	named := options(t)
	named.Encoding = "utf-8"
	if got := faults(t, "description\r\"two\rlines\"\r\xff\r", named); len(got) != 1 || !strings.HasSuffix(got[0], "is not UTF-8 in line 3") {
		t.Errorf("got %q", got)
	}
}

func TestApplications(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("../../tests/cases/applications/motor_to_poland.json")
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, whole); err != nil {
		t.Fatal(err)
	}
	book := sound(t, "\n"+compact.String()+"\r\n\n"+compact.String(), options(t))
	if book.Kind != Applications || len(book.Asks) != 2 || book.Asks[1].Lines[0].Row != 4 || book.Asks[0].App.ID() == "" ||
		book.Asks[0].Lines[0].Application != book.Asks[0].App.ID() || !bytes.Equal(book.Asks[0].App.Bytes(), compact.Bytes()) {
		t.Errorf("book %+v", book)
	}
	got := faults(t, `{"id":"A"}`+"\n"+compact.String()+"\n{\n", options(t))
	want := []string{"list.csv:1:/destination: ", "list.csv:1:/exporter: ", "list.csv:1:/items: ", "list.csv:1:/parties: ", "list.csv:3"}
	for i, line := range got {
		if i >= len(want) || !strings.HasPrefix(line, want[i]) {
			t.Errorf("fault %d is %s", i, line)
		}
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ file, fault string }{
		"empty":       {" \n\n", "list.csv: is empty"},
		"rows":        {"description\n" + strings.Repeat("x\n", maxRows), "list.csv:100001: is past the 100000 rows"},
		"cell":        {"description\n" + strings.Repeat("字", maxCell+1) + "\n", "list.csv:2:A (description): is longer than 10000 characters"},
		"columns":     {"description" + strings.Repeat(",", maxColumns) + "\nx\n", "list.csv:1: has more than 256 columns"},
		"old":         {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old format"},
		"JSON array":  {"[{}]", "NDJSON"},
		"web page":    {"<html>", "neither CSV"},
		"no workbook": {"PK\x03\x04rubbish", "is no workbook that can be read"},
	} {
		if got := strings.Join(faults(t, tc.file, options(t)), "\n"); !strings.Contains(got, tc.fault) {
			t.Errorf("%s: %.300s", name, got)
		}
	}
	if got := faults(t, "description\n"+strings.Repeat("x", MaxBytes), options(t)); !strings.Contains(got[0], "split it") {
		t.Errorf("a long file: %s", got)
	}
}
