package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/version"

	"greenchannel/server/decision/query"
)

// Policies answers GET /v1/policies: every policy, as written and as compiled.
func (d *Door) Policies(_ context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	listed := types.PolicyListResponseV1{Result: []types.PolicyV1{}}
	for _, id := range slices.Sorted(maps.Keys(docs.sources)) {
		listed.Result = append(listed.Result, docs.source(id))
	}
	return whole(listed, q.Pretty)
}

// Policy answers GET /v1/policies/{id}; the id is the only segment of the path.
func (d *Door) Policy(_ context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	id := ""
	if len(q.Path) > 0 {
		id = q.Path[0]
	}
	if _, known := docs.sources[id]; !known {
		return failed(refusal{statusNotFound, types.NewErrorV1(types.CodeResourceNotFound,
			"storage_not_found_error: policy id %q", id)})
	}
	return whole(types.PolicyGetResponseV1{Result: docs.source(id)}, q.Pretty)
}

func (d *documents) source(id string) types.PolicyV1 {
	return types.PolicyV1{ID: id, Raw: d.sources[id], AST: d.compiler.Modules[id]}
}

// Configuration answers GET /v1/config with what OPA would have in place of ours: the name of the version and the default
// decision. Nothing of how the service is run is shown.
func (d *Door) Configuration(_ context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	path, err := docs.entry.Ptr()
	if err != nil {
		return failed(err)
	}
	var active any = map[string]any{
		"labels":           map[string]string{"version": version.Version},
		"default_decision": path,
		"bundles":          map[string]any{docs.policy.Name: map[string]any{}},
	}
	return whole(types.ConfigResponseV1{Result: &active}, q.Pretty)
}

// Status answers GET /v1/status: which bundle is active, in the words of OPA's status.
func (d *Door) Status(_ context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	var status any = map[string]any{
		"labels": map[string]string{"version": version.Version},
		"bundles": map[string]any{docs.policy.Name: map[string]any{
			"name": docs.policy.Name, "active_revision": docs.policy.Revision,
		}},
		"plugins": map[string]any{"bundle": map[string]string{"state": "OK"}},
	}
	return whole(types.StatusResponseV1{Result: &status}, q.Pretty)
}

// Health answers GET /health/{path} by the health policy of the bundle, data.system.health, which is told the states of
// what OPA calls plugins.
func (d *Door) Health(ctx context.Context, q query.Question, plugins map[string]string, ready bool) query.Answer {
	ref, body, err := pathQuery(append([]string{"system", "health"}, q.Path...))
	if err != nil {
		return failed(err)
	}
	states := ast.NewObject()
	for name, state := range plugins {
		states.Insert(ast.StringTerm(name), ast.StringTerm(state))
	}
	input := ast.NewObject(
		ast.Item(ast.StringTerm("plugin_state"), ast.NewTerm(states)),
		ast.Item(ast.StringTerm("plugins_ready"), ast.BooleanTerm(ready)),
	)
	given := d.answering(ctx, q.At, func(ctx context.Context, docs *documents, txn storage.Transaction) (query.Answer, error) {
		results, err := rego.New(
			rego.ParsedQuery(body), rego.Compiler(docs.compiler), rego.Store(docs.store), rego.Transaction(txn),
			rego.ParsedInput(input), rego.Time(q.At),
		).Eval(ctx)
		switch {
		case err != nil:
			return query.Answer{}, err
		case len(results) == 0:
			return unwell(fmt.Sprintf("health check (%v) was undefined", ref))
		case results[0].Expressions[0].Value != true:
			return unwell(fmt.Sprintf("health check (%v) returned unexpected value", ref))
		}
		return written(statusOK, types.HealthResponseV1{}, false)
	})
	if given.Cause == nil {
		return given
	}
	ill, err := unwell(shape(given.Cause).shown.Message)
	if err != nil {
		return failed(err)
	}
	ill.Cause = given.Cause
	return ill
}

func unwell(reason string) (query.Answer, error) {
	return written(statusInternal, types.HealthResponseV1{Error: reason}, false)
}

func whole(document any, pretty bool) query.Answer {
	answer, err := written(statusOK, document, pretty)
	if err != nil {
		return failed(err)
	}
	return answer
}
