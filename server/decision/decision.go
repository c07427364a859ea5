// Package decision holds the nouns of greenchannel (Application, Decision, Outcome) and the verb, Service.Decide. It
// reads an application strictly, so that what reaches the policies means one thing only, and reads what the policies
// answer as strictly. It knows neither OPA nor Gin nor memdb; what it needs of them it states as interfaces that package
// server fills. It holds no rule of law: those stand in policies/.
package decision

import "github.com/go-json-experiment/json/jsontext"

// Decision is the answer to one application: the outcome, and every finding that stands behind or beside it.
type Decision struct {
	// DecisionID is a UUIDv7; empty in a dry run.
	DecisionID string `json:"decision_id,omitzero"`
	// ApplicationID repeats the applicant's own reference.
	ApplicationID string `json:"application_id"`
	// AsOf is the instant the rules were asked about, RFC 3339 in Beijing time.
	AsOf string `json:"as_of"`
	// DecidedAt is the instant at which the decision was made; empty in a dry run.
	DecidedAt string  `json:"decided_at,omitzero"`
	Outcome   Outcome `json:"outcome"`

	Items        []Line       `json:"items"`
	Reasons      []Reason     `json:"reasons"`
	GreenChannel GreenChannel `json:"green_channel"`
	// Missing names document types and JSON pointers that are still needed.
	Missing     []string     `json:"missing"`
	Obligations []Obligation `json:"obligations"`
	// Clock is the statutory time limit; nil when none runs.
	Clock *Clock `json:"clock"`
	// ValidUntil is the first instant after AsOf at which a window that was consulted opens or closes; nil for none.
	ValidUntil *string `json:"valid_until"`
	// NotAssessed is what the policies do not model, so that silence is not read as clearance.
	NotAssessed []NotAssessed `json:"not_assessed"`
	Policy      PolicyRef     `json:"policy"`
}

// Text is a sentence in the two languages of the service.
type Text struct {
	EN string `json:"en"`
	ZH string `json:"zh"`
}

// Line says whether one line of the application is on the control list.
type Line struct {
	Line int64 `json:"line"`
	// Status is listed, not_listed, unclassified or conflict.
	Status  string  `json:"status"`
	Entries []Entry `json:"entries"`
}

// Entry is one row of the control list that a line touches.
type Entry struct {
	Code       string `json:"code"`
	Instrument string `json:"instrument"`
	// Status is in_force, not_yet, suspended, lapsed_unverified or ended.
	Status string `json:"status"`
	// MatchedBy names the facts that led here: control_code, hs_code, composition, form.
	MatchedBy []string `json:"matched_by"`
}

// Reason is one finding. Every finding is kept, not only the deciding one.
type Reason struct {
	Rule  string `json:"rule"`
	Title string `json:"title"`
	// Effect is refuse, refer, hold, require, flag or clear.
	Effect string `json:"effect"`
	// Severity is high, medium or low.
	Severity string `json:"severity"`
	// Basis names the articles, by the ids of the criteria.
	Basis []string `json:"basis"`
	// Factor is the review factor of ECL-13, 1 to 8.
	Factor int `json:"factor"`
	// Paths are JSON pointers into the application.
	Paths  []string `json:"paths"`
	Text   Text     `json:"text"`
	Remedy Text     `json:"remedy"`
	// Evidence is the rows, windows and figures used; its shape is the rule's own.
	Evidence jsontext.Value `json:"evidence"`
}

// GreenChannel says whether the application may take the fast route, and what keeps it from it. The green channel
// changes speed, never a legal test.
type GreenChannel struct {
	Eligible   bool        `json:"eligible"`
	Channel    *string     `json:"channel"`
	Conditions []Condition `json:"conditions"`
	Failed     []string    `json:"failed"`
}

// Condition is one step of the green-channel ladder, GC-P01 to GC-P10.
type Condition struct {
	ID   string `json:"id"`
	Met  bool   `json:"met"`
	Text Text   `json:"text"`
}

// Obligation is a duty that follows a licence.
type Obligation struct {
	ID    string   `json:"id"`
	Text  Text     `json:"text"`
	Basis []string `json:"basis"`
	Due   Text     `json:"due"`
}

// Clock is a statutory time limit in Chinese working days. Where the calendar does not reach, Error says so and DueOn is
// empty: a date is never guessed.
type Clock struct {
	ID          string `json:"id"`
	WorkingDays int    `json:"working_days"`
	StartsOn    string `json:"starts_on"`
	DueOn       string `json:"due_on,omitzero"`
	Error       string `json:"error,omitzero"`
	Year        int    `json:"year,omitzero"`
}

// NotAssessed is one article, red flag or condition that no policy answers for this application.
type NotAssessed struct {
	ID     string `json:"id"`
	Reason Text   `json:"reason"`
}

// PolicyRef names the bundle that decided.
type PolicyRef struct {
	Name     string `json:"name" jsonschema:"Name of the bundle."`
	Revision string `json:"revision" jsonschema:"Revision of the bundle."`
	Digest   string `json:"digest" jsonschema:"Digest of its content."`
}

// Contract is the JSON Schemas of a bundle: what applications, decisions and parties on file look like.
type Contract struct {
	Policy                       PolicyRef
	Application, Decision, Party []byte
}
