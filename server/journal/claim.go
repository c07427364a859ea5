package journal

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"sync"
)

// claim names an idempotency key of one caller.
type claim struct{ caller, key string }

// claims are the idempotency keys that this process is answering, each with the hash of the body.
type claims struct {
	mu   sync.Mutex
	open map[claim][sha256.Size]byte
}

// take reserves a key. What is taken already is in flight, or stands for another body.
func (c *claims) take(name claim, body [sha256.Size]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if other, taken := c.open[name]; taken {
		if other != body {
			return ErrKeyReused
		}
		return ErrInFlight
	}
	if c.open == nil {
		c.open = map[claim][sha256.Size]byte{}
	}
	c.open[name] = body
	return nil
}

func (c *claims) leave(name claim) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, name)
}

// Claim reserves an idempotency key for the request with this body, among all processes that share the journal, before
// the request is answered. It gives the record when the key was answered before with the same body; ErrKeyReused when it
// stands for another body; ErrInFlight when it is being answered now. Otherwise the key is the caller's until release,
// which is to be called once the record is appended or given up. Without a key there is nothing to reserve. That no key is
// recorded twice is seen to by Append, whatever happens to a claim.
func (j *Journal) Claim(ctx context.Context, caller, key string, body []byte) (answered *Record, release func(), err error) {
	if key == "" {
		return nil, func() {}, nil
	}
	if err := errors.Join(plain("caller", caller), keySound(key)); err != nil {
		return nil, nil, err
	}
	name, hash := claim{caller, key}, sha256.Sum256(body)
	if err := j.claims.take(name, hash); err != nil {
		return nil, nil, err
	}
	free, held, err := j.ledger.hold(ctx, j.origin, caller, key)
	if err != nil || !held {
		j.claims.leave(name)
		if err == nil {
			return nil, nil, ErrInFlight
		}
		return nil, nil, unrecorded(err)
	}
	release = sync.OnceFunc(func() {
		free()
		j.claims.leave(name)
	})
	// Only now is it certain that nobody is about to record it.
	answered, err = j.answered(ctx, name, hash)
	if err != nil || answered != nil {
		release()
		return answered, nil, err
	}
	return nil, release, nil
}

func (j *Journal) answered(ctx context.Context, name claim, body [sha256.Size]byte) (*Record, error) {
	r, err := j.ledger.byKey(ctx, name.caller, name.key)
	if errors.Is(err, errNone) {
		return nil, nil
	}
	if err != nil {
		return nil, readFailure(err)
	}
	if r.RequestHash != body {
		return nil, ErrKeyReused
	}
	return r.intact()
}

// holdNumber makes a number of a key, as advisory locks need it. Two keys with one number would only seem in flight.
func holdNumber(origin, caller, key string) int64 {
	var name []byte
	for _, part := range []string{origin, caller, key} {
		name = appendField(name, []byte(part))
	}
	sum := sha256.Sum256(name)
	return int64(binary.BigEndian.Uint64(sum[:]))
}
