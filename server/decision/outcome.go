package decision

import "slices"

// Outcome is what a decision recommends. The service recommends; the authority decides.
type Outcome string

// The outcomes, in the order in which the first that applies wins.
const (
	OutOfScope           Outcome = "out_of_scope"
	NotAccepted          Outcome = "not_accepted"
	Prohibited           Outcome = "prohibited"
	SpecialApplication   Outcome = "special_application"
	NoLicenceRequired    Outcome = "no_licence_required"
	ClassificationNeeded Outcome = "classification_needed"
	Incomplete           Outcome = "incomplete"
	ReferForRefusal      Outcome = "refer_for_refusal"
	EnhancedReview       Outcome = "enhanced_review"
	Registration         Outcome = "registration"
	GeneralLicence       Outcome = "general_licence"
	GreenChannelReview   Outcome = "green_channel"
	StandardReview       Outcome = "standard_review"
)

// Outcomes lists every outcome in the order in which the first that applies wins.
func Outcomes() []Outcome {
	return []Outcome{
		OutOfScope, NotAccepted, Prohibited, SpecialApplication, NoLicenceRequired, ClassificationNeeded, Incomplete,
		ReferForRefusal, EnhancedReview, Registration, GeneralLicence, GreenChannelReview, StandardReview,
	}
}

// Known says whether o is an outcome at all.
func (o Outcome) Known() bool { return slices.Contains(Outcomes(), o) }
