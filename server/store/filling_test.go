package store_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/store"
)

const (
	entriesAt = "/rareearth/reference/control_list/entries"
	rowsAt    = "/rareearth/reference/parties/rows"
)

func control(instrument string, hs ...any) map[string]any {
	return map[string]any{"instrument": instrument, "element": "terbium", "symbols": []any{"Tb"}, "hs_codes": hs}
}

// The typed tables follow every write, and a snapshot keeps its rows whatever is written later.
func TestTypedTablesFollowTheDocuments(t *testing.T) {
	ctx, s := t.Context(), filled(t, nil)
	found := func(v *store.Snapshot) string {
		t.Helper()
		listed, err := v.Controls()
		if err != nil {
			t.Fatal(err)
		}
		byHS, err := v.ControlsByHS("2846")
		if err != nil {
			t.Fatal(err)
		}
		byInstrument, err := v.ControlsByInstrument("N-2")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(keysOf(listed), " ") + "|" + strings.Join(keysOf(byHS), " ") + "|" + strings.Join(keysOf(byInstrument), " ")
	}
	write := func(op storage.PatchOp, at string, value any) func() error {
		return func() error { return storage.WriteOne(ctx, s, op, path(at), value) }
	}
	var kept []*store.Snapshot
	var wanted []string
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"empty", func() error { return nil }, "||"},
		{"load", write(storage.AddOp, "/rareearth", map[string]any{"reference": map[string]any{"control_list": map[string]any{"entries": map[string]any{
			"A.1": control("N-1", "2846901100"), "A.2": control("N-1", "2846901500", "2846901600"), "A.3": control("N-2"),
		}}}}), "A.1 A.2 A.3|A.1 A.2|A.3"},
		{"add a row", write(storage.AddOp, entriesAt+"/A.4", control("N-2", "28469017")), "A.1 A.2 A.3 A.4|A.1 A.2 A.4|A.3 A.4"},
		{"change a field", write(storage.ReplaceOp, entriesAt+"/A.1/instrument", "N-2"), "A.1 A.2 A.3 A.4|A.1 A.2 A.4|A.1 A.3 A.4"},
		{"drop a code", write(storage.RemoveOp, entriesAt+"/A.2/hs_codes/0", nil), "A.1 A.2 A.3 A.4|A.1 A.2 A.4|A.1 A.3 A.4"},
		{"drop the last code", write(storage.RemoveOp, entriesAt+"/A.2/hs_codes/0", nil), "A.1 A.2 A.3 A.4|A.1 A.4|A.1 A.3 A.4"},
		{"drop a row", write(storage.RemoveOp, entriesAt+"/A.1", nil), "A.2 A.3 A.4|A.4|A.3 A.4"},
		{"abort", func() error {
			txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
			defer s.Abort(ctx, txn)
			return s.Write(ctx, txn, storage.RemoveOp, path(entriesAt), nil)
		}, "A.2 A.3 A.4|A.4|A.3 A.4"},
		{"replace all", write(storage.ReplaceOp, entriesAt, map[string]any{"B": control("N-2")}), "B||B"},
		{"drop the table", write(storage.RemoveOp, "/rareearth", nil), "||"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		kept, wanted = append(kept, s.Snapshot()), append(wanted, step.want)
		for i, v := range kept {
			if got := found(v); got != wanted[i] {
				t.Fatalf("after %q, snapshot %d has %q, want %q", step.name, i, got, wanted[i])
			}
		}
	}
}

func TestARowKeepsWhatTheDataSays(t *testing.T) {
	s := filled(t, map[string]any{"rareearth": map[string]any{"reference": map[string]any{
		"parties": map[string]any{"rows": map[string]any{"WL-1": map[string]any{
			"name": "Omega Optics, Inc.", "name_zh": nil, "list": "watch", "list_code": "WL", "country": "US", "effective_from": "2025-01-02",
			"suspended": []any{map[string]any{"from": "2025-05-14", "until": nil, "kind": "stopped", "confirmed": true, "instrument": "a notice"}},
		}}},
		"folding": map[string]any{"legal_forms": map[string]any{"incorporated": "inc"}},
	}}})
	got, err := s.Snapshot().Party("WL-1")
	if err != nil {
		t.Fatal(err)
	}
	want := &store.Party{
		ID: "WL-1", Name: "Omega Optics, Inc.", List: "watch", ListCode: "WL", Country: "US", EffectiveFrom: "2025-01-02",
		Suspended: []store.Window{{From: "2025-05-14", Kind: "stopped", Confirmed: true, Instrument: "a notice"}},
	}
	if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
		name := p.Last().String()
		return name == ".folded" || name == ".row"
	}, cmp.Ignore())); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"OMEGA OPTICS incorporated", "Omega-Optics Inc"} {
		if found, err := s.Snapshot().PartiesNamed(name); err != nil || len(found) != 1 {
			t.Errorf("%q finds %v, %v; want the row", name, found, err)
		}
	}
	// Names are folded anew when the table that folds them changes.
	put(t, s, path("/rareearth/reference/folding/legal_forms/inc"), "corp")
	if found, err := s.Snapshot().PartiesNamed("Omega Optics corp"); err != nil || len(found) != 1 {
		t.Errorf("after a change of the folding table: %v, %v; want the row", found, err)
	}
}

// Data that a typed table cannot be filled from is refused as a whole, and every fault is named with its place.
func TestDataThatCannotBeReadIsNotCommitted(t *testing.T) {
	ctx, s := t.Context(), filled(t, nil)
	put(t, s, path("/rareearth"), map[string]any{"reference": map[string]any{
		"control_list": map[string]any{"entries": map[string]any{"A": control("N-1")}},
		"parties":      map[string]any{"rows": map[string]any{}},
	}})
	told := listen(t, s, false)
	txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	for at, value := range map[string]any{
		entriesAt + "/A/instrument":      7,
		entriesAt + "/B":                 "not a row",
		entriesAt + "/C":                 map[string]any{"instrument": "N-1", "code": "D", "hs_codes": "28"},
		rowsAt + "/P":                    map[string]any{"name": "", "list": "watch", "suspended": []any{map[string]any{"confirmed": 1}}},
		"/rareearth/reference/folding":   map[string]any{"legal_forms": []any{}},
		"/rareearth/reference/screening": map[string]any{"hit": map[string]any{"value": 0.5}, "review": 3},
		"/other":                         "kept out as well",
	} {
		if err := s.Write(ctx, txn, storage.AddOp, path(at), value); err != nil {
			t.Fatal(err)
		}
	}
	err := s.Commit(ctx, txn)
	if !storage.IsInvalidPatch(err) {
		t.Fatalf("got %v, want an invalid patch", err)
	}
	for _, fault := range []string{
		entriesAt + "/A/instrument: want a text, found number",
		entriesAt + "/B: want an object, found string",
		entriesAt + `/C/code: is "D", but the row stands under "C": make them equal`,
		entriesAt + "/C/hs_codes: want a list, found string",
		"/rareearth/reference/folding/legal_forms: want an object of texts, found array",
		"/rareearth/reference/screening/review: want an object with the number under value",
	} {
		if !strings.Contains(err.Error(), fault) {
			t.Errorf("the error does not say %q:\n%v", fault, err)
		}
	}
	if _, err := storage.ReadOne(ctx, s, path("/other")); !storage.IsNotFound(err) {
		t.Errorf("half of the transaction was kept: %v", err)
	}
	if found, err := s.Snapshot().ControlsByInstrument("N-1"); err != nil || len(found) != 1 {
		t.Errorf("the table changed: %v, %v", keysOf(found), err)
	}
	if len(*told) > 0 {
		t.Errorf("triggers were told of what was not committed: %v", *told)
	}
	put(t, s, path("/other"), "the store is usable")
}

func TestScreeningSettingsAreChecked(t *testing.T) {
	settings := map[string]any{"hit": map[string]any{"value": 0.5}, "review": map[string]any{"value": 0.8}}
	_, err := store.New(map[string]any{"rareearth": map[string]any{"reference": map[string]any{"screening": settings}}})
	if err == nil || !strings.Contains(err.Error(), "/rareearth/reference/screening: the hit threshold 0.5 is below the review threshold 0.8") {
		t.Errorf("got %v, want a refusal of the thresholds", err)
	}
}
