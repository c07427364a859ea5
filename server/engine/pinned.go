package engine

// Pinned returns an engine that stays with the generation that is active now, whatever is activated later: for work that
// has to be done by one bundle from start to end.
func (e *Engine) Pinned() (*Engine, error) {
	g, err := e.generation()
	if err != nil {
		return nil, err
	}
	return e.On(g), nil
}

// On returns an engine that stays with a generation, which need not be active.
func (e *Engine) On(g *Generation) *Engine {
	pinned := &Engine{timeout: e.timeout, trust: e.trust, places: e.places, unrecorded: e.unrecorded}
	pinned.Activate(g)
	return pinned
}

// Unrecorded returns an engine that stays with a generation and decides as a service does that has recorded nothing and has
// nobody on file.
func (e *Engine) Unrecorded(g *Generation) *Engine {
	blank := e.On(g)
	blank.unrecorded = true
	return blank
}
