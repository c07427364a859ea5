package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/plan"
	"greenchannel/server/store"
)

// pair is our bundle in both evaluators.
type pair struct {
	store   *store.Store
	topdown rego.PreparedEvalQuery
	plan    *plan.Program
	live    *store.Live
	failed  atomic.Int64 // comparisons in which both failed
}

// code is OPA's word for a failure.
func code(err error) string {
	var failed *topdown.Error
	if errors.As(err, &failed) {
		return failed.Code
	}
	return "none"
}

// entrypoint is what the engine asks for a decision.
const entrypoint = `{"decision": data.rareearth.decision, "facts": data.rareearth.memory.facts}`

// rowByRow are the tables that the store answers by key. A table that is forgotten here shows as a difference.
func rowByRow() []storage.Path {
	return []storage.Path{
		{"screening", "matches"}, {"history", "orders"}, {"history", "customers"}, {"history", "certificates"}, {"registry", "parties"},
	}
}

// ourBundle compiles the policies as the engine does, and plans them. The applications of the cases were decided before,
// some of them under another number, and whom they name is on file.
func ourBundle(tb testing.TB) *pair {
	tb.Helper()
	p := bundleWith(tb, store.Screening())
	p.remember(tb, applications(tb).bodies)
	return p
}

// remembered answers a table from memory when a name was asked for before. Screening a name takes longer than all the
// rest of a small decision, in both evaluators alike, and is to be kept per snapshot by whoever uses them.
func remembered(c store.Computed) store.Computed {
	var known sync.Map
	ask := c.Answer
	c.Answer = func(v *store.View, name string) (ast.Value, error) {
		if row, ok := known.Load(name); ok {
			return row.(ast.Value), nil
		}
		row, err := ask(v, name)
		if row != nil {
			known.Store(name, row)
		}
		return row, err
	}
	return c
}

func bundleWith(tb testing.TB, screening store.Computed) *pair {
	return bundleFor(tb, screening, entrypoint)
}

func bundleFor(tb testing.TB, screening store.Computed, query string) *pair {
	tb.Helper()
	b, err := bundle.Load(policies.FS())
	if err != nil {
		tb.Fatal(err)
	}
	p := &pair{live: store.NewLive()}
	if p.store, err = store.New(b.Data, screening, p.live); err != nil {
		tb.Fatal(err)
	}
	compiler := ast.NewCompiler().WithCapabilities(b.Capabilities).WithStrict(true).WithSchemas(b.Schemas).
		WithUseTypeCheckAnnotations(true).WithEnablePrintStatements(false)
	if compiler.Compile(b.Modules); compiler.Failed() {
		tb.Fatal(compiler.Errors)
	}
	ctx := context.Background()
	if p.topdown, err = rego.New(rego.Query(query), rego.Compiler(compiler), rego.Store(p.store),
		rego.SetRegoVersion(ast.RegoV1), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx); err != nil {
		tb.Fatal(err)
	}
	document, err := storage.ReadOne(ctx, p.store, storage.Path{})
	if err != nil {
		tb.Fatal(err)
	}
	data, err := plan.NewData(document.(ast.Object), rowByRow()...)
	if err != nil {
		tb.Fatal(err)
	}
	if p.plan, err = plan.Compile(ctx, plan.Query{
		Text: "result := " + query, Modules: compiler, Data: data, StrictErrors: true,
		Options: []func(*rego.Rego){rego.SetRegoVersion(ast.RegoV1)},
	}); err != nil {
		tb.Fatal(err)
	}
	return p
}

// reading opens a snapshot that notes what is read.
func (p *pair) reading(tb testing.TB, at time.Time) (storage.Transaction, *store.ReadSet) {
	reads := &store.ReadSet{}
	txn, err := p.store.NewTransaction(context.Background(), storage.TransactionParams{Context: store.AsOf(store.NoteReads(nil, reads), at)})
	if err != nil {
		tb.Fatal(err)
	}
	return txn, reads
}

// byTopdown is what the engine writes of topdown's answer.
func (p *pair) byTopdown(ctx context.Context, txn storage.Transaction, body []byte, at time.Time) ([]byte, error) {
	input, err := ast.ValueFromReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	results, err := p.topdown.Eval(ctx, rego.EvalParsedInput(input), rego.EvalTransaction(txn), rego.EvalTime(at), rego.EvalSortSets(true))
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, plan.ErrUndefined
	}
	return encode(results[0].Expressions[0].Value)
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

// rows reads the tables through a snapshot.
func (p *pair) rows(txn storage.Transaction) plan.Rows {
	return func(ctx context.Context, path storage.Path) (ast.Value, error) {
		row, err := p.store.Read(ctx, txn, path)
		if storage.IsNotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return row.(ast.Value), nil
	}
}

func (p *pair) byPlan(ctx context.Context, txn storage.Transaction, body []byte, at time.Time) ([]byte, error) {
	return p.plan.Eval(ctx, plan.Input{Body: body, Time: at, Rows: p.rows(txn)}, nil)
}

// differ evaluates both ways and tells the first difference, of the answer or of the rows that were read.
func (p *pair) differ(tb testing.TB, body []byte, at time.Time) error {
	ctx := context.Background()
	txn, slowReads := p.reading(tb, at)
	want, slowErr := p.byTopdown(ctx, txn, body, at)
	p.store.Abort(ctx, txn)
	txn, fastReads := p.reading(tb, at)
	got, fastErr := p.byPlan(ctx, txn, body, at)
	p.store.Abort(ctx, txn)
	if (slowErr == nil) != (fastErr == nil) {
		return fmt.Errorf("topdown ends with %v, the executor with %v", slowErr, fastErr)
	}
	if slowErr != nil {
		p.failed.Add(1)
		if code(slowErr) != code(fastErr) && !keyless(slowErr) && !keyless(fastErr) {
			return fmt.Errorf("topdown fails with %v, the executor with %v", slowErr, fastErr)
		}
		return nil
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("%s", firstDifference(want, got))
	}
	return sameReads(slowReads, fastReads)
}

// keyless says that a row of the history was asked for with something else than texts. An application with that mistake and
// another fails of whichever an evaluator meets first.
func keyless(err error) bool {
	return strings.Contains(err.Error(), "data.history.") && strings.Contains(err.Error(), "is not the JSON object of the texts")
}

func firstDifference(want, got []byte) string {
	at := 0
	for at < min(len(want), len(got)) && want[at] == got[at] {
		at++
	}
	from := max(0, at-120)
	return fmt.Sprintf("at byte %d:\nwant …%s\ngot  …%s", at, want[from:min(len(want), at+120)], got[from:min(len(got), at+120)])
}

// sameReads compares what was read, in any order: the two evaluate alternatives in orders of their own.
func sameReads(want, got *store.ReadSet) error {
	rows := func(reads *store.ReadSet) map[string]string {
		all := map[string]string{}
		for _, row := range reads.Rows() {
			all[row.Path.String()] = fmt.Sprint(row.Value)
		}
		return all
	}
	w, g := rows(want), rows(got)
	for path, row := range w {
		if g[path] != row {
			return fmt.Errorf("row %s: topdown read %s, the executor %q", path, row, g[path])
		}
	}
	if len(w) != len(g) {
		return errors.New("the executor read rows that topdown did not")
	}
	return nil
}
