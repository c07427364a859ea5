package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"greenchannel/policies"
	"greenchannel/server/decision"
	"greenchannel/server/engine"
)

// served says who evaluates the active generation.
func served(t *testing.T, e *engine.Engine) engine.Serving {
	t.Helper()
	s, active := e.Serving()
	if !active {
		t.Fatal("nothing is active")
	}
	return s
}

func TestTheExecutorServes(t *testing.T) {
	t.Parallel()
	if _, active := engine.New(0).Serving(); active {
		t.Error("somebody evaluates nothing")
	}
	e := started(t, policies.FS(), time.Minute)
	if got := served(t, e); got != (engine.Serving{Evaluator: engine.Executor}) {
		t.Errorf("our own bundle is served by %+v", got)
	}
	e.UseTopdown()
	if got := served(t, e); got.Evaluator != engine.Topdown || got.Reason == "" {
		t.Errorf("the configuration is not heeded: %+v", got)
	}
}

// Both give the same to the byte: the decision, what is remembered, and the rows that were read.
func TestBothEvaluatorsGiveTheSame(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	fast, slow := engine.New(time.Minute), engine.New(time.Minute)
	slow.UseTopdown()
	fast.Activate(g)
	slow.Activate(g)
	for _, lines := range []int{1, 7} {
		body := magnets(t, lines)
		var verdicts []decision.Verdict
		for _, e := range []*engine.Engine{fast, slow} {
			verdict, err := e.Evaluate(t.Context(), application(t, e, body), instantOf)
			if err != nil {
				t.Fatal(err)
			}
			verdict.Stale = nil
			verdicts = append(verdicts, verdict)
		}
		if diff := cmp.Diff(verdicts[1], verdicts[0]); diff != "" {
			t.Errorf("%d lines (-topdown +executor):\n%s", lines, diff)
		}
	}
	if checks := fast.Checks(); checks.Failed != 0 {
		t.Errorf("the executor failed %d times", checks.Failed)
	}
}

// Decisions of our own policies are taken as the executor writes them: were one read and written again, it would be as
// right and take longer, so that nobody would notice.
func TestDecisionsAreTakenAsWritten(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	e := engine.New(time.Minute)
	e.Activate(g)
	files, err := filepath.Glob("../../tests/cases/applications/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		app, err := e.Read(body)
		if err != nil {
			continue // there are some that are at fault on purpose
		}
		if written, err := e.AsWritten(t.Context(), g, app, instantOf); err != nil || !written {
			t.Errorf("%s: as written: %v, %v", file, written, err)
		}
	}
}

// A bundle with something that the executor refuses is decided all the same, by topdown, and that is told.
func TestARefusedBundleIsServedByTopdown(t *testing.T) {
	t.Parallel()
	folder := smallFolder(t)
	edit(t, folder, "rareearth/words/words.rego", "package rareearth.words\n",
		"package rareearth.words\n\nodd[key].a := 1 if some key in [\"x\", \"y\"]\n\nodd.x := {\"b\": 1} if input.id == \"nobody\"\n")
	e := started(t, folder, time.Minute)
	got := served(t, e)
	if got.Evaluator != engine.Topdown || !strings.Contains(got.Reason, "words.rego:") {
		t.Errorf("served by %+v, want topdown and the place of what was refused", got)
	}
	if decided, err := decide(t, e, application(t, e, small), instantOf); err != nil || decided.Outcome != decision.StandardReview {
		t.Errorf("%+v, %v", decided, err)
	}
}

// Where the executor fails, topdown is asked, and nobody notices but who counts.
func TestAFailureOfTheExecutorIsNoAnswer(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	e := engine.New(time.Minute)
	e.Activate(g)
	app := application(t, e, magnets(t, 1))
	want, err := e.Evaluate(t.Context(), app, instantOf)
	if err != nil {
		t.Fatal(err)
	}
	g.Corrupt(func([]byte, error) ([]byte, error) { return nil, errors.New("on purpose") })
	got, err := e.Evaluate(t.Context(), app, instantOf)
	if err != nil {
		t.Fatal(err)
	}
	got.Stale, want.Stale = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("topdown took over otherwise:\n%s", diff)
	}
	if checks := e.Checks(); checks.Failed != 1 || served(t, e).Evaluator != engine.Executor {
		t.Errorf("%+v, served by %+v", checks, served(t, e))
	}
}

// told gathers what an engine tells of differences.
type told struct {
	mu    sync.Mutex
	found []engine.Difference
}

func (d *told) tell(one engine.Difference) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.found = append(d.found, one)
}

func (d *told) all() []engine.Difference {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.found
}

// eventually waits until something holds that another goroutine brings about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never came about: %s", what)
		}
	}
}

func TestDecisionsAreMadeAgain(t *testing.T) {
	t.Parallel()
	e := started(t, policies.FS(), time.Minute)
	var differences told
	stop := e.Check(1, differences.tell)
	app := application(t, e, magnets(t, 2))
	const decisions = 5
	for range decisions {
		if _, err := decide(t, e, app, instantOf); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are made again", func() bool { return e.Checks().Done == decisions })
	stop()
	if got := e.Checks(); got != (engine.Checks{Done: decisions}) || len(differences.all()) > 0 || served(t, e).Evaluator != engine.Executor {
		t.Errorf("%+v, differences %v", got, differences.all())
	}
	if _, err := decide(t, e, app, instantOf); err != nil {
		t.Fatal(err)
	}
}

// A program that is made wrong on purpose decides until one of its decisions is made again. From then on topdown decides,
// for good, and the evidence says all that is needed to see it once more.
func TestAWrongExecutorIsFoundOut(t *testing.T) {
	t.Parallel()
	g := generation(t, policies.FS())
	e := engine.New(time.Minute)
	e.Activate(g)
	body := magnets(t, 1)
	right, err := decide(t, e, application(t, e, body), instantOf)
	if err != nil {
		t.Fatal(err)
	}
	g.Corrupt(func(answer []byte, err error) ([]byte, error) {
		return bytes.Replace(answer, fmt.Appendf(nil, `"outcome":%q`, right.Outcome), []byte(`"outcome":"no_licence_required"`), 1), err
	})
	var differences told
	defer e.Check(1, differences.tell)()
	wrong, err := decide(t, e, application(t, e, body), instantOf)
	if err != nil || wrong.Outcome != decision.NoLicenceRequired {
		t.Fatalf("the executor was not made wrong: %s, %v", wrong.Outcome, err)
	}
	eventually(t, "the difference is told", func() bool { return len(differences.all()) == 1 })

	found := differences.all()[0]
	policy, _ := e.Active()
	if found.Policy != policy || !found.Clock.Equal(instantOf) || string(found.Input) != body || found.Failure != "" ||
		!bytes.Contains(found.Executor, []byte(`"outcome":"no_licence_required"`)) ||
		!bytes.Contains(found.Topdown, fmt.Appendf(nil, `"outcome":%q`, right.Outcome)) ||
		!bytes.Contains(found.Reads, []byte(`"screening"`)) || !bytes.Equal(found.Reads, found.TopdownReads) {
		t.Errorf("the evidence is %+v", found)
	}
	if got := served(t, e); got.Evaluator != engine.Topdown || got.Reason == "" || e.Checks().Different != 1 {
		t.Errorf("served by %+v, %+v", got, e.Checks())
	}
	pinned, err := e.Pinned()
	if err != nil {
		t.Fatal(err)
	}
	again := generation(t, policies.FS()) // the same bundle, compiled once more
	for name, engine := range map[string]*engine.Engine{"active": e, "pinned": pinned, "compiled again": e.On(again)} {
		if decided, err := decide(t, engine, application(t, engine, body), instantOf); err != nil || decided.Outcome != right.Outcome {
			t.Errorf("%s: %s, %v", name, decided.Outcome, err)
		}
		if got := served(t, engine); got.Evaluator != "topdown" {
			t.Errorf("%s is served by %+v", name, got)
		}
	}
}

// What cannot be made again at once is let go: no request waits, and no heap of applications grows.
func TestChecksAreDroppedWhenTooMany(t *testing.T) {
	t.Parallel()
	e := started(t, smallFolder(t), time.Minute)
	hold := make(chan struct{})
	var differences told
	e.Activate(func() *engine.Generation {
		g := generation(t, smallFolder(t))
		g.Corrupt(func(answer []byte, err error) ([]byte, error) {
			return bytes.Replace(answer, []byte(`standard_review`), []byte(`not_accepted`), 1), err
		})
		return g
	}())
	pinnedBefore := make(chan struct{}, 1)
	stop := e.Check(1, func(d engine.Difference) {
		differences.tell(d)
		select {
		case pinnedBefore <- struct{}{}:
		default:
		}
		<-hold
	})
	app := application(t, e, small)
	if _, err := decide(t, e, app, instantOf); err != nil {
		t.Fatal(err)
	}
	<-pinnedBefore // the worker is busy, with a difference that hands this bundle over to topdown
	other := smallFolder(t)
	edit(t, other, "rareearth/settings/data.json", `"mark": 1`, `"mark": 2`)
	e.Activate(generation(t, other))
	app = application(t, e, small)
	for range 200 {
		if _, err := decide(t, e, app, instantOf); err != nil {
			t.Fatal(err)
		}
	}
	dropped := e.Checks().Dropped
	close(hold)
	stop()
	if dropped == 0 || dropped >= 200 {
		t.Errorf("%d of 200 were dropped", dropped)
	}
}
