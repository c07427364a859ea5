package decision

import (
	"slices"
	"testing"
)

// Every outcome has its place in both orders, so that a new one cannot be forgotten in either.
func TestEveryOutcomeHasItsStrictness(t *testing.T) {
	t.Parallel()
	ordered := OutcomesByStrictness()
	if len(ordered) != len(Outcomes()) {
		t.Errorf("%d outcomes are ordered by strictness, want %d", len(ordered), len(Outcomes()))
	}
	for _, outcome := range Outcomes() {
		if !slices.Contains(ordered, outcome) {
			t.Errorf("%s has no strictness", outcome)
		}
	}
}

func TestStricterThan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ stricter, looser Outcome }{
		{Prohibited, SpecialApplication},
		{NotAccepted, Incomplete},
		{OutOfScope, StandardReview}, // what another regime decides does not leave by this one
		{ReferForRefusal, EnhancedReview},
		{EnhancedReview, Incomplete},
		{EnhancedReview, StandardReview},
		{ClassificationNeeded, NoLicenceRequired},
		{Incomplete, GreenChannelReview},
		{StandardReview, GreenChannelReview},
		{GreenChannelReview, GeneralLicence},
		{Registration, NoLicenceRequired},
		{"unheard_of", Prohibited},
	} {
		if !tc.stricter.StricterThan(tc.looser) || tc.looser.StricterThan(tc.stricter) {
			t.Errorf("%s is not stricter than %s", tc.stricter, tc.looser)
		}
	}
	for _, outcome := range Outcomes() {
		if outcome.StricterThan(outcome) {
			t.Errorf("%s is stricter than itself", outcome)
		}
	}
}
