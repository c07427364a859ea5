package decision

import "slices"

// OutcomesByStrictness lists every outcome from the strictest to the loosest: by how much stands between the goods and the border
// when nothing but the outcome is known. It is not the order in which an outcome wins (Outcomes), which says what is asked
// first. Where the law gives no order of its own, what a person of the authority has to look at stands above what the
// applicant can mend alone, and that above what needs nobody.
func OutcomesByStrictness() []Outcome {
	return []Outcome{
		Prohibited,           // no licence can be given
		NotAccepted,          // no application of this exporter is even read
		OutOfScope,           // another regime decides, and this one opens no way past it
		SpecialApplication,   // banned, but for one way that has to be asked for by itself
		ReferForRefusal,      // a named person decides whether it is refused
		EnhancedReview,       // a finding has to be cleared before it can be decided
		ClassificationNeeded, // not begun: nobody knows yet what the goods are
		Incomplete,           // not begun: the applicant knows what to send
		StandardReview,       // each export is reviewed
		GreenChannelReview,   // each export is reviewed, faster
		GeneralLicence,       // one review for many exports
		Registration,         // no review: the export is registered
		NoLicenceRequired,    // nothing is asked for
	}
}

// StricterThan says whether o lets less through than other. Of two outcomes one is stricter, unless they are the same; one
// that is not known is stricter than all that are, so that leaving it for another is never taken for a harmless change.
func (o Outcome) StricterThan(other Outcome) bool { return o.looseness() < other.looseness() }

// looseness is the place of an outcome in the order; -1 for one that is not known.
func (o Outcome) looseness() int { return slices.Index(OutcomesByStrictness(), o) }
