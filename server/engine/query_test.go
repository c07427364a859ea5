package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"greenchannel/server/decision/query"
	"greenchannel/server/store"
)

// forever takes longer than any time limit of a test, unless it is stopped.
const forever = `package forever

count_up := count([1 | some i in numbers.range(1, 10000); some j in numbers.range(1, 10000); i == j])
`

func doorTo(t *testing.T, source string, timeout time.Duration) *Door {
	t.Helper()
	compiler, err := ast.CompileModules(map[string]string{"policy.rego": source})
	if err != nil {
		t.Fatal(err)
	}
	data, err := store.New(map[string]any{"base": map[string]any{"a": 1}})
	if err != nil {
		t.Fatal(err)
	}
	door, err := NewDoor(Published{Compiler: compiler, Store: data, Entry: "data.main"}, timeout)
	if err != nil {
		t.Fatal(err)
	}
	return door
}

func TestDoorKeepsTheTimeLimit(t *testing.T) {
	t.Parallel()
	door := doorTo(t, forever, 50*time.Millisecond)
	path := []string{"forever", "count_up"}
	for name, answer := range map[string]query.Answer{
		"data":    door.Data(t.Context(), query.Question{Path: path, Body: []byte("{}")}),
		"v0":      door.Document(t.Context(), query.Question{Path: path, Body: []byte("{}")}),
		"ad hoc":  door.Bindings(t.Context(), query.Question{Body: []byte(`{"query": "x = data.forever.count_up"}`)}),
		"partial": door.Partial(t.Context(), query.Question{Body: []byte(`{"query": "x = data.forever.count_up"}`)}),
	} {
		if answer.Status != statusUnavailable || answer.Cause == nil {
			t.Errorf("%s: status %d, cause %v: %.200s", name, answer.Status, answer.Cause, answer.Body)
		}
	}
	batch := door.Batch(t.Context(), query.Question{Path: path, Body: []byte(`{"inputs": {"a": 1}}`)})
	if batch.Status != statusInternal || batch.Cause == nil {
		t.Errorf("batch: status %d, cause %v: %.200s", batch.Status, batch.Cause, batch.Body)
	}
}

func TestPreparedQueriesAreBounded(t *testing.T) {
	t.Parallel()
	door := doorTo(t, forever, time.Minute)
	for i := range 3 * mostPrepared {
		answer := door.Data(t.Context(), query.Question{Path: []string{"base", fmt.Sprint("key", i)}})
		if answer.Status != statusOK {
			t.Fatalf("status %d: %s", answer.Status, answer.Body)
		}
	}
	docs, err := door.active()
	if err != nil {
		t.Fatal(err)
	}
	if kept, order := len(docs.prepared.byKey), len(docs.prepared.order); kept != mostPrepared || order != mostPrepared {
		t.Errorf("%d queries are kept under %d keys, want %d", kept, order, mostPrepared)
	}
}

func TestDoorOfAnEngineThatIsNotReady(t *testing.T) {
	t.Parallel()
	door := New(time.Minute).Door()
	q := query.Question{Path: []string{"a"}, Body: []byte(`{"query": "true", "inputs": {"a": 1}}`)}
	for name, answer := range map[string]query.Answer{
		"data": door.Data(t.Context(), q), "v0": door.Document(t.Context(), q), "default": door.Default(t.Context(), q),
		"batch": door.Batch(t.Context(), q), "ad hoc": door.Bindings(t.Context(), q), "partial": door.Partial(t.Context(), q),
		"policies": door.Policies(t.Context(), q), "policy": door.Policy(t.Context(), q), "write": door.Owned(t.Context(), q),
		"config": door.Configuration(t.Context(), q), "status": door.Status(t.Context(), q),
	} {
		if answer.Status != statusUnavailable {
			t.Errorf("%s: status %d: %s", name, answer.Status, answer.Body)
		}
	}
	if answer := door.Health(t.Context(), q, nil, false); answer.Status != statusInternal {
		t.Errorf("health: status %d: %s", answer.Status, answer.Body)
	}
}
