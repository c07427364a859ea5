package server

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"greenchannel/server/bundle"
)

// Activation says which bundles may be put into force, and which one is in force at the start.
type Activation struct {
	// Keys are the public keys that bundles are signed with, in the shape of the keys block of OPA's configuration (JSON). With
	// none, nobody is asked for a signature.
	Keys []byte
	// StartEmbedded lets the bundle of the program answer first, whatever was activated last.
	StartEmbedded bool
}

// trust is whose signature lets a bundle in. The zero value asks nobody.
type trust struct {
	keys  *bundle.Keys
	asked bool
}

// newTrust reads the keys. That none of those that are configured can verify a bundle is no reason to ask nobody.
func newTrust(block []byte) (trust, error) {
	if len(block) == 0 || string(block) == "null" || string(block) == "{}" {
		return trust{}, nil
	}
	keys, err := bundle.ReadKeys(block)
	if err != nil {
		return trust{}, fmt.Errorf("keys: %w", err)
	}
	return trust{keys, true}, nil
}

// verified gives the signature of an unpacked archive; nil where nobody is asked for one.
func (t trust) verified(folder fs.FS) (*bundle.Signature, error) {
	if !t.asked {
		_, err := bundle.Signed(folder) // one in the wrong place is wrong all the same
		return nil, err
	}
	signature, err := t.keys.Verify(folder)
	if errors.Is(err, bundle.ErrUnsigned) {
		err = &bundle.FileError{File: ".signatures.json", Err: fmt.Errorf("is missing: %w", bundle.ErrUnsigned)}
	}
	if err != nil {
		return nil, err
	}
	return &signature, nil
}

// accepts says whether one of the signatures, which were verified when they came in, is by a key of today.
func (t trust) accepts(signatures []bundle.Signature) bool {
	return !t.asked || slices.ContainsFunc(signatures, t.keys.Knows)
}
