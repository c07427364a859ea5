package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A checkpoint states the size and the root of a log in three lines: the log's name, the number of records and the root
// in base64 (the tlog-checkpoint format). Signed as a sumdb note, it commits its signer to every record up to there.
type checkpoint struct {
	origin string
	size   uint64
	root   Hash
}

func (c checkpoint) text() string { return fmt.Sprintf("%s\n%d\n%s\n", c.origin, c.size, c.root) }

// readCheckpoint reads the text of a note, which must be in the one form in which it is written.
func readCheckpoint(text string) (checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return checkpoint{}, errors.New("a checkpoint has three lines: name, size, root")
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return checkpoint{}, fmt.Errorf("the size %q of the checkpoint is no number", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return checkpoint{}, fmt.Errorf("the root %q of the checkpoint is no hash", lines[2])
	}
	c := checkpoint{lines[0], size, root}
	if c.text() != text {
		return checkpoint{}, errors.New("the checkpoint is not written in its one form")
	}
	return c, nil
}

// signer signs checkpoints in the name of one journal.
type signer struct {
	note.Signer
	// verifier is the public key, in the form that sumdb/note reads.
	verifier string
}

// sign gives the note of a checkpoint.
func (s signer) sign(c checkpoint) ([]byte, error) {
	return note.Sign(&note.Note{Text: c.text()}, s.Signer)
}

// newSignerKey makes a private key for a log.
func newSignerKey(origin string) (string, error) {
	private, _, err := note.GenerateKey(rand.Reader, origin)
	return private, err
}

// readSigner reads a private key.
func readSigner(private string) (signer, error) {
	s, err := note.NewSigner(private)
	if err != nil {
		return signer{}, err
	}
	// The form is PRIVATE+KEY+name+hash+base64 of a byte 1 and the seed; note gives no other way to the public half.
	parts := strings.SplitN(private, "+", 5)
	key, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(key) != 1+ed25519.SeedSize {
		return signer{}, errors.New("the key is no ed25519 key")
	}
	public := ed25519.NewKeyFromSeed(key[1:]).Public().(ed25519.PublicKey)
	verifier, err := note.NewEd25519VerifierKey(s.Name(), public)
	return signer{s, verifier}, err
}

// trust is the set of public keys whose checkpoints are believed.
type trust struct {
	origin string
	known  note.Verifiers
}

// newTrust reads public keys. Each must speak for the log.
func newTrust(origin string, keys []string) (trust, error) {
	var verifiers []note.Verifier
	for _, key := range keys {
		v, err := note.NewVerifier(key)
		if err != nil {
			return trust{}, fmt.Errorf("the public key %q cannot be read: %w", key, err)
		}
		if v.Name() != origin {
			return trust{}, fmt.Errorf("the public key %q is of the log %q, and this is %q", key, v.Name(), origin)
		}
		verifiers = append(verifiers, v)
	}
	return trust{origin, note.VerifierList(verifiers...)}, nil
}

// open checks the signature and the form of a note, and gives its checkpoint and the public keys that signed it.
func (t trust) open(signed []byte) (checkpoint, []note.Signature, error) {
	opened, err := note.Open(signed, t.known)
	if err != nil {
		return checkpoint{}, nil, err
	}
	c, err := readCheckpoint(opened.Text)
	if err != nil {
		return checkpoint{}, nil, err
	}
	if c.origin != t.origin {
		return checkpoint{}, nil, fmt.Errorf("the checkpoint is of the log %q, and this is %q", c.origin, t.origin)
	}
	if !asWritten(opened, signed) {
		return checkpoint{}, nil, errors.New("the note is not as it was written")
	}
	return c, opened.Sigs, nil
}

// asWritten says whether a note holds nothing that note.Open overlooks: signatures of nobody known, signatures given
// twice, and the bits of base64 that mean nothing.
func asWritten(opened *note.Note, signed []byte) bool {
	for _, s := range opened.Sigs {
		raw, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil || base64.StdEncoding.EncodeToString(raw) != s.Base64 {
			return false
		}
	}
	again, err := note.Sign(opened)
	return err == nil && len(opened.UnverifiedSigs) == 0 && bytes.Equal(again, signed)
}

// newOrigin names a new log. The random part keeps two logs of one owner apart.
func newOrigin() string { return "greenchannel/journal/" + strings.ToLower(rand.Text()) }
