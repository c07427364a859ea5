package scripts

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// fits holds what was printed last against the schema that the program gives out for a command: fits COMMAND. Each of the
// documents has to fit, and there has to be one.
func fits(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: fits COMMAND")
	}
	printed := ts.ReadFile("stdout")
	// Beside the script, so that its next line still sees what was printed.
	program := filepath.Join(filepath.SplitList(ts.Getenv("PATH"))[0], "greenchannel")
	text, err := exec.Command(program, append([]string{"schema"}, args...)...).Output()
	ts.Check(err)
	schema, err := compiled(text)
	ts.Check(err)
	err = fitting(schema, printed)
	switch {
	case err == nil && neg:
		ts.Fatalf("what was printed fits the schema of %s", strings.Join(args, " "))
	case err != nil && !neg:
		ts.Fatalf("the schema of %s: %v", strings.Join(args, " "), err)
	}
}

func compiled(text []byte) (*jsonschema.Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("greenchannel:///schema", document); err != nil {
		return nil, err
	}
	return compiler.Compile("greenchannel:///schema")
}

func fitting(schema *jsonschema.Schema, printed string) error {
	documents := json.NewDecoder(strings.NewReader(printed))
	documents.UseNumber()
	for n := 0; ; n++ {
		var document any
		switch err := documents.Decode(&document); {
		case errors.Is(err, io.EOF) && n > 0:
			return nil
		case err != nil:
			return err
		}
		if err := schema.Validate(document); err != nil {
			return err
		}
	}
}
