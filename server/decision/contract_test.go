package decision_test

import (
	"io/fs"
	"strings"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/problem"
)

// An application as short as the contract allows.
const shortest = `{
  "id": "GC-2026-0001",
  "exporter": {"name": "Ningbo Example Magnetics Co., Ltd."},
  "items": [{"line": 1}],
  "destination": "DE",
  "parties": [{"role": "end_user", "name": "Beispiel Motoren GmbH"}]
}`

func contractReader(t testing.TB) *decision.Reader {
	t.Helper()
	schema, err := fs.ReadFile(policies.FS(), "schemas/application/schema.json")
	if err != nil {
		t.Fatal(err)
	}
	reader, err := decision.NewReader(schema)
	if err != nil {
		t.Fatal(err)
	}
	return reader
}

func TestContractAcceptsTheShortestApplication(t *testing.T) {
	t.Parallel()
	app, err := contractReader(t).Read([]byte(shortest))
	if err != nil || app.ID() != "GC-2026-0001" {
		t.Errorf("id = %q, err = %v", app.ID(), err)
	}
}

// What applicants get wrong, told so that they can mend it.
func TestContractExplainsCommonSlips(t *testing.T) {
	t.Parallel()
	reader := contractReader(t)
	for _, tc := range []struct{ name, old, new, pointer, detail string }{
		{"the EU as destination", `"DE"`, `"EU"`, "/destination", `"EU" is not one of the 249 values allowed here: The one country of final destination; a union of states is not a country (A country by its ISO 3166-1 alpha-2 code)`},
		{"a country in lower case", `"DE"`, `"de"`, "/destination", `did you mean "DE"?`},
		{"no end user", `"end_user"`, `"importer"`, "/parties", `needs at least one entry of this kind: `},
		{"end user misspelt", `"end_user"`, `"enduser"`, "/parties/0/role", `did you mean "end_user"?`},
		{"HS code with dots", `"line": 1`, `"line": 1, "hs_code": "8505.11.10"`, "/items/0/hs_code", "8 or 10 digits as text, without dots"},
		{"HS code as a number", `"line": 1`, `"line": 1, "hs_code": 8505111000`, "/items/0/hs_code", "must be text; write it in quotes"},
		{"field of another place", `"line": 1`, `"line": 1, "hscode": "85051110"`, "/items/0/hscode", `did you mean "hs_code"?`},
		{"element that is none", `"line": 1`, `"line": 1, "composition": [{"element": "Didymium"}]`, "/items/0/composition/0/element", "A chemical element by its symbol"},
		{"no exporter name", `"name": "Ningbo Example Magnetics Co., Ltd."`, ``, "/exporter/name", "is required and not stated: Registered name of the exporter"},
		{"impossible day", `"line": 1}],`, `"line": 1}], "filed_on": "2026-02-30",`, "/filed_on", `"2026-02-30" is not a date`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			_, err := reader.Read([]byte(strings.Replace(shortest, tc.old, tc.new, 1)))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, fault := range problem.Of(err).Faults {
				if fault.Pointer == tc.pointer && strings.Contains(fault.Detail, tc.detail) {
					return
				}
			}
			t.Errorf("no fault at %s with %q in:\n%v", tc.pointer, tc.detail, err)
		})
	}
}

// Long bodies made to hurt are refused or accepted, but always read to an end.
func TestContractBoundsWork(t *testing.T) {
	t.Parallel()
	reader := contractReader(t)
	fill := func(piece string) string {
		return strings.Repeat(piece, (decision.MaxBytes-len(shortest)-1000)/len(piece))
	}
	for name, body := range map[string]string{
		"faulty items": strings.Replace(shortest, `{"line": 1}`, fill(`{"l":1},`)+`{"line": 1}`, 1),
		"twin items":   strings.Replace(shortest, `{"line": 1}`, fill(`{"line":1},`)+`{"line": 1}`, 1),
		"twin words":   strings.Replace(shortest, `"id"`, `"documents": [{"type": "contract", "undertakings": [`+fill(`"no_transfer",`)+`"no_wmd"]}], "id"`, 1),
		"long name":    strings.Replace(shortest, `"id"`, `"`+fill("é")+`": 1, "id"`, 1),
		"long id":      strings.Replace(shortest, `GC-2026-0001`, fill("é"), 1),
		"twin fields":  strings.Replace(shortest, `"id"`, fill(`"id":1,`)+`"id"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := reader.Read([]byte(body))
			why := problem.Of(err)
			if why == nil || why.Detail == "" || len(why.Error()) > 200_000 {
				t.Errorf("refused with %d bytes of words", len(why.Error()))
			}
		})
	}
}
