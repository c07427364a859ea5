// Package conformance holds the service to what others have written down: OPA's own server and its request tables, and
// the official TypeScript client of OPA. What is right for an exporter is judged elsewhere (tests/cases).
package conformance

import (
	"net/http"
	"testing"

	"greenchannel/tests/counts"
)

// TestOPARequestTables replays the requests of OPA's own tests: what writes is done to OPA's server alone; what reads is
// asked of OPA's server and of ours, which holds the same policies and data, and has to be answered alike.
func TestOPARequestTables(t *testing.T) {
	t.Parallel()
	got := counts.Counts{OnPurpose: map[string]int{}, Skipped: map[string]int{}}
	for _, g := range tables(t) {
		got.Skipped["are put together only when OPA's test runs"] += g.unread
		t.Run(g.name, func(t *testing.T) {
			theirs := newOracle(t, nil)
			var ours http.Handler
			for _, r := range g.requests {
				if reason := reads(r); reason == writes && r.sendTo(t, theirs.handler).StatusCode != http.StatusMethodNotAllowed {
					got.Skipped[reason]++
					ours = nil
					continue
				} else if reason != "" && reason != writes {
					got.Skipped[reason]++
					continue
				}
				if ours == nil {
					ours = theirs.ours(t)
				}
				got.Run++
				diff, purpose := differ(t, theirs.handler, ours, r)
				if purpose != "" {
					got.OnPurpose[purpose]++
				}
				if diff == "" {
					got.Passed++
				} else {
					t.Errorf("%s %s %s (-OPA +ours):\n%s", r.method, r.target, r.body, diff)
				}
			}
		})
	}
	counts.Hold(t, got)
}
