package journal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
)

// Report is what Verify has checked.
type Report struct {
	// Records, Checkpoints and Bundles is how many were found sound, Root the hash of the tree over all those records.
	Records, Checkpoints, Bundles uint64
	Root                          Hash
	// Signers lists, by their name and hash in a note, the keys that signed the checkpoints.
	Signers []string
}

// Verify checks everything that the journal held when it began: that the database finds its own files sound; every record
// against its leaf hash, its place, its instant and the hash of its input; every stored hash of the tree; every checkpoint
// that was kept, that of the end and the one kept beside the journal, with their signatures; every bundle that is kept, and
// that none is missing which a record names. The first thing that is wrong is a *Damage, which names record, field and byte
// as far as that can be told; the report says how far all was well. progress, when set, is told now and then. The journal
// goes on recording meanwhile.
func (j *Journal) Verify(ctx context.Context, progress func(done, total uint64)) (Report, error) {
	known, err := j.trust(ctx)
	if err != nil {
		return Report{}, readFailure(err)
	}
	// The witness comes first: what is recorded after it was read must not look like what the journal lacks.
	witness, err := j.folder.witness()
	if err != nil {
		return Report{}, readFailure(err)
	}
	end, err := j.ledger.head(ctx)
	if err != nil {
		return Report{}, readFailure(err)
	}
	v := verifier{ledger: j.ledger, trust: known, lastDue: -1, needed: map[string]uint64{}}
	err = v.records(ctx, end, progress)
	if err == nil {
		err = v.rest(ctx, end)
	}
	if err == nil {
		err = v.bundles(ctx)
	}
	if err == nil {
		err = asWitnessed(j.agreesWithWitness(ctx, known, witness, end.edge.size))
	}
	if err != nil {
		return v.report, readFailure(err)
	}
	return v.report, nil
}

// asWitnessed makes what the checkpoint beside the journal shows a Damage of the journal.
func asWitnessed(err error) error {
	_, lacks := errors.AsType[errLacking](err)
	_, unsound := errors.AsType[*Refusal](err)
	if lacks || unsound {
		return &Damage{Field: witnessFile, Offset: -1, Detail: err.Error()}
	}
	return err
}

// verifier goes through a journal from the first record.
type verifier struct {
	ledger ledger
	trust  trust
	report Report
	edge   frontier
	lastAt int64
	// needed are the bundles that records name, each with the first record that does.
	needed map[string]uint64
	// due are checkpoints read ahead, up to the size lastDue; noMore says that those were all.
	due     []kept
	lastDue int64
	noMore  bool
}

// records checks each record, and each checkpoint as soon as the tree has its size.
func (v *verifier) records(ctx context.Context, end head, progress func(done, total uint64)) error {
	total := end.edge.size
	if err := v.checkpoints(ctx); err != nil {
		return err
	}
	for v.edge.size < total {
		limit := int(min(total-v.edge.size, pageRecords))
		page, err := v.ledger.page(ctx, v.edge.size, limit)
		for i := range page {
			if err := v.record(&page[i]); err != nil {
				return err
			}
			if err := v.checkpoints(ctx); err != nil {
				return err
			}
		}
		if err == nil && len(page) == 0 {
			err = &Damage{Seq: v.edge.size + 1, Field: "seq", Offset: -1, Detail: "the record is missing"}
		}
		if err != nil {
			return err
		}
		if progress != nil {
			progress(v.edge.size, total)
		}
	}
	return nil
}

// record checks one row against the tree so far.
func (v *verifier) record(r *row) error {
	if want := v.edge.size + 1; r.Seq != want {
		return &Damage{Seq: want, Field: "seq", Offset: -1, Detail: fmt.Sprintf("the record is missing; number %d follows", r.Seq)}
	}
	record, err := r.intact()
	if err != nil {
		return err
	}
	wrong := func(field string, offset int, detail string) error {
		return &Damage{Seq: r.Seq, ID: r.ID, Field: field, Offset: int64(offset), Detail: detail}
	}
	input := sha256.Sum256(record.Input)
	switch {
	case record.RequestHash != input:
		return wrong("request_hash", differ(record.RequestHash[:], input[:]), "is not the hash of the input")
	case record.At.UnixNano() <= v.lastAt:
		return wrong("at", -1, "is not after the record before it")
	case !record.Kind.known():
		return wrong("kind", -1, fmt.Sprintf("%q is unknown", record.Kind))
	}
	if sums := record.sums(); !bytes.Equal(sums, r.sums) {
		return wrong("sums", differ(r.sums, sums), "is not the check sum of the record, which has its leaf hash")
	}
	edge, stored, err := v.edge.grow(record.Hash())
	if err != nil {
		return err
	}
	if tree := joined(stored); !bytes.Equal(tree, r.tree) {
		return wrong("tree", differ(r.tree, tree), "is not the stored hash of the tree up to here")
	}
	if _, named := v.needed[record.Bundle]; !named && record.Bundle != "" {
		v.needed[record.Bundle] = record.Seq
	}
	v.edge, v.lastAt = edge, record.At.UnixNano()
	v.report.Records, v.report.Root = edge.size, edge.root()
	return nil
}

// checkpoints checks those that were kept at the size that the tree has now.
func (v *verifier) checkpoints(ctx context.Context) error {
	for {
		if len(v.due) == 0 && !v.noMore {
			due, err := v.ledger.checkpoints(ctx, v.lastDue, pageRecords)
			if err != nil {
				return err
			}
			v.due, v.noMore = due, len(due) < pageRecords
			if len(due) > 0 {
				v.lastDue = due[len(due)-1].size
			}
		}
		if len(v.due) == 0 || v.due[0].size > int64(v.edge.size) {
			return nil
		}
		if err := v.signed(fmt.Sprintf("the checkpoint kept at %d", v.due[0].size), v.due[0].note, v.edge); err != nil {
			return err
		}
		v.due = v.due[1:]
	}
}

// signed checks one checkpoint against the tree at its size.
func (v *verifier) signed(what string, signed []byte, edge frontier) error {
	c, by, err := v.trust.open(signed)
	if err != nil {
		return &Damage{Field: "note", Offset: -1, Detail: what + " is not sound", cause: err}
	}
	if c.size != edge.size || c.root != edge.root() {
		return &Damage{Field: "note", Offset: -1, Detail: fmt.Sprintf(
			"%s states %d records with the root %s, and there are %d with %s", what, c.size, c.root, edge.size, edge.root())}
	}
	v.report.Checkpoints++
	v.sawSigners(by)
	return nil
}

func (v *verifier) sawSigners(by []note.Signature) {
	for _, s := range by {
		name := fmt.Sprintf("%s+%08x", s.Name, s.Hash)
		if !slices.Contains(v.report.Signers, name) {
			v.report.Signers = append(v.report.Signers, name)
		}
	}
}

// rest checks the end, that nothing stands outside the tree, and the database's own view of its files.
func (v *verifier) rest(ctx context.Context, end head) error {
	if err := v.signed("the checkpoint of the end", end.note, v.edge); err != nil {
		return err
	}
	if !slices.Equal(end.edge.nodes, v.edge.nodes) {
		return &Damage{Field: "edge", Offset: int64(differ(end.edge.bytes(), v.edge.bytes())), Detail: "of the head is not the edge of the tree"}
	}
	if end.edge.size > 0 && end.lastAt != v.lastAt {
		return &Damage{Field: "at", Offset: -1, Detail: "of the head is not that of the last record"}
	}
	first, last, size, err := v.ledger.extent(ctx)
	if err != nil {
		return err
	}
	if first > 1 || last != size {
		return &Damage{Field: "seq", Offset: -1, Detail: fmt.Sprintf("records stand from %d to %d, and the end states %d", first, last, size)}
	}
	strays, err := v.ledger.checkpoints(ctx, int64(size), 1)
	if err != nil {
		return err
	}
	after, err := v.ledger.head(ctx)
	if err != nil {
		return err
	}
	if len(strays) > 0 && uint64(strays[0].size) > after.edge.size {
		return &Damage{Field: "note", Offset: -1, Detail: fmt.Sprintf("a checkpoint is kept at %d, past the end %d", strays[0].size, after.edge.size)}
	}
	return v.ledger.audit(ctx, false)
}

// bundles checks that every bundle which a record names is there, and every one that is there against its hash.
func (v *verifier) bundles(ctx context.Context) error {
	kept, err := v.ledger.bundles(ctx)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	for _, b := range kept {
		there[b.Digest] = true
	}
	var missing *Damage // the first
	for digest, seq := range v.needed {
		if !there[digest] && (missing == nil || seq < missing.Seq) {
			missing = &Damage{Seq: seq, Field: "bundle", Offset: -1, Detail: fmt.Sprintf("%.100q is not kept, so nobody can decide the record again", digest)}
		}
	}
	if missing != nil {
		return missing
	}
	for _, b := range kept {
		first, needed := v.needed[b.Digest]
		stored, err := v.ledger.bundle(ctx, b.Digest)
		if errors.Is(err, errNone) && !needed {
			continue // it was pruned meanwhile
		}
		if err == nil {
			_, err = stored.intact()
		}
		if damage, damaged := errors.AsType[*Damage](err); damaged {
			damage.Seq = first
		}
		if err != nil {
			return err
		}
		v.report.Bundles++
	}
	return nil
}

// differ is the first byte in which two values differ; -1 for none.
func differ(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	if len(a) == len(b) {
		return -1
	}
	return min(len(a), len(b))
}
