// Package engine evaluates the policies with OPA. A Generation is one bundle, compiled once, with its data; the Engine
// holds the active one behind one atomic pointer, so that a bundle is swapped without a pause and each evaluation sees
// one bundle and one snapshot of the data from start to end. Only the clock that is given counts: no policy can ask for
// another. The engine answers with a whole decision or an error: undefined, malformed and late are never a permission.
// It knows no law, no HTTP, and not where bundles come from.
package engine

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// DefaultTimeout is how long one evaluation may take unless told otherwise.
const DefaultTimeout = 2 * time.Second

// Engine evaluates applications against the active generation. All methods may be called at the same time.
type Engine struct {
	active  atomic.Pointer[Generation]
	timeout time.Duration
	trust   *trust
}

// New returns an engine without a generation: it is not ready until one is activated. A timeout of zero is DefaultTimeout.
func New(timeout time.Duration) *Engine {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &Engine{timeout: timeout, trust: &trust{}}
}

// Activate makes g the generation that answers from now on. Evaluations under way end on the one they began with.
func (e *Engine) Activate(g *Generation) { e.active.Store(g) }

// Active names the active bundle; false while there is none.
func (e *Engine) Active() (decision.PolicyRef, bool) {
	g := e.active.Load()
	if g == nil {
		return decision.PolicyRef{}, false
	}
	return g.policy, true
}

// Contract gives the JSON Schemas of the active generation. They are shared and not to be changed.
func (e *Engine) Contract() (decision.Contract, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Contract{}, err
	}
	return g.contract, nil
}

// Read reads an application against the schema of the active generation.
func (e *Engine) Read(body []byte) (decision.Application, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Application{}, err
	}
	return g.reader.Read(body)
}

// ReadParty reads a party that is to be put on file against the schema of the active generation.
func (e *Engine) ReadParty(body []byte) (decision.Party, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Party{}, err
	}
	return g.partyReader.Read(body)
}

func (e *Engine) generation() (*Generation, error) {
	g := e.active.Load()
	if g == nil {
		return nil, problem.New(problem.NotReady, "No policy bundle is active yet; nothing can be decided.")
	}
	return g, nil
}

// Evaluate decides app as of an instant. Failures are of kind NotReady, Deadline, Cancelled or Undecided.
func (e *Engine) Evaluate(ctx context.Context, app decision.Application, at time.Time) (decision.Verdict, error) {
	g, err := e.generation()
	if err != nil {
		return decision.Verdict{}, err
	}
	return e.evaluate(ctx, g, app, at, nil)
}

// Again decides a recorded application again under a generation: with the clock of the record, and with no other live or
// computed rows than those that stand in it. A row that the policies read now and that the record does not have is an
// error, since nobody knows any more what stood there.
func (e *Engine) Again(ctx context.Context, g *Generation, record decision.Record) (decision.Verdict, error) {
	app, err := g.reader.Read(record.Input)
	if err != nil {
		return decision.Verdict{}, err
	}
	rows, err := store.ParseReads(record.Reads)
	if err != nil {
		return decision.Verdict{}, fmt.Errorf("the rows that record %d has read: %w", record.Seq, err)
	}
	return e.evaluate(ctx, g, app, record.Clock, rows)
}

// evaluate decides on one snapshot, or on recorded rows.
func (e *Engine) evaluate(ctx context.Context, g *Generation, app decision.Application, at time.Time, recorded *store.Recorded) (decision.Verdict, error) {
	if !app.ReadBy(g.reader) { // another bundle was activated since, and its policies may rely on its own schema
		var err error
		if app, err = g.reader.Read(app.Bytes()); err != nil {
			return decision.Verdict{}, err
		}
	}
	asked := about{body: app.Bytes(), at: at}
	reads := &store.ReadSet{}
	evidence := store.AsOf(store.NoteReads(nil, reads), at)
	if recorded != nil {
		evidence = store.AnswerFrom(evidence, recorded)
	}
	var verdict decision.Verdict
	var answer []byte
	var executed bool
	err := e.limited(ctx, func(ctx context.Context) error {
		return g.reading(ctx, evidence, func(txn storage.Transaction) error {
			var err error
			answer, executed, err = e.ask(ctx, g, g.decision, txn, asked, reads.Forget)
			if err != nil {
				return undecided(err)
			}
			verdict, err = g.verdict(answer, app, at)
			if err != nil {
				return err
			}
			seen, err := g.store.LiveOf(txn)
			if err != nil {
				return err
			}
			verdict.Seen = seen.Seq()
			return nil
		})
	})
	if err != nil {
		return decision.Verdict{}, err
	}
	if verdict.Reads, err = reads.JSON(); err != nil {
		return decision.Verdict{}, undecided(fmt.Errorf("write the rows that were read: %w", err))
	}
	verdict.Stale = reads.Touches
	if executed && recorded == nil {
		e.check(g, asked, verdict.Reads, answer)
	}
	return verdict, nil
}

// limited gives evaluate the time it may take, and tells why an evaluation that was stopped was stopped.
func (e *Engine) limited(ctx context.Context, evaluate func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	err := limited.Err()
	if err == nil {
		err = evaluate(limited)
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return problem.Wrap(err, problem.Cancelled, "The evaluation was called off before it ended; nothing was decided.")
	case limited.Err() != nil:
		return problem.Wrap(err, problem.Deadline, fmt.Sprintf(
			"The evaluation did not end within %s; nothing was decided. Send fewer lines at once, or try again.", e.timeout))
	}
	return err
}

// undecided keeps the reason for the operator: it may quote the application, and a part of a decision is not for clients.
func undecided(cause error) error {
	return problem.Wrap(cause, problem.Undecided,
		"The policies gave no valid decision for this application, so nothing was decided. The operator finds the reason in the log.")
}

// undecidedOr is undecided for what is an error.
func undecidedOr(err error) error {
	if err == nil {
		return nil
	}
	return undecided(err)
}

// verdict makes a verdict of what the policies answered to the two questions of decisionQuery.
func (g *Generation) verdict(answer []byte, app decision.Application, at time.Time) (decision.Verdict, error) {
	var both struct {
		Decision jsontext.Value `json:"decision"`
		Facts    jsontext.Value `json:"facts"`
	}
	if err := json.Unmarshal(answer, &both, json.RejectUnknownMembers(true)); err != nil {
		return decision.Verdict{}, undecided(fmt.Errorf("read the answer: %w", err))
	}
	decided, err := g.decode(both.Decision, app, at)
	if err != nil {
		return decision.Verdict{}, err
	}
	if both.Facts.Kind() != jsontext.KindBeginObject {
		return decision.Verdict{}, undecided(fmt.Errorf("%s is %.200s, want an object", factsEntrypoint, both.Facts))
	}
	if err := store.CheckFacts(decision.KindDecision, both.Facts); err != nil { // what cannot be remembered must not be decided
		return decision.Verdict{}, undecided(err)
	}
	return decision.Verdict{Decision: decided, Facts: both.Facts}, nil
}

// decode makes a decision of what the policies answered, and checks that it answers what was asked.
func (g *Generation) decode(answer jsontext.Value, app decision.Application, at time.Time) (decision.Decision, error) {
	fields := map[string]jsontext.Value{}
	if err := json.Unmarshal(answer, &fields); err != nil || answer.Kind() != jsontext.KindBeginObject {
		return decision.Decision{}, undecided(fmt.Errorf("the decision is %.200s, want an object", answer))
	}
	for _, reserved := range []string{"decision_id", "decided_at", "policy", "record"} {
		if _, stated := fields[reserved]; stated {
			return decision.Decision{}, undecided(fmt.Errorf("the policies state %s, which is for the service alone", reserved))
		}
	}
	var err error
	if fields["policy"], err = json.Marshal(g.policy); err != nil {
		return decision.Decision{}, undecided(err)
	}
	document, err := json.Marshal(fields, json.Deterministic(true))
	if err != nil {
		return decision.Decision{}, undecided(err)
	}
	decided, err := g.decoder.Decode(document)
	if err != nil {
		return decision.Decision{}, undecided(err)
	}
	if decided.ApplicationID != app.ID() {
		return decision.Decision{}, undecided(fmt.Errorf("the decision is on application %q, want %q", decided.ApplicationID, app.ID()))
	}
	if asOf, err := time.Parse(time.RFC3339, decided.AsOf); err != nil || !asOf.Equal(at) {
		return decision.Decision{}, undecided(fmt.Errorf("the decision is as of %s, want %s", decided.AsOf, decision.Instant(at)))
	}
	return decided, nil
}

// encode writes JSON as it is, without escapes for HTML; numbers stay exact, since they are json.Number.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := stdjson.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
