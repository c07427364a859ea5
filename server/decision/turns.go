package decision

import "sync"

// Turns keeps applications from getting in each other's way for ever. Those of one exporter bear on one another, so of
// several that are decided at one moment all but the first find that what they read has changed. Everybody tries at the same
// time first, since most exporters send one application at a time. Who has to try again is alone with its exporter; and who
// has to even then (a certificate or a party on file is everybody's) is alone with all.
type Turns struct {
	all  sync.RWMutex
	mu   sync.Mutex
	held map[string]*turn
}

// How much of the service a turn keeps from others.
const (
	besideOthers = iota
	aloneWithExporter
	aloneWithAll
)

// turn is the place of one exporter, while anybody needs it.
type turn struct {
	sync.RWMutex
	users int
}

// NewTurns gives turns that nobody has taken.
func NewTurns() *Turns { return &Turns{held: map[string]*turn{}} }

// take waits for a turn. It ends with release.
func (t *Turns) take(exporter string, alone int) (release func()) {
	if alone >= aloneWithAll {
		t.all.Lock()
		return t.all.Unlock
	}
	t.all.RLock()
	t.mu.Lock()
	place, taken := t.held[exporter]
	if !taken {
		place = &turn{}
		t.held[exporter] = place
	}
	place.users++
	t.mu.Unlock()

	lock, unlock := place.RLock, place.RUnlock
	if alone == aloneWithExporter {
		lock, unlock = place.Lock, place.Unlock
	}
	lock()
	return func() {
		defer t.all.RUnlock()
		unlock()
		t.mu.Lock()
		defer t.mu.Unlock()
		if place.users--; place.users == 0 {
			delete(t.held, exporter)
		}
	}
}
