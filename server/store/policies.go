package store

import (
	"bytes"
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/storage"
)

// policy is a row of the policies table: a module's source under its id, as OPA's policy API keeps it.
type policy struct {
	id     string
	source []byte
}

// ListPolicies returns the ids of all policies, sorted.
func (s *Store) ListPolicies(_ context.Context, txn storage.Transaction) ([]string, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	rows, err := t.rows.Get(tablePolicies, indexID)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	var ids []string
	for row := rows.Next(); row != nil; row = rows.Next() {
		ids = append(ids, row.(*policy).id)
	}
	return ids, nil
}

// GetPolicy returns the source of a policy.
func (s *Store) GetPolicy(_ context.Context, txn storage.Transaction, id string) ([]byte, error) {
	t, err := s.own(txn)
	if err != nil {
		return nil, err
	}
	found, err := t.policy(id)
	if err != nil {
		return nil, err
	}
	return found.source, nil
}

// UpsertPolicy keeps a copy of source under id.
func (s *Store) UpsertPolicy(_ context.Context, txn storage.Transaction, id string, source []byte) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	return t.upsertPolicy(id, source)
}

// DeletePolicy drops the policy under id.
func (s *Store) DeletePolicy(_ context.Context, txn storage.Transaction, id string) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	old, err := t.policy(id)
	if err != nil {
		return err
	}
	if err := t.mayWrite("policy"); err != nil {
		return err
	}
	if err := t.rows.Delete(tablePolicies, old); err != nil {
		return fmt.Errorf("delete policy %q: %w", id, err)
	}
	t.touchPolicy(id)
	return nil
}

func (t *transaction) upsertPolicy(id string, source []byte) error {
	if err := t.mayWrite("policy"); err != nil {
		return err
	}
	if err := t.rows.Insert(tablePolicies, &policy{id: id, source: bytes.Clone(source)}); err != nil {
		return fmt.Errorf("keep policy %q: %w", id, err)
	}
	t.touchPolicy(id)
	return nil
}

func (t *transaction) policy(id string) (*policy, error) {
	found, err := t.rows.First(tablePolicies, indexID, id)
	if err != nil {
		return nil, fmt.Errorf("read policy %q: %w", id, err)
	}
	if found == nil {
		return nil, failure(storage.NotFoundErr, "policy id %q", id)
	}
	return found.(*policy), nil
}

func (t *transaction) touchPolicy(id string) {
	if t.policies == nil {
		t.policies = map[string]struct{}{}
	}
	t.policies[id] = struct{}{}
}
