// Package corpus holds the cases on which a bundle that comes in is tried: applications with the days as of which they are
// decided. They are derived from tests/cases, by a test there that also asks whether they are fresh, and travel in the
// program, so that a bundle cannot bring easier ones of its own. It says nothing of what is to be decided: a bundle may
// change that, but has to decide every case, and every outcome has to remain within reach.
package corpus

import (
	"bytes"
	_ "embed" // the cases
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

//go:embed cases.ndjson
var cases []byte

// Case is one application, and when it is decided.
type Case struct {
	// Name says what the case is about; no two have the same.
	Name string `json:"case"`
	// AsOf are days in Beijing, or instants.
	AsOf []string `json:"as_of"`
	// Application is the body as a client sends it.
	Application json.RawMessage `json:"application"`
}

// Cases gives all of them, in the order of the files that they come from.
func Cases() ([]Case, error) {
	lines := json.NewDecoder(bytes.NewReader(cases))
	var all []Case
	for {
		var one Case
		err := lines.Decode(&one)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the cases: after %d of them: %w", len(all), err)
		}
		all = append(all, one)
	}
}
