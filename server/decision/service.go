package decision

import (
	"context"
	"time"
)

// Policy evaluates an application against the active bundle at an instant. It answers with a whole decision or with an
// error, never with a part of one.
type Policy interface {
	Evaluate(ctx context.Context, app Application, at time.Time) (Decision, error)
}

// Service decides applications. Time and identity come in as functions.
type Service struct {
	Policy Policy
	Now    func() time.Time
	// NewID gives a fresh UUIDv7.
	NewID func() string
}

// Decide decides app as of now. The clock is the service's own: no field of an application can set it.
func (s *Service) Decide(ctx context.Context, app Application) (Decision, error) {
	decided, err := s.DryRun(ctx, app, s.Now())
	if err != nil {
		return Decision{}, err
	}
	decided.DecisionID = s.NewID()
	decided.DecidedAt = Instant(s.Now())
	return decided, nil
}

// DryRun decides app as of any instant, with neither an id nor a time of decision: nothing came of it.
func (s *Service) DryRun(ctx context.Context, app Application, at time.Time) (Decision, error) {
	return s.Policy.Evaluate(ctx, app, at.Truncate(time.Millisecond))
}
