package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"greenchannel/server/decision"
	"greenchannel/server/problem"
	"greenchannel/server/store"
)

// keysOf looks up the keys of the entries that a filter asks for, in order, in the store's own tables. The status is not
// looked at: that is for the policies to say. What is no word of the list (a form, a status, an announcement) is an error;
// an element that no entry names gives nothing, and what may have been meant.
func keysOf(snapshot *store.Snapshot, filter decision.ControlFilter) (keys, near []string, err error) {
	all, err := snapshot.Controls()
	if err != nil {
		return nil, nil, err
	}
	if err := checkFilter(filter, all); err != nil {
		return nil, nil, err
	}
	found, err := lookUp(snapshot, filter, all)
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range found {
		keys = append(keys, entry.Key)
	}
	if len(keys) == 0 && filter.Element != "" {
		near = nearElements(filter.Element, all)
	}
	return keys, near, nil
}

// lookUp narrows the list by one index after the other.
func lookUp(snapshot *store.Snapshot, filter decision.ControlFilter, all []*store.Control) ([]*store.Control, error) {
	found := all
	for _, by := range []struct {
		value string
		look  func(string) ([]*store.Control, error)
	}{
		{filter.Element, snapshot.ControlsByElement},
		{filter.HSCode, snapshot.ControlsByHS},
		{filter.Instrument, snapshot.ControlsByInstrument},
	} {
		if by.value == "" {
			continue
		}
		some, err := by.look(by.value)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(slices.Clone(found), func(entry *store.Control) bool { return !slices.Contains(some, entry) })
	}
	return slices.DeleteFunc(slices.Clone(found), func(entry *store.Control) bool {
		return filter.Form != "" && entry.Form != filter.Form
	}), nil
}

// checkFilter refuses words that the list does not have, all at once: a slip of the pen must not read as "not controlled".
func checkFilter(filter decision.ControlFilter, all []*store.Control) error {
	var faults []problem.Fault
	oneOf := func(name, value string, known []string) {
		if value == "" || slices.Contains(known, value) {
			return
		}
		detail := fmt.Sprintf("%.60q is not one of %s", value, strings.Join(known, ", "))
		if near, ok := decision.Nearest(value, known); ok {
			detail += fmt.Sprintf("; did you mean %q?", near)
		}
		faults = append(faults, problem.Fault{Pointer: "?" + name, Detail: detail})
	}
	oneOf("form", filter.Form, named(all, func(entry *store.Control) string { return entry.Form }))
	if hs := filter.HSCode; hs != "" && (len(hs) < 2 || len(hs) > 10 || strings.Trim(hs, "0123456789") != "") {
		faults = append(faults, problem.Fault{Pointer: "?hs_code", Detail: fmt.Sprintf("%.60q is not the beginning of an HS code; write 2 to 10 digits", hs)})
	}
	oneOf("instrument", filter.Instrument, named(all, func(entry *store.Control) string { return entry.Instrument }))
	oneOf("status", filter.Status, decision.Statuses())
	if len(faults) > 0 {
		return problem.New(problem.Invalid, "The control list cannot be searched like that.", faults...)
	}
	return nil
}

// named gives every name that the entries use, once, in order.
func named(entries []*store.Control, name func(*store.Control) string) []string {
	seen := map[string]bool{}
	for _, entry := range entries {
		seen[name(entry)] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// nearElements names elements of the list that are spelt like this one, or that contain it: "graphite" is an entry of
// carbon.
func nearElements(element string, all []*store.Control) []string {
	elements := named(all, func(entry *store.Control) string { return entry.Element })
	var near []string
	for _, name := range elements {
		if len(element) > 2 && strings.Contains(strings.ToLower(name), strings.ToLower(element)) {
			near = append(near, name)
		}
	}
	if spelt, ok := decision.Nearest(element, elements); ok && !slices.Contains(near, spelt) {
		near = append(near, spelt)
	}
	return near
}

const (
	mostNear    = 8  // near codes that an answer names
	longestCode = 64 // characters of a code that are looked at
)

// known says whether the list has an entry under code; if not, it names the codes below it, or spelt like it.
func known(snapshot *store.Snapshot, code string) (found bool, near []string, err error) {
	entry, err := snapshot.Control(code)
	if err != nil || entry != nil {
		return entry != nil, nil, err
	}
	all, err := snapshot.Controls()
	if err != nil {
		return false, nil, err
	}
	codes := named(all, func(entry *store.Control) string { return entry.Key })
	for prefix := code[:min(len(code), longestCode)]; len(prefix) > 2 && len(near) == 0; prefix = prefix[:len(prefix)-1] {
		below, err := snapshot.ControlsByCode(prefix)
		if err != nil {
			return false, nil, err
		}
		near = named(below, func(entry *store.Control) string { return entry.Key })
	}
	if spelt, ok := decision.Nearest(code, codes); ok {
		near = append([]string{spelt}, slices.DeleteFunc(near, func(key string) bool { return key == spelt })...)
	}
	return false, near[:min(len(near), mostNear)], nil
}
