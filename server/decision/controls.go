package decision

import "github.com/go-json-experiment/json/jsontext"

// ControlFilter says which entries of the control list are asked for. Empty fields ask for nothing in particular; those
// that are set must all hold.
type ControlFilter struct {
	// Element is the name or the chemical symbol of an element.
	Element string
	// HSCode is the beginning of a commodity code, 2 to 10 digits.
	HSCode string
	// Instrument is the id of an announcement, such as ANN-2025-18.
	Instrument string
	// Form is the form of the entry, such as magnet or oxide.
	Form string
	// Status is the status on the day, such as in_force.
	Status string
}

// Statuses lists every status that an entry can have on a day.
func Statuses() []string {
	return []string{"in_force", "not_yet", "suspended", "lapsed_unverified", "ended"}
}

// ControlList is the control list, or the part of it that was asked for, as of an instant.
type ControlList struct {
	// AsOf is the instant asked about, RFC 3339 in Beijing time.
	AsOf   string    `json:"as_of" jsonschema:"The instant asked about."`
	Policy PolicyRef `json:"policy" jsonschema:"The bundle that was asked."`
	Count  int       `json:"count" jsonschema:"How many entries there are."`
	// Controls are the rows of the reference data with their status, in the order of their codes.
	Controls []jsontext.Value `json:"controls" jsonschema:"The rows of the reference data with their status, by their codes."`
	// Near names what may have been meant when nothing was found: an empty list must not pass for "not controlled"
	// because of a slip of the pen.
	Near []string `json:"near,omitzero" jsonschema:"What may have been meant when nothing was found."`
}

// Control is one entry of the control list as of an instant.
type Control struct {
	AsOf    string         `json:"as_of" jsonschema:"The instant asked about."`
	Policy  PolicyRef      `json:"policy" jsonschema:"The bundle that was asked."`
	Control jsontext.Value `json:"control" jsonschema:"The row of the reference data with its status."`
}
