package decision

import "github.com/go-json-experiment/json/jsontext"

// Screening is what is near to a name among the listed parties, as of an instant. It is a search, not a decision: what a
// match means for an application is for the policies to say.
type Screening struct {
	Name   string    `json:"name"`
	AsOf   string    `json:"as_of"`
	Policy PolicyRef `json:"policy"`
	// Screened is false where the name cannot be screened: it has no letter and no digit. That is no clean result.
	Screened bool    `json:"screened"`
	Matches  []Match `json:"matches"`
}

// Match is a listed party whose name is near.
type Match struct {
	// Name is the printed name that came nearest.
	Name string `json:"name"`
	// Score is in [0,1], where 1 is equality after folding; Band is hit or review.
	Score float64 `json:"score"`
	Band  string  `json:"band"`
	// Party is the row of the reference data, with its status on the instant.
	Party jsontext.Value `json:"party"`
}
