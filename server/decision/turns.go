package decision

import "sync"

// Turns keeps the applications of one exporter from getting in each other's way for ever. They bear on one another, so of
// several that are decided at one moment all but the first find that what they read has changed. Everybody tries at the same
// time first, since most exporters send one application at a time; who has to try again is then alone with its exporter.
type Turns struct {
	mu   sync.Mutex
	held map[string]*turn
}

// turn is the place of one exporter, while anybody needs it.
type turn struct {
	sync.RWMutex
	users int
}

// NewTurns gives turns that nobody has taken.
func NewTurns() *Turns { return &Turns{held: map[string]*turn{}} }

// take waits for a turn: one beside others, or one alone. The turn ends with release.
func (t *Turns) take(exporter string, alone bool) (release func()) {
	t.mu.Lock()
	place, taken := t.held[exporter]
	if !taken {
		place = &turn{}
		t.held[exporter] = place
	}
	place.users++
	t.mu.Unlock()

	lock, unlock := place.RLock, place.RUnlock
	if alone {
		lock, unlock = place.Lock, place.Unlock
	}
	lock()
	return func() {
		unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if place.users--; place.users == 0 {
			delete(t.held, exporter)
		}
	}
}
