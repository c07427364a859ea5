package journal

import (
	"errors"
	"fmt"

	"greenchannel/server/problem"
)

// What Append, Claim and KeepBundle answer beside success. Each is found with errors.Is, and each has a problem.Kind of its own.
var (
	// ErrStale says that a row which the decision read has changed since; evaluate again on a newer snapshot.
	ErrStale = problem.New(problem.Stale, "What the decision had read has changed in the meantime; try again.")
	// ErrInFlight says that a request with the same idempotency key is being answered at this moment.
	ErrInFlight = problem.New(problem.InFlight,
		"A request with this Idempotency-Key is being answered; ask again in a moment and the same answer is given.")
	// ErrKeyReused says that the idempotency key stands for another body.
	ErrKeyReused = problem.New(problem.KeyReused,
		"This Idempotency-Key was used for another body; send each application under a key of its own.")
	// ErrRecorded says that a record with the same idempotency key and the same body is there already; Claim gives it.
	ErrRecorded = problem.New(problem.InFlight,
		"A request with this Idempotency-Key has just been answered; ask again and the same answer is given.")
	// ErrBundleMissing says that the bundle which decided is not kept, so the decision could never be decided again: keep it
	// (KeepBundle) and append again.
	ErrBundleMissing = problem.New(problem.Unrecorded,
		"The policies that decided are not kept beside the record, so the decision is not given. Try again later.")
	// ErrBundleDiffers says that another archive is kept under the digest.
	ErrBundleDiffers = problem.New(problem.Invalid,
		"Another archive is kept under this digest. What is kept is never replaced; give the bundle out under a digest of its own.")
	// ErrClosed says that the journal takes no more entries.
	ErrClosed = problem.New(problem.Unrecorded, "The service is stopping, so nothing was recorded and no decision is given.")
)

// ErrUncertain says that a commit was sent and its answer was lost. It is the one failure after which the record may be
// there all the same; the error that wraps it is of kind Unrecorded like the others.
var ErrUncertain = errors.New("journal: nobody can say whether the commit took place")

// ErrReadOnly says that the journal was opened for reading only.
var ErrReadOnly = errors.New("journal: opened for reading only")

// unrecorded is the failure to record: nothing was written, so nothing may be answered.
func unrecorded(cause error) error {
	return problem.Wrap(cause, problem.Unrecorded,
		"The decision could not be recorded, so it is not given. Nothing was kept; try again later.")
}

// uncertain is the failure to learn whether a record was written.
func uncertain(cause error) error {
	return problem.Wrap(errors.Join(ErrUncertain, cause), problem.Unrecorded,
		"It is not known whether the decision was recorded, so it is not given. Send it again with the same Idempotency-Key to learn.")
}

// unreadable is the failure to read the journal, for a reason that lies outside the record.
func unreadable(cause error) error {
	return problem.Wrap(cause, problem.Unrecorded, "The record cannot be read at the moment; try again later.")
}

func notFound(what string) error {
	return problem.New(problem.NotFound, fmt.Sprintf("No record has the %s.", what))
}

// Refusal is why a journal does not open: what was found, and what its keeper can do.
type Refusal struct {
	// Place is the file, the folder or the database, without any password.
	Place string
	// Found is what is wrong, Remedy what to do about it.
	Found, Remedy string
	cause         error
}

// Error tells everything at once.
func (r *Refusal) Error() string {
	text := fmt.Sprintf("the journal at %s is not opened: %s. What to do: %s", r.Place, r.Found, r.Remedy)
	if r.cause != nil {
		text += fmt.Sprintf(" (cause: %v)", r.cause)
	}
	return text
}

// Unwrap gives the cause, if there is one.
func (r *Refusal) Unwrap() error { return r.cause }
