package engine

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/bundle"
	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// What is asked of the policies. Nothing else of them is ever read.
const (
	decisionEntrypoint = "data.rareearth.decision"
	listingQuery       = "{code: row | some code in input.codes; row := data.rareearth.controls.listing.entries[code]}"
)

// Generation is one bundle, compiled, with the store that holds its data. It does not change.
type Generation struct {
	policy   decision.PolicyRef
	store    *store.Store
	reader   *decision.Reader
	decoder  *decision.Decoder
	decision rego.PreparedEvalQuery
	listing  rego.PreparedEvalQuery
	authz    rego.PreparedEvalQuery
}

// Compile makes a generation of a bundle and of the store that holds its data. It refuses, with every error at once, a
// bundle whose policies use a built-in that the capabilities leave out, do not fit the schemas, hide data behind a rule of
// the same path, or have no entry point.
func Compile(ctx context.Context, b *bundle.Bundle, data *store.Store) (*Generation, error) {
	g := &Generation{
		policy: decision.PolicyRef{Name: b.Name, Revision: b.Revision, Digest: b.Digest},
		store:  data,
	}
	var err error
	if g.reader, err = decision.NewReader(b.ApplicationSchema); err != nil {
		return nil, fmt.Errorf("compile bundle %s: %w", b.Revision, err)
	}
	if g.decoder, err = decision.NewDecoder(b.DecisionSchema); err != nil {
		return nil, fmt.Errorf("compile bundle %s: %w", b.Revision, err)
	}
	err = g.reading(ctx, func(txn storage.Transaction) error { return g.prepare(ctx, b, txn) })
	if err != nil {
		return nil, fmt.Errorf("compile bundle %s: %w", b.Revision, err)
	}
	return g, nil
}

func (g *Generation) prepare(ctx context.Context, b *bundle.Bundle, txn storage.Transaction) error {
	compiler := ast.NewCompiler().
		SetErrorLimit(0). // all errors at once
		WithCapabilities(b.Capabilities).
		WithStrict(true).
		WithSchemas(b.Schemas).
		WithUseTypeCheckAnnotations(true).
		WithEnablePrintStatements(false). // erased: a policy must not write to the output of the service
		WithPathConflictsCheck(storage.NonEmpty(ctx, g.store, txn))
	if compiler.Compile(b.Modules); compiler.Failed() {
		return compiler.Errors
	}
	if len(compiler.GetRulesWithPrefix(ast.MustParseRef(decisionEntrypoint))) == 0 {
		return fmt.Errorf("no policy defines %s, the only entry point", decisionEntrypoint)
	}
	var err error
	if g.authz, err = g.query(ctx, compiler, txn, authzQuery); err != nil {
		return err
	}
	if g.decision, err = g.query(ctx, compiler, txn, decisionEntrypoint); err != nil {
		return err
	}
	g.listing, err = g.query(ctx, compiler, txn, listingQuery)
	return err
}

func (g *Generation) query(ctx context.Context, compiler *ast.Compiler, txn storage.Transaction, query string) (rego.PreparedEvalQuery, error) {
	return rego.New(
		rego.Query(query),
		rego.Compiler(compiler),
		rego.Store(g.store),
		rego.Transaction(txn),
		rego.SetRegoVersion(ast.RegoV1),
		rego.StrictBuiltinErrors(true), // a built-in that fails must not be mistaken for a condition that does not hold
	).PrepareForEval(ctx)
}

// reading runs do on one snapshot of the data.
func (g *Generation) reading(ctx context.Context, do func(storage.Transaction) error) error {
	txn, err := g.store.NewTransaction(ctx)
	if err != nil {
		return fmt.Errorf("open a snapshot of the data: %w", err)
	}
	defer g.store.Abort(ctx, txn)
	return do(txn)
}
