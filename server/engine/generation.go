package engine

import (
	"context"
	"errors"
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
	factsEntrypoint    = "data.rareearth.memory.facts"
	// decisionQuery asks for the decision and for what is to be remembered in one evaluation, so that both are of one
	// snapshot and nothing is worked out twice.
	decisionQuery = `{"decision": ` + decisionEntrypoint + `, "facts": ` + factsEntrypoint + `}`
	controlsQuery = "{key: row | some key in input.keys; row := data.rareearth.controls.listing.entries[key]}"
	partiesQuery  = "{key: row | some key in input.keys; row := data.rareearth.parties.listing.rows[key]}"
)

// Generation is one bundle, compiled, with the store that holds its data. It does not change.
type Generation struct {
	policy      decision.PolicyRef
	contract    decision.Contract
	store       *store.Store
	reader      *decision.Reader
	partyReader *decision.PartyReader
	decoder     *decision.Decoder
	decision    inquiry
	controls    inquiry
	parties     inquiry
	authz       inquiry
	// question and answer are nil in a bundle that serves no AuthZEN.
	question, answer *inquiry
	// refused is why the executor does not serve this bundle; nil where it does.
	refused error

	documents *documents // for the door of OPA clients
}

// Compile makes a generation of a bundle and of the store that holds its data. It refuses, with every error at once, a
// bundle whose policies use a built-in that the capabilities leave out, do not fit the schemas, hide data behind a rule of
// the same path, or have no entry point.
func Compile(ctx context.Context, b *bundle.Bundle, data *store.Store) (*Generation, error) {
	g := &Generation{
		policy: decision.PolicyRef{Name: b.Name, Revision: b.Revision, Digest: b.Digest},
		store:  data,
	}
	g.contract = decision.Contract{Policy: g.policy, Application: b.ApplicationSchema, Decision: b.DecisionSchema, Party: b.PartySchema}
	err := errors.Join(
		g.understand(b),
		g.reading(ctx, nil, func(txn storage.Transaction) error { return g.prepare(ctx, b, txn) }),
	)
	if err != nil {
		return nil, fmt.Errorf("compile bundle %s: %w", b.Revision, err)
	}
	return g, nil
}

// understand compiles the schemas by which applications, decisions and parties are read.
func (g *Generation) understand(b *bundle.Bundle) error {
	var faults []error
	in := func(file string, err error) {
		if err != nil {
			faults = append(faults, &bundle.FileError{File: file, Err: err})
		}
	}
	var err error
	g.reader, err = decision.NewReader(b.ApplicationSchema)
	in(bundle.ApplicationSchemaFile, err)
	g.decoder, err = decision.NewDecoder(b.DecisionSchema)
	in(bundle.DecisionSchemaFile, err)
	g.partyReader, err = decision.NewPartyReader(b.PartySchema)
	in(bundle.PartySchemaFile, err)
	return errors.Join(faults...)
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
	var missing []error
	for _, asked := range []string{decisionEntrypoint, factsEntrypoint} {
		if len(compiler.GetRulesWithPrefix(ast.MustParseRef(asked))) == 0 {
			missing = append(missing, fmt.Errorf("no policy defines %s, which the service asks for", asked))
		}
	}
	if len(missing) > 0 {
		return errors.Join(missing...)
	}
	g.documents = newDocuments(Published{g.policy, compiler, g.store, decisionEntrypoint, b.Sources}, ast.MustParseRef(decisionEntrypoint))
	var err error
	if g.authz, err = g.query(ctx, compiler, txn, authzQuery); err != nil {
		return err
	}
	if g.decision, err = g.query(ctx, compiler, txn, decisionQuery); err != nil {
		return err
	}
	if g.controls, err = g.query(ctx, compiler, txn, controlsQuery); err != nil {
		return err
	}
	if g.parties, err = g.query(ctx, compiler, txn, partiesQuery); err != nil {
		return err
	}
	if err := g.prepareAuthZEN(ctx, compiler, txn); err != nil {
		return err
	}
	return g.plan(ctx, compiler, txn)
}

func (g *Generation) query(ctx context.Context, compiler *ast.Compiler, txn storage.Transaction, query string) (inquiry, error) {
	prepared, err := rego.New(
		rego.Query(query),
		rego.Compiler(compiler),
		rego.Store(g.store),
		rego.Transaction(txn),
		rego.SetRegoVersion(ast.RegoV1),
		rego.StrictBuiltinErrors(true), // a built-in that fails must not be mistaken for a condition that does not hold
	).PrepareForEval(ctx)
	return inquiry{topdown: byTopdown{prepared}}, err
}

// reading runs do on one snapshot of the data. The evidence says what is noted of it and where live rows come from; nil
// where none is read.
func (g *Generation) reading(ctx context.Context, evidence *storage.Context, do func(storage.Transaction) error) error {
	txn, err := g.store.NewTransaction(ctx, storage.TransactionParams{Context: evidence})
	if err != nil {
		return fmt.Errorf("open a snapshot of the data: %w", err)
	}
	defer g.store.Abort(ctx, txn)
	return do(txn)
}
