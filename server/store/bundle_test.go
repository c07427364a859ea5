package store_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/store"
	"greenchannel/tests/counts"
)

func bundleData(t testing.TB) map[string]any {
	t.Helper()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	return b.Data
}

func bundleStore(t testing.TB) *store.Store {
	t.Helper()
	return filled(t, cloned(bundleData(t)), store.Screening())
}

// Every path of our bundle's data, down to each leaf, and a miss beside each, reads the same from OPA's store.
func TestEveryPathOfTheBundleReadsAsFromOPAsStore(t *testing.T) {
	ctx, data := t.Context(), bundleData(t)
	theirs, ours := inmem.NewFromObject(cloned(data)), bundleStore(t)
	theirTxn, ourTxn := storage.NewTransactionOrDie(ctx, theirs), storage.NewTransactionOrDie(ctx, ours)
	paths := 0
	var compare func(at storage.Path)
	compare = func(at storage.Path) {
		paths++
		want, wantErr := theirs.Read(ctx, theirTxn, at)
		got, gotErr := ours.Read(ctx, ourTxn, at)
		if text(wantErr) != text(gotErr) {
			t.Fatalf("%s: OPA's store says %v, ours %v", at, wantErr, gotErr)
		}
		if wantErr != nil {
			return
		}
		value, ok := got.(ast.Value)
		if !ok {
			t.Fatalf("%s: ours reads %T, which topdown would convert", at, got)
		}
		if ast.MustInterfaceToValue(want).Compare(value) != 0 {
			t.Fatalf("%s: %s", at, gocmp.Diff(want, inGo(t, got)))
		}
		switch want := want.(type) {
		case map[string]any:
			for key := range want {
				compare(append(slices.Clone(at), key))
			}
			compare(append(slices.Clone(at), "no such member"))
		case []any:
			for i := range len(want) + 1 {
				compare(append(slices.Clone(at), strconv.Itoa(i)))
			}
			compare(append(slices.Clone(at), "x"))
		}
	}
	compare(storage.RootPath)
	if paths < 10_000 {
		t.Errorf("only %d paths were compared: is the reference data there?", paths)
	}
	counts.Hold(t, counts.Counts{Run: paths, Passed: paths})
}

func TestControlsAreFoundEveryWay(t *testing.T) {
	v := bundleStore(t).Snapshot()
	entries := bundleData(t)["rareearth"].(map[string]any)["reference"].(map[string]any)["control_list"].(map[string]any)["entries"].(map[string]any)
	listed, err := v.Controls()
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) != len(entries) || len(listed) != 156 {
		t.Fatalf("%d controls of %d entries, want 156 of each", len(listed), len(entries))
	}
	for _, want := range listed {
		for how, find := range map[string]func() ([]*store.Control, error){
			"code":       func() ([]*store.Control, error) { return v.ControlsByCode(want.Key) },
			"lower case": func() ([]*store.Control, error) { return v.ControlsByCode(strings.ToLower(want.Key)) },
			"prefix":     func() ([]*store.Control, error) { return v.ControlsByCode(want.Key[:3]) },
			"instrument": func() ([]*store.Control, error) { return v.ControlsByInstrument(want.Instrument) },
			"element":    func() ([]*store.Control, error) { return v.ControlsByElement(want.Element) },
		} {
			found, err := find()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(found, want) {
				t.Errorf("%s is not found by %s", want.Key, how)
			}
		}
		for _, hs := range want.HSCodes {
			for _, asked := range []string{hs, hs[:4], hs + "00"} {
				if found, err := v.ControlsByHS(asked); err != nil || !slices.Contains(found, want) {
					t.Errorf("%s, which prints %s, is not found by %s (%v)", want.Key, hs, asked, err)
				}
			}
		}
		for _, symbol := range want.Symbols {
			if found, err := v.ControlsByElement(symbol); err != nil || !slices.Contains(found, want) {
				t.Errorf("%s is not found by %s (%v)", want.Key, symbol, err)
			}
		}
		equalsRow(t, want.JSON, entries[want.Key])
	}
}

// What the indexes answer is what a look at every row would answer.
func TestLookupsAgreeWithAScan(t *testing.T) {
	v := bundleStore(t).Snapshot()
	listed, err := v.Controls()
	if err != nil {
		t.Fatal(err)
	}
	scan := func(keep func(*store.Control) bool) (keys []string) {
		for _, c := range listed {
			if keep(c) {
				keys = append(keys, c.Key)
			}
		}
		return keys
	}
	for _, hs := range []string{"", "28", "2846", "28469011", "2846901100", "284690110099", "9", "85051110", "8505111000", "x"} {
		found, err := v.ControlsByHS(hs)
		want := scan(func(c *store.Control) bool {
			return slices.ContainsFunc(c.HSCodes, func(code string) bool { return strings.HasPrefix(code, hs) || strings.HasPrefix(hs, code) })
		})
		if diff := gocmp.Diff(want, keysOf(found)); diff != "" || err != nil {
			t.Errorf("HS %q (-scan +index): %s %v", hs, diff, err)
		}
	}
	for _, prefix := range []string{"", "1", "1C9", "1C902", "1c902.A", "1C902.a.4", "ANN-", "2", "zzz"} {
		found, err := v.ControlsByCode(prefix)
		want := scan(func(c *store.Control) bool { return strings.HasPrefix(strings.ToLower(c.Key), strings.ToLower(prefix)) })
		got := keysOf(found)
		slices.Sort(got)
		if diff := gocmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("code %q (-scan +index): %s %v", prefix, diff, err)
		}
	}
	for _, element := range []string{"dysprosium", "Dy", "dy", "D", "", "Unobtainium"} {
		found, err := v.ControlsByElement(element)
		want := scan(func(c *store.Control) bool {
			return element != "" && slices.ContainsFunc(append([]string{c.Element}, c.Symbols...), func(s string) bool { return strings.EqualFold(s, element) })
		})
		if diff := gocmp.Diff(want, keysOf(found)); diff != "" || err != nil {
			t.Errorf("element %q (-scan +index): %s %v", element, diff, err)
		}
	}
}

func keysOf(controls []*store.Control) (keys []string) {
	for _, c := range controls {
		keys = append(keys, c.Key)
	}
	return keys
}

func TestPartiesAreFoundEveryWay(t *testing.T) {
	v := bundleStore(t).Snapshot()
	reference := bundleData(t)["rareearth"].(map[string]any)["reference"].(map[string]any)
	rows := reference["parties"].(map[string]any)["rows"].(map[string]any)
	byList := map[string]int{}
	for _, id := range slices.SortedFunc(maps.Keys(rows), cmp.Compare) {
		want, err := v.Party(id)
		if err != nil || want == nil {
			t.Fatalf("%s is not found: %v", id, err)
		}
		byList[want.ListCode]++
		for _, name := range []string{want.Name, want.NameZH, strings.ToUpper(want.Name)} {
			if found, err := v.PartiesNamed(name); name != "" && (err != nil || !slices.Contains(found, want)) {
				t.Errorf("%s is not found by %q (%v)", id, name, err)
			}
		}
		equalsRow(t, want.JSON, rows[id])
	}
	for code, count := range byList {
		found, err := v.PartiesByList(code)
		if err != nil || len(found) != count {
			t.Errorf("%d rows of list %s are found, want %d (%v)", len(found), code, count, err)
		}
	}
	if diff := gocmp.Diff(map[string]int{"CL": 153, "WL": 40, "UEL": 81}, byList); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"", "---", "Nobody Ltd"} {
		if found, err := v.PartiesNamed(name); err != nil || len(found) > 0 {
			t.Errorf("%q finds %v, %v", name, found, err)
		}
	}
	if none, err := v.Party("XX-1"); none != nil || err != nil {
		t.Errorf("an id that no row has finds %v, %v", none, err)
	}
}

// Both names that a policy folds exactly and the store are the same: the bundle's own index says so.
func TestNamesFoldAsThePoliciesFoldThem(t *testing.T) {
	v := bundleStore(t).Snapshot()
	reference := bundleData(t)["rareearth"].(map[string]any)["reference"].(map[string]any)
	for key, ids := range reference["party_index"].(map[string]any)["by_name"].(map[string]any) {
		found, err := v.PartiesNamed(key)
		if err != nil {
			t.Fatal(err)
		}
		var got []any
		for _, p := range found {
			got = append(got, p.ID)
		}
		if diff := gocmp.Diff(ids, any(got)); diff != "" {
			t.Errorf("%q (-policies +store):\n%s", key, diff)
		}
	}
}

func equalsRow(t *testing.T, written func() (json.RawMessage, error), want any) {
	t.Helper()
	raw, err := written()
	if err != nil {
		t.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	wanted, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var expected any
	if err := json.Unmarshal(wanted, &expected); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(expected, got); diff != "" {
		t.Errorf("a row as JSON differs from the data (-data +row):\n%s", diff)
	}
}
