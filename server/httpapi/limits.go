package httpapi

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"greenchannel/server/identity"
)

const (
	retryField  = "Retry-After"
	mostBuckets = 10_000 // callers that are counted at the same time
)

// Limits bounds how often one caller may ask. A rate of zero is no limit.
type Limits struct {
	Rate  float64 // requests a second, on average
	Burst int     // requests at once
}

// limiter counts the requests of each caller; nil counts nothing.
type limiter struct {
	limits Limits
	now    func() time.Time

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

func newLimiter(limits Limits, now func() time.Time) *limiter {
	if limits.Rate <= 0 {
		return nil
	}
	limits.Burst = max(limits.Burst, 1)
	return &limiter{limits: limits, now: now, buckets: map[string]*rate.Limiter{}}
}

// take counts a request and tells the caller how many it has left; false when it had none. Who is not known is counted by
// its address.
func (l *limiter) take(c *gin.Context, caller identity.Caller) bool {
	if l == nil {
		return true
	}
	now := l.now()
	bucket := l.bucket(bucketOf(caller, c.Request.RemoteAddr), now)
	taken := bucket.AllowN(now, 1)
	left := max(bucket.TokensAt(now), 0)
	full := math.Ceil((float64(l.limits.Burst) - left) / l.limits.Rate)
	// RateLimit fields as draft-ietf-httpapi-ratelimit-headers has them: the quota and its window, what is left and until when.
	c.Header("RateLimit-Policy", fmt.Sprintf(`"caller";q=%d;w=%.0f`, l.limits.Burst, math.Ceil(float64(l.limits.Burst)/l.limits.Rate)))
	c.Header("RateLimit", fmt.Sprintf(`"caller";r=%.0f;t=%.0f`, math.Floor(left), full))
	if !taken {
		c.Header(retryField, strconv.Itoa(max(1, int(math.Ceil((1-left)/l.limits.Rate)))))
	}
	return taken
}

func (l *limiter) bucket(key string, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.buckets[key]; known != nil {
		return known
	}
	if len(l.buckets) >= mostBuckets {
		l.forget(now)
	}
	made := rate.NewLimiter(rate.Limit(l.limits.Rate), l.limits.Burst)
	l.buckets[key] = made
	return made
}

// forget lets go of callers that have not asked for long, which are those with everything left; of all, if there are none.
func (l *limiter) forget(now time.Time) {
	for key, bucket := range l.buckets {
		if bucket.TokensAt(now) >= float64(l.limits.Burst) {
			delete(l.buckets, key)
		}
	}
	if len(l.buckets) >= mostBuckets {
		clear(l.buckets)
	}
}

// bucketOf is what a caller is counted under. Of an IPv6 address only the network counts, since one machine has many.
func bucketOf(caller identity.Caller, remote string) string {
	if caller.Known() {
		return "caller " + caller.Name
	}
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return "address " + remote
	}
	at := peer.Addr().Unmap()
	if at.Is6() {
		if network, err := at.Prefix(64); err == nil {
			return "address " + network.String()
		}
	}
	return "address " + at.String()
}
