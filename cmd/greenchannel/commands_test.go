package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

// working gives every command that does something of its own, by its name without that of the program; those of OPA are OPA's.
func working(t *testing.T) map[string]*cobra.Command {
	t.Helper()
	found := map[string]*cobra.Command{}
	var walk func(*cobra.Command)
	walk = func(command *cobra.Command) {
		_, name, _ := strings.Cut(command.CommandPath(), " ")
		switch {
		case name == "opa":
			return
		case !command.HasSubCommands() || command.Example != "":
			found[name] = command
		}
		for _, below := range command.Commands() {
			walk(below)
		}
	}
	walk(newRoot())
	if len(found) < 25 {
		t.Fatalf("%d commands were found", len(found))
	}
	return found
}

// Every command says what it does, gives examples that name it and flags that it has, and says its exit codes.
func TestCommandsAreDescribed(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(` (--?)([a-z][a-z-]*)`)
	for name, command := range working(t) {
		for what, said := range map[string]string{"what it does": command.Short, "examples": command.Example} {
			if said == "" {
				t.Errorf("%s: the help has no line for %s", name, what)
			}
		}
		for _, word := range []string{"xit code 0", "2 when"} {
			if !strings.Contains(command.Long, word) {
				t.Errorf("%s: the help does not say %q", name, word)
			}
		}
		for example := range strings.SplitSeq(command.Example, "\n") {
			if !strings.HasPrefix(example, "  greenchannel "+name) {
				t.Errorf("%s: the example %q is of another command", name, example)
			}
			example, _, _ = strings.Cut(example, " | ")
			for _, said := range flag.FindAllStringSubmatch(example, -1) {
				if said[1] == "--" && command.Flags().Lookup(said[2]) == nil || said[1] == "-" && command.Flags().ShorthandLookup(said[2]) == nil {
					t.Errorf("%s: the example %q has a flag that there is not", name, example)
				}
			}
		}
	}
}

// What a command prints as JSON has a schema, and there is no schema of anything else.
func TestWhatIsPrintedAsJSONHasASchema(t *testing.T) {
	t.Parallel()
	commands := working(t)
	for name, command := range commands {
		prints := false
		if flag := command.Flags().Lookup("format"); flag != nil {
			format, ok := flag.Value.(*choice)
			prints = ok && (slices.Contains(format.allowed, "json") || slices.Contains(format.allowed, "ndjson"))
		}
		a, err := answerOf(name)
		if (err == nil) != prints {
			t.Errorf("%s prints JSON: %t; of its schema: %v", name, prints, err)
		}
		if err != nil {
			continue
		}
		if _, err := a.alone(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(command.Long, `"greenchannel schema `+name+`"`) {
			t.Errorf("%s: the help does not say where its JSON is described", name)
		}
	}
	for _, a := range answers() {
		if commands[a.command] == nil {
			t.Errorf("there is a schema of %s, which is no command", a.command)
		}
	}
}

// Some script runs each command to each of its exit codes, and holds its JSON against its schema.
func TestEveryExitCodeIsTried(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "tests", "scripts", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	commands := working(t)
	tried := map[string]bool{}
	line := regexp.MustCompile(`(?m)^(?:(exec)|code ([0-9])|(fits)) (?:greenchannel )?(.+)$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range line.FindAllStringSubmatch(string(text), -1) {
			words := strings.Fields(said[4])
			for n := min(3, len(words)); n > 0; n-- { // the longest name that is a command
				if name := strings.Join(words[:n], " "); commands[name] != nil {
					how := said[2] + said[3]
					if said[1] != "" {
						how = "0"
					}
					tried[how+" "+name] = true
					break
				}
			}
		}
	}
	for name, command := range commands {
		wanted := []string{"0", "2"}
		if strings.Contains(command.Long, "1 when") {
			wanted = append(wanted, "1")
		}
		if _, err := answerOf(name); err == nil {
			wanted = append(wanted, "fits")
		}
		for _, how := range wanted {
			if !tried[how+" "+name] {
				t.Errorf("no script tries %q of %s", how, name)
			}
		}
	}
}

// What commands print as JSON is what programs rely on: a change of it is seen, and written down with -update. Decisions, and what
// the API answers as well, have their own.
func TestAnswersStayAsTheyAre(t *testing.T) {
	t.Parallel()
	described, err := describeAnswers()
	if err != nil {
		t.Fatal(err)
	}
	var now strings.Builder
	for _, kind := range answerTypes() {
		schema, _ := described.Component(kind.Name)
		rows, err := described.Rows(schema)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			said := []string{strings.TrimSuffix(kind.Name+"."+row.Path, "."), strings.TrimSpace(row.Type.Before + " " + row.Type.Component)}
			if row.Required {
				said = append(said, "always")
			}
			if row.Enum != nil {
				said = append(said, "one of "+strings.Join(row.Enum, " "))
			}
			now.WriteString(strings.Join(said, ", ") + "\n")
		}
	}
	const golden = "testdata/answers.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(now.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(was), "\n"), strings.Split(now.String(), "\n")); diff != "" {
		t.Errorf("what is printed as JSON has changed; where that is meant, say so with -update (-was +now):\n%s", diff)
	}
}
