package policytest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Excuse is a mutant that no test can notice, because it decides as the rule does.
type Excuse struct {
	// File is the end of the path of the policy; Original and Mutated are the line as it stands and as it would be.
	File     string `yaml:"file"`
	Original string `yaml:"original"`
	Mutated  string `yaml:"mutated"`
	// Reason says why nothing can tell them apart.
	Reason string `yaml:"reason"`
}

// Excuses are a list of them. They name lines by their text, so that they stay true when lines move.
type Excuses []Excuse

// ReadExcuses reads the list from a YAML file.
func ReadExcuses(file string) (Excuses, error) {
	body, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	dec := yaml.NewDecoder(bytes.NewReader(body))
	dec.KnownFields(true)
	// A list alone would be no data document, and a stock opa reads every YAML file below the policies as one.
	var document struct {
		Excuses Excuses `yaml:"excuses"`
	}
	if err := dec.Decode(&document); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var faults []error
	for i, e := range document.Excuses {
		if e.File == "" || e.Original == "" || e.Mutated == "" || e.Reason == "" {
			faults = append(faults, fmt.Errorf("%s: entry %d: file, original, mutated and reason are all needed", file, i+1))
		}
	}
	return document.Excuses, errors.Join(faults...)
}

// find gives the place of the excuse for a mutant, or -1.
func (list Excuses) find(m Mutant) int {
	for i, e := range list {
		if (path.Clean(m.File) == path.Clean(e.File) || strings.HasSuffix(m.File, "/"+e.File)) && e.Original == m.Original && e.Mutated == m.Mutated {
			return i
		}
	}
	return -1
}

// String names the excuse.
func (e Excuse) String() string { return fmt.Sprintf("%s: %s → %s", e.File, e.Original, e.Mutated) }
