package explain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// The operations that a change can have.
const (
	opAdd     = "add"
	opReplace = "replace"
	opRemove  = "remove"
)

// applied makes the application that an applicant would file with the changes. The changes come back in the order in which
// they are a JSON Patch: from the outside in, and what is removed last and from the end, so that no place moves. Where the object
// around a field is not stated, the change states it as well.
func applied(application []byte, changes []Change) (body []byte, patch []Change, err error) {
	decoder := json.NewDecoder(bytes.NewReader(application))
	decoder.UseNumber() // figures stay as they are written
	var root any
	if err := decoder.Decode(&root); err != nil {
		return nil, nil, fmt.Errorf("read the application: %w", err)
	}
	patch = slices.Clone(changes)
	slices.SortStableFunc(patch, inOrder)
	for i, change := range patch {
		if root, patch[i], err = one(root, change); err != nil {
			return nil, nil, fmt.Errorf("%s %s: %w", change.Op, change.Pointer, err)
		}
	}
	if body, err = json.Marshal(root); err != nil {
		return nil, nil, fmt.Errorf("write the changed application: %w", err)
	}
	return body, patch, nil
}

// inOrder puts places before what is inside of them, and removals last.
func inOrder(a, b Change) int {
	if (a.Op == opRemove) != (b.Op == opRemove) {
		if a.Op == opRemove {
			return 1
		}
		return -1
	}
	order := slices.CompareFunc(tokens(a.Pointer), tokens(b.Pointer), func(a, b string) int {
		m, aErr := strconv.Atoi(a)
		n, bErr := strconv.Atoi(b)
		if aErr == nil && bErr == nil {
			return m - n
		}
		return strings.Compare(a, b)
	})
	if a.Op == opRemove {
		return -order
	}
	return order
}

func tokens(pointer string) []string {
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	steps := strings.Split(pointer, "/")[1:]
	for i, step := range steps {
		steps[i] = unescape.Replace(step)
	}
	return steps
}

// one makes one change, and gives it as it was made.
func one(root any, change Change) (any, Change, error) {
	if !strings.HasPrefix(change.Pointer, "/") {
		return nil, change, fmt.Errorf("is no place inside of an application")
	}
	var value any
	if change.Op != opRemove {
		decoder := json.NewDecoder(bytes.NewReader(change.Value))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return nil, change, fmt.Errorf("its value: %w", err)
		}
	}
	steps := tokens(change.Pointer)
	if at := unstated(root, steps); change.Op == opAdd && at < len(steps)-1 {
		for _, step := range slices.Backward(steps[at+1:]) {
			value = map[string]any{step: value}
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, change, err
		}
		change.Value = jsontext.Value(text)
		change.Pointer = strings.Join(strings.Split(change.Pointer, "/")[:at+2], "/")
		steps = steps[:at+1]
	}
	changed, err := edit(root, steps, change.Op, value)
	return changed, change, err
}

// unstated finds the first step of a path whose object is there and whose member is not.
func unstated(node any, steps []string) int {
	for i, step := range steps {
		switch at := node.(type) {
		case map[string]any:
			below, stated := at[step]
			if !stated {
				return i
			}
			node = below
		case []any:
			place, err := strconv.Atoi(step)
			if err != nil || place < 0 || place >= len(at) {
				return len(steps)
			}
			node = at[place]
		default:
			return len(steps)
		}
	}
	return len(steps)
}

func edit(node any, steps []string, op string, value any) (any, error) {
	switch at := node.(type) {
	case map[string]any:
		return editObject(at, steps, op, value)
	case []any:
		return editList(at, steps, op, value)
	default:
		return nil, fmt.Errorf("there is nothing that could hold %q", steps[0])
	}
}

func editObject(at map[string]any, steps []string, op string, value any) (any, error) {
	below, stated := at[steps[0]]
	switch {
	case !stated && (len(steps) > 1 || op != opAdd):
		return nil, fmt.Errorf("%q is not stated", steps[0])
	case len(steps) > 1:
		changed, err := edit(below, steps[1:], op, value)
		if err != nil {
			return nil, err
		}
		at[steps[0]] = changed
	case op == opRemove:
		delete(at, steps[0])
	default:
		at[steps[0]] = value
	}
	return at, nil
}

func editList(at []any, steps []string, op string, value any) (any, error) {
	if len(steps) == 1 && steps[0] == "-" && op == opAdd {
		return append(at, value), nil
	}
	place, err := strconv.Atoi(steps[0])
	if err != nil || place < 0 || place >= len(at) {
		return nil, fmt.Errorf("the list has %d elements, and %q is none of them", len(at), steps[0])
	}
	switch {
	case len(steps) > 1:
		if at[place], err = edit(at[place], steps[1:], op, value); err != nil {
			return nil, err
		}
	case op == opRemove:
		return slices.Delete(at, place, place+1), nil
	case op == opAdd:
		return slices.Insert(at, place, value), nil
	default:
		at[place] = value
	}
	return at, nil
}
