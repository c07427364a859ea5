package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// An excuse lets one test be skipped: it says which, and why.
type excuse struct {
	Package string
	Test    string
	Reason  string
	used    bool
}

type excuses []*excuse

// readExcuses reads the list of tests that may be skipped; without a file there are none.
func readExcuses(file string) (excuses, error) {
	if file == "" {
		return nil, nil
	}
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	var list excuses
	if err := dec.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for i, e := range list {
		if e == nil || e.Package == "" || e.Test == "" || e.Reason == "" {
			return nil, fmt.Errorf("%s: entry %d: package, test and reason are all needed", file, i+1)
		}
	}
	return list, nil
}

func (list excuses) covers(pkg, test string) bool {
	for _, e := range list {
		if e.Package == pkg && e.Test == test {
			e.used = true
			return true
		}
	}
	return false
}

// unused lists the excuses that nobody needed.
func (list excuses) unused() []string {
	var names []string
	for _, e := range list {
		if !e.used {
			names = append(names, e.Package+" "+e.Test)
		}
	}
	return names
}
