package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"greenchannel/policies"
)

// lesson is what a service with topdown says of the applications before anything is measured: the decisions that all
// others are held to, and the rows that its decisions read of the tables which OPA does not have.
type lesson struct {
	questions map[int][]*question // by lines
	rows      map[string]any      // by path under data
	answer    []byte              // one whole answer
}

// learn lets a service decide every application once, with a record, and reads that record.
func (h *harness) learn(ctx context.Context, lines []int) (*lesson, error) {
	h.say("learning the decisions that are right")
	made, err := h.orders()
	if err != nil {
		return nil, err
	}
	data, err := h.emptyData()
	if err != nil {
		return nil, err
	}
	service, err := h.serve(ctx, "the service that is believed", h.evaluators[0], data)
	if err != nil {
		return nil, err
	}
	learnt := &lesson{questions: map[int][]*question{}, rows: map[string]any{}}
	c, err := dial(ctx, service.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	for _, n := range lines {
		for i := range h.distinct {
			q, answer, err := taught(c, service, made, n, i)
			if err != nil {
				return nil, err
			}
			learnt.questions[n] = append(learnt.questions[n], q)
			if learnt.answer == nil {
				learnt.answer = bytes.Clone(answer)
			}
		}
	}
	if err := h.stop(service); err != nil {
		return nil, err
	}
	return learnt, h.readRows(ctx, data, learnt.rows)
}

func taught(c *connection, service *process, made *orders, lines, n int) (*question, []byte, error) {
	body, id, err := made.application(lines, n)
	if err != nil {
		return nil, nil, err
	}
	status, answer, err := c.ask(service.post("/v1/decisions", asJSON, body))
	if err != nil || status != 201 {
		return nil, nil, errors.Join(fmt.Errorf("%s is answered with status %d: %.1000s", id, status, answer), err)
	}
	decided, err := decisionOf(answer, false)
	if err != nil {
		return nil, nil, err
	}
	return &question{
		id: id, body: body, decided: decided,
		outcome: fmt.Appendf(nil, `"outcome":%q`, decided["outcome"]), named: fmt.Appendf(nil, `"application_id":%q`, id),
	}, answer, nil
}

// readRows gathers what the decisions of a record read of live and computed tables.
func (h *harness) readRows(ctx context.Context, data string, into map[string]any) error {
	exported, err := output(ctx, h.scratch, h.binary, "journal", "export", "--data", data)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(exported) {
		var event struct {
			Custom struct {
				Reads []struct {
					Path  []string
					Value json.RawMessage
				}
			}
		}
		if err := json.Unmarshal(line, &event); err != nil {
			return fmt.Errorf("the export of the record: %w", err)
		}
		for _, row := range event.Custom.Reads {
			if row.Value == nil {
				continue // it was absent, and is
			}
			if err := put(into, row.Path, row.Value); err != nil {
				return err
			}
		}
	}
	if len(into) == 0 {
		return errors.New("the decisions read no row of a live table")
	}
	return nil
}

func put(into map[string]any, path []string, value json.RawMessage) error {
	for _, part := range path[:len(path)-1] {
		below, ok := into[part].(map[string]any)
		if !ok {
			below = map[string]any{}
			into[part] = below
		}
		into = below
	}
	last := path[len(path)-1]
	if before, there := into[last].(json.RawMessage); there && !bytes.Equal(before, value) {
		return fmt.Errorf("two decisions read %s differently, so that OPA cannot be given both", strings.Join(path, "/"))
	}
	into[last] = value
	return nil
}

// bundleForOPA writes the bundle of the service into a folder, and beside it as data the rows that our tables answer: OPA
// has no such tables and would decide otherwise, on less.
func (h *harness) bundleForOPA(learnt *lesson) (string, error) {
	folder := filepath.Join(h.scratch, "bundle-for-opa")
	if err := os.CopyFS(folder, policies.FS()); err != nil {
		return "", err
	}
	if err := os.RemoveAll(filepath.Join(folder, "schemas")); err != nil { // to OPA they would be data
		return "", err
	}
	if err := os.RemoveAll(filepath.Join(folder, "capabilities")); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(folder, ".manifest"))
	if err != nil {
		return "", err
	}
	manifest, err := decoded(text)
	if err != nil {
		return "", err
	}
	roots, _ := manifest["roots"].([]any)
	for name := range maps.Keys(learnt.rows) {
		roots = append(roots, name)
	}
	manifest["roots"] = roots
	rows, err := json.Marshal(learnt.rows)
	if err != nil {
		return "", err
	}
	if text, err = json.Marshal(manifest); err != nil {
		return "", err
	}
	return folder, errors.Join(
		os.WriteFile(filepath.Join(folder, ".manifest"), text, 0o600),
		os.WriteFile(filepath.Join(folder, "data.json"), rows, 0o600),
	)
}
