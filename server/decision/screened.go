package decision

import "github.com/go-json-experiment/json/jsontext"

// Screening is what is near to a name among the listed parties, as of an instant. It is a search, not a decision: what a
// match means for an application is for the policies to say.
type Screening struct {
	Name   string    `json:"name" jsonschema:"The name that was screened."`
	AsOf   string    `json:"as_of" jsonschema:"The instant asked about."`
	Policy PolicyRef `json:"policy" jsonschema:"The bundle that was asked."`
	// Screened is false where the name cannot be screened: it has no letter and no digit. That is no clean result.
	Screened bool    `json:"screened" jsonschema:"False where the name cannot be screened: it has no letter and no digit. That is no clean result."`
	Matches  []Match `json:"matches" jsonschema:"What is near, the nearest first."`
}

// Match is a listed party whose name is near.
type Match struct {
	// Name is the printed name that came nearest.
	Name string `json:"name" jsonschema:"The printed name that came nearest."`
	// Score is in [0,1], where 1 is equality after folding; Band is hit or review.
	Score float64 `json:"score" jsonschema:"From 0 to 1, where 1 is equality after folding."`
	Band  string  `json:"band" jsonschema:"Whether it is a hit, or for a person to review."`
	// Party is the row of the reference data, with its status on the instant.
	Party jsontext.Value `json:"party" jsonschema:"The row of the reference data, with its status on the instant."`
}
