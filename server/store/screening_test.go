package store_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

func TestScreeningOfTheBundlesParties(t *testing.T) {
	ctx, s := t.Context(), bundleStore(t)
	var reads store.ReadSet
	txn := storage.NewTransactionOrDie(ctx, s, storage.TransactionParams{Context: store.NoteReads(nil, &reads)})
	results, err := rego.New(
		rego.Query(`[{"row": m.row, "name": m.name, "list": m.list, "score": m.score, "band": m.band} | some m in data.screening.matches["Rheinmetal AG"]]`),
		rego.Store(s), rego.Transaction(txn), rego.StrictBuiltinErrors(true),
	).Eval(ctx)
	if err != nil || len(results) != 1 {
		t.Fatalf("%v, %v", results, err)
	}
	found := results[0].Expressions[0].Value.([]any)
	if len(found) != 1 || found[0].(map[string]any)["name"] != "Rheinmetall AG" || found[0].(map[string]any)["band"] != "review" {
		t.Errorf("a slip finds %v, want Rheinmetall AG for review", found)
	}
	if rows := reads.Rows(); len(rows) != 1 || rows[0].Path.String() != "/screening/matches/Rheinmetal%20AG" {
		t.Errorf("noted %v, want the one row that was read", rows)
	}
	for at, want := range map[string]string{"Nobody Knows Ltd": "[]", "---": "not screened", "": "not screened"} {
		if got := screened(t, s, at); got != want {
			t.Errorf("%q: %s, want %s", at, got, want)
		}
	}
}

func screened(t *testing.T, s storage.Store, name string) string {
	t.Helper()
	found, err := storage.ReadOne(t.Context(), s, storage.Path{"screening", "matches", name})
	if storage.IsNotFound(err) {
		return "not screened"
	}
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, m := range inGo(t, found).([]any) {
		text += m.(map[string]any)["name"].(string) + ";"
	}
	if text == "" {
		return "[]"
	}
	return text
}

// Without parties, folding table or settings no name is screened, rather than found clean. With them, the index follows
// the rows, and a reader keeps the index of its own rows.
func TestScreeningFollowsTheParties(t *testing.T) {
	ctx, s := t.Context(), filled(t, nil, store.Screening())
	row := func(name string) map[string]any { return map[string]any{"name": name, "list": "watch"} }
	number := func(value float64) map[string]any { return map[string]any{"value": value} }
	var got []string
	step := func(at string, value any) {
		put(t, s, path(at), value)
		got = append(got, screened(t, s, "Omega Optics"))
	}
	step("/rareearth", map[string]any{"reference": map[string]any{}})
	step("/rareearth/reference/parties", map[string]any{"rows": map[string]any{"WL-1": row("Alpha Optics")}})
	step("/rareearth/reference/folding", map[string]any{})
	step("/rareearth/reference/screening", map[string]any{"hit": number(0.97), "review": number(0.9)})
	before := storage.NewTransactionOrDie(ctx, s)
	step(rowsAt+"/WL-2", row("Omega Optics"))
	step(rowsAt+"/WL-3", row("Omega Optic"))
	step("/rareearth/reference/screening/review", number(0.97))
	step("/rareearth/reference/screening/review", number(0.9))
	if err := storage.WriteOne(ctx, s, storage.RemoveOp, path("/rareearth/reference/folding"), nil); err != nil {
		t.Fatal(err)
	}
	got = append(got, screened(t, s, "Omega Optics"))
	want := []string{
		"not screened", "not screened", "not screened", "[]",
		"Omega Optics;", "Omega Optics;Omega Optic;", "Omega Optics;", "Omega Optics;Omega Optic;", "not screened",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	old, err := s.Read(ctx, before, storage.Path{"screening", "matches", "Omega Optics"})
	if err != nil || len(inGo(t, old).([]any)) != 0 {
		t.Errorf("an older reader finds %v, %v; want no match", old, err)
	}
}

func TestMatchesForTheAPI(t *testing.T) {
	v := bundleStore(t).Snapshot()
	matches, ran, err := v.Matches("Leidos Inc")
	if err != nil || !ran || len(matches) == 0 || matches[0].Name != "Leidos" {
		t.Errorf("got %v, %v, %v; want Leidos", matches, ran, err)
	}
	if _, ran, err := v.Matches("..."); ran || err != nil {
		t.Errorf("a name without letters was screened (%v)", err)
	}
}
