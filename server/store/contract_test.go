package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

func path(text string) storage.Path { return storage.MustParsePath(text) }

// inGo makes what either store answers comparable: JSON in Go's types.
func inGo(t fataler, value any) any {
	t.Helper()
	if value, ok := value.(ast.Value); ok {
		plain, err := ast.JSON(value)
		if err != nil {
			t.Fatalf("%v", err)
		}
		return plain
	}
	return value
}

// fataler is what *testing.T and *rapid.T share of what the tests here need.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// outcome is what came of doing something to a store: a value, an error or a panic, all comparable.
type outcome struct {
	Value any
	Error string
	Panic string
}

func try(t fataler, s storage.Store, do func(storage.Store) (any, error)) (came outcome) {
	defer func() {
		if p := recover(); p != nil {
			came = outcome{Panic: fmt.Sprint(p)}
		}
	}()
	value, err := do(s)
	came.Value = inGo(t, value)
	if err != nil {
		came.Error = err.Error()
	}
	return came
}

// document is what the stores of these tests hold.
func document() map[string]any {
	return map[string]any{
		"a": map[string]any{"b": map[string]any{"c": "deep"}, "null": nil},
		"e": []any{},
		"l": []any{"zero", map[string]any{"k": "v"}, "two"},
		"n": "leaf",
	}
}

// reading, writing: one thing done in a transaction of its own.
func reading(at string) func(storage.Store) (any, error) {
	return func(s storage.Store) (any, error) { return storage.ReadOne(context.Background(), s, path(at)) }
}

func writing(op storage.PatchOp, at string, value any) func(storage.Store) (any, error) {
	return func(s storage.Store) (any, error) {
		if err := storage.WriteOne(context.Background(), s, op, path(at), value); err != nil {
			return nil, err
		}
		return reading("/")(s)
	}
}

// inWrite does something in a transaction that writes, commits, and reads everything.
func inWrite(do func(s storage.Store, txn storage.Transaction) error) func(storage.Store) (any, error) {
	return func(s storage.Store) (any, error) {
		if err := storage.Txn(context.Background(), s, storage.WriteParams, func(txn storage.Transaction) error {
			return do(s, txn)
		}); err != nil {
			return nil, err
		}
		return reading("/")(s)
	}
}

// Everything that the contract of storage.Store says is done to OPA's store and to ours; values, errors with their
// texts, and panics have to be the same.
func TestContract(t *testing.T) {
	ctx := context.Background()
	for name, do := range map[string]func(storage.Store) (any, error){
		"read root":                          reading("/"),
		"read leaf":                          reading("/a/b/c"),
		"read null":                          reading("/a/null"),
		"read element":                       reading("/l/1/k"),
		"read element with zeros":            reading("/l/1.0/k"),
		"read below a leaf":                  reading("/n/x"),
		"read nothing":                       reading("/a/x"),
		"read past the end":                  reading("/l/3"),
		"read before the start":              reading("/l/-1"),
		"read a list by text":                reading("/l/x"),
		"add member":                         writing(storage.AddOp, "/a/new", "v"),
		"add over member":                    writing(storage.AddOp, "/a/b", "v"),
		"add object":                         writing(storage.AddOp, "/a/new", map[string]any{"x": []any{nil, true, 1, "s"}}),
		"add struct":                         writing(storage.AddOp, "/a/new", struct{ X int }{7}),
		"add below nothing":                  writing(storage.AddOp, "/x/y", "v"),
		"add below a leaf":                   writing(storage.AddOp, "/n/y", "v"),
		"add at the end":                     writing(storage.AddOp, "/l/-", "v"),
		"add at the length":                  writing(storage.AddOp, "/l/3", "v"),
		"add in front":                       writing(storage.AddOp, "/l/0", "v"),
		"add past the end":                   writing(storage.AddOp, "/l/4", "v"),
		"add in a list by text":              writing(storage.AddOp, "/l/x", "v"),
		"add to an empty list":               writing(storage.AddOp, "/e/-", "v"),
		"add first to an empty list":         writing(storage.AddOp, "/e/0", "v"),
		"add second to an empty list":        writing(storage.AddOp, "/e/1", "v"),
		"remove from an empty list":          writing(storage.RemoveOp, "/e/0", nil),
		"add inside an element":              writing(storage.AddOp, "/l/1/new", "v"),
		"add inside the end":                 writing(storage.AddOp, "/l/-/new", "v"),
		"replace member":                     writing(storage.ReplaceOp, "/a/b", "v"),
		"replace nothing":                    writing(storage.ReplaceOp, "/a/x", "v"),
		"replace element":                    writing(storage.ReplaceOp, "/l/2", "v"),
		"replace at the end":                 writing(storage.ReplaceOp, "/l/-", "v"),
		"replace at the length":              writing(storage.ReplaceOp, "/l/3", "v"),
		"remove member":                      writing(storage.RemoveOp, "/a/b", nil),
		"remove nothing":                     writing(storage.RemoveOp, "/a/x", nil),
		"remove element":                     writing(storage.RemoveOp, "/l/0", nil),
		"remove at the end":                  writing(storage.RemoveOp, "/l/-", nil),
		"remove below a leaf":                writing(storage.RemoveOp, "/n/x", nil),
		"add root":                           writing(storage.AddOp, "/", map[string]any{"only": true}),
		"replace root":                       writing(storage.ReplaceOp, "/", map[string]any{"only": true}),
		"root that is no object":             writing(storage.AddOp, "/", []any{1}),
		"remove root":                        writing(storage.RemoveOp, "/", nil),
		"path with a slash inside a segment": writing(storage.AddOp, "/a~1b", "v"),
		"make directories": inWrite(func(s storage.Store, txn storage.Transaction) error {
			return storage.MakeDir(ctx, s, txn, path("/p/q/r"))
		}),
		"make a directory that is there": inWrite(func(s storage.Store, txn storage.Transaction) error {
			return storage.MakeDir(ctx, s, txn, path("/a/b"))
		}),
		"make a directory over a leaf": inWrite(func(s storage.Store, txn storage.Transaction) error {
			return storage.MakeDir(ctx, s, txn, path("/n/x/y"))
		}),
		"make a directory in place of a leaf": inWrite(func(s storage.Store, txn storage.Transaction) error {
			return storage.MakeDir(ctx, s, txn, path("/n"))
		}),
		"see own writes": func(s storage.Store) (any, error) {
			var seen any
			err := storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) (err error) {
				if err = s.Write(ctx, txn, storage.AddOp, path("/a/new"), "v"); err == nil {
					seen, err = s.Read(ctx, txn, path("/a"))
				}
				return err
			})
			return seen, err
		},
		"abort leaves no trace": func(s storage.Store) (any, error) {
			txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
			if err := s.Write(ctx, txn, storage.RemoveOp, path("/a"), nil); err != nil {
				return nil, err
			}
			if err := s.UpsertPolicy(ctx, txn, "p", []byte("package p")); err != nil {
				return nil, err
			}
			s.Abort(ctx, txn)
			if _, err := s.ListPolicies(ctx, storage.NewTransactionOrDie(ctx, s)); err != nil {
				return nil, err
			}
			return reading("/")(s)
		},
		"write while reading": func(s storage.Store) (any, error) {
			return nil, s.Write(ctx, storage.NewTransactionOrDie(ctx, s), storage.AddOp, path("/x"), 1)
		},
		"keep a policy while reading": func(s storage.Store) (any, error) {
			return nil, s.UpsertPolicy(ctx, storage.NewTransactionOrDie(ctx, s), "p", nil)
		},
		"delete a policy that is not there, while reading": func(s storage.Store) (any, error) {
			return nil, s.DeletePolicy(ctx, storage.NewTransactionOrDie(ctx, s), "p")
		},
		"register while reading": func(s storage.Store) (any, error) {
			_, err := s.Register(ctx, storage.NewTransactionOrDie(ctx, s), storage.TriggerConfig{})
			return nil, err
		},
		"unregister while reading": func(s storage.Store) (any, error) {
			var handle storage.TriggerHandle
			if err := storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) (err error) {
				handle, err = s.Register(ctx, txn, storage.TriggerConfig{})
				return err
			}); err != nil {
				return nil, err
			}
			handle.Unregister(ctx, storage.NewTransactionOrDie(ctx, s))
			return nil, nil
		},
		"commit twice":       afterCommit(func(s storage.Store, txn storage.Transaction) (any, error) { return nil, s.Commit(ctx, txn) }),
		"abort after commit": afterCommit(func(s storage.Store, txn storage.Transaction) (any, error) { s.Abort(ctx, txn); return nil, nil }),
		"read after commit": afterCommit(func(s storage.Store, txn storage.Transaction) (any, error) {
			return s.Read(ctx, txn, path("/a"))
		}),
		"write after commit": afterCommit(func(s storage.Store, txn storage.Transaction) (any, error) {
			return nil, s.Write(ctx, txn, storage.AddOp, path("/x"), 1)
		}),
		"abort twice": func(s storage.Store) (any, error) {
			txn := storage.NewTransactionOrDie(ctx, s)
			s.Abort(ctx, txn)
			s.Abort(ctx, txn)
			return nil, nil
		},
		"read after abort": func(s storage.Store) (any, error) {
			txn := storage.NewTransactionOrDie(ctx, s)
			s.Abort(ctx, txn)
			return s.Read(ctx, txn, path("/a"))
		},
		"policies": func(s storage.Store) (any, error) {
			var ids []string
			err := storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) error {
				return errors.Join(s.UpsertPolicy(ctx, txn, "b.rego", []byte("package b")), s.UpsertPolicy(ctx, txn, "", []byte("package e")),
					s.UpsertPolicy(ctx, txn, "a.rego", []byte("package a")), s.UpsertPolicy(ctx, txn, "b.rego", []byte("package c")),
					s.DeletePolicy(ctx, txn, "a.rego"))
			})
			if err != nil {
				return nil, err
			}
			txn := storage.NewTransactionOrDie(ctx, s)
			ids, err = s.ListPolicies(ctx, txn)
			slices.Sort(ids) // OPA's store lists them in no order
			source, err2 := s.GetPolicy(ctx, txn, "b.rego")
			_, missing := s.GetPolicy(ctx, txn, "a.rego")
			return fmt.Sprintf("%q %s %v", ids, source, missing), errors.Join(err, err2)
		},
		"delete a policy that is not there": inWrite(func(s storage.Store, txn storage.Transaction) error {
			return s.DeletePolicy(ctx, txn, "none")
		}),
		"non-empty": func(s storage.Store) (any, error) {
			txn := storage.NewTransactionOrDie(ctx, s)
			var found []any
			for _, at := range []string{"/a", "/a/x", "/n/x", "/l/7", "/x/y"} {
				taken, err := storage.NonEmpty(ctx, s, txn)(path(at))
				if err != nil {
					return nil, err
				}
				found = append(found, taken)
			}
			return found, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			theirs := try(t, inmem.NewFromObject(document()), do)
			ours := try(t, filled(t, document()), do)
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("(-OPA's store, +ours):\n%s", diff)
			}
		})
	}
}

func afterCommit(do func(storage.Store, storage.Transaction) (any, error)) func(storage.Store) (any, error) {
	return func(s storage.Store) (any, error) {
		txn := storage.NewTransactionOrDie(context.Background(), s, storage.WriteParams)
		if err := s.Commit(context.Background(), txn); err != nil {
			return nil, err
		}
		return do(s, txn)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	ctx := t.Context()
	ours, other := filled(t, nil), filled(t, nil)
	for name, txn := range map[string]storage.Transaction{
		"unknown transaction":         storage.NewTransactionOrDie(ctx, other),
		"unexpected transaction type": storage.NewTransactionOrDie(ctx, inmem.New()),
	} {
		if _, err := ours.Read(ctx, txn, path("/")); !storage.IsInvalidTransaction(err) || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an invalid transaction: %s", err, name)
		}
	}
}

// files is an iterator as OPA's bundle activation uses it.
type files []storage.Update

func (f *files) Next() (*storage.Update, error) {
	if len(*f) == 0 {
		return nil, io.EOF
	}
	next := (*f)[0]
	*f = (*f)[1:]
	return &next, nil
}

func TestTruncate(t *testing.T) {
	ctx := context.Background()
	data := func(at, text string) storage.Update { return storage.Update{Path: path(at), Value: []byte(text)} }
	for name, tc := range map[string]struct {
		params storage.TransactionParams
		files  files
	}{
		"base paths": {
			storage.TransactionParams{BasePaths: []string{"a/b", "new/base", "n", "untouched"}},
			files{data("/a/b", `{"x": 1}`), data("/new/base/deep", `{"y": 2}`), data("/a/ignored", `{"z": 3}`),
				{Path: path("/p/p.rego"), Value: []byte("package p"), IsPolicy: true}, data("/", `{"n": "other"}`)},
		},
		"whole":             {storage.TransactionParams{BasePaths: []string{""}}, files{data("/", `{"only": [1, 2]}`)}},
		"root overwrite":    {storage.TransactionParams{RootOverwrite: true}, files{data("/x", `{"y": 1}`), data("/x/z", `2`)}},
		"null says nothing": {storage.TransactionParams{RootOverwrite: true}, files{data("/x", `null`), data("/y", `1`)}},
		"nothing":           {storage.TransactionParams{BasePaths: []string{"a"}}, nil},
		"base below a leaf": {storage.TransactionParams{BasePaths: []string{"n/x"}}, files{data("/n/x", `{}`)}},
		"root of a list":    {storage.TransactionParams{RootOverwrite: true}, files{data("/", `[1]`)}},
		"not JSON":          {storage.TransactionParams{RootOverwrite: true}, files{data("/x", `{"`)}},
		"escaped base":      {storage.TransactionParams{BasePaths: []string{"with%20space"}}, files{data("/with space", `{"x": 1}`)}},
	} {
		t.Run(name, func(t *testing.T) {
			do := inWrite(func(s storage.Store, txn storage.Transaction) error {
				given := slices.Clone(tc.files)
				return s.Truncate(ctx, txn, tc.params, &given)
			})
			theirs := try(t, inmem.NewFromObject(document()), do)
			ours := try(t, filled(t, document()), do)
			if diff := cmp.Diff(theirs, ours); diff != "" {
				t.Errorf("(-OPA's store, +ours):\n%s", diff)
			}
		})
	}
	t.Run("files that contradict each other", func(t *testing.T) {
		contradiction := files{data("/x", `{"y": 1}`), data("/x/y", `2`)}
		for name, s := range map[string]storage.Store{"OPA's": inmem.New(), "ours": filled(t, nil)} {
			given := slices.Clone(contradiction)
			txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
			err := s.Truncate(ctx, txn, storage.TransactionParams{RootOverwrite: true}, &given)
			if err == nil || !strings.Contains(err.Error(), "failed to insert data file from path") {
				t.Errorf("%s: got %v, want a refusal that names the file", name, err)
			}
			s.Abort(ctx, txn)
		}
	})
}

func TestAWriterThatWaitsHeedsItsContext(t *testing.T) {
	s := filled(t, nil)
	open := storage.NewTransactionOrDie(t.Context(), s, storage.WriteParams)
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := s.NewTransaction(ctx, storage.WriteParams); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v, want the deadline", err)
	}
	s.Abort(t.Context(), open)
	next, err := s.NewTransaction(ctx, storage.WriteParams)
	if err != nil {
		t.Fatalf("a free turn is refused: %v", err)
	}
	s.Abort(t.Context(), next)
}

// A reader neither waits for a writer nor makes one wait, and sees nothing of it.
func TestAReaderAndAWriterDoNotWaitForEachOther(t *testing.T) {
	ctx, s := t.Context(), filled(t, document())
	writer := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	before := storage.NewTransactionOrDie(ctx, s)
	if err := s.Write(ctx, writer, storage.ReplaceOp, path("/n"), "changed"); err != nil {
		t.Fatal(err)
	}
	meanwhile := storage.NewTransactionOrDie(ctx, s)
	if err := s.Commit(ctx, writer); err != nil {
		t.Fatal(err)
	}
	for _, reader := range []storage.Transaction{before, meanwhile} {
		if got, err := s.Read(ctx, reader, path("/n")); err != nil || inGo(t, got) != "leaf" {
			t.Errorf("a reader opened before the commit reads %v, %v; want the old leaf", got, err)
		}
	}
	if got, err := storage.ReadOne(ctx, s, path("/n")); err != nil || inGo(t, got) != "changed" {
		t.Errorf("a reader opened after the commit reads %v, %v; want the change", got, err)
	}
}

// The value that was written is what is read, without a conversion in between.
func TestReadsAreNotConverted(t *testing.T) {
	s := filled(t, document())
	first, err1 := storage.ReadOne(t.Context(), s, path("/a/b"))
	second, err2 := storage.ReadOne(t.Context(), s, path("/a/b"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if _, ok := first.(ast.Object); !ok || first != second {
		t.Errorf("two reads give %T %p and %T %p; want one ast.Object", first, first, second, second)
	}
	put(t, s, path("/a/new"), 1)
	if third, err := storage.ReadOne(t.Context(), s, path("/a/b")); err != nil || third != first {
		t.Errorf("a write beside it copied the value (%v)", err)
	}
}
