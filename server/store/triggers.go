package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// trigger is somebody who wants to know of commits, and their handle to be forgotten.
type trigger struct {
	store  *Store
	config storage.TriggerConfig
}

// Register asks for config.OnCommit to be called with each change, in the order of registration, before readers see the
// change. It needs a transaction that writes, and holds from then on, even if that transaction is aborted.
func (s *Store) Register(_ context.Context, txn storage.Transaction, config storage.TriggerConfig) (storage.TriggerHandle, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	if !t.writes {
		return nil, failure(storage.InvalidTransactionErr, "triggers must be registered with a write transaction")
	}
	added := &trigger{store: s, config: config}
	s.triggers = append(s.triggers, added)
	return added, nil
}

// Unregister ends the calls. Like OPA's own store it panics without a transaction that writes.
func (g *trigger) Unregister(_ context.Context, txn storage.Transaction) {
	t, err := g.store.own(txn)
	if err != nil {
		panic(err)
	}
	if !t.writes {
		panic(failure(storage.InvalidTransactionErr, "triggers must be unregistered with a write transaction"))
	}
	g.store.triggers = slices.DeleteFunc(slices.Clone(g.store.triggers), func(other *trigger) bool { return other == g })
}

// notify tells the triggers what the transaction changed. They read the new state through the transaction.
func (s *Store) notify(ctx context.Context, t *transaction) error {
	triggers := s.triggers // one may unregister itself or others meanwhile
	if len(triggers) == 0 {
		return nil
	}
	event, err := t.changes()
	if err != nil {
		return err
	}
	var plain *storage.TriggerEvent
	for _, g := range triggers {
		if g.config.SkipDataConversion {
			g.config.OnCommit(ctx, t, event)
			continue
		}
		if plain == nil {
			if plain, err = inGoTypes(event); err != nil {
				return err
			}
		}
		g.config.OnCommit(ctx, t, *plain)
	}
	return nil
}

// changes gathers the event: documents in the order in which they were first touched, policies by id.
func (t *transaction) changes() (storage.TriggerEvent, error) {
	event := storage.TriggerEvent{Context: t.context}
	for _, path := range t.touched {
		value, err := t.root.read(path)
		switch {
		case err == nil:
			event.Data = append(event.Data, storage.DataEvent{Path: path, Data: value})
		case storage.IsNotFound(err):
			event.Data = append(event.Data, storage.DataEvent{Path: path, Data: ast.NullValue, Removed: true})
		default:
			return event, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(t.policies)) {
		found, err := t.policy(id)
		switch {
		case err == nil:
			event.Policy = append(event.Policy, storage.PolicyEvent{ID: id, Data: found.source})
		case storage.IsNotFound(err):
			event.Policy = append(event.Policy, storage.PolicyEvent{ID: id, Removed: true})
		default:
			return event, err
		}
	}
	return event, nil
}

// inGoTypes copies an event with its values as encoding/json would hold them.
func inGoTypes(event storage.TriggerEvent) (*storage.TriggerEvent, error) {
	converted := event
	converted.Data = slices.Clone(event.Data)
	for i := range converted.Data {
		value, err := ast.JSON(converted.Data[i].Data.(ast.Value))
		if err != nil {
			return nil, fmt.Errorf("tell triggers of %s: %w", converted.Data[i].Path, err)
		}
		converted.Data[i].Data = value
	}
	return &converted, nil
}
