package casefile

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// tokens parts a JSON pointer (RFC 6901) into its steps.
func tokens(pointer string) ([]string, error) {
	if !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("%q is no JSON pointer to a field; write /destination or /parties/0/country", pointer)
	}
	steps := strings.Split(pointer[1:], "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps, nil
}

// set gives the place that a pointer names a new value. A field that is not there yet is added, and so is an element at
// "-"; everything before the last step must be there, so that a misspelt pointer is an error and not a new field.
func set(root any, pointer string, value any) (any, error) {
	steps, err := tokens(pointer)
	if err != nil {
		return nil, err
	}
	return edit(root, steps, pointer, func(parent any, last string) (any, error) {
		switch p := parent.(type) {
		case map[string]any:
			p[last] = value
			return p, nil
		case []any:
			if last == "-" {
				return append(p, value), nil
			}
			at, err := index(p, last, pointer)
			if err != nil {
				return nil, err
			}
			p[at] = value
			return p, nil
		default:
			return nil, fmt.Errorf("%s: there is nothing to put %q into", pointer, last)
		}
	})
}

// unset removes places. Indices are those before any removal, in whatever order they are given.
func unset(root any, pointers []string) (any, error) {
	type place struct {
		pointer string
		steps   []string
	}
	var places []place
	for _, pointer := range pointers {
		steps, err := tokens(pointer)
		if err != nil {
			return nil, err
		}
		places = append(places, place{pointer, steps})
	}
	slices.SortFunc(places, func(a, b place) int { return backward(a.steps, b.steps) })
	for _, p := range places {
		var err error
		root, err = edit(root, p.steps, p.pointer, func(parent any, last string) (any, error) {
			return drop(parent, last, p.pointer)
		})
		if err != nil {
			return nil, err
		}
	}
	return root, nil
}

func drop(parent any, last, pointer string) (any, error) {
	switch p := parent.(type) {
	case map[string]any:
		if _, there := p[last]; !there {
			return nil, fmt.Errorf("%s: is not there, so it cannot be left out", pointer)
		}
		delete(p, last)
		return p, nil
	case []any:
		at, err := index(p, last, pointer)
		if err != nil {
			return nil, err
		}
		return slices.Delete(p, at, at+1), nil
	default:
		return nil, fmt.Errorf("%s: is not there, so it cannot be left out", pointer)
	}
}

// backward orders places so that a removal moves none of those still to come: what lies deeper first, then the later
// element of a list first.
func backward(a, b []string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		m, errA := strconv.Atoi(a[i])
		n, errB := strconv.Atoi(b[i])
		if errA == nil && errB == nil {
			return cmp.Compare(n, m)
		}
		return cmp.Compare(a[i], b[i])
	}
	return cmp.Compare(len(b), len(a))
}

// edit walks to the parent of a place, lets change make a new parent of it, and puts that back all the way up.
func edit(node any, steps []string, pointer string, change func(parent any, last string) (any, error)) (any, error) {
	if len(steps) == 1 {
		return change(node, steps[0])
	}
	switch n := node.(type) {
	case map[string]any:
		below, there := n[steps[0]]
		if !there {
			return nil, fmt.Errorf("%s: %q is not there; put the whole of it in place first", pointer, steps[0])
		}
		changed, err := edit(below, steps[1:], pointer, change)
		if err != nil {
			return nil, err
		}
		n[steps[0]] = changed
		return n, nil
	case []any:
		at, err := index(n, steps[0], pointer)
		if err != nil {
			return nil, err
		}
		n[at], err = edit(n[at], steps[1:], pointer, change)
		return n, err
	default:
		return nil, fmt.Errorf("%s: %q is not there", pointer, steps[0])
	}
}

func index(list []any, step, pointer string) (int, error) {
	at, err := strconv.Atoi(step)
	if err != nil || at < 0 || at >= len(list) || strconv.Itoa(at) != step {
		return 0, fmt.Errorf("%s: the list has %d elements, and %q is none of them", pointer, len(list), step)
	}
	return at, nil
}
