package main

import (
	"flag"
	"io/fs"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
)

var update = flag.Bool("update", false, "write the golden sheets anew; read the difference before keeping it")

// known is a case of testdata: an application, and the decision that was once reached on it.
func known(t *testing.T, name string) (decision.Application, decision.Decision) {
	t.Helper()
	read := func(file string) []byte {
		text, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	schema, err := fs.ReadFile(policies.FS(), policies.ApplicationSchema)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := decision.NewReader(schema)
	if err != nil {
		t.Fatal(err)
	}
	app, err := reader.Read(read(name + ".application.json"))
	if err != nil {
		t.Fatal(err)
	}
	var decided decision.Decision
	if err := json.Unmarshal(read(name+".decision.json"), &decided, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	return app, decided
}

func rendered(t *testing.T, lang string, app decision.Application, decided decision.Decision) string {
	t.Helper()
	var out strings.Builder
	if err := printSheet(&out, lang, app, decided, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestSheets(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"magnet_to_germany", "magnet_to_watch_listed"} {
		for _, lang := range []string{"en", "zh"} {
			t.Run(name+"."+lang, func(t *testing.T) {
				t.Parallel()
				app, decided := known(t, name)
				got := rendered(t, lang, app, decided)
				golden := "testdata/" + name + "." + lang + ".golden"
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", golden, diff)
				}
				sane(t, got)
			})
		}
	}
}

// sane checks what holds for every sheet: it fits the page, and nothing in it acts on a terminal.
func sane(t *testing.T, sheet string) {
	t.Helper()
	for i, line := range strings.Split(sheet, "\n") {
		if columns(line) > sheetWidth {
			t.Errorf("line %d is %d columns wide: %s", i+1, columns(line), line)
		}
		if strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("line %d is not clean: %q", i+1, line)
		}
	}
}

// Whatever a decision can hold stands in the sheet.
func TestSheetTellsEverything(t *testing.T) {
	t.Parallel()
	app, decided := known(t, "magnet_to_watch_listed")
	decided.Clock = &decision.Clock{ID: "CLK-1", WorkingDays: 45, StartsOn: "2026-11-23", Error: "calendar_missing", Year: 2027}
	decided.ValidUntil = nil
	decided.Missing = []string{"end_user_certificate", "/end_use/statement"}
	for lang, words := range map[string][]string{
		"en": {
			"CLK-1: 45 working days from 2026-11-23; no last day can be said", "2027", "No window that was consulted",
			"STILL NEEDED", "- end-user and end-use certificate", "- /end_use/statement",
		},
		"zh": {"CLK-1：自2026-11-23起45个工作日；缺少2027年工作日历", "没有已知的变化日期", "尚缺材料", "- 最终用户和最终用途证明", "- /end_use/statement"},
	} {
		sheet := rendered(t, lang, app, decided)
		sane(t, sheet)
		for _, condition := range decided.GreenChannel.Conditions {
			words = append(words, condition.ID)
		}
		for _, reason := range decided.Reasons {
			words = append(words, reason.Rule+map[string]string{"en": ", ", "zh": "，"}[lang])
		}
		for _, word := range words {
			if !strings.Contains(sheet, word) {
				t.Errorf("the sheet in %s does not say %q:\n%s", lang, word, sheet)
			}
		}
	}
}

// What an applicant writes cannot act on the terminal of who reads it, nor break the page.
func TestSheetIsSafeToShow(t *testing.T) {
	t.Parallel()
	app, decided := known(t, "magnet_to_germany")
	body := strings.NewReplacer(
		"Schwarzwald Antriebe GmbH", `Evil\u001b[2J\u202e`+strings.Repeat("x", 200),
		"with dysprosium", `line\nbreak\r`+strings.Repeat("字", 90),
	).Replace(string(app.Bytes()))
	schema, err := fs.ReadFile(policies.FS(), policies.ApplicationSchema)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := decision.NewReader(schema)
	if err != nil {
		t.Fatal(err)
	}
	app, err = reader.Read([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	decided.Reasons[0].Text.EN = "\x1b[31mred\a"
	sane(t, rendered(t, "en", app, decided))
}

// Every outcome, and every word of the contract that a sheet can hold, is named in both languages.
func TestVocabularyIsWhole(t *testing.T) {
	t.Parallel()
	for _, outcome := range decision.Outcomes() {
		word := outcomeWords()[outcome]
		for _, text := range []string{word.name.EN, word.name.ZH, word.meaning.EN, word.meaning.ZH} {
			if text == "" {
				t.Errorf("outcome %s lacks a word", outcome)
			}
		}
	}
	if n := len(factors()); n != 8 {
		t.Errorf("%d review factors, the law has 8", n)
	}
	var terms []string
	for _, at := range []string{
		"/properties/kind/enum", "/$defs/item/properties/form/enum", "/$defs/document/properties/type/enum",
	} {
		terms = append(terms, enum(t, policies.ApplicationSchema, at)...)
	}
	for _, at := range []string{
		"/$defs/line/properties/status/enum",
		"/$defs/line/properties/entries/items/properties/status/enum",
		"/$defs/line/properties/entries/items/properties/matched_by/items/enum",
		"/$defs/reason/properties/effect/enum",
	} {
		terms = append(terms, enum(t, policies.DecisionSchema, at)...)
	}
	for _, term := range terms {
		if word := vocabulary()[term]; word.EN == "" || word.ZH == "" {
			t.Errorf("%s lacks a word", term)
		}
	}
}

// enum reads the allowed words at a place of a schema.
func enum(t *testing.T, schema, pointer string) []string {
	t.Helper()
	text, err := fs.ReadFile(policies.FS(), schema)
	if err != nil {
		t.Fatal(err)
	}
	var at any
	if err := json.Unmarshal(text, &at); err != nil {
		t.Fatal(err)
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		fields, ok := at.(map[string]any)
		if !ok || fields[token] == nil {
			t.Fatalf("%s has nothing at %s", schema, pointer)
		}
		at = fields[token]
	}
	var words []string
	for _, word := range at.([]any) {
		words = append(words, word.(string))
	}
	return words
}

// Colour is for terminals; it changes nothing but colour.
func TestColourOnlyAdds(t *testing.T) {
	t.Parallel()
	app, decided := known(t, "magnet_to_watch_listed")
	plain := rendered(t, "en", app, decided)
	var out strings.Builder
	s := sheet{paper: &paper{out: &out, colour: true}, decided: decided}
	if err := json.Unmarshal(app.Bytes(), &s.app); err != nil {
		t.Fatal(err)
	}
	s.write()
	coloured := out.String()
	if !strings.Contains(coloured, "\x1b[31m") || strings.Contains(plain, "\x1b") {
		t.Error("colour is missing on a terminal, or stands elsewhere")
	}
	for _, code := range []string{"1", "31", "32", "33", "0"} {
		coloured = strings.ReplaceAll(coloured, "\x1b["+code+"m", "")
	}
	if diff := cmp.Diff(plain, coloured); diff != "" {
		t.Errorf("colour changes the words:\n%s", diff)
	}
}

// full is a printer that has run out of paper.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestSheetReportsThatItWasNotWritten(t *testing.T) {
	t.Parallel()
	app, decided := known(t, "magnet_to_germany")
	if err := printSheet(full{}, "en", app, decided, nil); err == nil {
		t.Error("a sheet that was not written is no error")
	}
}
