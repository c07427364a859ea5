package store_test

import (
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"greenchannel/server/store"
)

// Figures of OPA's own store stand beside ours, so that one run compares them.
func stores(b *testing.B) map[string]storage.Store {
	return map[string]storage.Store{
		"ours":      bundleStore(b),
		"OPA's":     inmem.NewFromObject(cloned(bundleData(b))),
		"OPA's AST": inmem.NewFromObjectWithOpts(cloned(bundleData(b)), inmem.OptReturnASTValuesOnRead(true)),
	}
}

func BenchmarkReadLeaf(b *testing.B) {
	for name, s := range stores(b) {
		for _, at := range []string{entriesAt + "/1C902.a.4", entriesAt + "/1C902.a.4/instrument"} {
			b.Run(fmt.Sprintf("%s/depth=%d", name, len(path(at))), func(b *testing.B) {
				txn, where := storage.NewTransactionOrDie(b.Context(), s), path(at)
				defer s.Abort(b.Context(), txn)
				b.ReportAllocs()
				for b.Loop() {
					if found, err := s.Read(b.Context(), txn, where); err != nil || found == nil {
						b.Fatal(found, err)
					}
				}
			})
		}
	}
}

// What a policy pays for a row of the reference data: a read, and in OPA's store the conversion of what was read.
func BenchmarkEvaluateRow(b *testing.B) {
	for name, s := range stores(b) {
		b.Run(name, func(b *testing.B) {
			query, err := rego.New(rego.Store(s), rego.Query(
				`[1 | row := data.rareearth.reference.control_list.entries[input]; row.form == "magnet"; count(row.sources) > 3] == [1]`,
			)).PrepareForEval(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if found, err := query.Eval(b.Context(), rego.EvalParsedInput(ast.String("1C902.a.4"))); err != nil || len(found) != 1 {
					b.Fatal(found, err)
				}
			}
		})
	}
}

func BenchmarkReadTransaction(b *testing.B) {
	for name, s := range stores(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				txn, err := s.NewTransaction(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				s.Abort(b.Context(), txn)
			}
		})
	}
}

func BenchmarkCommitOneWrite(b *testing.B) {
	for _, at := range []string{"/live/row", entriesAt + "/1C902.a.4/note"} {
		for name, s := range stores(b) {
			b.Run(fmt.Sprintf("%s%s", name, at), func(b *testing.B) {
				put(b, s, path("/live"), map[string]any{})
				where, n := path(at), 0
				b.ReportAllocs()
				for b.Loop() {
					n++
					if err := storage.WriteOne(b.Context(), s, storage.AddOp, where, n%7); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkLoadBundle(b *testing.B) {
	data := bundleData(b)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s, err := store.New(data, store.Screening()); err != nil || s == nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("OPA's", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s := inmem.NewFromObject(data); s == nil {
				b.Fatal("no store")
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	v := bundleStore(b).Snapshot()
	for name, find := range map[string]func() (int, error){
		"control by key":     func() (int, error) { c, err := v.Control("1C902.a.4"); return len(c.HSCodes), err },
		"controls by HS":     func() (int, error) { found, err := v.ControlsByHS("2846901100"); return len(found), err },
		"controls by symbol": func() (int, error) { found, err := v.ControlsByElement("Dy"); return len(found), err },
		"party by name":      func() (int, error) { found, err := v.PartiesNamed("Leidos"); return len(found), err },
		"party screened":     func() (int, error) { found, _, err := v.Matches("Leidos Inc"); return len(found), err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n, err := find(); n == 0 || err != nil {
					b.Fatal(n, err)
				}
			}
		})
	}
}
