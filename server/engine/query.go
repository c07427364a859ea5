package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown/cache"

	"greenchannel/server/decision"
	"greenchannel/server/decision/query"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// Door answers what OPA clients ask, as OPA's own server does: any document by its path, ad hoc queries, partial
// evaluation, the policies themselves. It reads and never writes. Each question is evaluated on the generation that is
// active when it arrives, on one snapshot, within the time that a decision may take.
type Door struct {
	active  func() (*documents, error)
	limited func(context.Context, func(context.Context) error) error
}

// mostPatterns is how many compiled patterns a generation keeps. OPA keeps all; here clients may send their own.
const mostPatterns = 1000

// documents are the documents of one compiled bundle. Its prepared queries are kept with it, so that they go when it goes.
type documents struct {
	policy   decision.PolicyRef
	compiler *ast.Compiler
	store    storage.Store
	entry    ast.Ref           // of decisions; asked for by POST / as well
	sources  map[string]string // policies as written, by id
	prepared *preparedQueries
	values   cache.InterQueryValueCache // patterns that built-ins compiled
}

// Door returns the door to whichever generation is active.
func (e *Engine) Door() *Door {
	return &Door{limited: e.limited, active: func() (*documents, error) {
		g, err := e.generation()
		if err != nil {
			return nil, err
		}
		return g.documents, nil
	}}
}

// Published is a compiled set of policies and its data, which need not be a bundle of ours: conformance tests hand over
// what another server holds.
type Published struct {
	// Policy names the bundle; without a name they are of no bundle.
	Policy   decision.PolicyRef
	Compiler *ast.Compiler
	Store    storage.Store
	// Entry is the default decision, such as data.rareearth.decision.
	Entry string
	// Sources are the policies as written, by id.
	Sources map[string]string
}

// NewDoor returns the door to one set of policies, which stays. A timeout of zero is DefaultTimeout.
func NewDoor(p Published, timeout time.Duration) (*Door, error) {
	entry, err := ast.ParseRef(p.Entry)
	if err != nil {
		return nil, fmt.Errorf("the entry point %q is no reference: %w", p.Entry, err)
	}
	docs := newDocuments(p, entry)
	return &Door{limited: New(timeout).limited, active: func() (*documents, error) { return docs, nil }}, nil
}

func newDocuments(p Published, entry ast.Ref) *documents {
	most := mostPatterns
	return &documents{
		policy: p.Policy, compiler: p.Compiler, store: p.Store, entry: entry, sources: p.Sources,
		prepared: newPreparedQueries(),
		values: cache.NewInterQueryValueCache(context.Background(), &cache.Config{
			InterQueryBuiltinValueCache: cache.InterQueryBuiltinValueCacheConfig{MaxNumEntries: &most},
		}),
	}
}

// answering runs answer on the active documents and one snapshot of them, within the time limit, and makes an OPA error of
// what kept it from answering.
func (d *Door) answering(ctx context.Context, at time.Time, answer func(context.Context, *documents, storage.Transaction) (query.Answer, error)) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	var given query.Answer
	err = d.limited(ctx, func(ctx context.Context) error {
		return docs.reading(ctx, at, func(txn storage.Transaction) error {
			given, err = answer(ctx, docs, txn)
			return err
		})
	})
	if err != nil {
		return failed(err)
	}
	return given
}

// reading runs do on one snapshot of the data, as of an instant.
func (d *documents) reading(ctx context.Context, at time.Time, do func(storage.Transaction) error) error {
	txn, err := d.store.NewTransaction(ctx, storage.TransactionParams{Context: asOf(at)})
	if err != nil {
		return fmt.Errorf("open a snapshot of the data: %w", err)
	}
	defer d.store.Abort(ctx, txn)
	return do(txn)
}

// asOf is what a snapshot has to know of a question: the clock, by which live rows are chosen.
func asOf(at time.Time) *storage.Context { return store.AsOf(storage.NewContext(), at) }

// Owned refuses a write in the words that OPA has for a path that a bundle owns: everything here comes from a bundle.
func (d *Door) Owned(_ context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	if len(q.Path) == 0 {
		return failed(problem.New(problem.Malformed, "can't write to document root with bundle roots configured"))
	}
	return failed(problem.New(problem.Malformed, fmt.Sprintf("all paths owned by bundle %q", docs.policy.Name)))
}
