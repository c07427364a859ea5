package identity

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"

	"greenchannel/server/config"
	"greenchannel/server/problem"
)

const (
	longestKeySet = 1 << 20
	mostKeys      = 100
	weakestRSA    = 2048 // bits
	fetchTime     = 5 * time.Second
	fetchPause    = 30 * time.Second // between two questions to the server of the keys, whatever tokens say
	firstPause    = time.Second      // the same while there are no keys at all
)

// publicKey is a key of the issuer that signatures can be checked with.
type publicKey struct {
	id   string
	able []string // algorithms that it may be used with
	key  crypto.PublicKey
}

// keySource gives the public keys of the issuer. It is told which key is wanted, so that one that is new can be fetched.
type keySource interface {
	keys(ctx context.Context, wanted string) ([]publicKey, error)
}

func openKeys(c config.JWT, options Options) (keySource, error) {
	if !strings.Contains(c.JWKS, "://") {
		read, err := watch([]string{c.JWKS}, options.Log, options.Now, func() ([]publicKey, error) {
			text, err := os.ReadFile(c.JWKS)
			if err != nil {
				return nil, fmt.Errorf("read keys: %w", err)
			}
			return usable(text, c.JWKS)
		})
		return fileKeys{read}, err
	}
	transport := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: fetchTime,
		DisableKeepAlives:   true, // it is asked every few minutes
	}
	if c.JWKSCA != "" {
		pool, err := readPool(c.JWKSCA)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &fetchedKeys{
		url: c.JWKS, refresh: c.Refresh, maxStale: c.MaxStale, log: options.Log, now: options.Now,
		client: &http.Client{
			Transport: transport, Timeout: fetchTime,
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return errors.New("keys are not fetched from where somebody else points")
			},
		},
	}, nil
}

// fileKeys are the keys of a file.
type fileKeys struct{ file *watched[[]publicKey] }

func (f fileKeys) keys(context.Context, string) ([]publicKey, error) { return f.file.value(), nil }

// fetchedKeys are keys that are fetched when they are needed, and held for a while.
type fetchedKeys struct {
	url               string
	refresh, maxStale time.Duration
	client            *http.Client
	log               *slog.Logger
	now               func() time.Time

	held  atomic.Pointer[heldKeys]
	mu    sync.Mutex // one asks at a time; guards asked
	asked time.Time
}

type heldKeys struct {
	keys []publicKey
	at   time.Time
}

func (h *heldKeys) have(wanted string) bool {
	return wanted == "" || slices.ContainsFunc(h.keys, func(key publicKey) bool { return key.id == wanted })
}

func (f *fetchedKeys) keys(ctx context.Context, wanted string) ([]publicKey, error) {
	held, now := f.held.Load(), f.now()
	if held != nil && now.Sub(held.at) < f.refresh && held.have(wanted) {
		return held.keys, nil
	}
	if held != nil && held.have(wanted) && now.Sub(held.at) < f.maxStale {
		if !f.mu.TryLock() {
			return held.keys, nil // somebody asks already, and these will do meanwhile
		}
	} else {
		f.mu.Lock()
	}
	defer f.mu.Unlock()
	return f.renewed(ctx, wanted)
}

// renewed asks for the keys unless it was done a moment ago.
func (f *fetchedKeys) renewed(ctx context.Context, wanted string) ([]publicKey, error) {
	held, now := f.held.Load(), f.now()
	pause := fetchPause
	if held == nil {
		pause = firstPause
	}
	fresh := held != nil && now.Sub(held.at) < f.refresh && held.have(wanted)
	if !fresh && (f.asked.IsZero() || now.Sub(f.asked) >= pause) {
		f.asked = now
		fetched, err := f.fetch(ctx)
		if err != nil {
			f.log.Error("the keys of the issuer cannot be fetched", "url", f.url, "err", err)
		} else {
			held = &heldKeys{fetched, now}
			f.held.Store(held)
		}
	}
	if held == nil || now.Sub(held.at) >= f.maxStale {
		return nil, problem.New(problem.NotReady, "The keys that tokens are verified with cannot be had at present; try again.")
	}
	return held.keys, nil
}

func (f *fetchedKeys) fetch(ctx context.Context) ([]publicKey, error) {
	// Others wait for the same keys; they must not go without because the first of them went away.
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
	defer done()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil) //nolint:gosec // G704: the operator's own URL; no part of it comes from a request
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := f.client.Do(request) //nolint:gosec // G704: as above
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, longestKeySet+1))
	if err != nil {
		return nil, err
	}
	return usable(text, f.url)
}

// usable gives the keys of a set that signatures can be checked with. An issuer may publish others; those are passed over,
// a shared secret above all, since whoever knows that could sign.
func usable(text []byte, from string) ([]publicKey, error) {
	if len(text) > longestKeySet {
		return nil, fmt.Errorf("%s is longer than %d bytes", from, longestKeySet)
	}
	set, err := jwk.Parse(text, jwk.WithIgnoreParseError(true), jwk.WithMaxKeys(mostKeys))
	if err != nil {
		return nil, fmt.Errorf("%s is no set of JSON Web Keys: %w", from, err)
	}
	var found []publicKey
	for i := range set.Len() {
		key, _ := set.Key(i)
		if use, stated := key.KeyUsage(); stated && use != string(jwk.ForSignature) {
			continue
		}
		if private, err := jwk.IsPrivateKey(key); err != nil || private {
			continue // symmetric ones as well
		}
		if one := read(key); len(one.able) > 0 {
			found = append(found, one)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s holds no public key that signatures can be checked with: RSA of %d bits or more, EC, or Ed25519", from, weakestRSA)
	}
	return found, nil
}

// read tells what a key can be used with: what its kind and curve allow, and of that what it says itself, if it does.
func read(key jwk.Key) publicKey {
	var public any
	if err := jwk.Export(key, &public); err != nil {
		return publicKey{}
	}
	one := publicKey{key: public}
	one.id, _ = key.KeyID()
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= weakestRSA {
			one.able = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
		}
	case *ecdsa.PublicKey:
		one.able = map[elliptic.Curve][]string{elliptic.P256(): {"ES256"}, elliptic.P384(): {"ES384"}, elliptic.P521(): {"ES512"}}[k.Curve]
	case ed25519.PublicKey:
		one.able = []string{"EdDSA"}
	}
	if meant, stated := key.Algorithm(); stated {
		one.able = slices.DeleteFunc(slices.Clone(one.able), func(algorithm string) bool { return algorithm != meant.String() })
	}
	return one
}
