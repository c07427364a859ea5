package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"

	"greenchannel/server/problem"
)

// FileError is what is wrong with one file of a folder.
type FileError struct {
	File string
	Err  error
}

// Error names the file first.
func (e *FileError) Error() string { return fmt.Sprintf("%.200s: %v", e.File, e.Err) }

// Unwrap gives what is wrong.
func (e *FileError) Unwrap() error { return e.Err }

// Faults takes what Unpack, Load or the compilation of a bundle found wrong apart: a fault for each place. The pointer is
// the path of the file with a slash before it, or empty where no file is to blame; the detail begins with the line, where
// there is one.
func Faults(err error) []problem.Fault {
	if err == nil {
		return nil
	}
	if found := located(err); len(found) > 0 {
		return found
	}
	return []problem.Fault{{Detail: err.Error()}}
}

// located is Faults of what names its place; of anything else it gives none.
func located(err error) []problem.Fault {
	switch e := any(err).(type) {
	case ast.Errors:
		var all []problem.Fault
		for _, one := range e {
			all = append(all, ofRego(one))
		}
		return all
	case *ast.Error:
		return []problem.Fault{ofRego(e)}
	case *FileError:
		if deeper := located(e.Err); len(deeper) > 0 {
			return deeper
		}
		return []problem.Fault{{Pointer: pointer(e.File), Detail: e.Err.Error()}}
	case *fs.PathError:
		detail := e.Err.Error()
		if errors.Is(e.Err, fs.ErrNotExist) {
			detail = "is missing"
		}
		return []problem.Fault{{Pointer: pointer(e.Path), Detail: detail}}
	case interface{ Unwrap() []error }:
		var all []problem.Fault
		for _, one := range e.Unwrap() {
			all = append(all, Faults(one)...)
		}
		return all
	case interface{ Unwrap() error }:
		return located(e.Unwrap())
	}
	return nil
}

func ofRego(e *ast.Error) problem.Fault {
	if e.Location == nil {
		return problem.Fault{Detail: e.Code + ": " + e.Message}
	}
	return problem.Fault{
		Pointer: pointer(e.Location.File), Line: e.Location.Row,
		Detail: fmt.Sprintf("line %d, column %d: %s: %s", e.Location.Row, e.Location.Col, e.Code, e.Message),
	}
}

// longestPointer keeps a path that somebody made up from filling an answer.
const longestPointer = 200

func pointer(file string) string {
	if len(file) > longestPointer {
		file = strings.ToValidUTF8(file[:longestPointer], "") + "…"
	}
	return "/" + strings.ReplaceAll(strings.TrimPrefix(file, "/"), "~", "~0")
}

// faulty reads each file by itself, since OPA's reader ends at the first one that it cannot read; nil when each can be read.
func faulty(fsys fs.FS, capabilities *ast.Capabilities) error {
	names, err := contents(fsys)
	if err != nil {
		return err
	}
	var faults []error
	for _, name := range names {
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		switch {
		case strings.HasSuffix(name, testSuffix), strings.HasPrefix(name, schemasFolder+"/"), name == capabilitiesFile:
		case path.Ext(name) == ".rego":
			if _, err := ast.ParseModuleWithOpts(name, string(text), ast.ParserOptions{
				Capabilities: capabilities, ProcessAnnotation: true, RegoVersion: ast.RegoV1,
			}); err != nil {
				faults = append(faults, &FileError{name, err})
			}
		default:
			var value any
			if err := util.Unmarshal(text, &value); err != nil {
				faults = append(faults, &FileError{name, err})
			}
		}
	}
	return errors.Join(faults...)
}
