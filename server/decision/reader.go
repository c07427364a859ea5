package decision

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"greenchannel/server/decision/stream"
	"greenchannel/server/problem"
)

// maxFaults is how many faults one answer tells. A document with more is told how many there are.
const maxFaults = 100

// Reader reads applications against one schema. It may be used by many goroutines at once.
type Reader struct {
	sheet sheet
	quick *stream.Validator // nil where the schema cannot be read in one pass
}

// NewReader compiles the application schema, once.
func NewReader(schema []byte) (*Reader, error) {
	form, err := compileForm("application", schema)
	if err != nil {
		return nil, err
	}
	return &Reader{
		sheet: sheet{form: form, noun: "application", more: beyondSchema},
		quick: form.quick(placesOfApplication()...),
	}, nil
}

// Read reads one application. A body that is too long is an error of kind TooLarge; one that is no JSON in UTF-8, is too
// deep or has too many values is Malformed. Everything else that is wrong (fields stated twice or unknown, wrong types,
// impossible dates, line numbers used twice) is told at once, in an error of kind Invalid with a fault for each place, in
// the order of the document.
func (r *Reader) Read(body []byte) (Application, error) {
	if app, sound := r.readQuickly(body); sound {
		return app, nil
	}
	root, err := r.sheet.read(body)
	if err != nil {
		return Application{}, err
	}
	id, ok := root["id"].(string)
	if !ok {
		return Application{}, r.sheet.refusal(body, []fault{{pointer: "/id", detail: "the application needs an id, as text", offset: -1}})
	}
	exporter, _ := root["exporter"].(map[string]any)
	name, _ := exporter["name"].(string)
	return Application{id: id, exporter: name, body: slices.Clone(body), by: r}, nil
}

// beyondSchema finds what the schema does not say: that lines have numbers of their own, and that a record can hold the names
// under which it is found.
func beyondSchema(root any) []fault {
	application, _ := root.(map[string]any)
	exporter, _ := application["exporter"].(map[string]any)
	return slices.Concat(unrecordable("/id", application["id"]), unrecordable("/exporter/name", exporter["name"]), linesTwice(application))
}

// unrecordable finds the character that databases do not take.
func unrecordable(pointer string, value any) []fault {
	if text, ok := value.(string); !ok || !strings.Contains(text, noText) {
		return nil
	}
	return []fault{{pointer: pointer, detail: "holds the character U+0000, so it cannot be recorded; take it out", offset: -1}}
}

// noText is the character that ends a text where lengths are not told.
const noText = "\x00"

func linesTwice(application map[string]any) []fault {
	items, _ := application["items"].([]any)
	first := map[string]int{}
	var found []fault
	for i, item := range items {
		fields, _ := item.(map[string]any)
		line, ok := fields["line"].(json.Number)
		if !ok {
			continue
		}
		exact, ok := new(big.Rat).SetString(string(line))
		if !ok {
			continue
		}
		key := exact.RatString()
		if before, twice := first[key]; twice {
			found = append(found, fault{
				pointer: fmt.Sprintf("/items/%d/line", i),
				detail:  fmt.Sprintf("line %s is already the number of item %d, counted from 0; give each item its own", key, before),
				offset:  -1,
			})
			continue
		}
		first[key] = i
	}
	return found
}

// inOrder puts faults in the order of the document, each once.
func inOrder(body []byte, found []fault) []fault {
	unplaced := map[string]bool{}
	for _, fault := range found {
		if fault.offset < 0 {
			unplaced[fault.pointer] = true
		}
	}
	places := locate(body, unplaced)
	for i := range found {
		if found[i].offset < 0 {
			found[i].offset = places[found[i].pointer]
		}
	}
	slices.SortStableFunc(found, func(a, b fault) int {
		return cmp.Or(a.offset-b.offset, strings.Compare(a.pointer, b.pointer), strings.Compare(a.detail, b.detail))
	})
	return slices.Compact(found)
}

// placed gives the first faults their lines.
func placed(body []byte, found []fault) []problem.Fault {
	told := make([]problem.Fault, 0, min(len(found), maxFaults))
	for _, fault := range found[:min(len(found), maxFaults)] {
		line, _ := position(body, fault.offset)
		told = append(told, problem.Fault{Pointer: fault.pointer, Detail: fault.detail, Line: line})
	}
	return told
}
