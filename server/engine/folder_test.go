package engine_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// instantOf is the day that most of these tests ask about.
var instantOf = time.Date(2026, 11, 23, 9, 0, 0, 123_000_000, decision.Beijing())

// smallDecision is a decision policy of a few lines, that answers with a whole decision. The outcome comes from data, so
// that generations can be told apart; the evidence echoes the application, so that losses show.
const smallDecision = `# METADATA
# schemas:
#   - input: schema.application.schema
package rareearth.decision

application_id := input.id

as_of := time.format([time.now_ns() + 28800000000000, "UTC", "2006-01-02T15:04:05.999999999+08:00"])

outcome := data.rareearth.settings.outcome

items := [{"line": item.line, "status": "unclassified", "entries": []} | some item in input.items]

# METADATA
# title: Echo
# custom:
#   id: ECHO-1
#   effect: flag
reasons := [reason |
	rule := rego.metadata.rule()
	reason := {
		"rule": rule.custom.id, "title": rule.title, "effect": rule.custom.effect, "severity": "low", "basis": ["ECL-2"],
		"factor": 1, "paths": ["/items"], "text": _text, "remedy": _text,
		"evidence": {"items": input.items, "mark": data.rareearth.settings.mark},
	}
]

green_channel := {
	"eligible": false, "channel": null, "failed": ["GC-P01"],
	"conditions": [c | some n in numbers.range(1, 10); c := {"id": sprintf("GC-P%02d", [n]), "met": n != 1, "text": _text}],
}

missing := []

obligations := []

clock := null

valid_until := null

not_assessed := []
`

const smallWords = `package rareearth.words

text := {"en": "words", "zh": "文字"}
`

const smallMemory = `package rareearth.memory

facts := {"exporter": input.exporter.name, "orders": [], "certificates": [], "parties": [], "rules": []}
`

const smallListing = `package rareearth.controls.listing

entries[code] := object.union(row, {"status": _status(row)}) if some code, row in data.rareearth.reference.control_list.entries

_status(row) := "in_force" if time.parse_rfc3339_ns(row.from) <= time.now_ns()

_status(row) := "not_yet" if time.parse_rfc3339_ns(row.from) > time.now_ns()
`

const smallEntries = `{"entries": {
  "1C902.a.1": {"code": "1C902.a.1", "instrument": "ANN-1", "element": "samarium", "form": "metal", "from": "2025-04-04T00:00:00+08:00"},
  "61/1(1)": {"code": "61/1(1)", "instrument": "ANN-2", "element": "dysprosium", "form": "magnet", "from": "2027-01-01T00:00:00+08:00"}
}}`

// smallFolder is a policy folder around smallDecision, with the schemas and capabilities of the real one.
func smallFolder(t testing.TB) fstest.MapFS {
	t.Helper()
	folder := fstest.MapFS{}
	put := func(name, text string) { folder[name] = &fstest.MapFile{Data: []byte(text)} }
	for _, name := range []string{policies.ApplicationSchema, policies.DecisionSchema, policies.PartySchema, policies.Capabilities} {
		text, err := fs.ReadFile(policies.FS(), name)
		if err != nil {
			t.Fatal(err)
		}
		put(name, string(text))
	}
	put(".manifest", `{"roots": ["rareearth"], "metadata": {"name": "small"}}`)
	put("rareearth/decision/decision.rego", strings.ReplaceAll(smallDecision, "_text", "data.rareearth.words.text"))
	put("rareearth/words/words.rego", smallWords)
	put("rareearth/controls/listing/listing.rego", smallListing)
	put("rareearth/memory/memory.rego", smallMemory)
	put("rareearth/parties/listing/listing.rego", "package rareearth.parties.listing\n\nrows := {}\n")
	put("rareearth/settings/data.json", `{"outcome": "standard_review", "mark": 1}`)
	put("rareearth/reference/control_list/data.json", smallEntries)
	return folder
}

// edit replaces a part of a file of the folder, which must be there.
func edit(t testing.TB, folder fstest.MapFS, name, old, new string) {
	t.Helper()
	text := string(folder[name].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	folder[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
}

func compile(t testing.TB, folder fs.FS) (*engine.Generation, error) {
	t.Helper()
	b, err := bundle.Load(folder)
	if err != nil {
		return nil, err
	}
	data, err := store.New(b.Data, store.Screening(), store.NewLive())
	if err != nil {
		t.Fatal(err)
	}
	return engine.Compile(t.Context(), b, data)
}

func generation(t testing.TB, folder fs.FS) *engine.Generation {
	t.Helper()
	g, err := compile(t, folder)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// started is an engine on a folder.
func started(t testing.TB, folder fs.FS, timeout time.Duration) *engine.Engine {
	t.Helper()
	e := engine.New(timeout)
	e.Activate(generation(t, folder))
	return e
}

func application(t testing.TB, e *engine.Engine, body string) decision.Application {
	t.Helper()
	app, err := e.Read([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// decide gives the decision of an evaluation alone.
func decide(t testing.TB, e *engine.Engine, app decision.Application, at time.Time) (decision.Decision, error) {
	t.Helper()
	verdict, err := e.Evaluate(t.Context(), app, at)
	if err != nil {
		return decision.Decision{}, err
	}
	return verdict.Decision.Decision()
}

// wants checks the kind of an error, and that no client is told what only the operator may know.
func wants(t *testing.T, err error, kind problem.Kind, cause string) {
	t.Helper()
	if err == nil || problem.Of(err).Kind != kind {
		t.Fatalf("err = %v, want one of kind %s", err, kind)
	}
	if !strings.Contains(err.Error(), cause) {
		t.Errorf("the operator reads %q, want it to name %q", err, cause)
	}
	if cause != "" && strings.Contains(problem.Of(err).Detail, cause) {
		t.Errorf("the client reads %q, which gives the cause away", problem.Of(err).Detail)
	}
}
