package sheet

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook makes a real workbook: cells by name, in the first sheet.
func workbook(t testing.TB, cells map[string]any, more ...func(*excelize.File) error) string {
	t.Helper()
	file := excelize.NewFile()
	defer func() { _ = file.Close() }()
	for name, value := range cells {
		if err := file.SetCellValue("Sheet1", name, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, do := range more {
		if err := do(file); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := file.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// edited changes one part of a workbook.
func edited(t testing.TB, book, part string, edit func(string) string) string {
	t.Helper()
	in, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	writer := zip.NewWriter(&out)
	found := false
	for _, file := range in.File {
		opened, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(opened)
		if err != nil {
			t.Fatal(err)
		}
		body := string(text)
		if file.Name == part {
			found, body = true, edit(body)
		}
		to, err := writer.Create(file.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(to, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil || !found {
		t.Fatal(part, err)
	}
	return out.String()
}

const firstSheet = "xl/worksheets/sheet1.xml"

// Numbers, texts, truths and days of a workbook are what a spreadsheet shows, and not what the file happens to hold.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	book := workbook(t, map[string]any{
		"A1": "hs_code", "B1": "quantity", "C1": "unit", "D1": "filed_on", "E1": "military", "F1": "exporter", "G1": "end_user", "H1": "destination",
		"I1": "contract_number", "J1": "description",
		"A3": 8505111000, "B3": 0.1 + 0.2, "C3": "kg", "D3": time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), "E3": false, "F3": "Ningbo", "G3": "Beispiel", "H3": "DE",
		"I3": 123456789012345, "J3": " 磁体　",
	})
	read := sound(t, book, options(t))
	if !strings.Contains(read.Notes[0], `XLSX, sheet "Sheet1"`) || read.Asks[0].Lines[0].Row != 3 {
		t.Errorf("notes %v, row %d", read.Notes, read.Asks[0].Lines[0].Row)
	}
	app := application(t, read.Asks[0])
	item := app["items"].([]map[string]any)[0]
	if item["hs_code"] != "8505111000" || fmt.Sprint(item["quantity"]) != "map[unit:KGM value:0.3]" || item["description"] != "磁体" {
		t.Errorf("item %v", item)
	}
	if app["filed_on"] != "2026-06-01" || fmt.Sprint(app["end_use"]) != "map[military:false]" || fmt.Sprint(app["contract"]) != "map[number:123456789012345]" {
		t.Errorf("application %v", app)
	}
}

// What a spreadsheet did to a code, and what was never a value, is told at its cell.
func TestWorkbookFaults(t *testing.T) {
	t.Parallel()
	date := time.Date(2030, 5, 28, 0, 0, 0, 0, time.UTC)
	book := workbook(t, map[string]any{
		"A1": "hs_code", "B1": "description", "C1": "contract_number",
		"A2": date, "A3": 505111000, "B4": "#N/A is text", "A5": "8.50511E+09", "C6": date,
	}, func(file *excelize.File) error { return file.SetCellFormula("Sheet1", "B2", "1+1") },
		func(file *excelize.File) error { return file.SetCellFormula("Sheet1", "B3", `"a"&"b"`) })
	book = edited(t, book, firstSheet, func(xml string) string {
		xml = strings.Replace(xml, `<f>&#34;a&#34;&amp;&#34;b&#34;</f>`, `<f>"a"&amp;"b"</f><v>saved</v>`, 1)
		return strings.Replace(xml, `</row></sheetData>`, `</row><row r="9"><c r="A9" t="e"><v>#REF!</v></c></row></sheetData>`, 1)
	})
	got := faults(t, book, options(t))
	for _, want := range []string{
		"list.csv:2:A (hs_code): a spreadsheet made the date 2030-05-28 of it; probably a code that begins with 2805 30 is meant",
		"list.csv:2:B (description): holds a formula without its value",
		`list.csv:3:A (hs_code): "505111000" is no commodity code of 8 or 10 digits: it has 9 digits`,
		"list.csv:5:A (hs_code): \"8.50511E+09\" is no commodity code",
		"list.csv:6:C (contract_number): a spreadsheet made the date 2030-05-28 of it",
		"list.csv:9:A (hs_code): holds the error #REF! of a spreadsheet",
	} {
		found := false
		for _, line := range got {
			found = found || strings.HasPrefix(line, want)
		}
		if !found {
			t.Errorf("not told: %s\n%s", want, strings.Join(got, "\n"))
		}
	}
	if strings.Contains(strings.Join(got, "\n"), ":3:B") {
		t.Errorf("the saved value of a formula is refused: %v", got)
	}
}

// Formulas are never evaluated: what counts is what was saved.
func TestWorkbookTakesSavedValues(t *testing.T) {
	t.Parallel()
	book := workbook(t, map[string]any{"A1": "description", "B1": "hs_code", "B2": "8505111000"},
		func(file *excelize.File) error { return file.SetCellFormula("Sheet1", "A2", "1+1") })
	book = edited(t, book, firstSheet, func(xml string) string {
		return strings.Replace(xml, `<f>1+1</f>`, `<f>1+1</f><v>magnet</v>`, 1)
	})
	if got := items(t, sound(t, book, options(t))); got[0]["description"] != "magnet" {
		t.Errorf("items %v", got)
	}
}

func TestWorkbookSheets(t *testing.T) {
	t.Parallel()
	book := workbook(t, map[string]any{"A1": "cover"},
		func(file *excelize.File) error {
			for _, name := range []string{"清单", "Orders 2026"} {
				if _, err := file.NewSheet(name); err != nil {
					return err
				}
				if err := file.SetSheetRow(name, "A1", &[]any{"品名"}); err != nil {
					return err
				}
				if err := file.SetSheetRow(name, "A2", &[]any{name}); err != nil {
					return err
				}
			}
			file.SetActiveSheet(1)
			return file.SetSheetVisible("Sheet1", false)
		})
	o := options(t)
	read := sound(t, book, o)
	if got := items(t, read); got[0]["description"] != "清单" || read.Notes[0] != `read as XLSX, sheet "清单"; not read: "Orders 2026"` {
		t.Errorf("the first visible one: %v, %v", got, read.Notes)
	}
	o.Sheet = "Orders 2026"
	if got := items(t, sound(t, book, o)); got[0]["description"] != "Orders 2026" {
		t.Errorf("by name: %v", got)
	}
	o.Sheet = "Order 2026"
	if got := faults(t, book, o); got[0] != `list.csv: has no sheet "Order 2026"; did you mean "Orders 2026"?` {
		t.Errorf("misspelt: %v", got)
	}
	o.Sheet = "other"
	if got := faults(t, book, o); !strings.Contains(got[0], `its sheets are "Sheet1", "清单", "Orders 2026"`) {
		t.Errorf("another: %v", got)
	}
}

// A damaged workbook is refused whole: none of its rows is lost in silence.
func TestWorkbookDamaged(t *testing.T) {
	t.Parallel()
	whole := workbook(t, map[string]any{"A1": "description", "A2": "magnet", "A3": "motor"})
	for name, edit := range map[string]func(string) string{
		"breaks off in a row":  func(xml string) string { return xml[:strings.Index(xml, `<row r="3"`)+20] },
		"breaks off after one": func(xml string) string { return xml[:strings.Index(xml, `<row r="3"`)] },
		"rows out of order":    func(xml string) string { return strings.Replace(xml, `<row r="3"`, `<row r="1"`, 1) },
		"a cell of another row": func(xml string) string {
			return strings.Replace(xml, `<c r="A3"`, `<c r="A2"`, 1)
		},
		"a row past the limit": func(xml string) string {
			return strings.NewReplacer(`<row r="3"`, `<row r="100001"`, `<c r="A3"`, `<c r="A100001"`).Replace(xml)
		},
		"a column past the limit": func(xml string) string { return strings.Replace(xml, `<c r="A3"`, `<c r="IW3"`, 1) },
		"no cell's name":          func(xml string) string { return strings.Replace(xml, `<c r="A3"`, `<c r="3A"`, 1) },
	} {
		book := edited(t, whole, firstSheet, edit)
		if got := faults(t, book, options(t)); len(got) != 1 || !strings.Contains(got[0], "cannot be read") {
			t.Errorf("%s: %v", name, got)
		}
	}
	for cut := len(whole) / 4; cut < len(whole); cut += len(whole) / 4 {
		faults(t, whole[:cut], options(t))
	}
}

// An archive that unpacks to more than is read costs the time to count it, and nothing more.
func TestWorkbookBomb(t *testing.T) {
	t.Parallel()
	const part = 16 << 20
	zeros := make([]byte, part)
	var packed, out bytes.Buffer
	flat, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := flat.Write(zeros); err != nil {
		t.Fatal(err)
	}
	if err := flat.Close(); err != nil {
		t.Fatal(err)
	}
	writer := zip.NewWriter(&out)
	for i := range maxUnpacked/part + 1 {
		to, err := writer.CreateRaw(&zip.FileHeader{
			Name: fmt.Sprint(i), Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(zeros),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: part,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(packed.Bytes()); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := faults(t, out.String(), options(t)); !strings.Contains(got[0], "unpacks to more than 256 MiB") {
		t.Errorf("got %v", got)
	}
	out.Reset()
	writer = zip.NewWriter(&out)
	for i := range maxParts + 1 {
		if _, err := writer.Create(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if got := faults(t, out.String(), options(t)); !strings.Contains(got[0], "parts") {
		t.Errorf("got %v", got)
	}
}

func TestDateFormats(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"yyyy-mm-dd": true, "d/m/yy": true, `yyyy"年"m"月"d"日"`: true, "[$-804]yyyy/m/d": true, "0.00": false, `0 "days"`: false,
		"[Red]0": false, "#,##0": false, "General": false, "hh:mm": false, `0\d`: false, "0_d": false,
	} {
		if dateCode(code) != want {
			t.Errorf("%s is taken for a date: %v", code, !want)
		}
	}
	for name, want := range map[string][2]int{"A1": {0, 1}, "Z9": {25, 9}, "AA10": {26, 10}, "IV2": {255, 2}} {
		if column, row, ok := position(name); !ok || [2]int{column, row} != want || letters(column) != strings.TrimRight(name, "0123456789") {
			t.Errorf("%s is column %d, row %d", name, column, row)
		}
	}
	for _, name := range []string{"", "A", "1", "a1", "ABCD1", "A-1x"} {
		if _, _, ok := position(name); ok {
			t.Errorf("%q names a cell", name)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	const rows = 1000
	catalogue := "description,hs_code,form,composition\n" + strings.Repeat("magnet,8505111000,magnet,Nd 30; Dy 2\n", rows)
	cells := map[string]any{"A1": "description", "B1": "hs_code", "C1": "form", "D1": "composition"}
	for i := range rows {
		for column, value := range map[string]string{"A": "magnet", "B": "8505111000", "C": "magnet", "D": "Nd 30; Dy 2"} {
			cells[fmt.Sprint(column, i+2)] = value
		}
	}
	for name, file := range map[string]string{"csv": catalogue, "xlsx": workbook(b, cells)} {
		b.Run(name, func(b *testing.B) {
			o := options(b)
			for b.Loop() {
				book, err := Read(name, []byte(file), o)
				if err != nil || len(book.Asks) != rows/chunk {
					b.Fatal(err)
				}
			}
		})
	}
}
