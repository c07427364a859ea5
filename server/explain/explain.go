// Package explain says what an explanation of a decision is made of, what can be asked of one, and searches the nearest
// green: the smallest set of changes that the policies offer and that would bring an application into the green channel. It
// knows no remedy and no law: the policies say what can be changed, and each set is proved by deciding again with it. How a
// rule came to hold or to fail is told by package engine, which knows OPA.
package explain

import (
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
)

// Explained is a decision with its explanation beside it.
type Explained struct {
	decision.Decision
	Explanation Explanation `json:"explanation"`
}

// Explanation is what was asked for; what was not is absent.
type Explanation struct {
	Rules        []Rule        `json:"rules,omitempty" jsonschema:"The rules that were asked about, by id."`
	NearestGreen *NearestGreen `json:"nearest_green,omitempty" jsonschema:"The smallest set of changes that would bring the application into the green channel."`
}

// Rule says why one rule fired, or why not.
type Rule struct {
	Rule  string `json:"rule" jsonschema:"Id of the rule, as in the reasons of decisions."`
	Title string `json:"title" jsonschema:"Its title."`
	Fired bool   `json:"fired" jsonschema:"Whether it found something."`
	// Standing is empty for a rule of the statutes, or one that found nothing.
	Standing    string       `json:"standing,omitzero" jsonschema:"Status of its instrument on the day, where it found something: only in_force and lapsed_unverified give a reason."`
	Definitions []Definition `json:"definitions" jsonschema:"Every definition of the rule; it fires when one of them holds."`
	Beneath     []Definition `json:"beneath,omitempty" jsonschema:"The definitions that conditions which failed rest on, a few steps deep; not told where all rules are asked about."`
}

// Definition is one body of a rule, and how far it came.
type Definition struct {
	Name       string      `json:"name" jsonschema:"The name that it defines, as a path among the policies; a function with its arguments."`
	File       string      `json:"file" jsonschema:"File in the bundle."`
	Line       int         `json:"line" jsonschema:"Line of the head, counted from 1."`
	Fired      bool        `json:"fired" jsonschema:"Whether it held."`
	Conditions []Condition `json:"conditions" jsonschema:"Its conditions in the order of the source, up to the first that failed. Of several tries, the one that came furthest."`
}

// Condition is one expression of a body.
type Condition struct {
	Line    int      `json:"line" jsonschema:"Line in the file, counted from 1."`
	Text    string   `json:"text" jsonschema:"The expression as it is written."`
	Held    bool     `json:"held" jsonschema:"Whether it held."`
	Values  []Value  `json:"values" jsonschema:"What its variables stood for, and what it read of the application and of the policies."`
	RestsOn []string `json:"rests_on,omitempty" jsonschema:"Names of the definitions beneath that it rests on, where it failed."`
}

// Value is what a name stood for when a condition was tried.
type Value struct {
	Name   string         `json:"name" jsonschema:"A variable; a JSON pointer into the application; a path that begins with data; or a call as it is written."`
	From   string         `json:"from,omitzero" jsonschema:"Where in the application a variable comes from, as a JSON pointer."`
	Stated bool           `json:"stated" jsonschema:"False where there is no value: the application does not state it, or the policies do not define it."`
	Value  jsontext.Value `json:"value,omitzero" jsonschema:"The value; where it is long, the beginning of it as text."`
	Cut    bool           `json:"cut,omitzero" jsonschema:"Whether only the beginning is shown."`
}

// NearestGreen is the smallest set of changes, or what no change mends.
type NearestGreen struct {
	Reachable bool     `json:"reachable" jsonschema:"Whether there is such a set. An empty one means that the application is there already."`
	Changes   []Change `json:"changes" jsonschema:"The changes. In this order their op, pointer (as path) and value are a JSON Patch (RFC 6902)."`
	// Decision is nil where there is no set.
	Decision  *Outcome  `json:"decision,omitempty" jsonschema:"What is decided with the changes, as of the same instant; absent where there is no such set."`
	BlockedBy []Blocker `json:"blocked_by" jsonschema:"Where there is no such set: what stands in the way even after every change that is offered."`
	// Evaluations is a count, so that the same question costs the same everywhere.
	Evaluations int  `json:"evaluations" jsonschema:"How often the application was decided for this answer."`
	Complete    bool `json:"complete" jsonschema:"Whether the search ended. If not, the set is right and none of it can be left out, but another may be smaller."`
}

// Change is one thing that the applicant would obtain, do or state, if it is so.
type Change struct {
	Rule    string         `json:"rule" jsonschema:"Id of the rule whose finding it remedies."`
	Pointer string         `json:"pointer" jsonschema:"Where in the application, as a JSON pointer."`
	Op      string         `json:"op" jsonschema:"Operation of JSON Patch."`
	Value   jsontext.Value `json:"value,omitzero" jsonschema:"The value; absent for remove."`
	Example bool           `json:"example" jsonschema:"Whether the value only stands for the true one, which the applicant alone knows."`
	Text    decision.Text  `json:"text" jsonschema:"What to obtain, do or state."`
	Basis   []string       `json:"basis" jsonschema:"Articles and conditions."`
}

// Outcome is what matters of the decision that proves a set of changes.
type Outcome struct {
	Outcome  decision.Outcome `json:"outcome" jsonschema:"The outcome."`
	Eligible bool             `json:"eligible" jsonschema:"Whether the conditions of the green channel hold."`
	Channel  *string          `json:"channel,omitempty" jsonschema:"The channel."`
	Missing  []string         `json:"missing" jsonschema:"What is still needed."`
}

// Blocker is a finding that no change mends.
type Blocker struct {
	Rule  string        `json:"rule" jsonschema:"Id of the rule."`
	Title string        `json:"title" jsonschema:"Its title."`
	Paths []string      `json:"paths" jsonschema:"JSON pointers into the application."`
	Text  decision.Text `json:"text" jsonschema:"What it found."`
	Basis []string      `json:"basis" jsonschema:"Articles and conditions."`
}
