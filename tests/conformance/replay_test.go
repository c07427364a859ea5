// Package conformance holds the service to what others have written down: OPA's own server and its request tables, and
// the official TypeScript client of OPA. What is right for an exporter is judged elsewhere (tests/cases).
package conformance

import (
	"net/http"
	"testing"
)

// fewestReplayed is how many requests of OPA's tables were replayed when this was written. Fewer means that the tables
// are no longer found, not that there is less to ask.
const fewestReplayed = 230

// TestOPARequestTables replays the requests of OPA's own tests: what writes is done to OPA's server alone; what reads is
// asked of OPA's server and of ours, which holds the same policies and data, and has to be answered alike.
func TestOPARequestTables(t *testing.T) {
	t.Parallel()
	replayed, skipped, onPurpose := 0, map[string]int{}, map[string]int{}
	for _, g := range tables(t) {
		skipped["put together only when OPA's test runs"] += g.unread
		t.Run(g.name, func(t *testing.T) {
			theirs := newOracle(t, nil)
			var ours http.Handler
			for _, r := range g.requests {
				if reason := reads(r); reason == writes && r.sendTo(t, theirs.handler).StatusCode != http.StatusMethodNotAllowed {
					skipped[reason]++
					ours = nil
					continue
				} else if reason != "" && reason != writes {
					skipped[reason]++
					continue
				}
				if ours == nil {
					ours = theirs.ours(t)
				}
				replayed++
				diff, purpose := differ(t, theirs.handler, ours, r)
				if purpose != "" {
					onPurpose[purpose]++
				}
				if diff != "" {
					t.Errorf("%s %s %s (-OPA +ours):\n%s", r.method, r.target, r.body, diff)
				}
			}
		})
	}
	t.Logf("%d requests of OPA's tables replayed, different on purpose: %v; skipped: %v", replayed, onPurpose, skipped)
	if replayed < fewestReplayed {
		t.Errorf("%d requests were replayed, want at least %d", replayed, fewestReplayed)
	}
}
