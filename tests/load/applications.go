package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mostDistinct keeps the numbers in the names of exporters at five digits.
const mostDistinct = 10_000

// orders makes applications that differ in all that the service remembers: reference, exporter, end user, certificate.
// What they order are the items of the cases, one after the other.
type orders struct {
	whole map[string]any // an application with all papers
	items []any
}

const wholeApplication = "magnet_to_germany.json"

func (h *harness) orders() (*orders, error) {
	files, err := filepath.Glob(filepath.Join(h.root, "tests", "cases", "applications", "*.json"))
	if err != nil {
		return nil, err
	}
	// The whole one comes first, so that an application of one line is that case.
	slices.SortStableFunc(files, func(a, b string) int {
		if filepath.Base(a) == wholeApplication {
			return -1
		}
		if filepath.Base(b) == wholeApplication {
			return 1
		}
		return strings.Compare(a, b)
	})
	made := &orders{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		application, err := decoded(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		items, ok := application["items"].([]any)
		if !ok {
			return nil, fmt.Errorf("%s has no items", file)
		}
		if made.whole == nil {
			made.whole = application
		}
		made.items = append(made.items, items...)
	}
	if made.whole == nil {
		return nil, errors.New("tests/cases/applications holds no application")
	}
	return made, nil
}

func decoded(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var document map[string]any
	return document, decoder.Decode(&document)
}

// application is number n of those with so many lines.
func (o *orders) application(lines, n int) (body []byte, id string, err error) {
	application, err := o.copied()
	if err != nil {
		return nil, "", err
	}
	id = fmt.Sprintf("LOAD-%d-%d", lines, n)
	user := fmt.Sprintf("Antriebswerk %d von %d GmbH", n, lines)
	application["id"] = id
	exporter, _ := application["exporter"].(map[string]any)
	exporter["name"] = fmt.Sprintf("Ningbo Magnet Works %d of %d Co., Ltd.", n, lines)
	exporter["uscc"] = fmt.Sprintf("91330206MA%03dA%04d", lines%1000, n)
	for _, list := range []string{"parties", "documents"} {
		members, _ := application[list].([]any)
		for _, member := range members {
			fields, _ := member.(map[string]any)
			for _, name := range []string{"name", "party"} {
				if _, stated := fields[name]; stated {
					fields[name] = user
				}
			}
		}
	}
	var items []any
	for line := range lines {
		item, _ := o.items[line%len(o.items)].(map[string]any)
		numbered := map[string]any{}
		for name, value := range item {
			numbered[name] = value
		}
		numbered["line"] = line + 1
		items = append(items, numbered)
	}
	application["items"] = items
	body, err = json.Marshal(application)
	return body, id, err
}

func (o *orders) copied() (map[string]any, error) {
	text, err := json.Marshal(o.whole)
	if err != nil {
		return nil, err
	}
	return decoded(text)
}

// question is an application with the answer that is right.
type question struct {
	id      string
	body    []byte
	decided map[string]any // without what the service adds
	outcome []byte         // as it stands in the answer
	named   []byte         // the application, as the answer names it
}

// ofService are the fields of a decision that are the service's own: they tell when and by whom, not what.
func ofService() []string { return []string{"decision_id", "decided_at", "as_of", "policy", "record"} }

// decisionOf reads an answer, without what is the service's own.
func decisionOf(answer []byte, opa bool) (map[string]any, error) {
	decision, err := decoded(answer)
	if err == nil && opa {
		inside, ok := decision["result"].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("OPA decides nothing: %.200s", answer)
		}
		decision = inside
	}
	for _, field := range ofService() {
		delete(decision, field)
	}
	return decision, err
}

const asJSON = "application/json"

// request is how a variant is asked.
func (v *variant) request(q *question) []byte {
	if v.opa {
		return v.post(v.path, asJSON, slices.Concat([]byte(`{"input":`), q.body, []byte(`}`)))
	}
	return v.post(v.path, asJSON, q.body)
}
