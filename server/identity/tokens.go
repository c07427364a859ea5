package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"

	"greenchannel/server/problem"
)

const (
	sha256Prefix   = "sha256:"
	longestBcrypt  = 72  // bytes of a password that bcrypt looks at
	strongestCost  = 14  // a check takes about a second
	weakestCost    = 10  // as bcrypt's own default
	mostChecks     = 2   // passwords that are checked at the same time, so that guessing does not take all the processors
	mostRemembered = 256 // passwords that were right, so that a caller is not slowed down by each request
)

// tokens knows callers by static tokens. A random token is kept as its SHA-256 and sent as `Authorization: Bearer`; a
// password, which could be guessed, is kept as bcrypt and sent with the name as `Authorization: Basic`.
type tokens struct {
	file     *watched[*tokenFile]
	checking chan struct{}
}

// tokenFile is a file of tokens as it was read.
type tokenFile struct {
	entries map[string]entry
	digests []digest
	// standIn is checked for a name that is not known, so that the time does not tell which names are; nil without passwords.
	standIn []byte

	mu         sync.Mutex
	remembered map[[sha256.Size]byte]bool
}

type digest struct {
	name string
	sum  [sha256.Size]byte
}

func openTokens(file string, log *slog.Logger, now func() time.Time) (*tokens, error) {
	read, err := watch([]string{file}, log, now, func() (*tokenFile, error) { return readTokens(file) })
	if err != nil {
		return nil, err
	}
	return &tokens{file: read, checking: make(chan struct{}, mostChecks)}, nil
}

func readTokens(file string) (*tokenFile, error) {
	entries, err := readEntries(file, true)
	if err != nil {
		return nil, err
	}
	read := &tokenFile{entries: entries, remembered: map[[sha256.Size]byte]bool{}}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if err := read.add(name, entries[name].Hash); err != nil {
			faults = append(faults, fmt.Errorf("%s: %q: %w", file, name, err))
		}
	}
	return read, errors.Join(faults...)
}

func (f *tokenFile) add(name, hash string) error {
	if text, ok := strings.CutPrefix(hash, sha256Prefix); ok {
		sum, err := hex.DecodeString(text)
		if err != nil || len(sum) != sha256.Size {
			return errors.New("sha256: has to be followed by 64 hexadecimal digits, such as sha256sum prints")
		}
		for _, other := range f.digests {
			if [sha256.Size]byte(sum) == other.sum {
				return fmt.Errorf("has the same token as %q, so that they cannot be told apart", other.name)
			}
		}
		f.digests = append(f.digests, digest{name, [sha256.Size]byte(sum)})
		return nil
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return errors.New("hash has to be sha256:… or a bcrypt hash, such as htpasswd -nBC 12 prints; a token never stands in the file itself")
	case cost < weakestCost || cost > strongestCost:
		return fmt.Errorf("the cost of the bcrypt hash is %d; it has to be %d to %d", cost, weakestCost, strongestCost)
	}
	f.standIn = []byte(hash)
	return nil
}

// bearer finds whose token it is. All are compared, and each in the same time whatever the token.
func (t *tokens) bearer(token string) (Caller, error) {
	file := t.file.value()
	sum := sha256.Sum256([]byte(token))
	found := -1
	for i := range file.digests {
		found = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(sum[:], file.digests[i].sum[:]), i, found)
	}
	if found < 0 {
		return Caller{}, refused("The token is not known.")
	}
	return file.caller(file.digests[found].name), nil
}

// basic checks the token or password of a name.
func (t *tokens) basic(ctx context.Context, name, secret string) (Caller, error) {
	file := t.file.value()
	hash := file.entries[name].Hash
	if text, ok := strings.CutPrefix(hash, sha256Prefix); ok {
		sum := sha256.Sum256([]byte(secret))
		if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(text))) == 1 {
			return file.caller(name), nil
		}
		return Caller{}, errWrongPassword()
	}
	known := hash != ""
	if !known {
		hash = string(file.standIn)
	}
	right, err := t.check(ctx, file, hash, secret)
	if err != nil {
		return Caller{}, err
	}
	if !known || !right {
		return Caller{}, errWrongPassword()
	}
	return file.caller(name), nil
}

func errWrongPassword() error { return refused("The name is not known, or the password is wrong.") }

// check compares a password with a bcrypt hash. What was right is remembered until the file changes.
func (t *tokens) check(ctx context.Context, file *tokenFile, hash, secret string) (bool, error) {
	if hash == "" || len(secret) > longestBcrypt {
		return false, nil
	}
	key := sha256.Sum256([]byte(hash + "\x00" + secret))
	file.mu.Lock()
	right := file.remembered[key]
	file.mu.Unlock()
	if right {
		return true, nil
	}
	select {
	case t.checking <- struct{}{}:
		defer func() { <-t.checking }()
	case <-ctx.Done():
		return false, problem.Wrap(ctx.Err(), problem.Cancelled, "The request was called off before it was known who calls.")
	}
	if bcrypt.CompareHashAndPassword([]byte(hash), []byte(secret)) != nil {
		return false, nil
	}
	file.mu.Lock()
	defer file.mu.Unlock()
	if len(file.remembered) >= mostRemembered {
		clear(file.remembered)
	}
	file.remembered[key] = true
	return true, nil
}

func (f *tokenFile) caller(name string) Caller {
	e := f.entries[name]
	return Caller{Name: name, Roles: e.Roles, Exporter: e.Exporter, Method: ByToken}
}
