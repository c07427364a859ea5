package sheet

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/text/unicode/norm"
)

// A reading makes the value of a field out of a cell, or says what is wrong with it. What the schema of applications says
// itself (which words there are, how long a text may be) is not said here.
type reading func(c cell) (value any, detail string)

// asWritten takes a text as it stands.
func asWritten(c cell) (value any, detail string) {
	if c.kind == isDate {
		return nil, fmt.Sprintf("a spreadsheet made the date %s of it; format the column as text and enter it again", c.text)
	}
	return c.text, ""
}

var (
	numberShape  = regexp.MustCompile(`^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?$`)
	groupedValue = regexp.MustCompile(`^-?\d{1,3}(?:[,.'’ ]\d{3})+(?:[.,]\d+)?$`)
	commaValue   = regexp.MustCompile(`^-?\d+,\d+$`)
	elementShape = regexp.MustCompile(`^([A-Za-z]{1,3}|\p{Han})\s*[:=：]?\s*(\d+(?:\.\d+)?)\s*%?$`)
	betweenParts = regexp.MustCompile(`[;；、|\n]|[,，]\s*(?:[A-Za-z\p{Han}])`)
)

// number takes a decimal number with a point. Which of 1,200 and 1.200 is a thousand depends on the country.
func number(c cell) (value any, detail string) {
	text := norm.NFKC.String(c.text)
	switch {
	case c.kind == isDate:
		return nil, fmt.Sprintf("a spreadsheet made the date %s of it; format the column as a number and enter it again", c.text)
	case numberShape.MatchString(text):
		return jsontext.Value(text), ""
	case groupedValue.MatchString(text), commaValue.MatchString(text):
		return nil, fmt.Sprintf("%q can be read in two ways; write the number without separators of thousands, and with a point before its fraction", shortened(c.text))
	}
	return nil, fmt.Sprintf("%q is not a number; write digits only, such as 1200 or 0.5, and the unit in a column of its own", shortened(c.text))
}

var (
	isoDay     = regexp.MustCompile(`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})$`)
	chineseDay = regexp.MustCompile(`^(\d{4})年(\d{1,2})月(\d{1,2})日$`)
)

// day takes a day, with the year in front. Whether it exists says the reader of applications.
func day(c cell) (value any, detail string) {
	if c.kind == isDate {
		return c.text, ""
	}
	text := norm.NFKC.String(c.text)
	for _, shape := range []*regexp.Regexp{isoDay, chineseDay} {
		if found := shape.FindStringSubmatch(text); found != nil {
			return fmt.Sprintf("%s-%02s-%02s", found[1], found[2], found[3]), ""
		}
	}
	return nil, fmt.Sprintf("%q is not a day that can be read in one way only; write YYYY-MM-DD", shortened(c.text))
}

// yesOrNo takes a truth.
func yesOrNo(c cell) (value any, detail string) {
	switch strings.ToLower(norm.NFKC.String(c.text)) {
	case "yes", "y", "true", "是", "有":
		return true, ""
	case "no", "n", "false", "否", "无":
		return false, ""
	}
	return nil, fmt.Sprintf("%q is neither yes nor no", shortened(c.text))
}

// wordOf takes one of the contract's own words, or one that stands for it. Other words are left to the reader of
// applications, who knows which there are.
func wordOf(also map[string][]string) reading {
	return func(c cell) (value any, detail string) {
		folded := strings.ReplaceAll(strings.ToLower(norm.NFKC.String(c.text)), " ", "_")
		for word, others := range also {
			if folded == strings.ToLower(word) || slices.Contains(others, folded) {
				return word, ""
			}
		}
		return c.text, ""
	}
}

// listOf takes several words, separated by semicolons, and makes something of each; none is a list as well, and not the
// same as nothing stated.
func listOf(read reading, element func(value any) any) reading {
	return func(c cell) (value any, detail string) {
		all := []any{}
		if folded := strings.ToLower(c.text); folded == "none" || folded == "无" {
			return all, ""
		}
		for part := range strings.FieldsFuncSeq(c.text, func(r rune) bool { return strings.ContainsRune(";；、|\n", r) }) {
			if part = trimmed(part); part == "" {
				continue
			}
			one, detail := read(cell{text: part})
			if detail != "" {
				return nil, detail
			}
			all = append(all, element(one))
		}
		return all, ""
	}
}

// countries takes codes of two letters in either case, and exact names. It remembers the names that it has looked up.
func countries() reading {
	known := map[string]string{}
	return func(c cell) (value any, detail string) {
		text := norm.NFKC.String(c.text)
		if len(text) == len("DE") {
			return strings.ToUpper(text), ""
		}
		code, looked := known[text]
		if !looked {
			code, _ = countryNamed(text)
			known[text] = code
		}
		if code == "" {
			return c.text, ""
		}
		return code, ""
	}
}

// composition takes elements with their mass fractions in percent, such as "Dy 2.5; Nd 30".
func composition(c cell) (value any, detail string) {
	if c.kind == isDate || c.kind == isNumber {
		return nil, fmt.Sprintf("%q names no element; write such as Dy 2.5; Nd 30", c.text)
	}
	var all []any
	for _, part := range parts(norm.NFKC.String(c.text)) {
		found := elementShape.FindStringSubmatch(part)
		if found == nil {
			return nil, fmt.Sprintf("%q is not an element with its percent by weight; write such as Dy 2.5; Nd 30", shortened(part))
		}
		element := found[1]
		if symbol, ok := elements()[element]; ok {
			element = symbol
		}
		if !numberShape.MatchString(found[2]) {
			return nil, fmt.Sprintf("%q is not a number", found[2])
		}
		all = append(all, map[string]any{"element": element, "wt_pct": jsontext.Value(found[2])})
	}
	return all, ""
}

// parts cuts a composition where one element ends. A comma is a cut only before an element, since it may stand in a number.
func parts(text string) []string {
	var all []string
	keep := func(part string) {
		if part = trimmed(part); part != "" {
			all = append(all, part)
		}
	}
	for {
		cut := betweenParts.FindStringIndex(text)
		if cut == nil {
			keep(text)
			return all
		}
		keep(text[:cut[0]])
		_, separator := firstRune(text[cut[0]:])
		text = text[cut[0]+separator:]
	}
}

func firstRune(text string) (first rune, size int) {
	for i, r := range text {
		if i > 0 {
			return first, i
		}
		first = r
	}
	return first, len(text)
}

// elements names in Chinese what rare-earth goods are made of.
func elements() map[string]string {
	return map[string]string{
		"钪": "Sc", "钇": "Y", "镧": "La", "铈": "Ce", "镨": "Pr", "钕": "Nd", "钷": "Pm", "钐": "Sm", "铕": "Eu", "钆": "Gd", "铽": "Tb",
		"镝": "Dy", "钬": "Ho", "铒": "Er", "铥": "Tm", "镱": "Yb", "镥": "Lu", "铁": "Fe", "硼": "B", "钴": "Co", "铝": "Al", "铜": "Cu",
		"镓": "Ga", "铌": "Nb", "镍": "Ni", "氧": "O", "锗": "Ge", "锑": "Sb", "钨": "W", "铟": "In", "铋": "Bi", "钼": "Mo", "锆": "Zr",
	}
}
