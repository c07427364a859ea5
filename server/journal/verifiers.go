package journal

import (
	"context"

	"golang.org/x/mod/sumdb/note"
)

// Verifiers lists the public keys that are entered in the journal, in the form that sumdb/note reads: those of all nodes
// that have written to it. They are as trustworthy as the journal itself; who wants to check it keeps them elsewhere.
func (j *Journal) Verifiers(ctx context.Context) ([]string, error) {
	keys, err := j.ledger.signers(ctx)
	if err != nil {
		return nil, readFailure(err)
	}
	return keys, nil
}

// CheckVerifier says why a text is no public key, if it is none.
func CheckVerifier(key string) error {
	_, err := note.NewVerifier(key)
	return err
}
