// Package problem names the ways in which greenchannel can fail, in words that stay the same: a Kind for machines, a
// Detail for people, and a Fault for each place of an input that has to be mended. It is not about transport (httpapi
// gives a Kind its HTTP status) nor about logging: the cause of an Error is for the operator and is never shown to a client.
package problem

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is the stable word for a way of failing. Clients and logs may rely on it.
type Kind string

// The kinds of failure.
const (
	Malformed            Kind = "malformed"             // the input is not one JSON document that can be read safely
	Invalid              Kind = "invalid"               // the input was read, but breaks the contract; Faults say where
	TooLarge             Kind = "too-large"             // the input is longer than is accepted
	UnsupportedMedia     Kind = "unsupported-media"     // the input is not declared as JSON in UTF-8
	NotFound             Kind = "not-found"             // nothing is known under that name
	MethodNotAllowed     Kind = "method-not-allowed"    // the place exists, but not for that method
	Undecided            Kind = "undecided"             // the policies gave no decision, or one that breaks the contract
	Deadline             Kind = "deadline"              // evaluation took longer than is allowed
	Cancelled            Kind = "cancelled"             // the caller went away, or the service stopped, before the answer
	NotReady             Kind = "not-ready"             // no bundle is active, or the service is draining
	Stale                Kind = "stale"                 // what the decision had read changed meanwhile, more often than is tried again
	InFlight             Kind = "in-flight"             // the same idempotency key is being answered at this moment
	KeyReused            Kind = "key-reused"            // the idempotency key stands for another body
	Unrecorded           Kind = "unrecorded"            // the record cannot be written, or read, at the moment, so nothing is answered
	PreconditionRequired Kind = "precondition-required" // a change has to name the state that it changes
	PreconditionFailed   Kind = "precondition-failed"   // the state that a change names is not the present one
	Conflict             Kind = "conflict"              // what is asked for would leave the service in a state that it must not be in
	Unauthenticated      Kind = "unauthenticated"       // it is not known who calls, and that has to be known
	Forbidden            Kind = "forbidden"             // it is known who calls, and the policies do not allow it
	RateLimited          Kind = "rate-limited"          // the caller asks more often than it may
	Internal             Kind = "internal"              // the service itself failed
)

// Kinds lists every kind, so that a table over kinds can be checked for completeness.
func Kinds() []Kind {
	return []Kind{
		Malformed, Invalid, TooLarge, UnsupportedMedia, NotFound, MethodNotAllowed,
		Undecided, Deadline, Cancelled, NotReady,
		Stale, InFlight, KeyReused, Unrecorded, PreconditionRequired, PreconditionFailed, Conflict,
		Unauthenticated, Forbidden, RateLimited, Internal,
	}
}

// Fault is one place of an input that has to be mended.
type Fault struct {
	// Pointer is the JSON pointer (RFC 6901) of the place; for a missing field, of where it belongs. For a query
	// parameter it is "?" and the name.
	Pointer string `json:"pointer" jsonschema:"JSON pointer (RFC 6901) of the place; for a missing field, of where it belongs. For a query parameter, ? and its name."`
	// Detail says what is wrong there and how to mend it.
	Detail string `json:"detail" jsonschema:"What is wrong there and how to mend it."`
	// Line is the line of the place in the input, counted from 1; 0 where lines have no meaning.
	Line int `json:"-"`
}

// Error is a failure that its reader can act on.
type Error struct {
	Kind   Kind
	Detail string
	Faults []Fault
	cause  error
}

// New returns an error of a kind. The detail may be shown to any client.
func New(kind Kind, detail string, faults ...Fault) *Error {
	return &Error{Kind: kind, Detail: detail, Faults: faults}
}

// Wrap returns an error of a kind that keeps its cause for the operator; only the detail may be shown to a client.
func Wrap(cause error, kind Kind, detail string) *Error {
	return &Error{Kind: kind, Detail: detail, cause: cause}
}

// Of finds the Error in err. What is not ours becomes Internal, with a detail that gives nothing away. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	return Wrap(err, Internal, "The service failed. Nothing was decided; the operator finds the reason in the log.")
}

// Error gives everything that the operator may know: the kind, the detail, each fault and the cause.
func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s", e.Kind, e.Detail)
	for _, fault := range e.Faults {
		fmt.Fprintf(&text, "\n  %s", fault)
	}
	if e.cause != nil {
		fmt.Fprintf(&text, " (cause: %v)", e.cause)
	}
	return text.String()
}

// Unwrap gives the cause, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// String writes the place before the detail; the whole document has the empty pointer, which nobody would see.
func (f Fault) String() string {
	place := f.Pointer
	if place == "" {
		place = "(whole document)"
	}
	if f.Line > 0 {
		return fmt.Sprintf("line %d: %s: %s", f.Line, place, f.Detail)
	}
	return place + ": " + f.Detail
}
