package architecture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A library and the rooms that may know it.
type library struct {
	name   string
	paths  []string // import paths; with a slash at the end, all below as well
	rooms  []string
	except []exception
	reason string
}

// parsers is why the configuration knows some packages of OPA.
const parsers = "blocks in OPA's shape are read by OPA's own parsers, so that they mean here what they mean there"

// clients is why the room that talks with servers knows some packages of OPA.
const clients = "servers that OPA's configuration names are asked by OPA's own clients, so that credentials and protocols are OPA's"

// An exception lets one file import one path; with a slash at the end, all below as well.
type exception struct{ file, path, reason string }

func known() []library {
	return []library{
		{
			name:   "Gin",
			paths:  []string{"github.com/gin-gonic/gin/", "github.com/gin-contrib/"},
			rooms:  []string{"server/httpapi", "server/console"},
			reason: "only the rooms that face the network speak HTTP with a framework",
		},
		{
			name:  "OPA",
			paths: []string{"github.com/open-policy-agent/opa/"},
			rooms: []string{"server/engine", "server/bundle", "server/store", "server/plan", "server/policytest"},
			except: []exception{
				{
					"cmd/greenchannel/opa.go", "github.com/open-policy-agent/opa/cmd",
					"`greenchannel opa` is OPA's own command line, which is that package",
				},
				{"server/remote/remote.go", "github.com/open-policy-agent/opa/v1/", clients},
				{"server/remote/source.go", "github.com/open-policy-agent/opa/v1/", clients},
				{"server/remote/shipper.go", "github.com/open-policy-agent/opa/v1/util", clients},
				{"server/config/opa.go", "github.com/open-policy-agent/opa/v1/config", parsers},
				{"server/config/opa.go", "github.com/open-policy-agent/opa/v1/keys", parsers},
				{"server/config/opa.go", "github.com/open-policy-agent/opa/v1/plugins/", parsers},
			},
			reason: "how policies are evaluated is one concern; the nouns and the API outlive it",
		},
		{
			name:   "fsnotify",
			paths:  []string{"github.com/fsnotify/fsnotify/"},
			rooms:  []string{"server/watch"},
			reason: "what an editor does to a file is known in one place; everybody else is told that something was saved",
		},
		{
			name:   "go-memdb",
			paths:  []string{"github.com/hashicorp/go-memdb/"},
			rooms:  []string{"server/store"},
			reason: "who holds a transaction holds its rules: abort, no half rows, shared values are read only",
		},
		{
			name: "SQL",
			paths: []string{
				"database/sql/", "modernc.org/sqlite/", "github.com/jackc/pgx/", "github.com/pressly/goose/",
			},
			rooms:  []string{"server/journal"},
			reason: "the record is written in one place, so that there is one way for it to be durable",
		},
		{
			name:   "excelize",
			paths:  []string{"github.com/xuri/excelize/"},
			rooms:  []string{"server/sheet"},
			reason: "what a spreadsheet does to values is known in one place, and guarded against there",
		},
		{
			name:   "the terminal",
			paths:  []string{"github.com/schollz/progressbar/", "golang.org/x/term/"},
			rooms:  []string{"cmd/greenchannel"},
			reason: "rooms are handed a writer, and do not know who looks at it",
		},
		{
			name:   "cobra",
			paths:  []string{"github.com/spf13/cobra/", "github.com/spf13/pflag/"},
			rooms:  []string{"cmd/greenchannel"},
			reason: "flags belong to the program; rooms are handed values",
		},
		{
			name:   "net/http",
			paths:  []string{"net/http/"},
			rooms:  []string{"server", "server/httpapi", "server/console", "server/identity", "server/metrics", "server/remote", "cmd/greenchannel"},
			reason: "the nouns, the policies and their data know no transport",
		},
		{
			name:   "Prometheus",
			paths:  []string{"github.com/prometheus/"},
			rooms:  []string{"server/metrics"},
			reason: "the rooms tell what happened; how it is counted and shown is one concern",
		},
		{
			name: "the OpenTelemetry SDK",
			paths: []string{
				"go.opentelemetry.io/otel/sdk/", "go.opentelemetry.io/otel/exporters/", "go.opentelemetry.io/contrib/",
			},
			rooms:  []string{"server"},
			reason: "where traces are sent is said once; a room needs the API at most",
		},
		{
			name:   "credentials",
			paths:  []string{"github.com/lestrrat-go/jwx/", "golang.org/x/crypto/bcrypt/", "crypto/subtle/"},
			rooms:  []string{"server/identity"},
			reason: "there is one place where somebody is believed, so that there is one to attack in tests",
		},
		{
			name:   "testing",
			paths:  []string{"testing/", "github.com/google/go-cmp/", "pgregory.net/rapid/", "go.uber.org/goleak/"},
			rooms:  nil,
			reason: "what is shipped does not carry its tests",
		},
	}
}

// holds tells whether a path list names an import path.
func (l library) holds(imported string) bool {
	return slices.ContainsFunc(l.paths, func(p string) bool { return strings.HasPrefix(imported+"/", p) })
}

// allows tells whether a file may import a path of the library.
func (l library) allows(file goFile, imported string) bool {
	if slices.Contains(l.rooms, file.dir()) || slices.Contains(l.rooms, room(file.dir())) && file.dir() != "server" {
		return true
	}
	return slices.ContainsFunc(l.except, func(e exception) bool {
		return e.file == file.path && (e.path == imported || strings.HasSuffix(e.path, "/") && strings.HasPrefix(imported+"/", e.path))
	})
}

func libraries(t tree) []breach {
	var found []breach
	for _, file := range t.goFiles() {
		if file.test() {
			continue
		}
		for _, spec := range file.syntax.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue
			}
			for _, lib := range known() {
				if lib.holds(imported) && !lib.allows(file, imported) {
					found = append(found, breach{file.line(spec.Pos()), fmt.Sprintf("%s may not know %s: %s", file.dir(), lib.name, lib.reason)})
				}
			}
		}
	}
	return found
}
