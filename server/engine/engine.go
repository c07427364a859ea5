// Package engine evaluates the policies with OPA. A Generation is one bundle, compiled once, with its data; the Engine
// holds the active one behind one atomic pointer, so that a bundle is swapped without a pause and each evaluation sees
// one bundle and one snapshot of the data from start to end. Only the clock that is given counts: no policy can ask for
// another. Policies are evaluated by the executor of package plan or by OPA's topdown: a bundle that the executor refuses, or
// on which the two once did not agree, is topdown's. The engine answers with a whole decision or an error: undefined, malformed and late are never a permission.
// It knows no law, no HTTP, and not where bundles come from.
package engine

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/storage"
	"golang.org/x/sync/semaphore"

	"greenchannel/server/decision"
	"greenchannel/server/plan"
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
	places  *semaphore.Weighted
	// unrecorded keeps what was decided and put on file from its evaluations.
	unrecorded bool
}

// placesOfEach is how many decisions are evaluated at once for each processor; the next ones wait in the order in which they
// came. Were all begun at once, the scheduler would prefer those that came last, a few would wait for ever so long, and each
// would hold the memory of an evaluation meanwhile. More than one, since an evaluation that is interrupted shall not leave a
// processor idle.
const placesOfEach = 2

// New returns an engine without a generation: it is not ready until one is activated. A timeout of zero is DefaultTimeout.
func New(timeout time.Duration) *Engine {
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	return &Engine{timeout: timeout, trust: &trust{}, places: semaphore.NewWeighted(placesOfEach * int64(runtime.GOMAXPROCS(0)))}
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
	asked := about{body: app.Shared(), at: at}
	reads := &store.ReadSet{}
	evidence := store.AsOf(store.NoteReads(nil, reads), at)
	switch {
	case recorded != nil:
		evidence = store.AnswerFrom(evidence, recorded)
	case e.unrecorded:
		evidence = store.Unrecorded(evidence)
	}
	var verdict decision.Verdict
	executed := false
	err := e.inTurn(ctx, func(ctx context.Context) error {
		return g.reading(ctx, evidence, func(txn storage.Transaction) error {
			answer, byExecutor, err := e.ask(ctx, g, g.decision, txn, asked, reads.Forget)
			if err != nil {
				return undecided(err)
			}
			executed = byExecutor
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
		e.check(g, app, at, verdict)
	}
	return verdict, nil
}

// inTurn evaluates when there is a place. The time that evaluate may take begins before it waits.
func (e *Engine) inTurn(ctx context.Context, evaluate func(context.Context) error) error {
	return e.limited(ctx, func(ctx context.Context) error {
		if err := e.places.Acquire(ctx, 1); err != nil {
			return err
		}
		defer e.places.Release(1)
		return evaluate(ctx)
	})
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

// The answer to decisionQuery as the executor writes it: the decision, then the facts.
const (
	answerBegins = `{"decision":`
	answerGoesOn = `,"facts":`
	answerEnds   = `}`
)

// answerLayout is the order in which the executor writes it, so that the decision is answered and recorded as it stands there.
func answerLayout() plan.Layout {
	var laidOut func([]decision.Layout) []plan.Layout
	laidOut = func(members []decision.Layout) []plan.Layout {
		var all []plan.Layout
		for _, member := range members {
			all = append(all, plan.Layout{Name: member.Name, Members: laidOut(member.Members)})
		}
		return all
	}
	return plan.Layout{Members: []plan.Layout{
		{Name: "decision", Members: laidOut(decision.WrittenLayout()), Minimal: true},
		{Name: "facts"},
	}}
}

// asWritten makes a verdict of an answer that is sound and stands in the order in which decisions are written, in one pass
// over its bytes. False means that verdict has to say what is to be thought of it.
func (g *Generation) asWritten(answer []byte, app decision.Application, at time.Time) (decision.Verdict, bool) {
	if g.policyText == nil || !bytes.HasPrefix(answer, []byte(answerBegins)) {
		return decision.Verdict{}, false
	}
	answer = answer[len(answerBegins):]
	decided, length, sound := g.decoder.Written(answer, app.ID(), decision.Instant(at), g.policy, g.policyText)
	if !sound {
		return decision.Verdict{}, false
	}
	facts, found := bytes.CutPrefix(answer[length:], []byte(answerGoesOn))
	facts, ended := bytes.CutSuffix(facts, []byte(answerEnds))
	if !found || !ended || len(facts) == 0 || facts[0] != '{' || store.CheckFacts(decision.KindDecision, facts) != nil {
		return decision.Verdict{}, false
	}
	return decision.Verdict{Decision: decided, Facts: bytes.Clone(facts)}, true // facts are kept longer than the rest
}

// verdict makes a verdict of what the policies answered to the two questions of decisionQuery.
func (g *Generation) verdict(answer []byte, app decision.Application, at time.Time) (decision.Verdict, error) {
	if verdict, sound := g.asWritten(answer, app, at); sound {
		return verdict, nil
	}
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
	written, err := decision.Write(decided)
	if err != nil {
		return decision.Verdict{}, undecided(err)
	}
	return decision.Verdict{Decision: written, Facts: both.Facts}, nil
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
