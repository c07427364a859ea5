package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

// TestMain lets the test be the floor, as the program is: the harness starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == floorCommand {
		os.Exit(serveFloor(os.Args[2:], os.Stderr))
	}
	code := m.Run()
	if binary, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary))
	}
	os.Exit(code)
}

// program is the binary, built once.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "greenchannel-load-test-")
	if err != nil {
		return "", err
	}
	h := &harness{scratch: folder}
	if h.root, err = moduleRoot(context.Background()); err != nil {
		return "", err
	}
	return h.build(context.Background())
})

// measure runs the harness as the command line does, for a moment, and gives its figures. Of what they say nothing is asked.
func measure(t *testing.T, args ...string) (taken figures, markdown string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "figures.json")
	var out, told bytes.Buffer
	args = append([]string{"-quick", "-distinct", "2", "-connections", "2", "-lines", "1", "-rounds", "1", "-json", file}, args...)
	if code := run(t.Context(), args, &out, &told); code != 0 {
		t.Fatalf("exits with %d:\n%s", code, told.String())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &taken); err != nil {
		t.Fatal(err)
	}
	return taken, out.String()
}

// TestEverythingIsMeasured runs the whole harness: every server is started, asked, held to the right decisions and stopped.
func TestEverythingIsMeasured(t *testing.T) {
	t.Parallel()
	binary := built(t)
	t.Run("servers", func(t *testing.T) {
		taken, markdown := measure(t, "-binary", binary, "-starts", "1", "-activate", "20")
		if want := 2 + 2*len(taken.Evaluators); len(taken.Cells) != want || len(taken.Memory) != want {
			t.Errorf("%d servers were measured and the memory of %d, want %d", len(taken.Cells), len(taken.Memory), want)
		}
		for _, c := range taken.Cells {
			if c.Answers == 0 || c.PerSecond.Median <= 0 || c.P50.Median <= 0 || c.P99.Median < c.P50.Median {
				t.Errorf("%s: %+v", c.Variant, c)
			}
		}
		if len(taken.Batches) != len(taken.Evaluators) || len(taken.Starts) != 2 || taken.Activation == nil {
			t.Errorf("something was not measured: %+v", taken)
		}
		for _, want := range []string{"| 1 | 2 | OPA |", "| floor |", "met", "missed", "GOGC", "put into force"} {
			if !strings.Contains(markdown, want) {
				t.Errorf("the table does not say %q:\n%s", want, markdown)
			}
		}
	})
	t.Run("activation", func(t *testing.T) {
		taken, markdown := measure(t, "-binary", binary, "-activation", "-activate", "20")
		a := taken.Activation
		if a == nil || len(taken.Cells) != 0 || a.Entries != 20 || a.KeptMS <= 0 || a.MemoryBeforeMB <= 0 || a.MemoryMostMB < a.MemoryAfterMB {
			t.Errorf("activation %+v, and %d servers were measured besides", a, len(taken.Cells))
		}
		if !strings.Contains(markdown, "RSS before; when it is in force") {
			t.Errorf("the table does not tell the memory:\n%s", markdown)
		}
	})
	t.Run("growth", func(t *testing.T) {
		// A longer control list has been put into force above; each bundle that is sent costs seconds of its own tests.
		taken, _ := measure(t, "-binary", binary, "-growth", "-entries", "0", "-parties", "100", "-history", "300")
		if len(taken.Growth) != 4 { // two tables, at two numbers of connections
			t.Errorf("%d figures of growth: %+v", len(taken.Growth), taken.Growth)
		}
	})
	t.Run("soak", func(t *testing.T) {
		taken, markdown := measure(t, "-binary", binary, "-soak", "1s", "-soak-connections", "2")
		if len(taken.Soaks) != 2 || taken.Soaks[0].Decisions == 0 || !strings.ContainsAny(markdown, "▆▇█") {
			t.Errorf("%+v\n%s", taken.Soaks, markdown)
		}
	})
}

func built(t *testing.T) string {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

// TestAWrongAnswerIsFound shows that the check of answers bites.
func TestAWrongAnswerIsFound(t *testing.T) {
	t.Parallel()
	v := &variant{name: "it", status: 200}
	q := &question{id: "A", named: []byte(`"application_id":"A"`), outcome: []byte(`"outcome":"green_channel"`)}
	right := []byte(`{"application_id":"A","outcome":"green_channel"}`)
	if err := v.right(q, 200, right); err != nil {
		t.Error(err)
	}
	for _, wrong := range []struct {
		status int
		answer string
	}{
		{503, string(right)},
		{200, `{"application_id":"B","outcome":"green_channel"}`},
		{200, `{"application_id":"A","outcome":"prohibited"}`},
		{200, ``},
	} {
		if v.right(q, wrong.status, []byte(wrong.answer)) == nil {
			t.Errorf("%d %s passes", wrong.status, wrong.answer)
		}
	}
}

// TestGrownIndexes holds the indexes of a grown bundle to those that the policies compute from its tables.
func TestGrownIndexes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	grown, err := grownBundle(folder, 250, 30)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := bundle.Load(grown)
	if err != nil {
		t.Fatal(err)
	}
	reference, binary := referenceOf(t, loaded), built(t)
	const indexes = `{"control_index": data.rareearth.lib.index.control_index, "party_index": data.rareearth.lib.index.party_index}`
	out, err := output(t.Context(), folder, binary, "opa", "eval", "--bundle", ".", "--format", "values", indexes)
	if err != nil {
		t.Fatal(err)
	}
	var computed []map[string]any
	if err := json.Unmarshal(out, &computed); err != nil || len(computed) != 1 || len(computed[0]) != 2 {
		t.Fatalf("%v: %s", err, out)
	}
	for index, is := range computed[0] {
		written, err := json.Marshal(reference[index])
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(written, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(is, want) {
			t.Errorf("%s is written otherwise than the policies compute it", index)
		}
	}
}

// TestShippedSizes holds the numbers of the table to the policies.
func TestShippedSizes(t *testing.T) {
	t.Parallel()
	loaded, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []struct {
		document, rows string
		want           int
	}{{"control_list", "entries", shippedEntries}, {"parties", "rows", shippedParties}} {
		document, _ := referenceOf(t, loaded)[table.document].(map[string]any)
		rows, _ := document[table.rows].(map[string]any)
		if len(rows) != table.want {
			t.Errorf("%s has %d %s, and the table says %d", table.document, len(rows), table.rows, table.want)
		}
	}
}

func referenceOf(t *testing.T, b *bundle.Bundle) map[string]any {
	t.Helper()
	rareearth, _ := b.Data["rareearth"].(map[string]any)
	reference, ok := rareearth["reference"].(map[string]any)
	if !ok {
		t.Fatal("there is no reference data")
	}
	return reference
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"-rounds", "0"}, {"-round", "0s"}, {"-distinct", "4"}, {"-lines", "1,none"}, {"-connections", "0"}, {"-nonsense"}, {"word"}, {"-distinct", "20000"},
	} {
		var out, told bytes.Buffer
		if code := run(t.Context(), args, &out, &told); code != 2 || told.Len() == 0 {
			t.Errorf("%v: exits with %d and says %q", args, code, told.String())
		}
	}
	s, err := parse([]string{"-rounds", "9", "-quick"}, &bytes.Buffer{})
	if err != nil || s.rounds != 9 || s.round >= standard().round {
		t.Errorf("%v: %+v", err, s)
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	if got, want := spreadOf([]float64{3, 1, 2, 10}), (spread{Median: 2.5, Min: 1, Max: 10}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := (sample{latencies: nil}).at(0.99); got != 0 {
		t.Errorf("nothing has the latency %s", got)
	}
}
