package architecture

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

const module = "greenchannel"

// A storey is a set of packages that stand at one height. Imports go down only: to a package of a later storey, or into
// the same room.
type storey struct {
	packages []string
	reason   string
}

// The house from the top: cmd → server → the rooms → decision → problem.
func storeys() []storey {
	return []storey{
		{[]string{"cmd"}, "the program: flags, exit codes, standard streams; nobody can import it"},
		{[]string{"server"}, "assembles the rooms, runs and drains them; the only one that knows all"},
		{
			[]string{
				"server/httpapi", "server/console", "server/engine", "server/bundle", "server/store", "server/journal",
				"server/impact", "server/screening", "server/metrics", "server/batch", "server/sheet", "server/casefile",
				"server/plan", "server/policytest", "server/remote", "server/watch", "server/explain",
			},
			"one concern each; they meet in package server, not in one another",
		},
		{
			[]string{"server/decision", "server/identity"},
			"the nouns and the verb, and who calls; they state as interfaces what they need of the rooms",
		},
		{
			[]string{"server/problem", "server/config", "server/corpus", "server/escape", "policies"},
			"words and data that every storey may use, and that use nothing of ours",
		},
	}
}

// passages are the imports from room to room that are allowed all the same.
func passages() []passage {
	return []passage{
		{"server/engine", "server/bundle", "a generation is compiled from a bundle"},
		{"server/engine", "server/store", "a generation reads its data through a store"},
		{"server/policytest", "server/store", "a case is decided beside the tables of the service, as they are there"},
		{"server/policytest", "server/casefile", "cases are tests of the policies"},
		{"server/engine", "server/plan", "a generation is evaluated by the executor, which knows OPA as the engine does"},
		{"server/engine", "server/explain", "the engine fills what an explanation is made of, and judges for the search of the nearest green"},
		{"server/httpapi", "server/explain", "an explanation goes out as it is, and its schema is made of its types"},
		{"server/httpapi", "server/batch", "a batch comes and goes as a stream, and its transport puts the two together"},
		{"server/store", "server/screening", "the near matches of a name are a table that is computed when a policy reads it"},
	}
}

type passage struct{ from, to, reason string }

// closed lists packages that fewer may import than the storeys would let.
func closed() []closure {
	return []closure{
		{
			"policies",
			[]string{"cmd", "server"},
			"rooms are handed a folder of policies; which one is chosen by package server or by a flag",
		},
	}
}

type closure struct {
	pkg    string
	open   []string
	reason string
}

// rank tells on which storey a package stands, counted from the top.
func rank(pkg string) (int, bool) {
	for height, storey := range storeys() {
		for _, room := range storey.packages {
			if pkg == room || room != "server" && strings.HasPrefix(pkg, room+"/") {
				return height, true
			}
		}
	}
	return 0, false
}

// room is the package at the root of the room that pkg belongs to: server/journal for server/journal/sqlite.
func room(pkg string) string {
	parts := strings.SplitN(pkg, "/", 3)
	return path.Join(parts[:min(len(parts), 2)]...)
}

func imports(t tree) []breach {
	var found []breach
	used := map[passage]bool{}
	for _, file := range t.goFiles() {
		if file.test() {
			continue
		}
		from := file.dir()
		above, known := rank(from)
		if !known {
			found = append(found, breach{file.path, fmt.Sprintf("%s is no room of the house; give it a storey in imports_test.go, with the reason, or move the file", from)})
			continue
		}
		for _, spec := range file.syntax.Imports {
			to, ours := within(spec.Path.Value)
			if !ours {
				continue
			}
			if allowed, reason := mayImport(from, above, to, used); !allowed {
				found = append(found, breach{file.line(spec.Pos()), fmt.Sprintf("%s may not import %s: %s", from, to, reason)})
			}
		}
	}
	return append(found, unused(t, used)...)
}

// within cuts the module from an import path.
func within(quoted string) (string, bool) {
	name, err := strconv.Unquote(quoted)
	if err != nil {
		return "", false
	}
	return strings.CutPrefix(name, module+"/")
}

func mayImport(from string, above int, to string, used map[passage]bool) (allowed bool, reason string) {
	if strings.HasPrefix(to, "tests/") {
		return false, "what is shipped does not need the tests"
	}
	below, known := rank(to)
	switch {
	case !known:
		return false, to + " is no room of the house"
	case above < below:
		for _, c := range closed() {
			if c.pkg == to && !slices.Contains(c.open, from) && (above > 0 || !slices.Contains(c.open, "cmd")) {
				return false, c.reason
			}
		}
		return true, ""
	case room(from) == room(to) && above == below && from != to:
		return true, ""
	}
	for _, p := range passages() {
		if p.from == room(from) && p.to == room(to) {
			used[p] = true
			return true, ""
		}
	}
	return false, fmt.Sprintf("%s stands on the storey of %q, and imports go down only; state an interface where it is needed and let package server fill it",
		to, storeys()[below].reason)
}

// unused tells of passages that nobody walks any more, as far as both rooms are there to tell.
func unused(t tree, used map[passage]bool) []breach {
	rooms := map[string]bool{}
	for _, file := range t.goFiles() {
		rooms[room(file.dir())] = true
	}
	var found []breach
	for _, p := range passages() {
		if rooms[p.from] && rooms[p.to] && !used[p] {
			found = append(found, breach{p.from, fmt.Sprintf("the passage to %s is not used; wall it up in imports_test.go", p.to)})
		}
	}
	return found
}
