package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/util"
)

// Truncate replaces what stands under params.BasePaths with the documents of an iterator, and keeps its policies: the way
// in which OPA activates a bundle that it has not decoded. A base path for which no document came stays as it is. All of
// it happens inside the transaction: nothing is visible before the commit. The documents must not contradict each other.
func (s *Store) Truncate(_ context.Context, txn storage.Transaction, params storage.TransactionParams, files storage.Iterator) error {
	t, err := s.own(txn)
	if err != nil {
		return err
	}
	whole := map[string]any{}
	for {
		update, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := t.take(update, whole); err != nil {
			return err
		}
	}
	if params.RootOverwrite { // deprecated by OPA in favour of base paths, but still sent
		return t.write(storage.AddOp, storage.RootPath, whole)
	}
	for _, base := range params.BasePaths {
		if err := t.replaceBase(base, whole); err != nil {
			return err
		}
	}
	return nil
}

// take keeps a policy, or merges a document into the whole.
func (t *transaction) take(update *storage.Update, whole map[string]any) error {
	if update.IsPolicy {
		return t.upsertPolicy(update.Path.PolicyID(), update.Value)
	}
	var value any
	if err := util.Unmarshal(update.Value, &value); err != nil {
		return err
	}
	if value == nil {
		return nil
	}
	if len(update.Path) == 0 {
		object, ok := value.(map[string]any)
		if !ok {
			return failure(storage.InvalidPatchErr, "root must be object")
		}
		return merged(whole, object, update.Path)
	}
	for i := len(update.Path) - 1; i >= 0; i-- {
		value = map[string]any{update.Path[i]: value}
	}
	return merged(whole, value.(map[string]any), update.Path)
}

// merged adds the members of other to those of into. Two documents may share objects, never a leaf.
func merged(into, other map[string]any, from storage.Path) error {
	for key, value := range other {
		old, taken := into[key]
		if !taken {
			into[key] = value
			continue
		}
		under, ok := old.(map[string]any)
		added, also := value.(map[string]any)
		if !ok || !also {
			return fmt.Errorf("failed to insert data file from path %s: another file has %q already", from, key)
		}
		if err := merged(under, added, from); err != nil {
			return err
		}
	}
	return nil
}

func (t *transaction) replaceBase(base string, whole map[string]any) error {
	path, ok := storage.ParsePathEscaped("/" + base)
	if !ok {
		return fmt.Errorf("storage path invalid: %q is not a base path", base)
	}
	var value any = whole
	for _, key := range path {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		if value, ok = object[key]; !ok {
			return nil
		}
	}
	if len(path) > 0 {
		if err := t.makeDir(path[:len(path)-1]); err != nil {
			return err
		}
	}
	return t.write(storage.AddOp, path, value)
}
