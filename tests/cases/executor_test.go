package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/casefile"
	"greenchannel/server/decision"
	"greenchannel/server/plan"
	"greenchannel/server/store"
)

// TestExecutor decides every case by topdown and by the executor of package plan, on one store. The answers have to be equal
// to the byte, and the rows that were read the same.
func TestExecutor(t *testing.T) {
	cases, err := casefile.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Load(policies.FS())
	if err != nil {
		t.Fatal(err)
	}
	compiler := ast.NewCompiler().WithCapabilities(b.Capabilities).WithStrict(true).WithSchemas(b.Schemas).WithUseTypeCheckAnnotations(true)
	if compiler.Compile(b.Modules); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	elements, err := casefile.Symbols(b.Data)
	if err != nil {
		t.Fatal(err)
	}
	service := evaluators(t, compiler, b.Data, store.Screening(), store.NewLive())
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			body, err := c.Body(os.DirFS("."))
			if err != nil {
				t.Fatalf("%s: %v", c.Place, err)
			}
			// What is prepared is prepared one after the other: the compiler is shared, and preparing changes it.
			evaluate := map[string]*twoEvaluators{}
			for _, day := range c.Days {
				if evaluate[day.AsOf] = service; c.Tables.Given {
					evaluate[day.AsOf] = given(t, c, compiler, b.Data, body, day, elements)
				}
			}
			t.Parallel()
			for _, day := range c.Days {
				at, err := decision.ParseAsOf(day.AsOf)
				if err == nil {
					err = evaluate[day.AsOf].agree(t.Context(), body, at)
				}
				if err != nil {
					t.Errorf("%s, as of %s: %v", c.Place, day.AsOf, err)
				}
			}
		})
	}
}

// given prepares both evaluators for a case that says itself what stands in the tables.
func given(t *testing.T, c *casefile.Case, compiler *ast.Compiler, law map[string]any, body []byte, on casefile.Day, elements []string) *twoEvaluators {
	t.Helper()
	at, err := decision.ParseAsOf(on.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	data, err := c.Tables.Rows(body, at, elements)
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(data, law)
	return evaluators(t, compiler, data)
}

// asked is what the engine asks of the policies for a decision.
const asked = `{"decision": data.rareearth.decision, "facts": data.rareearth.memory.facts}`

// rowByRow are the tables that the store answers by key. What is not among them is undefined to the executor, so that a
// table that is forgotten here shows as a difference.
func rowByRow() []storage.Path {
	return []storage.Path{
		{"screening", "matches"}, {"history", "orders"}, {"history", "customers"}, {"history", "certificates"}, {"registry", "parties"},
	}
}

// twoEvaluators are topdown and the executor on one store.
type twoEvaluators struct {
	store   *store.Store
	topdown rego.PreparedEvalQuery
	plan    *plan.Program
}

func evaluators(t *testing.T, compiler *ast.Compiler, document map[string]any, tables ...store.Tables) *twoEvaluators {
	t.Helper()
	var e twoEvaluators
	var err error
	if e.store, err = store.New(document, tables...); err != nil {
		t.Fatal(err)
	}
	if e.topdown, err = rego.New(rego.Query(asked), rego.Compiler(compiler), rego.Store(e.store),
		rego.StrictBuiltinErrors(true)).PrepareForEval(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, err := storage.ReadOne(t.Context(), e.store, storage.Path{})
	if err != nil {
		t.Fatal(err)
	}
	var paths []storage.Path
	if len(tables) > 0 {
		paths = rowByRow()
	}
	data, err := plan.NewData(root.(ast.Object), paths...)
	if err != nil {
		t.Fatal(err)
	}
	e.plan, err = plan.Compile(t.Context(), plan.Query{
		Text: "result := " + asked, Modules: compiler, Data: data, StrictErrors: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return &e
}

// agree tells how the two differ on one application, if they do.
func (e *twoEvaluators) agree(ctx context.Context, body []byte, at time.Time) error {
	input, err := ast.ValueFromReader(bytes.NewReader(body))
	if err != nil {
		return err
	}
	var want, got []byte
	wantRows, err := e.reading(ctx, at, func(txn storage.Transaction) error {
		results, err := e.topdown.Eval(ctx, rego.EvalParsedInput(input), rego.EvalTransaction(txn), rego.EvalTime(at), rego.EvalSortSets(true))
		if err != nil {
			return err
		}
		if len(results) != 1 {
			return fmt.Errorf("%d answers, want one", len(results))
		}
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		err = encoder.Encode(results[0].Expressions[0].Value)
		want = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
		return err
	})
	if err != nil {
		return fmt.Errorf("topdown: %w", err)
	}
	gotRows, err := e.reading(ctx, at, func(txn storage.Transaction) error {
		got, err = e.plan.Eval(ctx, plan.Input{Body: body, Time: at, Rows: e.rows(txn)}, nil)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("executor: %w", err)
	case !bytes.Equal(want, got):
		return fmt.Errorf("not equal:\nwant %s\ngot  %s", want, got)
	case !maps.Equal(wantRows, gotRows):
		return fmt.Errorf("topdown read the rows %v, the executor %v", wantRows, gotRows)
	}
	return nil
}

// reading evaluates on a snapshot and gives the rows that were read.
func (e *twoEvaluators) reading(ctx context.Context, at time.Time, evaluate func(storage.Transaction) error) (map[string]string, error) {
	reads := &store.ReadSet{}
	txn, err := e.store.NewTransaction(ctx, storage.TransactionParams{Context: store.AsOf(store.NoteReads(nil, reads), at)})
	if err != nil {
		return nil, err
	}
	defer e.store.Abort(ctx, txn)
	rows := map[string]string{}
	err = evaluate(txn)
	for _, row := range reads.Rows() {
		rows[row.Path.String()] = fmt.Sprint(row.Value)
	}
	return rows, err
}

func (e *twoEvaluators) rows(txn storage.Transaction) plan.Rows {
	return func(ctx context.Context, path storage.Path) (ast.Value, error) {
		row, err := e.store.Read(ctx, txn, path)
		switch {
		case storage.IsNotFound(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		return row.(ast.Value), nil
	}
}
