package scripts

import (
	"encoding/csv"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// gb18030 writes a text file as spreadsheets do in China: gb18030 FROM TO.
func gb18030(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: gb18030 FROM TO")
	}
	text, err := simplifiedchinese.GB18030.NewEncoder().String(ts.ReadFile(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(text), 0o600))
}

// returns ends the lines of a text file as old spreadsheets do, in a carriage return alone: returns FROM TO.
func returns(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: returns FROM TO")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(strings.ReplaceAll(ts.ReadFile(args[0]), "\n", "\r")), 0o600))
}

// workbook makes a workbook of CSV, all cells text but those that begin with "#" (numbers) and "formula:" (which have no
// saved value): workbook FROM TO [SHEET].
func workbook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: workbook FROM TO [SHEET]")
	}
	records, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	file := excelize.NewFile()
	defer func() { _ = file.Close() }()
	sheet := "Sheet1"
	if len(args) == 3 {
		sheet = args[2]
		_, err := file.NewSheet(sheet)
		ts.Check(err)
	}
	for i, record := range records {
		for j, value := range record {
			name, err := excelize.CoordinatesToCellName(j+1, i+1)
			ts.Check(err)
			switch {
			case strings.HasPrefix(value, "#"):
				err = file.SetCellDefault(sheet, name, value[1:])
			case strings.HasPrefix(value, "formula:"):
				err = file.SetCellFormula(sheet, name, strings.TrimPrefix(value, "formula:"))
			default:
				err = file.SetCellStr(sheet, name, value)
			}
			ts.Check(err)
		}
	}
	ts.Check(file.SaveAs(ts.MkAbs(args[1])))
}

// cells prints the sheets of a workbook as CSV, and refuses one that has a formula: cells FILE.
func cells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: cells FILE")
	}
	file, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer func() { _ = file.Close() }()
	for _, sheet := range file.GetSheetList() {
		rows, err := file.GetRows(sheet)
		ts.Check(err)
		ts.Check(csv.NewWriter(ts.Stdout()).WriteAll(append([][]string{{"[" + sheet + "]"}}, rows...)))
		for i, row := range rows {
			for j := range row {
				name, err := excelize.CoordinatesToCellName(j+1, i+1)
				ts.Check(err)
				if formula, err := file.GetCellFormula(sheet, name); err != nil || formula != "" {
					ts.Fatalf("%s of %s is the formula %q (%v)", name, sheet, formula, err)
				}
			}
		}
	}
}
