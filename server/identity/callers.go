package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

const (
	longestFile = 4 << 20
	longestName = 128 // characters of a caller's name
	mostRoles   = 32
)

// entry is one caller of a file of callers.
type entry struct {
	Hash     string   `yaml:"hash"`
	Roles    []string `yaml:"roles"`
	Exporter string   `yaml:"exporter"`
}

// readEntries reads a file of callers by name. Everything that is wrong with it is told at once.
func readEntries(file string, hashed bool) (map[string]entry, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read callers: %w", err)
	}
	if len(text) > longestFile {
		return nil, fmt.Errorf("%s is longer than %d bytes", file, longestFile)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	entries := map[string]entry{}
	if err := decoder.Decode(&entries); err != nil && !errors.Is(err, io.EOF) {
		said := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), " in type identity.entry", "; a caller has hash, roles and exporter")
		return nil, fmt.Errorf("%s: %s", file, said)
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		if err := entries[name].check(name, hashed); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", file, err))
		}
	}
	return entries, errors.Join(faults...)
}

func (e entry) check(name string, hashed bool) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := checkRoles(e.Roles); err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	if !hashed && e.Hash != "" {
		return fmt.Errorf("%q has a hash, but is known by its certificate", name)
	}
	return nil
}

// checkName refuses names that a record or a log could not show as they are, and those of callers without credentials.
func checkName(name string) error {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("a caller has no name")
	case utf8.RuneCountInString(name) > longestName, strings.ContainsFunc(name, odd), strings.TrimSpace(name) != name:
		return fmt.Errorf("%.200q is no name: at most %d characters that can be seen", name, longestName)
	case strings.EqualFold(name, Anonymous), strings.EqualFold(name, Local):
		return fmt.Errorf("%q is what callers without credentials are called; choose another name", name)
	}
	return nil
}

func checkRoles(roles []string) error {
	if len(roles) > mostRoles {
		return fmt.Errorf("has more than %d roles", mostRoles)
	}
	for _, role := range roles {
		if role == "" || len(role) > longestName || strings.ContainsFunc(role, func(r rune) bool { return !unicode.IsPrint(r) || r == ' ' }) {
			return fmt.Errorf("%.60q is no role; a role is one word", role)
		}
	}
	return nil
}
