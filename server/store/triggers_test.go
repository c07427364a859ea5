package store_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

// told is an event in comparable form: documents by path, policies by id.
type told struct {
	Data    map[string]any
	Removed []string
	Policy  map[string]string
	Context any
}

func tell(t fataler, event storage.TriggerEvent) told {
	came := told{Data: map[string]any{}, Policy: map[string]string{}, Context: event.Context.Get("who")}
	for _, d := range event.Data {
		if d.Removed {
			came.Removed = append(came.Removed, d.Path.String())
			continue
		}
		came.Data[d.Path.String()] = inGo(t, d.Data)
	}
	for _, p := range event.Policy {
		if p.Removed {
			came.Removed = append(came.Removed, "policy "+p.ID)
			continue
		}
		came.Policy[p.ID] = string(p.Data)
	}
	slices.Sort(came.Removed)
	return came
}

// listen registers a trigger that keeps what it is told.
func listen(t fataler, s storage.Store, skipConversion bool) *[]told {
	var all []told
	config := storage.TriggerConfig{
		SkipDataConversion: skipConversion,
		OnCommit: func(_ context.Context, _ storage.Transaction, event storage.TriggerEvent) {
			all = append(all, tell(t, event))
		},
	}
	if err := storage.Txn(context.Background(), s, storage.WriteParams, func(txn storage.Transaction) error {
		_, err := s.Register(context.Background(), txn, config)
		return err
	}); err != nil {
		t.Fatalf("register: %v", err)
	}
	all = nil // the commit of the registration itself
	return &all
}

func TestTriggersAreToldWhatOPAsStoreTells(t *testing.T) {
	ctx := t.Context()
	change := func(s storage.Store, txn storage.Transaction) error {
		for _, w := range []struct {
			op    storage.PatchOp
			at    string
			value any
		}{
			{storage.AddOp, "/a/new", map[string]any{"x": 1}},
			{storage.AddOp, "/a/new/y", "inside what was added"},
			{storage.ReplaceOp, "/a/b/c", "covered by the next"},
			{storage.ReplaceOp, "/a/b", "whole"},
			{storage.AddOp, "/l/-", "last"},
			{storage.RemoveOp, "/n", nil},
			{storage.AddOp, "/null", nil},
		} {
			if err := s.Write(ctx, txn, w.op, path(w.at), w.value); err != nil {
				return err
			}
		}
		if err := s.UpsertPolicy(ctx, txn, "kept", []byte("package kept")); err != nil {
			return err
		}
		if err := s.UpsertPolicy(ctx, txn, "dropped", nil); err != nil {
			return err
		}
		return s.DeletePolicy(ctx, txn, "dropped")
	}
	for _, skip := range []bool{false, true} {
		var events [2][]told
		for i, s := range []storage.Store{inmem.NewFromObject(document()), filled(t, document())} {
			heard := listen(t, s, skip)
			who := storage.NewContext()
			who.Put("who", "the test")
			if err := storage.Txn(ctx, s, storage.TransactionParams{Write: true, Context: who}, func(txn storage.Transaction) error {
				return change(s, txn)
			}); err != nil {
				t.Fatal(err)
			}
			events[i] = *heard
		}
		if diff := cmp.Diff(events[0], events[1]); diff != "" || len(events[0]) != 1 {
			t.Errorf("conversion skipped: %v: %d events of OPA's store (-OPA's store, +ours):\n%s", skip, len(events[0]), diff)
		}
	}
}

func TestATriggerReadsTheChangeBeforeOthersDo(t *testing.T) {
	ctx, s := t.Context(), filled(t, document())
	var inside, outside any
	var converted, plain any
	register := func(txn storage.Transaction) error {
		_, err := s.Register(ctx, txn, storage.TriggerConfig{SkipDataConversion: true, OnCommit: func(_ context.Context, txn storage.Transaction, event storage.TriggerEvent) {
			if len(event.Data) == 0 {
				return
			}
			plain = event.Data[0].Data
			var err error
			if inside, err = s.Read(ctx, txn, path("/n")); err != nil {
				t.Error(err)
			}
			if outside, err = storage.ReadOne(ctx, s, path("/n")); err != nil {
				t.Error(err)
			}
		}})
		if err != nil {
			return err
		}
		_, err = s.Register(ctx, txn, storage.TriggerConfig{OnCommit: func(_ context.Context, _ storage.Transaction, event storage.TriggerEvent) {
			if len(event.Data) > 0 {
				converted = event.Data[0].Data
			}
		}})
		return err
	}
	if err := storage.Txn(ctx, s, storage.WriteParams, register); err != nil {
		t.Fatal(err)
	}
	put(t, s, path("/n"), "changed")
	if inGo(t, inside) != "changed" || inGo(t, outside) != "leaf" {
		t.Errorf("the trigger reads %v, others meanwhile %v; want the change, and the old leaf", inside, outside)
	}
	if _, ok := plain.(ast.Value); !ok || converted != "changed" {
		t.Errorf("one trigger is told %T, the other %#v; want an ast.Value, and text", plain, converted)
	}
}

// Paths and sources belong to the caller, who may use them again before the commit.
func TestWhatTheCallerReusesIsCopied(t *testing.T) {
	ctx, s := t.Context(), filled(t, document())
	heard := listen(t, s, false)
	if err := storage.Txn(ctx, s, storage.WriteParams, func(txn storage.Transaction) error {
		at, source := path("/a/b"), []byte("package p")
		if err := s.Write(ctx, txn, storage.ReplaceOp, at, "v"); err != nil {
			return err
		}
		if err := s.UpsertPolicy(ctx, txn, "p", source); err != nil {
			return err
		}
		at[1], source[8] = "x", 'q'
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []told{{Data: map[string]any{"/a/b": "v"}, Policy: map[string]string{"p": "package p"}}}
	if diff := cmp.Diff(want, *heard); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnregisteredTriggerIsSilent(t *testing.T) {
	ctx, s := t.Context(), filled(t, document())
	calls := 0
	var handle storage.TriggerHandle
	write := func(do func(txn storage.Transaction) error) {
		if err := storage.Txn(ctx, s, storage.WriteParams, do); err != nil {
			t.Fatal(err)
		}
	}
	write(func(txn storage.Transaction) (err error) {
		handle, err = s.Register(ctx, txn, storage.TriggerConfig{OnCommit: func(ctx context.Context, txn storage.Transaction, _ storage.TriggerEvent) {
			if calls++; calls == 2 {
				handle.Unregister(ctx, txn) // from inside its own call
			}
		}})
		return err
	})
	for range 3 {
		put(t, s, path("/x"), 1)
	}
	if calls != 2 {
		t.Errorf("the trigger ran %d times, want 2", calls)
	}
}

// A trigger that panics must not leave the store locked.
func TestAPanicInATriggerLeavesTheStoreUsable(t *testing.T) {
	ctx, s := t.Context(), filled(t, document())
	txn := storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	handle, err := s.Register(ctx, txn, storage.TriggerConfig{OnCommit: func(context.Context, storage.Transaction, storage.TriggerEvent) {
		panic("in a trigger")
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(ctx, txn, storage.ReplaceOp, path("/n"), "changed"); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.Commit(ctx, txn)
	}()
	txn = storage.NewTransactionOrDie(ctx, s, storage.WriteParams)
	handle.Unregister(ctx, txn)
	if got, err := s.Read(ctx, txn, path("/n")); err != nil || inGo(t, got) != "leaf" {
		t.Errorf("after the panic the leaf is %v, %v; want the old one", got, err)
	}
	s.Abort(ctx, txn)
}
