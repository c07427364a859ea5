package impact

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"pgregory.net/rapid"
)

// told writes differences one a line: pointer, what was, what is, and the note.
func told(found []Difference) []string {
	var lines []string
	for _, d := range found {
		line := d.Pointer
		if d.Recorded != nil {
			line += " -" + string(d.Recorded)
		}
		if d.Replayed != nil {
			line += " +" + string(d.Replayed)
		}
		if d.Note != "" {
			line += " (" + d.Note + ")"
		}
		lines = append(lines, line)
	}
	return lines
}

func compared(recorded, replayed string) []string {
	var d differ
	d.document("", []byte(recorded), []byte(replayed))
	return told(d.found)
}

func TestDifferencesAreNamedByPointer(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, recorded, replayed string
		want                     []string
	}{
		{"the same", `{"a": 1}`, `{"a": 1}`, nil},
		{"a value", `{"a":{"b":1}}`, `{"a":{"b":2}}`, []string{"/a/b -1 +2"}},
		{"a kind", `{"a":"1"}`, `{"a":1}`, []string{`/a -"1" +1`}},
		{"null is not absent", `{"a":null}`, `{}`, []string{"/a -null"}},
		{"a member more", `{}`, `{"a":[]}`, []string{"/a +[]"}},
		{"in the order of the record, then the new", `{"b":1,"a":1}`, `{"c":1,"b":2}`, []string{"/b -1 +2", "/a -1", "/c +1"}},
		{"numbers by their text", `[1.0, 12345678901234567890.10]`, `[1, 12345678901234567890.1]`,
			[]string{"/0 -1.0 +1", "/1 -12345678901234567890.10 +12345678901234567890.1"}},
		{"names with signs of pointers", `{"a/b":{"~":1}}`, `{"a/b":{"~":2}}`, []string{"/a~1b/~0 -1 +2"}},
		{"no name at all", `{"":1}`, `{"":2}`, []string{"/ -1 +2"}},
		{"order of members", `{"a":1,"b":2,"c":3}`, `{"a":1,"c":3,"b":2}`, []string{`(the members stand in another order, from "b" on)`}},
		{"order and value", `{"a":1,"b":2}`, `{"b":3,"a":1}`, []string{"/b -2 +3", `(the members stand in another order, from "a" on)`}},
		{"escapes of a text", `{"a":"\u0041"}`, `{"a":"A"}`, []string{`/a -"\u0041" +"A" (the same text, written otherwise)`}},
		{"escapes of a name", `{"\u0041":1}`, `{"A":1}`, []string{`(the same value, written otherwise from byte 2 on)`}},
		{"spaces", `{"a":[1, 2]}`, `{"a":[1,2]}`, []string{`/a (the same value, written otherwise from byte 3 on)`}},
		{"spaces around", "{}\n", `{}`, []string{`(the same value, written otherwise from byte 2 on)`}},
		{"no JSON", `{"a":`, `{}`, []string{`-"{\"a\":" +{} (what is recorded is no JSON)`}},
		{"nothing", ``, `[]`, []string{`-"" +[] (what is recorded is no JSON)`}},
		{"not UTF-8", "[\"\xff\"]", `["a"]`, []string{"/0 -\"\\\"\ufffd\\\"\" +\"a\""}},
		{"a name stated twice", `{"a":1,"a":2}`, `{"a":1}`, []string{"/a -2"}},
		{"twice inside what is gone", `{"x":{"a":1,"a":2}}`, `{}`, []string{`/x -"{\"a\":1,\"a\":2}"`}},
		{"an entry changed", `[1,2,3]`, `[1,4,3]`, []string{"/1 -2 +4"}},
		{"an entry gone", `["a","b","c"]`, `["a","c"]`, []string{`/1 -"b"`}},
		{"an entry new", `["a","c"]`, `["a","b","c"]`, []string{`/1 +"b"`}},
		{"a finding more does not move the others",
			`[{"rule":"A","text":1},{"rule":"C","text":1}]`, `[{"rule":"A","text":1},{"rule":"B","text":1},{"rule":"C","text":2}]`,
			[]string{`/1 +{"rule":"B","text":1}`, `/1/text -1 +2`}},
		{"one finding instead of another", `[{"rule":"A"}]`, `[{"rule":"B"}]`, []string{`/0 -{"rule":"A"}`, `/0 +{"rule":"B"}`}},
		{"entries without a name, by their place", `[[1],[2]]`, `[[1],[3]]`, []string{"/1/0 -2 +3"}},
		{"rows read", `[{"path":["a","b"],"value":1}]`, `[{"path":["a","b"]}]`, []string{"/0/value -1"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := compared(tc.recorded, tc.replayed)
			for i := range got {
				got[i] = strings.TrimSpace(got[i])
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(tc.want, "\n  "))
			}
		})
	}
}

// Arrays past the bound are compared by place, and still completely.
func TestLongArraysAreComparedByPlace(t *testing.T) {
	t.Parallel()
	long := func(first string) string { return "[" + first + strings.Repeat(`,{"id":1}`, 2000) + "]" }
	d := &differ{}
	d.arrays("", entriesOf(jsontext.Value(long(`"a",1`))), entriesOf(jsontext.Value(long(`"b",2`))))
	if got := told(d.found); len(got) < 2 || got[0] != `/0 -"a" +"b"` || got[1] != "/1 -1 +2" {
		t.Errorf("got %d differences, first %v", len(got), got[:min(len(got), 3)])
	}
}

// Two texts have no difference exactly when their bytes are the same, and each difference can stand in a JSON document.
func TestNothingDiffersOnlyWhereBytesAreTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := text(t, "a", 3), text(t, "b", 3)
		if rapid.Bool().Draw(t, "same") {
			b = a
		}
		var d differ
		d.document("/x", []byte(a), []byte(b))
		if (len(d.found) == 0) != (a == b) {
			t.Fatalf("%d differences between %s and %s", len(d.found), a, b)
		}
		for _, found := range d.found {
			for _, value := range []jsontext.Value{found.Recorded, found.Replayed} {
				if value != nil && !value.IsValid() {
					t.Fatalf("%s: %s is no JSON", found.Pointer, value)
				}
			}
		}
	})
}

// text draws a JSON text, now and then broken.
func text(t *rapid.T, label string, depth int) string {
	kinds := []string{"1", "1.0", `"a"`, `"\u0061"`, "null", "true", " 2", `"`}
	if depth > 0 {
		kinds = append(kinds, "[", "{", "{", "[")
	}
	switch kind := rapid.SampledFrom(kinds).Draw(t, label); kind {
	case "[":
		var entries []string
		for range rapid.IntRange(0, 4).Draw(t, label) {
			entries = append(entries, text(t, label, depth-1))
		}
		return "[" + strings.Join(entries, ",") + "]"
	case "{":
		var members []string
		for range rapid.IntRange(0, 3).Draw(t, label) {
			name := rapid.SampledFrom([]string{`"id"`, `"rule"`, `"x"`, `"\u0078"`, `""`}).Draw(t, label)
			members = append(members, name+":"+text(t, label, depth-1))
		}
		return "{" + strings.Join(members, ",") + "}"
	default:
		return kind
	}
}
