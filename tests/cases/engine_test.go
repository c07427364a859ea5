package cases

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
	"greenchannel/server/store"
)

// TestRecordsOfBothEvaluators decides every case that leaves the tables to the service, on all its days, by the engine with
// the executor and with topdown. Whatever goes into the record has to be equal to the byte: the result, what is remembered,
// and the rows that were read. Each decision is recorded, so that those after it have a history, and some parties are on
// file. From the record alone, both come to the same once more.
func TestRecordsOfBothEvaluators(t *testing.T) {
	t.Parallel()
	cases, err := load(".")
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	live := store.NewLive()
	kept, err := store.New(b.Data, store.Screening(), live)
	if err != nil {
		t.Fatal(err)
	}
	g, err := engine.Compile(t.Context(), b, kept)
	if err != nil {
		t.Fatal(err)
	}
	executor, topdown := engine.New(time.Hour), engine.New(time.Hour)
	topdown.UseTopdown()
	for _, e := range []*engine.Engine{executor, topdown} {
		e.Activate(g)
	}
	if s, _ := executor.Serving(); s.Evaluator != engine.Executor {
		t.Fatalf("%+v", s)
	}
	seq, remembered := uint64(0), 0
	for _, c := range cases {
		body, err := c.body(".")
		if err != nil || c.tables.given {
			continue
		}
		for _, day := range c.days {
			at, err := decision.ParseAsOf(day.asOf)
			if err != nil {
				t.Fatal(err)
			}
			app, err := executor.Read(body)
			if err != nil {
				continue // a case about what is refused
			}
			want, err := topdown.Evaluate(t.Context(), app, at)
			if err != nil {
				t.Fatalf("%s: %v", c.place, err)
			}
			got, err := executor.Evaluate(t.Context(), app, at)
			if err != nil {
				t.Fatalf("%s: %v", c.place, err)
			}
			if err := unequal(want, got); err != nil {
				t.Errorf("%s, as of %s: %v", c.place, day.asOf, err)
			}
			remembered += bytes.Count(got.Reads, []byte(`"value":`)) - bytes.Count(got.Reads, []byte(`"value":[]`))
			seq++
			record := decision.Record{
				Seq: seq, ID: fmt.Sprint("decision-", seq), Kind: decision.KindDecision, At: at, Clock: at, Input: body, Facts: got.Facts,
				Reads: got.Reads, ApplicationID: app.ID(), Exporter: app.Exporter(), Outcome: string(got.Decision.Outcome),
			}
			again := map[string]*engine.Engine{"executor": executor}
			if seq%replayedSlowly == 0 {
				again["topdown"] = topdown
			}
			for name, e := range again {
				again, err := e.Again(t.Context(), g, record)
				if err == nil {
					err = unequal(got, again)
				}
				if err != nil {
					t.Errorf("%s, as of %s, again by %s: %v", c.place, day.asOf, name, err)
				}
			}
			if err := live.Apply(record); err != nil {
				t.Fatal(err)
			}
		}
	}
	if remembered == 0 {
		t.Error("no decision had a history")
	}
	if checks := executor.Checks(); checks.Failed > 0 {
		t.Errorf("the executor failed %d times", checks.Failed)
	}
}

// replayedSlowly is how many decisions there are for one that topdown makes once more from its record.
const replayedSlowly = 10

func unequal(want, got decision.Verdict) error {
	for name, both := range map[string][2][]byte{
		"result": {want.Decision.JSON(), got.Decision.JSON()}, "facts": {want.Facts, got.Facts}, "reads": {want.Reads, got.Reads},
	} {
		if !bytes.Equal(both[0], both[1]) {
			return fmt.Errorf("the %s differ:\nwant %s\ngot  %s", name, both[0], both[1])
		}
	}
	return nil
}
