package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// configVariable names the file where no flag does.
const configVariable = EnvironmentPrefix + "CONFIG"

// Kind says what sort of place a value came from.
type Kind string

// The places, the strongest last.
const (
	FromDefault     Kind = "default"
	FromFile        Kind = "file"
	FromEnvironment Kind = "environment"
	FromFlag        Kind = "flag"
)

// Source is where a value came from.
type Source struct {
	Kind Kind
	Name string // file:line, the variable, or the flag with its dashes
}

// String is the place as it is printed.
func (s Source) String() string {
	if s.Kind == FromDefault || s.Kind == "" {
		return string(FromDefault)
	}
	return s.Name
}

// Inputs are what the configuration is made of.
type Inputs struct {
	// File is the path that --config names; empty for the variable GREENCHANNEL_CONFIG, or none.
	File string
	// Environment is as os.Environ gives it.
	Environment []string
	// Flags are those that were stated, by name without dashes.
	Flags map[string]string
	// ReadFile reads the file; os.ReadFile unless set.
	ReadFile func(name string) ([]byte, error)
}

// Loaded is a configuration, and where each value came from.
type Loaded struct {
	Config
	// Warnings are what need not be wrong, but probably is.
	Warnings []string

	sources map[string]Source
}

// Fault is one thing that has to be mended.
type Fault struct{ Place, Detail string }

func (f Fault) String() string { return f.Place + ": " + f.Detail }

// Error is everything that is wrong with a configuration.
type Error struct{ Faults []Fault }

// Error lists the faults, one a line.
func (e *Error) Error() string {
	lines := []string{"the configuration cannot be used"}
	for _, fault := range e.Faults {
		lines = append(lines, "  "+fault.String())
	}
	return strings.Join(lines, "\n")
}

// Load makes the configuration: flags go before the environment, that before the file, and that before the defaults. It
// fails with an *Error that names everything that is wrong.
func Load(in Inputs) (*Loaded, error) {
	loaded := &Loaded{Config: Standard(), sources: map[string]Source{}}
	fields, sections := walk(&loaded.Config)
	stated := environment(in.Environment)
	faults := readFile(in, stated, fields, sections, loaded.sources)

	for _, f := range fields {
		name := f.variable()
		if value := stated[name]; name != "" && value != "" {
			faults = append(faults, set(f, value, Source{FromEnvironment, name}, loaded.sources)...)
		}
		if value, ok := in.Flags[f.flag]; ok && f.flag != "" {
			faults = append(faults, set(f, value, Source{FromFlag, "--" + f.flag}, loaded.sources)...)
		}
	}
	loaded.Warnings = misspelt(stated)
	faults = append(faults, loaded.check(len(faults) == 0)...)
	if len(faults) > 0 {
		return nil, &Error{faults}
	}
	return loaded, nil
}

// environment gives the variables by name; an empty one states nothing.
func environment(entries []string) map[string]string {
	stated := map[string]string{}
	for _, entry := range entries {
		if name, value, _ := strings.Cut(entry, "="); value != "" {
			stated[name] = value
		}
	}
	return stated
}

func set(f *field, value string, source Source, sources map[string]Source) []Fault {
	if err := f.setText(value); err != nil {
		return []Fault{{source.Name, err.Error()}}
	}
	sources[f.path] = source
	return nil
}

func readFile(in Inputs, stated map[string]string, fields []*field, sections map[string]section, sources map[string]Source) []Fault {
	name := in.File
	if name == "" {
		name = stated[configVariable]
	}
	if name == "" {
		return nil
	}
	read := in.ReadFile
	if read == nil {
		read = os.ReadFile
	}
	text, err := read(name)
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err
		}
		return []Fault{{name, fmt.Sprintf("cannot be read: %v", err)}}
	}
	byPath := map[string]*field{}
	for _, f := range fields {
		byPath[f.path] = f
	}
	reading := &reading{name: name, fields: byPath, sections: sections, sources: sources, lookup: func(name string) (string, bool) {
		value, ok := stated[name]
		return value, ok
	}}
	reading.read(text)
	return reading.faults
}

// misspelt warns of variables that look like one of ours; others with the prefix may be somebody else's, such as those
// that Kubernetes makes of a service's name.
func misspelt(stated map[string]string) []string {
	known := Variables()
	endings := make([]string, 0, len(known))
	mine := map[string]bool{}
	for _, name := range known {
		mine[name] = true
		endings = append(endings, strings.TrimPrefix(name, EnvironmentPrefix))
	}
	var warnings []string
	for name := range stated {
		if !strings.HasPrefix(name, EnvironmentPrefix) || mine[name] {
			continue
		}
		if near, ok := nearest(strings.TrimPrefix(name, EnvironmentPrefix), endings); ok {
			warnings = append(warnings, fmt.Sprintf("the environment has %s, which sets nothing; did you mean %s%s?", name, EnvironmentPrefix, near))
		}
	}
	slices.Sort(warnings)
	return warnings
}
