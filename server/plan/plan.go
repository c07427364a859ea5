// Package plan evaluates policies fast: OPA compiles and plans them, and each statement of the plan becomes a Go closure
// over a frame of slots. Values are two words; those of one evaluation come from an arena that is taken back when it
// ends; the application is read straight into them and the answer is written straight from them. What a plan holds that is
// not done here is refused when it is compiled. It answers as OPA's topdown does, byte for byte, which stays the oracle and
// serves what is refused. It knows OPA and the Go library, and neither HTTP nor memdb nor SQL nor where a bundle comes from.
package plan

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// Query is what is compiled.
type Query struct {
	// Text is Rego, such as "result := data.rareearth.decision". Eval gives the value of its variable result.
	Text string
	// Modules are compiled already. The query is compiled with them.
	Modules *ast.Compiler
	// Data is the base document.
	Data *Data
	// StrictErrors makes the first failure of a built-in the answer; else such a built-in is undefined.
	StrictErrors bool
	// Builtins are functions beside those of OPA.
	Builtins map[string]*topdown.Builtin
	// Layout is the order in which the members of the answer are written; by their keys where it says nothing.
	Layout Layout
	// Options go to OPA when it compiles the query: its Rego version, or a query that was parsed already in place of Text.
	Options []func(*rego.Rego)
}

// Program is a query, ready to be evaluated by any number of goroutines.
type Program struct {
	data      *Data
	strict    bool
	entry     *function
	memos     int // functions whose value is kept for the evaluation
	compiler  *ast.Compiler
	machines  sync.Pool
	resultKey value
	layout    *layout
	byKeys    *layout // no order but that of the keys
	steady    bool
	patterns  patterns
	usual     atomic.Int64 // how long the last answer was, for the room of the next
}

// Compile makes a program. What the executor cannot do is an error of type *Unsupported.
func Compile(ctx context.Context, q Query) (*Program, error) {
	if q.Data == nil {
		empty, err := NewData(ast.NewObject())
		if err != nil {
			return nil, err
		}
		q.Data = empty
	}
	if err := refuse(q.Modules); err != nil {
		return nil, err
	}
	policy, err := planOf(ctx, q.Modules, q.Text, q.Builtins, q.Options)
	if err != nil {
		return nil, err
	}
	c := &compiler{policy: policy, data: q.Data, builtins: q.Builtins}
	entry, err := c.compile()
	if err != nil {
		return nil, err
	}
	p := &Program{
		data: q.Data, strict: q.StrictErrors, entry: entry, memos: c.memos, compiler: q.Modules, resultKey: text("result"), layout: q.Layout.compile(false), byKeys: Layout{}.compile(false),
		steady: c.deterministic(),
	}
	p.machines.New = func() any { return newMachine(p) }
	return p, nil
}

// Steady says whether the program gives the same answer whenever it is given the same input and the same rows: it calls no
// built-in that knows a clock or chance.
func (p *Program) Steady() bool { return p.steady }

// Input is what one evaluation is about.
type Input struct {
	// Body is the input as JSON. It must not be changed before Eval has returned. Nil is no input, unless Value is there.
	Body []byte
	// Value is the input where it was read already.
	Value ast.Value
	// Time is the clock of the policies.
	Time time.Time
	// Rows answers the tables of Data.
	Rows Rows
}

// mostUsual is the most room that is made for an answer before it is known.
const mostUsual = 1 << 18

// ErrUndefined says that the query has no answer for this input.
var ErrUndefined = errors.New("the query is undefined")

// Eval evaluates the program, and appends the value of the variable result to out as JSON, as topdown's answer would be
// written with its sets sorted. Errors of policies are OPA's: *topdown.Error with OPA's codes.
//
// AN ANSWER IS TOPDOWN'S ANSWER; A FAILURE IS A REASON TO ASK TOPDOWN. Its index may pass over a rule that cannot hold and
// fails here, so that topdown has an answer; it never fails where there is an answer here. Cancellation is the exception.
func (p *Program) Eval(ctx context.Context, in Input, out []byte) ([]byte, error) {
	err := p.run(ctx, in, func(answers []value) error {
		switch {
		case len(answers) == 0:
			return ErrUndefined
		case len(answers) > 1:
			return fmt.Errorf("the query has %d answers, want one", len(answers))
		}
		answer := answers[0].object().get(p.resultKey)
		if !answer.defined() {
			return errors.New("the query has no variable result")
		}
		if out == nil {
			out = make([]byte, 0, p.usual.Load())
		}
		var err error
		out, err = appendJSON(out, answer, p.layout)
		p.usual.Store(int64(min(len(out), mostUsual)))
		return err
	})
	return out, err
}

// Answers evaluates the program and gives the variables of each answer.
func (p *Program) Answers(ctx context.Context, in Input) ([]ast.Object, error) {
	var all []ast.Object
	err := p.run(ctx, in, func(answers []value) error {
		for _, answer := range answers {
			all = append(all, toAST(answer).(ast.Object))
		}
		return nil
	})
	return all, err
}

// run evaluates and shows the answers to read while their memory lasts. This is the edge over which no panic goes: a
// mistake of the executor, or in a function of OPA, is an error of one evaluation.
func (p *Program) run(ctx context.Context, in Input, read func([]value) error) (err error) {
	m := p.machines.Get().(*machine)
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the executor failed: %v\n%s", fault, debug.Stack())
			if m.released != nil {
				m.released()
			}
			return // what is left of the machine goes with it
		}
		m.reset()
		p.machines.Put(m)
	}()
	if err := m.begin(ctx, in); err != nil {
		return err
	}
	if err := m.execute(); err != nil {
		return err
	}
	return read(m.answers)
}
