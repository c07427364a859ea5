package plan

import (
	"hash/maphash"
	"unsafe"

	"github.com/open-policy-agent/opa/v1/ir"
)

// recall keeps what functions gave for their arguments, for one evaluation and outside of `with`. Composite arguments count
// as the same when they are one value in memory: that is cheap to ask, and an equal one is only calculated again.
type recall struct {
	calls []recalled
	index index
}

type recalled struct {
	hash   uint32
	fn     *function
	args   [mostArgs]value
	result value
}

const (
	mostArgs  = 4
	mostCalls = 1 << 13 // after which nothing more is kept
)

// worth is from which weight on a function is dearer to call than to look up.
const worth = 40

// weigh tells about how many statements a call of a function runs.
func (c *compiler) weigh(name string, planned map[string]*ir.Func, known map[string]int) int {
	if w, ok := known[name]; ok {
		return w
	}
	known[name] = 0
	w := 0
	if fn := planned[name]; fn != nil {
		for _, b := range fn.Blocks {
			w += c.weighBlock(b, planned, known)
		}
	}
	known[name] = min(w, 10*worth)
	return known[name]
}

func (c *compiler) weighBlock(b *ir.Block, planned map[string]*ir.Func, known map[string]int) int {
	w := 0
	for _, s := range b.Stmts {
		w++
		times := 1
		switch s := s.(type) {
		case *ir.CallStmt:
			if _, ours := planned[s.Func]; ours {
				if len(planned[s.Func].Params) > 2 { // a rule without arguments is evaluated once anyway
					w += c.weigh(s.Func, planned, known)
				}
			} else {
				w += 3
			}
		case *ir.ScanStmt:
			times = 4
		}
		for _, inner := range effectsOf(s).blocks {
			w += times * c.weighBlock(inner, planned, known)
		}
	}
	return w
}

func (r *recall) find(fn *function, args *[mostArgs]value, h uint32) *recalled {
	if r.index == nil {
		return nil
	}
	for at := r.index.first(h); r.index[at] != 0; at = r.index.next(at) {
		if uint32(r.index[at]>>32) != h {
			continue
		}
		if call := &r.calls[uint32(r.index[at])-1]; call.fn == fn && identical(&call.args, args) {
			return call
		}
	}
	return nil
}

func (r *recall) keep(a *arena, fn *function, args *[mostArgs]value, h uint32, result value) {
	if len(r.calls) >= mostCalls {
		return
	}
	r.calls = append(r.calls, recalled{h, fn, *args, result})
	switch {
	case r.index == nil:
		r.index = newIndex(a, 256)
	case r.index.tight(len(r.calls)):
		r.index = r.index.grown(a, 4*len(r.calls))
	}
	r.index.put(h, len(r.calls))
}

func (r *recall) reset() {
	clear(r.calls)
	r.calls, r.index = r.calls[:0], nil
}

func hashArgs(fn *function, args *[mostArgs]value) uint32 {
	h := uint64(uintptr(unsafe.Pointer(fn))) //nolint:gosec // a number to spread by; it is never made a pointer again
	for i := range fn.arity {
		switch v := args[i]; v.kind() {
		case kindString, kindNumber:
			h = mix(h + maphash.String(seed, v.string()))
		default:
			h = mix(h + v.word ^ uint64(uintptr(v.pointer))*31)
		}
	}
	return uint32(h)
}

func identical(a, b *[mostArgs]value) bool {
	for i := range a {
		if a[i].word != b[i].word {
			return false
		}
		if a[i].pointer == b[i].pointer {
			continue
		}
		if k := a[i].kind(); k != kindString && k != kindNumber || a[i].string() != b[i].string() {
			return false
		}
	}
	return true
}
