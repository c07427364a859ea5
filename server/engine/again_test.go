package engine_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// recorded is the record of a decision on an application, as the service would make it.
func recorded(t *testing.T, e *engine.Engine, body string) decision.Record {
	t.Helper()
	verdict, err := e.Evaluate(t.Context(), application(t, e, body), instantOf)
	if err != nil {
		t.Fatal(err)
	}
	return decision.Record{Seq: 1, Clock: instantOf.UTC(), Input: []byte(body), Facts: verdict.Facts, Reads: verdict.Reads}
}

// From a record alone comes the same verdict, with the rows that stand in it: none is looked up again.
func TestAgainIsEqual(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	e := engine.New(time.Minute)
	e.Activate(g)
	body := magnets(t, 2)
	first, err := e.Evaluate(t.Context(), application(t, e, body), instantOf)
	if err != nil {
		t.Fatal(err)
	}
	record := recorded(t, e, body)
	if !bytes.Contains(record.Reads, []byte(`"history"`)) || !bytes.Contains(record.Reads, []byte(`"screening"`)) {
		t.Errorf("the record does not say what was read: %s", record.Reads)
	}
	second, err := e.Again(t.Context(), g, record)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(first.Decision.JSON()), string(second.Decision.JSON())); diff != "" {
		t.Errorf("decided again:\n%s", diff)
	}
	if !bytes.Equal(first.Facts, second.Facts) || !bytes.Equal(first.Reads, second.Reads) {
		t.Errorf("facts %s\nthen  %s\nreads %s\nthen  %s", first.Facts, second.Facts, first.Reads, second.Reads)
	}
}

// What stands in the record counts, whatever the tables hold today; and what does not stand there is nobody's guess.
func TestAgainReadsTheRecordAlone(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	e := engine.New(time.Minute)
	e.Activate(g)
	record := recorded(t, e, magnets(t, 1))

	other := record
	other.Reads = []byte(strings.Replace(string(record.Reads), `"value":[]`,
		`"value":[{"row":"CL-2025-1-01","name":"Somebody","list":"export-control","score":0.9,"band":"review"}]`, 1))
	if bytes.Equal(other.Reads, record.Reads) {
		t.Fatalf("no empty row to change in %s", record.Reads)
	}
	verdict, err := e.Again(t.Context(), g, other)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(verdict.Reads), "Somebody") {
		t.Errorf("the recorded row was not read: %s", verdict.Reads)
	}

	missing := record
	missing.Reads = []byte(`[]`)
	_, err = e.Again(t.Context(), g, missing)
	if unknown, ok := errors.AsType[*store.NotRecordedError](err); !ok || len(unknown.Path) < 3 {
		t.Errorf("a row that nobody recorded was made up: %v", err)
	}

	for _, reads := range []string{"", "{", `{"path": []}`, `[{"path": 1}]`} {
		broken := record
		broken.Reads = []byte(reads)
		if _, err := e.Again(t.Context(), g, broken); err == nil {
			t.Errorf("reads %q were taken", reads)
		}
	}
}
