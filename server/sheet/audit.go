package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// sheetAudit says of the cells of a sheet, by row, what the reader of values does not tell: whether a cell holds a number
// or text, how a number is shown, and whether a formula was saved without its value. It is also how a sheet that is
// damaged or too large is noticed before it is read.
type sheetAudit map[int]auditRow

type auditRow []auditCell

func (r auditRow) at(column int) auditCell {
	if column >= len(r) {
		return auditCell{}
	}
	return r[column]
}

type auditCell struct {
	kind    byte // one of the kinds below; 0 for no cell
	unsaved bool
	style   int
}

const (
	kindNumber = 'n'
	kindText   = 's'
	kindBool   = 'b'
	kindError  = 'e'
)

// auditSheet walks the cells of one sheet of a workbook.
func auditSheet(data []byte, name string) (sheetAudit, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	part, err := partOf(archive, name)
	if err != nil {
		return nil, err
	}
	in, err := part.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	a := auditor{decoder: xml.NewDecoder(io.LimitReader(in, maxUnpacked)), found: sheetAudit{}}
	return a.found, a.walk()
}

// partOf finds the part of the archive that holds a sheet, by the lists of the workbook.
func partOf(archive *zip.Reader, name string) (*zip.File, error) {
	var links struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	target := func(from string, match func(id, kind string) bool) (string, error) {
		links.All = nil
		dir, base := path.Split(from)
		list := path.Join(dir, "_rels", base+".rels")
		if err := unmarshalPart(archive, list, &links); err != nil {
			return "", err
		}
		for _, link := range links.All {
			if match(link.ID, link.Type) {
				if strings.HasPrefix(link.Target, "/") {
					return strings.TrimPrefix(link.Target, "/"), nil
				}
				return path.Join(path.Dir(from), link.Target), nil
			}
		}
		return "", fmt.Errorf("%s does not lead to it", list)
	}
	workbook, err := target("", func(_, kind string) bool { return strings.HasSuffix(kind, "/officeDocument") })
	if err != nil {
		return nil, err
	}
	var list struct {
		Sheets []struct {
			Name string     `xml:"name,attr"`
			Any  []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := unmarshalPart(archive, workbook, &list); err != nil {
		return nil, err
	}
	for _, sheet := range list.Sheets {
		if sheet.Name != name {
			continue
		}
		for _, attr := range sheet.Any {
			if attr.Name.Local == "id" && attr.Name.Space != "" {
				found, err := target(workbook, func(id, _ string) bool { return id == attr.Value })
				if err != nil {
					return nil, err
				}
				return partNamed(archive, found)
			}
		}
	}
	return nil, errors.New("the workbook does not list it")
}

func partNamed(archive *zip.Reader, name string) (*zip.File, error) {
	for _, part := range archive.File {
		if strings.EqualFold(strings.ReplaceAll(part.Name, `\`, "/"), name) {
			return part, nil
		}
	}
	return nil, fmt.Errorf("the archive has no part %s", name)
}

func unmarshalPart(archive *zip.Reader, name string, into any) error {
	part, err := partNamed(archive, name)
	if err != nil {
		return err
	}
	in, err := part.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	return xml.NewDecoder(io.LimitReader(in, partHeld)).Decode(into)
}

// unpackedSize counts what a part unpacks to, as far as most.
func unpackedSize(part *zip.File, most int64) (int64, error) {
	in, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer func() { _ = in.Close() }()
	return io.Copy(io.Discard, io.LimitReader(in, most))
}

type auditor struct {
	decoder *xml.Decoder
	found   sheetAudit
	row     int
	column  int
}

func (a *auditor) walk() error {
	inCell, formula := false, false
	var cell auditCell
	for {
		token, err := a.decoder.RawToken() // checked for being well-formed where it matters: at the end
		if errors.Is(err, io.EOF) {
			return errors.New("it breaks off")
		}
		if err != nil {
			return err
		}
		switch element := token.(type) {
		case xml.StartElement:
			switch element.Name.Local {
			case "row":
				if err := a.startRow(element); err != nil {
					return err
				}
			case "c":
				if cell, err = a.startCell(element); err != nil {
					return err
				}
				inCell, formula = true, false
			case "f":
				formula = inCell
				cell.unsaved = inCell
			case "v", "is":
				if formula {
					cell.unsaved = false
				}
				cell.kind = a.kindOf(cell, element)
			}
		case xml.EndElement:
			switch element.Name.Local {
			case "c":
				inCell = false
				if cell.kind != 0 || cell.unsaved {
					a.keep(cell)
				}
			case "sheetData":
				return a.rest()
			}
		}
	}
}

// rest reads over what follows the rows, so that a file that was cut off is noticed.
func (a *auditor) rest() error {
	for {
		if _, err := a.decoder.RawToken(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (a *auditor) startRow(element xml.StartElement) error {
	before := a.row
	a.row++
	a.column = -1
	if text := attribute(element, "r"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number <= before {
			return fmt.Errorf("row %q follows row %d", text, before)
		}
		a.row = number
	}
	if a.row > maxRows {
		return fmt.Errorf("it has more than %d rows; split the file", maxRows)
	}
	return nil
}

func (a *auditor) startCell(element xml.StartElement) (auditCell, error) {
	a.column++
	if name := attribute(element, "r"); name != "" {
		column, row, ok := position(name)
		if !ok || row != a.row {
			return auditCell{}, fmt.Errorf("a cell of row %d is named %q", a.row, name)
		}
		a.column = column
	}
	if a.column >= maxColumns {
		return auditCell{}, fmt.Errorf("row %d has more than %d columns", a.row, maxColumns)
	}
	var cell auditCell
	switch attribute(element, "t") {
	case "", "n":
		cell.style, _ = strconv.Atoi(attribute(element, "s"))
		cell.kind = 0
	case "b":
		cell.kind = kindBool
	case "e":
		cell.kind = kindError
	default:
		cell.kind = kindText
	}
	return cell, nil
}

// kindOf settles what a cell is once it is seen to hold something.
func (a *auditor) kindOf(cell auditCell, element xml.StartElement) byte {
	switch {
	case cell.kind != 0:
		return cell.kind
	case element.Name.Local == "is":
		return kindText
	}
	return kindNumber
}

func (a *auditor) keep(cell auditCell) {
	r := a.found[a.row]
	for len(r) <= a.column {
		r = append(r, auditCell{})
	}
	r[a.column] = cell
	a.found[a.row] = r
}

func attribute(element xml.StartElement, name string) string {
	for _, attr := range element.Attr {
		if attr.Name.Local == name && attr.Name.Space == "" {
			return attr.Value
		}
	}
	return ""
}

// position reads the name of a cell, such as AB12, as a column from 0 and a row from 1.
func position(name string) (column, row int, ok bool) {
	letters := strings.TrimRight(name, "0123456789")
	if len(letters) == 0 || len(letters) > 3 {
		return 0, 0, false
	}
	for _, r := range letters {
		if r < 'A' || r > 'Z' {
			return 0, 0, false
		}
		column = column*26 + int(r-'A') + 1
	}
	row, err := strconv.Atoi(name[len(letters):])
	return column - 1, row, err == nil
}

// letters names a column as spreadsheets do: A for 0.
func letters(column int) string {
	name := ""
	for column++; column > 0; column = (column - 1) / 26 {
		name = string(rune('A'+(column-1)%26)) + name
	}
	return name
}
