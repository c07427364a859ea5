package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"pgregory.net/rapid"

	"greenchannel/server/store"
)

// machine does the same at random to our store and to OPA's. In our store, a transaction makes many writes. In OPA's,
// each of them is a transaction of its own on a copy that is thrown away at an abort, because OPA's store loses some
// combinations of writes inside one transaction (TestDifferences); what a sequence of writes means is the same.
type machine struct {
	ctx     context.Context
	ours    *store.Store
	theirs  storage.Store // the state after the last commit
	scratch storage.Store // the state inside the open transaction
	writer  storage.Transaction
	readers []reader
}

// reader is a transaction of ours, and everything that was to be read when it was opened.
type reader struct {
	txn      storage.Transaction
	data     any
	policies map[string]string
}

func TestRandomSequencesAsOPAsStore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := map[string]any{"a": map[string]any{"b": map[string]any{}, "1": []any{"x", map[string]any{"a": nil}}}, "0": "leaf"}
		ours, err := store.New(cloned(start))
		if err != nil {
			t.Fatal(err)
		}
		m := &machine{ctx: t.Context(), ours: ours, theirs: inmem.NewFromObject(cloned(start))}
		t.Repeat(map[string]func(*rapid.T){
			"write":      m.write,
			"write more": m.write,
			"make a dir": m.makeDir,
			"read":       m.read,
			"policy":     m.policy,
			"end":        m.end,
			"open":       m.open,
			"":           m.check,
		})
	})
}

// begin opens a transaction on both sides, unless one is open.
func (m *machine) begin(t *rapid.T) {
	if m.writer != nil {
		return
	}
	txn, err := m.ours.NewTransaction(m.ctx, storage.WriteParams)
	if err != nil {
		t.Fatal(err)
	}
	m.writer, m.scratch = txn, inmem.NewFromObject(m.all(t, m.theirs).(map[string]any))
	for id, source := range m.allPolicies(t, m.theirs) {
		if err := m.alone(m.scratch, func(txn storage.Transaction) error {
			return m.scratch.UpsertPolicy(m.ctx, txn, id, []byte(source))
		}); err != nil {
			t.Fatal(err)
		}
	}
}

func (m *machine) alone(s storage.Store, do func(storage.Transaction) error) error {
	return storage.Txn(m.ctx, s, storage.WriteParams, do)
}

func (m *machine) write(t *rapid.T) {
	m.begin(t)
	op := rapid.SampledFrom([]storage.PatchOp{storage.AddOp, storage.AddOp, storage.ReplaceOp, storage.RemoveOp}).Draw(t, "op")
	at, value := anyPath(t), anyValue(t, 2)
	err := m.ours.Write(m.ctx, m.writer, op, at, copied(value))
	same(t, "write "+at.String(), m.alone(m.scratch, func(txn storage.Transaction) error {
		return m.scratch.Write(m.ctx, txn, op, at, copied(value))
	}), err)
}

func (m *machine) makeDir(t *rapid.T) {
	m.begin(t)
	at := anyPath(t)
	err := storage.MakeDir(m.ctx, m.ours, m.writer, at)
	var conflict *storage.Error
	if errors.As(err, &conflict) {
		// OPA's store makes the parents before it finds out; whoever made the transaction aborts it then.
		same(t, "make "+at.String(), m.alone(m.scratch, func(txn storage.Transaction) error {
			return storage.MakeDir(m.ctx, m.scratch, txn, at)
		}), err)
		m.finish(t, false)
		return
	}
	same(t, "make "+at.String(), m.alone(m.scratch, func(txn storage.Transaction) error {
		return storage.MakeDir(m.ctx, m.scratch, txn, at)
	}), err)
}

func (m *machine) read(t *rapid.T) {
	at := anyPath(t)
	ours, err := storage.ReadOne(m.ctx, m.ours, at)
	theirs, theirErr := storage.ReadOne(m.ctx, m.theirs, at)
	same(t, "read "+at.String(), theirErr, err)
	equal(t, "read "+at.String(), theirs, inGo(t, ours))
	if m.writer == nil {
		return
	}
	ours, err = m.ours.Read(m.ctx, m.writer, at)
	theirs, theirErr = storage.ReadOne(m.ctx, m.scratch, at)
	same(t, "read back "+at.String(), theirErr, err)
	equal(t, "read back "+at.String(), theirs, inGo(t, ours))
}

func (m *machine) policy(t *rapid.T) {
	m.begin(t)
	id := rapid.SampledFrom([]string{"p", "q/r.rego", ""}).Draw(t, "id")
	if rapid.Bool().Draw(t, "delete") {
		err := m.ours.DeletePolicy(m.ctx, m.writer, id)
		same(t, "delete "+id, m.alone(m.scratch, func(txn storage.Transaction) error { return m.scratch.DeletePolicy(m.ctx, txn, id) }), err)
		return
	}
	source := []byte("package p" + strconv.Itoa(rapid.IntRange(0, 9).Draw(t, "source")))
	err := m.ours.UpsertPolicy(m.ctx, m.writer, id, source)
	same(t, "keep "+id, m.alone(m.scratch, func(txn storage.Transaction) error { return m.scratch.UpsertPolicy(m.ctx, txn, id, source) }), err)
}

func (m *machine) end(t *rapid.T) {
	if m.writer == nil {
		t.Skip("no transaction is open")
	}
	m.finish(t, rapid.Bool().Draw(t, "commit"))
}

func (m *machine) finish(t *rapid.T, commit bool) {
	if commit {
		if err := m.ours.Commit(m.ctx, m.writer); err != nil {
			t.Fatal(err)
		}
		m.theirs = m.scratch
	} else {
		m.ours.Abort(m.ctx, m.writer)
	}
	m.writer, m.scratch = nil, nil
}

func (m *machine) open(t *rapid.T) {
	txn, err := m.ours.NewTransaction(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	m.readers = append(m.readers, reader{txn: txn, data: m.all(t, m.theirs), policies: m.allPolicies(t, m.theirs)})
	if len(m.readers) > 4 {
		m.ours.Abort(m.ctx, m.readers[0].txn)
		m.readers = m.readers[1:]
	}
}

// check holds after every step: each reader still sees all that it saw first, and a new one what OPA's store has.
func (m *machine) check(t *rapid.T) {
	txn, err := m.ours.NewTransaction(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer m.ours.Abort(m.ctx, txn)
	now := reader{txn: txn, data: m.all(t, m.theirs), policies: m.allPolicies(t, m.theirs)}
	for _, r := range append(slices.Clone(m.readers), now) {
		data, err := m.ours.Read(m.ctx, r.txn, storage.RootPath)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "data", r.data, inGo(t, data))
		equal(t, "policies", r.policies, policiesOf(t, m.ours, r.txn))
	}
}

func (m *machine) all(t *rapid.T, s storage.Store) any {
	data, err := storage.ReadOne(m.ctx, s, storage.RootPath)
	if err != nil {
		t.Fatal(err)
	}
	return copied(data) // OPA's store changes what it gave out
}

func (m *machine) allPolicies(t *rapid.T, s storage.Store) map[string]string {
	txn, err := s.NewTransaction(m.ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Abort(m.ctx, txn)
	return policiesOf(t, s, txn)
}

func policiesOf(t *rapid.T, s storage.Store, txn storage.Transaction) map[string]string {
	ids, err := s.ListPolicies(t.Context(), txn)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, id := range ids {
		source, err := s.GetPolicy(t.Context(), txn, id)
		if err != nil {
			t.Fatal(err)
		}
		all[id] = string(source)
	}
	return all
}

func same(t *rapid.T, what string, theirs, ours error) {
	t.Helper()
	if diff := cmp.Diff(text(theirs), text(ours)); diff != "" {
		t.Fatalf("%s: errors differ (-OPA's store, +ours):\n%s", what, diff)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func equal(t *rapid.T, what string, theirs, ours any) {
	t.Helper()
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Fatalf("%s differs (-OPA's store, +ours):\n%s", what, diff)
	}
}

func copied(value any) any {
	switch value := value.(type) {
	case map[string]any:
		made := make(map[string]any, len(value))
		for k, v := range value {
			made[k] = copied(v)
		}
		return made
	case []any:
		made := make([]any, len(value))
		for i, v := range value {
			made[i] = copied(v)
		}
		return made
	}
	return value
}

func anyPath(t *rapid.T) storage.Path {
	keys := rapid.SampledFrom([]string{"a", "b", "a", "b", "0", "1", "2", "-", "sp ace/ü"})
	return rapid.SliceOfN(keys, 0, 4).Draw(t, "path")
}

func anyValue(t *rapid.T, depth int) any {
	kinds := 5
	if depth > 0 {
		kinds = 7
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.Bool().Draw(t, "bool")
	case 2:
		return json.Number(rapid.SampledFrom([]string{"0", "-7", "1.5", "12345678901234567890"}).Draw(t, "number"))
	case 3, 4:
		return rapid.SampledFrom([]string{"", "text", "电机"}).Draw(t, "text")
	case 5:
		list := []any{}
		for range rapid.IntRange(0, 3).Draw(t, "length") {
			list = append(list, anyValue(t, depth-1))
		}
		return list
	default:
		object := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(t, "size") {
			object[rapid.SampledFrom([]string{"a", "b", "0", "1"}).Draw(t, "key")] = anyValue(t, depth-1)
		}
		return object
	}
}

// Writers keep two places equal in one transaction; no reader may ever see them differ, see a count go back, or see a
// transaction that was aborted. Run with -race it also shows that sharing the tree is safe.
func TestReadersSeeWholeCommitsOnly(t *testing.T) {
	const writers, rounds = 4, 50
	ctx, s := t.Context(), filled(t, map[string]any{"one": map[string]any{"n": 0}, "other": map[string]any{"n": 0}})
	stop := make(chan struct{})
	var readers, writing sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			last := int64(-1)
			for {
				if err := storage.Txn(ctx, s, storage.TransactionParams{}, func(txn storage.Transaction) error {
					seen, err := pairSeen(ctx, s, txn)
					if err != nil {
						return err
					}
					if seen < last {
						return fmt.Errorf("the count went back from %d to %d", last, seen)
					}
					last = seen
					return nil
				}); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for range writers {
		writing.Go(func() {
			for range rounds {
				if err := bump(ctx, s); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	readers.Wait()
	if err := storage.Txn(ctx, s, storage.TransactionParams{}, func(txn storage.Transaction) error {
		if n, err := pairSeen(ctx, s, txn); err != nil || n != writers*rounds {
			return fmt.Errorf("%d commits are counted, want %d (%w)", n, writers*rounds, err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// bump aborts a transaction that breaks the pair, and commits one that keeps it.
func bump(ctx context.Context, s *store.Store) error {
	txn, err := s.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		return err
	}
	if err := s.Write(ctx, txn, storage.AddOp, path("/one/n"), -1); err != nil {
		return err
	}
	s.Abort(ctx, txn)
	return storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) error {
		n, err := pairSeen(ctx, s, txn)
		if err != nil {
			return err
		}
		for _, place := range []string{"/one/n", "/other/n"} {
			if err := s.Write(ctx, txn, storage.ReplaceOp, path(place), n+1); err != nil {
				return err
			}
		}
		return nil
	})
}

func pairSeen(ctx context.Context, s storage.Store, txn storage.Transaction) (int64, error) {
	var seen []int64
	for _, at := range []string{"/one/n", "/other/n"} {
		value, err := s.Read(ctx, txn, path(at))
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(fmt.Sprint(value), 10, 64)
		if err != nil {
			return 0, err
		}
		seen = append(seen, n)
	}
	whole, err := s.Read(ctx, txn, storage.RootPath)
	if err != nil {
		return 0, err
	}
	if seen[0] != seen[1] {
		return 0, fmt.Errorf("a reader sees half a commit: %v in %v", seen, whole)
	}
	return seen[0], nil
}
