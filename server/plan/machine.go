package plan

import (
	"context"
	"strconv"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// machine is the state of one evaluation.
type machine struct {
	program *Program
	memory  arena
	buffer  []byte  // where texts are put together
	scratch []value // what the reader of JSON has not put together yet

	ctx   context.Context
	done  <-chan struct{}
	input Input
	now   value
	rows  map[rowKey]value

	stack   []value // frames, one after the other
	top     int
	high    int // as far as the stack was used
	spilled int // slots that had to be found elsewhere
	memo    []memo
	calls   recall
	ticks   uint32

	result   value // of the function that has just returned
	answers  []value
	err      error // ends the evaluation
	failure  error // the first failure of a built-in
	foreign  foreign
	released func() bool // ends the watch over ctx
}

// memo keeps the value of a rule for the evaluation.
type memo struct {
	known bool
	value value
}

// signal is what a statement tells the block it stands in.
type signal int

const (
	next   signal = 0  // the next statement
	broken signal = 1  // the end of this block: the statement is undefined. Greater: blocks further out end too
	leave  signal = -1 // the function has returned
	fail   signal = -2 // the evaluation has ended with machine.err
)

type step func(m *machine, f []value) signal

const firstStack = 2048

// What a machine keeps for the next evaluation at most, beside its arena.
const (
	mostRows    = 64
	mostScratch = 4096
	mostBuffer  = 1 << 16
)

func newMachine(p *Program) *machine {
	return &machine{program: p, stack: make([]value, firstStack), memo: make([]memo, p.memos)}
}

func (m *machine) begin(ctx context.Context, in Input) error {
	m.ctx, m.done, m.input = ctx, ctx.Done(), in
	if ctx.Err() != nil {
		return cancelled()
	}
	m.now = numberOf(strconv.FormatInt(in.Time.UnixNano(), 10))
	return nil
}

// execute runs the entry of the program on the input.
func (m *machine) execute() error {
	var input value
	var err error
	switch {
	case m.input.Value != nil:
		input, err = m.memory.convert(m.input.Value)
	case m.input.Body != nil:
		input, err = m.parse(m.input.Body)
	}
	if err != nil {
		return err
	}
	entry := m.program.entry
	f := m.frame(entry.size)
	f[entry.params[0]], f[entry.params[1]] = input, m.program.data.root
	m.body(entry, f)
	switch {
	case m.err != nil:
		return m.err
	case m.failure != nil && m.program.strict:
		return m.failure
	}
	return nil
}

// reset makes the machine fit for the next evaluation, which shall find nothing of this one.
func (m *machine) reset() {
	if m.released != nil {
		m.released()
		m.released = nil
	}
	m.memory.reset()
	clear(m.memo)
	m.calls.reset()
	if len(m.rows) > mostRows {
		m.rows = nil
	}
	clear(m.rows)
	clear(m.answers)
	switch {
	case m.spilled > 0 && m.spilled < keptBytes/16:
		m.stack = make([]value, len(m.stack)+m.spilled)
	case m.spilled > 0:
		clear(m.stack)
	default:
		clear(m.stack[:m.high])
	}
	if cap(m.scratch) > mostScratch {
		m.scratch = nil
	}
	clear(m.scratch[:cap(m.scratch)])
	m.scratch = m.scratch[:0]
	if cap(m.buffer) > mostBuffer {
		m.buffer = nil
	}
	m.answers = m.answers[:0]
	m.ctx, m.done, m.input, m.now, m.result = nil, nil, Input{}, value{}, value{}
	m.err, m.failure, m.foreign = nil, nil, foreign{}
	m.top, m.high, m.spilled, m.ticks = 0, 0, 0, 0
}

// frame gives n undefined slots on the stack.
func (m *machine) frame(n int) []value {
	if m.top+n > len(m.stack) {
		m.spilled += max(n, len(m.stack))
		m.stack, m.top = make([]value, max(n, len(m.stack))), 0
	}
	f := m.stack[m.top : m.top+n : m.top+n]
	m.top += n
	m.high = max(m.high, m.top)
	clear(f)
	return f
}

// tick tells whether the evaluation has to end because its caller does not wait any more. The context is looked at now
// and then only.
func (m *machine) tick() bool {
	m.ticks++
	return m.ticks&255 == 0 && m.late()
}

func (m *machine) late() bool {
	if m.err != nil {
		return true
	}
	select {
	case <-m.done:
		m.err = cancelled()
		return true
	default:
		return false
	}
}

// failed notes the failure of a built-in, which makes its statement undefined.
func (m *machine) failed(err error) signal {
	if halt, ok := err.(topdown.Halt); ok { //nolint:errorlint // OPA hands it over unwrapped, and only so does it end the evaluation
		m.err = halt.Err
		return fail
	}
	if m.failure == nil {
		m.failure = err
	}
	return broken
}
