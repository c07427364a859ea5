package journal_test

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/plugins/logs"

	"greenchannel/server/journal"
	"greenchannel/server/problem"
)

// NDJSON is read with OPA's own type for decision-log events, which must know every field.
func TestExportIsADecisionLog(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		decided := keyed(1, "erp", "k")
		decided.Input = []byte("{\n  \"id\": \"A-1\",\n  \"n\": 1.50, \"tag\": \"<b>\"\n}\n")
		put := entry(2)
		put.Kind, put.Bundle, put.Result = journal.Party, "", nil
		odd := entry(3)
		odd.Input = []byte("\xffno JSON\n")
		activated := entry(4)
		activated.Kind = journal.Activation
		receipts := []journal.Receipt{add(t, j, decided), add(t, j, put), add(t, j, odd), add(t, j, activated)}
		options := journal.ExportOptions{Labels: map[string]string{"id": "node-1"}, Path: "rareearth/decision"}
		var out bytes.Buffer
		if err := j.Export(t.Context(), &out, journal.NDJSON, options); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(receipts) {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), len(receipts), out.String())
		}
		if !strings.Contains(lines[0], `"input":{"id":"A-1","n":1.50,"tag":"<b>"}`) {
			t.Errorf("the input is not as it was sent, but for space: %s", lines[0])
		}
		var events []logs.EventV1
		for _, line := range lines {
			var e logs.EventV1
			strict := json.NewDecoder(strings.NewReader(line))
			strict.DisallowUnknownFields()
			if err := strict.Decode(&e); err != nil {
				t.Fatalf("%v: %s", err, line)
			}
			events = append(events, e)
		}
		first := events[0]
		if first.DecisionID != decided.ID || first.Path != "rareearth/decision" || first.RequestedBy != "erp" ||
			first.Bundles["rareearth"].Revision != "r1" || first.Custom["bundle"] != decided.Bundle || first.Labels["id"] != "node-1" || !first.Timestamp.Equal(receipts[0].At) {
			t.Errorf("event %+v", first)
		}
		if (*first.Result).(map[string]any)["outcome"] != "green_channel" {
			t.Errorf("result %v", *first.Result)
		}
		for name, want := range map[string][]byte{"facts": decided.Facts, "reads": decided.Reads} {
			var given any
			if err := json.Unmarshal(want, &given); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(given, first.Custom[name]); diff != "" {
				t.Errorf("%s (-recorded +exported):\n%s", name, diff)
			}
		}
		// OPA makes of it what its mask policies are asked with: an event that it could have written itself.
		if _, err := first.AST(); err != nil {
			t.Errorf("as OPA sees it: %v", err)
		}
		for i, e := range events {
			if e.Custom["hash"] != receipts[i].Hash.String() || e.Custom["seq"] != float64(i+1) {
				t.Errorf("custom %v, want the hash %s", e.Custom, receipts[i].Hash)
			}
		}
		if events[1].Path != "registry/parties" || events[1].Custom["kind"] != "party" || events[1].Result != nil || events[1].Bundles != nil {
			t.Errorf("event of a party %+v", events[1])
		}
		if events[3].Path != "bundles" || events[3].Custom["kind"] != "activation" || events[3].Custom["bundle"] != activated.Bundle {
			t.Errorf("event of an activation %+v", events[3])
		}
		if (*events[2].Input).(string) != "\ufffdno JSON\n" {
			t.Errorf("an input that is no JSON: %v", *events[2].Input)
		}
	})
}

func TestExportForASpreadsheet(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		var receipts []journal.Receipt
		for i, exporter := range []string{
			"赣州 Rare Earth", `=HYPERLINK("x")`, "+1", "-1", "@x", "\tx", " =1+1", "＝1", "'=1", "'s-Hertogenbosch", "a\nb,\"c\"", "",
		} {
			e := entry(i)
			e.Exporter = exporter
			receipts = append(receipts, add(t, j, e))
		}
		var out bytes.Buffer
		if err := j.Export(t.Context(), &out, journal.CSV, journal.ExportOptions{}); err != nil {
			t.Fatal(err)
		}
		table, err := csv.NewReader(&out).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, line := range table[1:] {
			got = append(got, line[7])
		}
		want := []string{
			"赣州 Rare Earth", `'=HYPERLINK("x")`, "'+1", "'-1", "'@x", "'\tx", "' =1+1", "'＝1", "''=1", "'s-Hertogenbosch", "a\nb,\"c\"", "",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("exporters (-want +got):\n%s", diff)
		}
		first := table[1]
		if first[0] != "1" || first[3] != receipts[0].At.Format(time.RFC3339Nano) || first[5] != "green_channel" || first[12] != hex.EncodeToString(receipts[0].Hash[:]) {
			t.Errorf("first line %v", first)
		}
		out.Reset()
		if err := j.Export(t.Context(), &out, journal.CSV, journal.ExportOptions{First: 3, Last: 4}); err != nil || strings.Count(out.String(), "\n") != 3 {
			t.Errorf("two records and a header: %v\n%s", err, out.String())
		}
		if err := j.Export(t.Context(), &out, "xml", journal.ExportOptions{}); problem.Of(err).Kind != problem.Invalid {
			t.Errorf("an unknown format: %v", err)
		}
	})
}

// What stands before the damage is given out, and then the damage is told.
func TestExportEndsAtTheDamage(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 6)
		close1(t, j)
		g.tamper(t, "UPDATE journal_records SET caller = 'x' WHERE seq = 4")
		j = g.open(t, readOnly)
		for _, format := range []journal.Format{journal.NDJSON, journal.CSV} {
			var out bytes.Buffer
			err := j.Export(t.Context(), &out, format, journal.ExportOptions{})
			if !isDamage(err) {
				t.Errorf("%s: %v", format, err)
			}
			header := map[journal.Format]int{journal.CSV: 1}[format]
			if lines := strings.Count(out.String(), "\n"); lines != 3+header {
				t.Errorf("%s: %d lines before the damage:\n%s", format, lines, out.String())
			}
		}
	})
}
