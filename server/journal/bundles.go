package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"greenchannel/server/problem"
)

// MaxBundleBytes is the largest archive that is kept.
const MaxBundleBytes = 64 << 20

// bundleTag opens what the hash of a kept bundle is made of, as leafTag does for a record.
const bundleTag = "greenchannel/journal/bundle/v1\n"

// KeptBundle is a bundle of policies, kept so that what it decided can be decided again.
type KeptBundle struct {
	// Digest is the word by which records name the bundle. What it covers is known to the caller alone: whoever reads an
	// archive back makes its digest anew, and so checks that it is the one that the record names.
	Digest string
	// Name and Revision are what the bundle says of itself.
	Name, Revision string
	// KeptAt is when it was first kept, in UTC; the journal sets it.
	KeptAt time.Time
	// Archive is the bundle, byte by byte.
	Archive []byte
}

// BundleUse is a kept bundle without its archive, and what it has decided. That it was put into force is no decision, but
// keeps it as one does.
type BundleUse struct {
	Digest, Name, Revision string
	KeptAt                 time.Time
	// Bytes is the length of the archive.
	Bytes int64
	// Records is how many decisions name the bundle; First and Last are the Seq of the first and the last, 0 for none.
	Records, First, Last uint64
	// Activations is how often it was put into force.
	Activations uint64
}

// storedBundle is a bundle as its row holds it.
type storedBundle struct {
	KeptBundle
	hash []byte
}

// ownHash is SHA-256 over everything that the row holds, framed as the fields of a leaf are.
func (b *KeptBundle) ownHash() [sha256.Size]byte {
	hash := sha256.New()
	hash.Write([]byte(bundleTag))
	for _, field := range [][]byte{[]byte(b.Digest), []byte(b.Name), []byte(b.Revision), number(b.KeptAt.UnixNano()), b.Archive} {
		hash.Write(appendField(nil, field))
	}
	return [sha256.Size]byte(hash.Sum(nil))
}

// intact gives the bundle of a row when it is what was kept.
func (b *storedBundle) intact() (KeptBundle, error) {
	if hash := b.ownHash(); !bytes.Equal(hash[:], b.hash) {
		return KeptBundle{}, &Damage{Field: "archive", Offset: -1, Detail: fmt.Sprintf(
			"the bundle %.100q does not have the hash under which it was kept", b.Digest)}
	}
	return b.KeptBundle, nil
}

// sound refuses what neither database could give back unchanged.
func (b *KeptBundle) sound() error {
	for _, text := range []struct{ name, value string }{
		{"digest of the bundle", b.Digest}, {"name of the bundle", b.Name}, {"revision of the bundle", b.Revision},
	} {
		if err := plain(text.name, text.value); err != nil {
			return err
		}
	}
	switch {
	case b.Digest == "":
		return errors.New("journal: a bundle is kept under its digest, and this one has none")
	case len(b.Archive) == 0:
		return fmt.Errorf("journal: the bundle %s has no archive", b.Digest)
	case len(b.Archive) > MaxBundleBytes:
		return problem.New(problem.TooLarge, fmt.Sprintf(
			"The archive of the bundle has %d bytes; the most that is kept is %d.", len(b.Archive), MaxBundleBytes))
	}
	return nil
}

// KeepBundle keeps a bundle under its digest, and returns when it is on disk. What is kept already with the same archive
// stays as it is; ErrBundleDiffers says that another archive stands under the digest, and a *Damage that the one that
// stands there is broken.
func (j *Journal) KeepBundle(ctx context.Context, b KeptBundle) error {
	if err := errors.Join(j.writable(), b.sound()); err != nil {
		return err
	}
	b.KeptAt = instant(j.now().UnixNano())
	for {
		if err := j.ledger.keepBundle(ctx, storedBundle{b, hashed(b)}); err != nil {
			return unrecorded(err)
		}
		switch there, err := j.Bundle(ctx, b.Digest); {
		case problem.Of(err) != nil && problem.Of(err).Kind == problem.NotFound && ctx.Err() == nil:
			continue // another process has pruned it in between
		case err != nil:
			return err
		case !bytes.Equal(there.Archive, b.Archive):
			return fmt.Errorf("bundle %s: %w", b.Digest, ErrBundleDiffers)
		}
		return nil
	}
}

func hashed(b KeptBundle) []byte {
	hash := b.ownHash()
	return hash[:]
}

// Bundle gives the bundle that is kept under a digest, or an error of kind NotFound. One that is not what was kept is
// never given: the error is a *Damage then.
func (j *Journal) Bundle(ctx context.Context, digest string) (KeptBundle, error) {
	stored, err := j.ledger.bundle(ctx, digest)
	if errors.Is(err, errNone) {
		return KeptBundle{}, problem.New(problem.NotFound, fmt.Sprintf("No bundle is kept under the digest %.100q.", digest))
	}
	if err != nil {
		return KeptBundle{}, readFailure(err)
	}
	return stored.intact()
}

// Bundles lists the kept bundles with what each has decided, in the order in which they were kept.
func (j *Journal) Bundles(ctx context.Context) ([]BundleUse, error) {
	kept, err := j.ledger.bundles(ctx)
	if err != nil {
		return nil, readFailure(err)
	}
	return kept, nil
}

// PruneBundles removes the bundles that no record names, but for those whose digests are given, and says which it has
// removed. It is to be told every bundle that is in use or about to be, on every node: one that is missed there has to be
// kept again before it can decide anything more (ErrBundleMissing).
func (j *Journal) PruneBundles(ctx context.Context, keep ...string) ([]string, error) {
	if err := j.writable(); err != nil {
		return nil, err
	}
	removed, err := j.ledger.pruneBundles(ctx, append([]string{}, keep...))
	if err != nil {
		return nil, unrecorded(err)
	}
	return removed, nil
}

// DropBundles removes those of the bundles given by digest that no record names, and says which it has removed. What is decided
// by one of them at this moment has to be kept again first, as with PruneBundles.
func (j *Journal) DropBundles(ctx context.Context, digests ...string) ([]string, error) {
	if err := j.writable(); err != nil {
		return nil, err
	}
	removed, err := j.ledger.dropBundles(ctx, append([]string{}, digests...))
	if err != nil {
		return nil, unrecorded(err)
	}
	return removed, nil
}

// writable says why nothing can be written, if that is so.
func (j *Journal) writable() error {
	if j.writer == nil {
		return ErrReadOnly
	}
	select {
	case <-j.closing:
		return ErrClosed
	default:
		return nil
	}
}

// bundleColumns lists the columns of a bundle in the order of scanBundle and of values.
const bundleColumns = "digest, name, revision, kept_at, hash, archive"

func (b *storedBundle) values() []any {
	return []any{b.Digest, b.Name, b.Revision, b.KeptAt.UnixNano(), b.hash, b.Archive}
}

// scanBundle reads the columns of a bundle.
func scanBundle(scan func(...any) error) (storedBundle, error) {
	var b storedBundle
	var keptAt int64
	err := scan(&b.Digest, &b.Name, &b.Revision, &keptAt, &b.hash, &b.Archive)
	b.KeptAt = instant(keptAt)
	return b, err
}

// bundleUses asks both databases the same: each number comes from an index by bundle, with a look at no more records than
// there are activations.
const bundleUses = `SELECT b.digest, b.name, b.revision, b.kept_at, length(b.archive),
		(SELECT count(*) FROM journal_records r WHERE r.bundle = b.digest),
		(SELECT count(*) FROM journal_records r WHERE r.bundle = b.digest AND r.kind = 'activation'),
		(SELECT r.seq FROM journal_records r WHERE r.bundle = b.digest AND r.kind <> 'activation' ORDER BY r.seq LIMIT 1),
		(SELECT r.seq FROM journal_records r WHERE r.bundle = b.digest AND r.kind <> 'activation' ORDER BY r.seq DESC LIMIT 1)
	FROM journal_bundles b ORDER BY b.kept_at, b.digest`

// scanUse reads the columns of bundleUses.
func scanUse(scan func(...any) error) (BundleUse, error) {
	var use BundleUse
	var keptAt, records, activations int64
	var first, last sql.NullInt64
	err := scan(&use.Digest, &use.Name, &use.Revision, &keptAt, &use.Bytes, &records, &activations, &first, &last)
	use.KeptAt, use.Records, use.Activations = instant(keptAt), uint64(records-activations), uint64(activations)
	use.First, use.Last = uint64(first.Int64), uint64(last.Int64)
	return use, err
}

// Activations gives what became of bundles: the records of that kind that stand before a place (0 is the end), the newest
// first, and at most limit of them, 512 at once.
func (j *Journal) Activations(ctx context.Context, before uint64, limit int) ([]*Record, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := j.ledger.activations(ctx, before, min(limit, pageRecords))
	if err != nil {
		return nil, readFailure(err)
	}
	found := make([]*Record, 0, len(rows))
	for i := range rows {
		record, err := rows[i].intact()
		if err != nil {
			return nil, err
		}
		found = append(found, record)
	}
	return found, nil
}

// activationsBefore asks for the newest activations, by the index that holds nothing else; the databases mark the two values
// that it takes in their own ways.
func activationsBefore(place, limit string) string {
	return "SELECT " + columns + " FROM journal_records WHERE kind = 'activation' AND seq < " + place + " ORDER BY seq DESC LIMIT " + limit
}
