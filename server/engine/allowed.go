package engine

import (
	"strconv"
	"sync"

	"greenchannel/server/identity"
)

// allowances keeps what the policies answered to who may do what. It is asked of them with every request, mostly the same.
// An answer is kept only where it follows from the question alone: the policies have no clock in it, and read no row of
// a table. It lives and ends with the generation.
type allowances struct {
	mu   sync.RWMutex
	kept map[string]allowance
}

type allowance struct {
	allowed bool
	reason  string
}

// mostAllowances bounds what is kept. Paths are without number, and whoever may ask may ask for ever new ones.
const mostAllowances = 4096

func (a *allowances) get(question string) (allowance, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	kept, there := a.kept[question]
	return kept, there
}

func (a *allowances) put(question string, answer allowance) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept == nil || len(a.kept) >= mostAllowances {
		a.kept = map[string]allowance{}
	}
	a.kept[question] = answer
}

// longestQuestion is the longest that is kept, in bytes.
const longestQuestion = 1024

// questionOf writes all that the policies are told of an access, so that no two are written alike.
func questionOf(access identity.Access) (question string, short bool) {
	var room [256]byte
	text := room[:0]
	word := func(w string) {
		text = append(strconv.AppendInt(text, int64(len(w)), 10), ':')
		text = append(text, w...)
	}
	words := func(all []string) {
		text = append(strconv.AppendInt(text, int64(len(all)), 10), '[')
		for _, w := range all {
			word(w)
		}
	}
	word(access.Caller.Name)
	words(access.Caller.Roles)
	word(access.Caller.Exporter)
	word(string(access.Caller.Method))
	word(access.Method)
	words(access.Path)
	words(access.Query)
	return string(text), len(text) <= longestQuestion
}
