package engine

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision/query"
)

// mostPrepared is how many prepared queries a generation keeps: as many as OPA, so that asking for ever new paths costs
// time and not memory.
const mostPrepared = 100

// preparedQueries keeps the queries that were prepared last.
type preparedQueries struct {
	mu    sync.Mutex
	byKey map[string]*rego.PreparedEvalQuery
	order []string // keys, in a ring
	next  int
}

func newPreparedQueries() *preparedQueries {
	return &preparedQueries{byKey: map[string]*rego.PreparedEvalQuery{}}
}

func (p *preparedQueries) get(key string) *rego.PreparedEvalQuery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.byKey[key]
}

func (p *preparedQueries) keep(key string, prepared *rego.PreparedEvalQuery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, kept := p.byKey[key]; kept {
		return
	}
	if len(p.order) < mostPrepared {
		p.order = append(p.order, key)
	} else {
		delete(p.byKey, p.order[p.next])
		p.order[p.next] = key
		p.next = (p.next + 1) % mostPrepared
	}
	p.byKey[key] = prepared
}

// unsafe are the built-ins that OPA's server lets no query call. The capabilities of our bundles leave out more.
func unsafe() map[string]struct{} { return map[string]struct{}{ast.HTTPSend.Name: {}} }

// prepare gives the query for a path, prepared. Like OPA it keeps the queries of each door apart, which shows in the
// metrics of the first request.
func (d *documents) prepare(
	ctx context.Context, txn storage.Transaction, kind string, q query.Question, body ast.Body, m metrics.Metrics,
) (*rego.PreparedEvalQuery, error) {
	parts := []string{kind}
	if q.StrictBuiltinErrors {
		parts = append(parts, "strict")
	}
	parts = append(parts, "")
	for _, segment := range q.Path {
		parts = append(parts, url.PathEscape(segment))
	}
	key := strings.Join(parts, "/")
	hits := m.Counter(metrics.ServerQueryCacheHit)
	if kept := d.prepared.get(key); kept != nil {
		hits.Incr()
		return kept, nil
	}
	prepared, err := rego.New(
		rego.Compiler(d.compiler),
		rego.Store(d.store),
		rego.Transaction(txn),
		rego.ParsedQuery(body),
		rego.Metrics(m),
		rego.Instrument(q.Instrument),
		rego.UnsafeBuiltins(unsafe()),
		rego.StrictBuiltinErrors(q.StrictBuiltinErrors),
		rego.StackTraces(true),
	).PrepareForEval(ctx)
	if all, ok := errors.AsType[ast.Errors](err); ok {
		return nil, invalid("invalid path: %v", all) // such as that of a function, which needs arguments
	}
	if err != nil {
		return nil, err
	}
	d.prepared.keep(key, &prepared)
	return &prepared, nil
}

// segments is the path that leads to a reference below data.
func segments(ref ast.Ref) []string {
	var path []string
	for _, term := range ref[1:] {
		if text, ok := term.Value.(ast.String); ok {
			path = append(path, string(text))
		}
	}
	return path
}
