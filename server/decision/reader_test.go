package decision_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// sound is an application that the small schema of these tests accepts.
const sound = `{
  "id": "A-1",
  "exporter": {"name": "Example Magnets"},
  "items": [{"line": 1, "form": "magnet"}],
  "destination": "DE",
  "parties": [{"role": "end_user"}]
}`

func smallReader(t testing.TB) *decision.Reader {
	t.Helper()
	schema, err := os.ReadFile("testdata/application.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := decision.NewReader(schema)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

// refused reads a body that must be refused, and gives the error.
func refused(t *testing.T, reader *decision.Reader, body string) *problem.Error {
	t.Helper()
	app, err := reader.Read([]byte(body))
	if err == nil {
		t.Fatalf("accepted: %s", body)
	}
	if app.ID() != "" || len(app.Bytes()) != 0 {
		t.Errorf("a refused application came back: %q", app.ID())
	}
	return problem.Of(err)
}

func TestReadKeepsTheExactBytes(t *testing.T) {
	t.Parallel()
	body := []byte(sound)
	app, err := smallReader(t).Read(body)
	if err != nil {
		t.Fatal(err)
	}
	body[3] = '!'
	if string(app.Bytes()) != sound {
		t.Errorf("bytes = %s, want what came in, whatever becomes of the caller's slice", app.Bytes())
	}
	app.Bytes()[3] = '!'
	if string(app.Bytes()) != sound {
		t.Error("a caller of Bytes can change the application")
	}
	if app.ID() != "A-1" {
		t.Errorf("id = %q", app.ID())
	}
}

func TestReadRefusesWhatIsNotOneDocument(t *testing.T) {
	t.Parallel()
	reader := smallReader(t)
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	for _, tc := range []struct {
		name, body string
		kind       problem.Kind
		detail     string
		line       int
	}{
		{"empty", " \n", problem.Malformed, "empty", 0},
		{"byte-order mark", "\ufeff" + sound, problem.Malformed, "byte-order mark", 0},
		{"not UTF-8", "{\n\"id\": \"\xff\"}", problem.Malformed, "line 2, column 8", 2},
		{"lone surrogate", `{"id": "\ud800"}`, problem.Malformed, "surrogate", 1},
		{"cut off", "{\n\"id\": \"A\",\n", problem.Malformed, "ends too early", 3},
		{"trailing comma", "{\"id\": \"A\",\n}", problem.Malformed, "line 1, column 11: a comma stands here", 1},
		{"trailing comma in a list", "{\"id\": [1,\n2 , ]}", problem.Malformed, "line 2, column 3: a comma stands here", 2},
		{"missing comma", "{\"id\": \"A\"\n\"b\": 1}", problem.Malformed, "line 2, column 1", 2},
		{"single quotes", "{'id': 1}", problem.Malformed, "column 2", 1},
		{"comment", "{ // note\n}", problem.Malformed, "column 3", 1},
		{"two documents", sound + "\n" + sound, problem.Malformed, "one JSON object only", 8},
		{"trailing text", sound + " x", problem.Malformed, "one JSON object only", 7},
		{"too deep", deep, problem.Malformed, "more than 32 deep", 1},
		{"too many values", "[" + strings.Repeat("0,", 100_000) + "0]", problem.Malformed, "more than 100000 values", 1},
		{"too long", `"` + strings.Repeat("a", decision.MaxBytes) + `"`, problem.TooLarge, "1048576 bytes", 0},
		{"not a number", `{"id": NaN}`, problem.Malformed, "column 8", 1},
		{"leading zero", `{"id": 01}`, problem.Malformed, "line 1", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := refused(t, reader, tc.body)
			if err.Kind != tc.kind || !strings.Contains(err.Detail, tc.detail) {
				t.Errorf("got %v, want %s with %q", err, tc.kind, tc.detail)
			}
			line := 0
			if len(err.Faults) > 0 {
				line = err.Faults[0].Line
			}
			if line != tc.line {
				t.Errorf("line = %d, want %d", line, tc.line)
			}
		})
	}
}

// with puts one more member into the sound application.
func with(member string) string { return strings.Replace(sound, "{", "{"+member+",", 1) }

func TestReadExplainsEachFault(t *testing.T) {
	t.Parallel()
	reader := smallReader(t)
	for _, tc := range []struct{ name, body, pointer, detail string }{
		{"near unknown field", with(`"filed_no": "2026-01-01"`), "/filed_no", `there is no field "filed_no" here; did you mean "filed_on"?`},
		{"far unknown field", strings.Replace(sound, `"name"`, `"zzz": 1, "name"`, 1), "/exporter/zzz", `there is no field "zzz" here; the fields are name, short, uscc`},
		{"pointer is escaped", with(`"a/b~c": 1`), "/a~1b~0c", `there is no field "a/b~c" here`},
		{"missing field", strings.Replace(sound, `"name": "Example Magnets"`, "", 1), "/exporter/name", `the field "name" is required and not stated: The name as registered`},
		{"impossible date", with(`"filed_on": "2025-02-30"`), "/filed_on", `"2025-02-30" is not a date; write YYYY-MM-DD, a day that exists`},
		{"instant without offset", with(`"seen_at": "2025-02-03T10:00:00"`), "/seen_at", "is not an instant; write RFC 3339 with the offset"},
		{"enum, near", strings.Replace(sound, `"magnet"`, `"magnets"`, 1), "/items/0/form", `"magnets" is not one of "metal", "alloy", "magnet", "oxide"; did you mean "magnet"?`},
		{"enum, far", strings.Replace(sound, `"magnet"`, `"soup"`, 1), "/items/0/form", `"soup" is not one of "metal", "alloy", "magnet", "oxide"`},
		{"enum of mixed types", with(`"rank": "low"`), "/rank", `"low" is not one of 1, 2, "top"`},
		{"pattern with a description", strings.Replace(sound, `"form"`, `"hs_code": "8505.11", "form"`, 1), "/items/0/hs_code", `"8505.11" does not have the expected form: 8 or 10 digits, as text`},
		{"pattern without", strings.Replace(sound, `"name"`, `"short": "X", "name"`, 1), "/exporter/short", `the pattern ^[a-z]+$`},
		{"the EU is no country", strings.Replace(sound, `"DE"`, `"EU"`, 1), "/destination", `"EU" is not allowed here: The EU is not a country`},
		{"nobody of the wanted role", strings.Replace(sound, "end_user", "importer", 1), "/parties", `needs at least one entry of this kind: role "end_user"`},
		{"number in quotes", with(`"share": "12.5"`), "/share", "is text, but must be a number; write it without quotes"},
		{"text without quotes", strings.Replace(sound, `"A-1"`, "17", 1), "/id", "is a number, but must be text; write it in quotes"},
		{"null", with(`"flag": null`), "/flag", "is null, but must be true or false; if it is not known, leave the field out"},
		{"list for object", strings.Replace(sound, `{"name": "Example Magnets"}`, "[]", 1), "/exporter", "is a list, but must be an object"},
		{"fraction for a whole number", with(`"count": 1.5`), "/count", "is a number, but must be a whole number"},
		{"empty text", strings.Replace(sound, `"A-1"`, `""`, 1), "/id", "is empty"},
		{"id with a nought in it", strings.Replace(sound, `"A-1"`, `"A-1\u0000"`, 1), "/id", "holds the character U+0000, so it cannot be recorded; take it out"},
		{"name with a nought in it", strings.Replace(sound, "Example Magnets", `Example\u0000Magnets`, 1), "/exporter/name", "holds the character U+0000"},
		{"long text", strings.Replace(sound, "A-1", strings.Repeat("字", 65), 1), "/id", "is 65 characters long, but at most 64 are allowed"},
		{"empty list", strings.Replace(sound, `[{"line": 1, "form": "magnet"}]`, "[]", 1), "/items", "has 0 entries, but needs at least 1"},
		{"too small", with(`"share": -0.5`), "/share", "is -0.5, but must be at least 0"},
		{"too large", with(`"share": 100.5`), "/share", "is 100.5, but must be at most 100"},
		{"no multiple", with(`"share": 0.3`), "/share", "is 0.3, but must be a multiple of 0.5"},
		{"not less", with(`"count": 10`), "/count", "is 10, but must be less than 10"},
		{"not more", with(`"quantity": {"value": 0}`), "/quantity/value", "is 0, but must be more than 0"},
		{"alternatives, nearest", with(`"quantity": {"vlaue": 1, "value": 2}`), "/quantity/vlaue", `did you mean "value"?`},
		{"alternatives by type", with(`"size": true`), "/size", "is true or false, but must be a number or text"},
		{"alternatives by field", with(`"proof": {}`), "/proof", "needs at least one of these fields: report, description"},
		{"forms that exclude each other", with(`"either": 1`), "/either", "fits more than one of the forms"},
		{"twins in a list", with(`"codes": ["a", "b", "a"]`), "/codes", "entries 0 and 2 are the same"},
		{"constant", with(`"mode": "air"`), "/mode", `is "air", but must be "sea"`},
		{"dependent field", with(`"risk": {"kind": "wmd"}`), "/risk/why", `the field "why" is required, because "kind" is stated`},
		{"no members", with(`"risk": {}`), "/risk", "has 0 fields, but needs at least 1"},
		{"many members", with(`"risk": {"a": 1, "b": 2, "c": 3}`), "/risk", "has 3 fields, but at most 2 are allowed"},
		{"fields that exclude each other", with(`"pair": {"a": 1, "b": 2}`), "/pair", `the fields "a", "b" exclude each other`},
		{"field name of a free object", with(`"free": {"A": 1}`), "/free/A", `there is no field "A" here`},
		{"nothing may stand here", with(`"nothing": 1`), "/nothing", "is not allowed here; leave it out"},
		{"not an object", `[]`, "", "is a list, but must be an object"},
		{"endless number", with(`"count": 1e999999999`), "/count", "the number 1e999999999 is out of bounds"},
		{"many digits", with(`"share": 0.` + strings.Repeat("3", 50)), "/share", "is out of bounds"},
		{"endless name", with(`"` + strings.Repeat("n", 200) + `": 1`), "", "a field name here is 200 bytes long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			err := refused(t, reader, tc.body)
			if err.Kind != problem.Invalid || len(err.Faults) != 1 {
				t.Fatalf("got %v, want one fault of kind invalid", err)
			}
			fault := err.Faults[0]
			if fault.Pointer != tc.pointer || !strings.Contains(fault.Detail, tc.detail) {
				t.Errorf("got  %s: %s\nwant %s: …%s…", fault.Pointer, fault.Detail, tc.pointer, tc.detail)
			}
			if fault.Line < 1 {
				t.Errorf("line = %d", fault.Line)
			}
		})
	}
}

// All faults come in one answer, of whatever sort, in the order of the document, each with its line.
func TestReadTellsAllAtOnce(t *testing.T) {
	t.Parallel()
	err := refused(t, smallReader(t), `{
  "id": "A-1",
  "id": "A-2",
  "exporter": {"nmae": "Example Magnets"},
  "items": [
    {"line": 1, "form": "magnet"},
    {"line": 1.0, "form": "soup"},
    {"line": 1e99, "form": "metal", "form": "metal"}
  ],
  "filed_on": "2026-13-01",
  "destination": "EU",
  "parties": []
}`)
	var got []string
	for _, fault := range err.Faults {
		got = append(got, fmt.Sprintf("%d %s", fault.Line, fault.Pointer))
	}
	want := []string{
		"3 /id", "4 /exporter/name", "4 /exporter/nmae", "7 /items/1/line", "7 /items/1/form", "8 /items/2/line",
		"8 /items/2/form", "10 /filed_on", "11 /destination", "12 /parties",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s\n%v", diff, err)
	}
	if err.Detail != "The application has 10 faults; all are listed." {
		t.Errorf("detail = %q", err.Detail)
	}
}

func TestReadNamesTheItemThatHasTheLineAlready(t *testing.T) {
	t.Parallel()
	body := strings.Replace(sound, `}],`, `}, {"line": 2, "form": "oxide"}, {"line": 1, "form": "oxide"}],`, 1)
	err := refused(t, smallReader(t), body)
	want := problem.Fault{Pointer: "/items/2/line", Detail: "line 1 is already the number of item 0, counted from 0; give each item its own", Line: 4}
	if diff := cmp.Diff([]problem.Fault{want}, err.Faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// A thousand faults are counted, but the answer stays short.
func TestReadBoundsTheAnswer(t *testing.T) {
	t.Parallel()
	err := refused(t, smallReader(t), with(`"codes": [`+strings.Repeat("1, ", 1000)+`"x"]`))
	if len(err.Faults) != 100 || !strings.Contains(err.Detail, "the first 100 are listed") {
		t.Errorf("%d faults with detail %q", len(err.Faults), err.Detail)
	}
	if !strings.Contains(err.Detail, "100") || len(err.Error()) > 100_000 {
		t.Errorf("the answer is %d bytes long", len(err.Error()))
	}
}

func TestNewReaderRefusesABadSchema(t *testing.T) {
	t.Parallel()
	for name, schema := range map[string]string{
		"not JSON":        `{`,
		"not a schema":    `{"type": "soup"}`,
		"refers outside":  `{"$ref": "https://example.com/other.json"}`,
		"property names":  `{"type": "object", "properties": {"a": {"propertyNames": {"pattern": "^a"}}}}`,
		"refers to files": `{"$ref": "file:///etc/hostname"}`,
	} {
		if _, err := decision.NewReader([]byte(schema)); err == nil {
			t.Errorf("%s: compiled", name)
		}
	}
}
