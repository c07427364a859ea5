package stream_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/decision/stream"
)

func limits() stream.Limits { return stream.Limits{Depth: 32, Values: 1000, Name: 16, Digits: 20} }

func schema(tb testing.TB, text string) *jsonschema.Schema {
	tb.Helper()
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("test:///schema", document); err != nil {
		tb.Fatal(err)
	}
	return c.MustCompile("test:///schema")
}

// Of each keyword: texts that are sound, texts that are not, and texts that are and yet not said to be.
func TestSound(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		schema                string
		sound, faulty, unsure []string
	}{
		{`{}`, []string{`1`, ` -0.5 `, `"a"`, `{"a":[1,{}]}`, `null`, `"\u00e9\n"`, `[]`, `"稀土"`},
			[]string{``, `01`, `1.`, `.5`, `-`, `tru`, `"`, "\"\x01\"", `"\x"`, `[1`, `[1,]`, `{"a"}`, `{"a":1,}`, `{a:1}`, `1 2`, "\"\xff\"", `"\ud800"`, `{"a":1,"a":1}`, "\ufeff1"},
			[]string{`1e2`, `{"\u0061":1}`, `{"aaaaaaaaaaaaaaaaa":1}`, `123456789012345678901`}},
		{`{"type": "integer", "minimum": -3, "exclusiveMaximum": 7}`, []string{`-3`, `6`, `0`}, []string{`-4`, `7`, `6.5`, `"1"`, `null`, `99999999999`}, []string{`6.0`}},
		{`{"type": "number", "exclusiveMinimum": 0, "maximum": 100}`, []string{`100`, `0.000000001`, `99.999999999`, `0.0000000000001`}, []string{`0`, `0.0`, `100.0000000001`, `-1`}, []string{`1e1`}},
		{`{"minimum": 0.5}`, []string{`0.5`, `1`, `"x"`}, []string{`0.4`, `-1`}, nil},
		{`{"type": "string", "minLength": 2, "maxLength": 3}`, []string{`"ab"`, `"稀土矿"`, `"\u7a00\u571f"`}, []string{`"a"`, `"稀"`, `"abcd"`, `"稀土矿石"`, `1`}, nil},
		{`{"type": "string", "pattern": "^[A-Z]{3}$"}`, []string{`"EUR"`, `"E\u0055R"`}, []string{`"eur"`}, nil},
		{`{"type": "string", "format": "date"}`, []string{`"2026-11-23"`, `"2024-02-29"`, `"2026-12-31"`}, []string{`"2026-02-29"`, `"2026-13-01"`, `"2026-1-1"`, `"2026-00-10"`}, nil},
		{`{"enum": ["a", "b"]}`, []string{`"a"`, `"\u0062"`}, []string{`"c"`, `1`, `null`, `{}`, `[]`, `true`}, nil},
		{`{"enum": ["a", null, true, false]}`, []string{`"a"`, `null`, `true`, `false`}, []string{`"null"`, `0`}, nil},
		{`{"const": "a"}`, []string{`"a"`}, []string{`"b"`, `["a"]`}, nil},
		{`{"type": ["string", "null"], "minLength": 1}`, []string{`"a"`, `null`}, []string{`""`, `1`}, nil},
		{`{"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 2}`, []string{`[1]`, `[ 1 , 2 ]`}, []string{`[]`, `[1,2,3]`, `["a"]`, `{}`}, nil},
		{`{"type": "array", "prefixItems": [{"const": "a"}, {"type": "integer"}], "items": {"type": "boolean"}}`, []string{`[]`, `["a"]`, `["a",1,true]`}, []string{`["b"]`, `["a","b"]`, `["a",1,1]`}, nil},
		{`{"uniqueItems": true}`, []string{`[]`, `["a","b"]`, `{}`}, []string{`["a","a"]`, `["a","b","a"]`, `["a","\u0061"]`, `[1,1]`}, []string{`[1,2]`}},
		{`{"contains": {"type": "object", "required": ["r"], "properties": {"r": {"const": "x"}}}}`,
			[]string{`[{"r":"x"}]`, `[1,{"r":"y"},{"r":"x"},[[]]]`}, []string{`[]`, `[{"r":"y"}]`, `[[{"r":"x"}]]`}, nil},
		{`{"type": "object", "required": ["a"], "additionalProperties": false, "properties": {"a": {}, "b": {"type": "object"}}}`,
			[]string{`{"a":1}`, `{"b":{"c":{}},"a":null}`}, []string{`{}`, `{"b":{}}`, `{"a":1,"c":1}`, `{"a":1,"a":2}`, `{"a":1,"b":{"c":1,"c":1}}`}, nil},
		{`{"additionalProperties": {"type": "string"}, "properties": {"n": {"type": "integer"}}, "required": ["x"], "maxProperties": 2}`,
			[]string{`{"x":"a"}`, `{"x":"a","n":1}`}, []string{`{"n":1}`, `{"x":1}`, `{"x":"a","n":1,"y":"b"}`}, nil},
		{`{"minProperties": 1, "additionalProperties": true}`, []string{`{"a":1}`, `1`}, []string{`{}`}, nil},
		{`{"anyOf": [{"type": "null"}, {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "null"}}}}]}`,
			[]string{`null`, `{"a":[null],"b":[[1]]}`}, []string{`{}`, `{"a":[{"b":[1]}]}`, `1`}, nil},
		{`{"allOf": [{"type": "integer"}, {"minimum": 3}], "maximum": 5}`, []string{`3`, `5`}, []string{`2`, `6`, `"a"`}, nil},
		{`{"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "additionalProperties": false, "properties": {"l": {"$ref": "#/$defs/tree"}, "r": {"$ref": "#/$defs/tree"}}}}}`,
			[]string{`{}`, `{"l":{"r":{}}}`}, []string{`{"l":1}`, `{"l":{"x":{}}}`, `{"l":{"l":{"l":[]}}}`}, nil},
		{`{"properties": {"a": false}, "items": false}`, []string{`{"b":1}`, `[]`}, []string{`{"a":1}`, `[1]`}, nil},
	} {
		compiled := schema(t, tc.schema)
		v, ok := stream.Compile(compiled, limits())
		if !ok {
			t.Errorf("%s is not compiled", tc.schema)
			continue
		}
		for _, text := range slices.Concat(tc.sound, tc.faulty, tc.unsure) {
			if _, sound := v.Sound([]byte(text), nil); sound != slices.Contains(tc.sound, text) {
				t.Errorf("%s: %s is sound: %v", tc.schema, text, sound)
			}
		}
		for _, text := range slices.Concat(tc.sound, tc.unsure) {
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
			if err != nil || compiled.Validate(document) != nil {
				t.Errorf("%s: the library does not take %s, so the test is wrong", tc.schema, text)
			}
		}
	}
}

func TestWhatIsNotKnownIsNotCompiled(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"not": {}}`, `{"oneOf": [{}]}`, `{"if": {}, "then": {}}`, `{"patternProperties": {"a": {}}}`, `{"dependentRequired": {"a": ["b"]}}`,
		`{"multipleOf": 2}`, `{"enum": [1]}`, `{"const": {}}`, `{"unevaluatedProperties": false}`, `{"contains": {}, "minContains": 2}`,
		`{"propertyNames": {}}`, `{"minimum": 1, "exclusiveMinimum": 0}`, `{"properties": {"a": {"items": {"not": {}}}}}`,
	} {
		if _, ok := stream.Compile(schema(t, text), limits()); ok {
			t.Errorf("%s is compiled", text)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	v, ok := stream.Compile(schema(t, `{"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "object"}}}`), limits(), "a/b", "l/*/n", "c")
	if !ok {
		t.Fatal("not compiled")
	}
	text := []byte(` {"l": [{"n": 1}, {"m": 2}, {"n": "\u0061"}], "a": {"b": "x y", "c": 3}, "c": {"a": {"b": 1}}} `)
	places, sound := v.Sound(text, nil)
	var got []string
	for _, p := range places {
		got = append(got, string(text[p.Start:p.End]))
	}
	if want := []string{`1`, `"\u0061"`, `"x y"`, `{"a": {"b": 1}}`}; !sound || !slices.Equal(got, want) {
		t.Errorf("sound %v, places %q, want %q", sound, got, want)
	}
	if word, ok := places[1].Text(text); word != "a" || !ok {
		t.Errorf("%q, %v", word, ok)
	}
	if _, ok := places[0].Text(text); ok {
		t.Error("a number is a text")
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	v, ok := stream.Compile(schema(t, `{}`), limits())
	if !ok {
		t.Fatal("not compiled")
	}
	for text, want := range map[string]bool{
		strings.Repeat("[", 32) + strings.Repeat("]", 32):           true,
		strings.Repeat("[", 33) + strings.Repeat("]", 33):           false,
		"[" + strings.Repeat("1,", 998) + "1]":                      true,
		"[" + strings.Repeat("1,", 999) + "1]":                      false,
		strings.Repeat(`{"a":`, 32) + "1" + strings.Repeat("}", 32): true,
		strings.Repeat(`{"a":`, 33) + "1" + strings.Repeat("}", 33): false,
	} {
		if _, sound := v.Sound([]byte(text), nil); sound != want {
			t.Errorf("%.40s… is sound: %v", text, sound)
		}
	}
}

// corpus is the applications of the cases.
func corpus(tb testing.TB) [][]byte {
	tb.Helper()
	files, err := filepath.Glob("../../../tests/cases/applications/*.json")
	if err != nil || len(files) == 0 {
		tb.Fatal(len(files), err)
	}
	var all [][]byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// strict reads an application as slowly as can be.
func strict(tb testing.TB) (slow *decision.Reader, quick *stream.Validator) {
	tb.Helper()
	text, err := fs.ReadFile(policies.FS(), policies.ApplicationSchema)
	if err != nil {
		tb.Fatal(err)
	}
	quick, ok := stream.Compile(schema(tb, string(text)), stream.Limits{Depth: decision.MaxDepth, Values: 100_000, Name: 128, Digits: 40}, "items/*/line")
	if !ok {
		tb.Fatal("the schema of applications is not compiled")
	}
	// With a keyword that is not known here, and says nothing, the reader reads slowly.
	var root map[string]any
	if err := json.Unmarshal(text, &root); err != nil {
		tb.Fatal(err)
	}
	root["not"] = map[string]any{"type": "integer"}
	odd, err := json.Marshal(root)
	if err != nil {
		tb.Fatal(err)
	}
	if slow, err = decision.NewReader(odd); err != nil {
		tb.Fatal(err)
	}
	return slow, quick
}

// What is read in one pass is what the strict reader takes; and of the corpus that is all of it.
func TestTheCorpusIsReadInOnePass(t *testing.T) {
	t.Parallel()
	slow, quick := strict(t)
	for _, body := range corpus(t) {
		_, err := slow.Read(body)
		if _, sound := quick.Sound(body, nil); sound != (err == nil) {
			t.Errorf("sound %v, slowly %v: %.200s", sound, err, body)
		}
	}
}

// FuzzSound changes applications: nothing that the strict reader refuses is said to be sound, but for line numbers that
// are used twice, which no schema can say.
func FuzzSound(f *testing.F) {
	for _, body := range corpus(f) {
		f.Add(body, uint16(0), "")
		var compact bytes.Buffer
		if json.Compact(&compact, body) == nil {
			f.Add(compact.Bytes(), uint16(20), `"`)
		}
	}
	for i, piece := range []string{`"`, `\`, `,`, `1e400`, `-`, `{}`, `[[[[`, "\xff", "\ufeff", `"line":1.0,`, `"id":"x",`, `\ud800`, "\u2028", ` `, `null`} {
		f.Add([]byte(`{"id":"A-1","exporter":{"name":"E"},"items":[{"line":1}],"destination":"DE","parties":[{"role":"end_user","name":"B"}]}`), uint16(i*7), piece)
	}
	slow, quick := strict(f)
	f.Fuzz(func(t *testing.T, body []byte, at uint16, piece string) {
		place := int(at) % (len(body) + 1)
		text := slices.Concat(body[:place], []byte(piece), body[place:])
		if _, sound := quick.Sound(text, nil); !sound {
			return
		}
		if _, err := slow.Read(text); err != nil && !strings.Contains(err.Error(), "is already the number of") {
			t.Errorf("said to be sound: %q\n%v", text, err)
		}
	})
}

func BenchmarkSound(b *testing.B) {
	_, quick := strict(b)
	for _, name := range []string{"magnet_to_germany"} {
		text, err := os.ReadFile("../../../tests/cases/applications/" + name + ".json")
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			if _, sound := quick.Sound(text, nil); !sound {
				b.Fatal("not sound")
			}
		}
	}
}
