package plan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"greenchannel/server/plan"
	"greenchannel/server/store"
)

// program compiles one policy of package p.
func program(tb testing.TB, query, source string, change ...func(*plan.Query)) *plan.Program {
	tb.Helper()
	q := plan.Query{Text: query, Modules: compiled(tb, source)}
	for _, c := range change {
		c(&q)
	}
	p, err := plan.Compile(context.Background(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func compiled(tb testing.TB, source string) *ast.Compiler {
	tb.Helper()
	module, err := ast.ParseModuleWithOpts("p.rego", source, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil {
		tb.Fatal(err)
	}
	compiler := ast.NewCompiler()
	if compiler.Compile(map[string]*ast.Module{"p.rego": module}); compiler.Failed() {
		tb.Fatal(compiler.Errors)
	}
	return compiler
}

func eval(tb testing.TB, p *plan.Program, body string) string {
	tb.Helper()
	out, err := p.Eval(context.Background(), plan.Input{Body: []byte(body), Time: day}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return string(out)
}

// OPA's plan of a negated body does not forget from one round of a loop to the next that the body held.
func TestNotForgetsBetweenRounds(t *testing.T) {
	p := program(t, "result := data.p.odd", `package p
import future.keywords.not
odd contains x if {
	some x in [1, 2, 3, 4]
	not {
		some y in [2, 4]
		x == y
	}
}`)
	if got := eval(t, p, `{}`); got != "[1,3]" {
		t.Errorf("got %s, want [1,3]", got)
	}
}

func TestCancellation(t *testing.T) {
	p := program(t, "result := data.p.x", `package p
x contains [a, b] if { some a in numbers.range(1, 30000); some b in numbers.range(1, 30000); a + b == 0 }`)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := p.Eval(ctx, plan.Input{Time: day}, nil)
	if !topdown.IsCancel(err) {
		t.Errorf("error %v, want a cancellation", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	cancel()
	if _, err = p.Eval(ctx, plan.Input{Time: day}, nil); !topdown.IsCancel(err) {
		t.Errorf("error %v, want a cancellation before it began", err)
	}
}

func TestPanicsDoNotEscape(t *testing.T) {
	boom := &topdown.Builtin{
		Decl: &ast.Builtin{Name: "boom", Decl: types.NewFunction(types.Args(types.A), types.A)},
		Func: func(topdown.BuiltinContext, []*ast.Term, func(*ast.Term) error) error { panic("boom") },
	}
	module := ast.MustParseModuleWithOpts("package p\nx := boom(input)", ast.ParserOptions{RegoVersion: ast.RegoV1})
	capabilities := ast.CapabilitiesForThisVersion()
	capabilities.Builtins = append(capabilities.Builtins, boom.Decl)
	compiler := ast.NewCompiler().WithCapabilities(capabilities)
	if compiler.Compile(map[string]*ast.Module{"p": module}); compiler.Failed() {
		t.Fatal(compiler.Errors)
	}
	p, err := plan.Compile(t.Context(), plan.Query{
		Text: "result := data.p.x", Modules: compiler, Builtins: map[string]*topdown.Builtin{"boom": boom},
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := p.Eval(t.Context(), plan.Input{Body: []byte("1"), Time: day}, nil); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("error %v, want one that says boom", err)
		}
	}
}

// What is wrong with the rows is the error of the evaluation; an absent row is undefined; a table is undefined as a whole.
func TestTables(t *testing.T) {
	data, err := plan.NewData(ast.MustParseTerm(`{"live": {"doc": 1}}`).Value.(ast.Object), storage.Path{"live", "rows"}, storage.Path{"far", "off", "rows"})
	if err != nil {
		t.Fatal(err)
	}
	p := program(t, "result := data.p", `package p
row := data.live.rows[input.name]
part := data.live.rows[input.name].score
far := data.far.off.rows.a
table := data.live.rows
above := data.live
further := data.far
listed := [k | some k, _ in data.live.rows]
keys := [k | some k, _ in data.live]
mocked := m if m := data.live.rows.x with data.live.rows as {"x": 7}
held := x.rows.a if x := data.live
got := object.get(data.live, ["rows", "a"], "none")
beside := m if m := data.live.rows.a.score with data.live.doc as 2`, func(q *plan.Query) { q.Data = data })
	var asked []string
	rows := func(_ context.Context, path storage.Path) (ast.Value, error) {
		asked = append(asked, path.String())
		if path[len(path)-1] == "a" {
			return ast.MustParseTerm(`{"score": 0.5}`).Value, nil
		}
		return nil, nil
	}
	for _, tc := range []struct{ name, want string }{
		{"a", `{"above":{"doc":1},"beside":0.5,"far":{"score":0.5},"got":"none","keys":["doc"],"listed":[],"mocked":7,"part":0.5,"row":{"score":0.5}}`},
		{"b", `{"above":{"doc":1},"beside":0.5,"far":{"score":0.5},"got":"none","keys":["doc"],"listed":[],"mocked":7}`},
	} {
		asked = nil
		body := fmt.Sprintf(`{"name": %q}`, tc.name)
		got, err := p.Eval(t.Context(), plan.Input{Body: []byte(body), Time: day, Rows: rows}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tc.want {
			t.Errorf("name %s:\nwant %s\ngot  %s", tc.name, tc.want, got)
		}
		seen := map[string]bool{}
		for _, path := range asked {
			if seen[path] {
				t.Errorf("%s was asked for twice", path)
			}
			seen[path] = true
		}
	}
	fault := errors.New("no snapshot")
	_, err = p.Eval(t.Context(), plan.Input{Body: []byte(`{"name": "a"}`), Time: day, Rows: func(context.Context, storage.Path) (ast.Value, error) { return nil, fault }}, nil)
	if !errors.Is(err, fault) {
		t.Errorf("error %v, want %v", err, fault)
	}
}

func TestRefusal(t *testing.T) {
	data, err := plan.NewData(ast.NewObject(), storage.Path{"live", "rows"})
	if err != nil {
		t.Fatal(err)
	}
	for source, what := range map[string]string{
		"package p\nx[1] contains 2 if input.a":                             "the set data.p.x[1]",
		`package p` + "\n" + `x := 1 if input.a with data.live.rows.a as 1`: "replaces a row of a table",
	} {
		_, err := plan.Compile(t.Context(), plan.Query{Text: "result := data.p.x", Modules: compiled(t, source), Data: data})
		var unsupported *plan.Unsupported
		if !errors.As(err, &unsupported) || !strings.Contains(unsupported.What, what) || unsupported.Where == "" {
			t.Errorf("%s: error %v, want a refusal that says %q", source, err, what)
		}
	}
}

// One program serves many goroutines, each with inputs of its own.
func TestManyAtOnce(t *testing.T) {
	p := ourBundle(t)
	g := applications(t)
	var all sync.WaitGroup
	for worker := range uint64(4) {
		all.Go(func() {
			for i := range uint64(15) {
				body, at := g.one(worker*100 + i)
				if err := p.differ(t, body, at); err != nil {
					t.Errorf("seed %d: %v", worker*100+i, err)
				}
			}
		})
	}
	all.Wait()
}

// A huge input is paid for once.
func TestMemoryIsGivenBack(t *testing.T) {
	p := program(t, "result := count(data.p.x)", "package p\nx contains [i, v] if some i, v in input")
	huge := "[" + strings.Repeat(`{"a":[1,2,3],"b":"c"},`, 200_000) + "1]"
	if got := eval(t, p, huge); got != "200001" {
		t.Fatal(got)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 10 {
		if got := eval(t, p, "[1]"); got != "1" {
			t.Fatal(got)
		}
	}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if after.HeapAlloc > 32<<20 {
		t.Errorf("%d MB are held after a huge input (%d MB before)", after.HeapAlloc>>20, before.HeapAlloc>>20)
	}
}

// FuzzInput reads and writes JSON as OPA does.
func FuzzInput(f *testing.F) {
	p := program(f, "result := input", "package p")
	for _, seed := range []string{
		`{"a":1,"a":2}`, `{"b":1,"a":[1.0,-0,1e5,1E+2,123456789012345678901234567890]}`, `"\u00e9\ud83d\ude00\ud800<>&\u2028"`, "\"\x7f\\n\\/\\b\"", `[]`, `{}`,
		" null ", `{"a":{"b":{"c":[{}]}}} trailing`, `01`, `-`, `"`, `[1,]`, "\"\xff\"", `1e999999999`, `tru`, `{"z":1,"y":2,"x":3,"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"a":5}`,
		`-9223372036854775808`, `36028797018963967`, `9007199254740993`, `0.10`, `"` + strings.Repeat("é", 9) + `"`, "\"tab\tin\"", "12 34",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		v, wantErr := ast.ValueFromReader(bytes.NewReader(body))
		got, gotErr := p.Eval(t.Context(), plan.Input{Body: bytes.Clone(body), Time: day}, nil)
		if (wantErr == nil) != (gotErr == nil) {
			t.Fatalf("%q: OPA ends with %v, the executor with %v", body, wantErr, gotErr)
		}
		if wantErr != nil {
			return
		}
		native, err := ast.JSONWithOpt(v, ast.JSONOpt{SortSets: true})
		if err != nil {
			t.Fatal(err)
		}
		want, err := encode(native)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%q:\nwant %s\ngot  %s", body, want, got)
		}
	})
}

// What the engine asks of the policies besides decisions.
func TestFurtherQuestions(t *testing.T) {
	for _, asked := range []struct{ query, body string }{
		{
			`{key: row | some key in input.keys; row := data.rareearth.controls.listing.entries[key]}`,
			`{"keys": ["1C905.a.4", "1C902.a.1", "none"]}`,
		},
		{
			`{key: row | some key in input.keys; row := data.rareearth.parties.listing.rows[key]}`,
			`{"keys": ["CL-2025-1-01", "none"]}`,
		},
		{
			`data.system.authz.allow`,
			`{"identity": {"name": "acme", "roles": ["client"], "exporter": "", "method": "token"}, "method": "POST", "path": ["v1", "decisions"], "query": []}`,
		},
		{
			`data.system.authz.allow`,
			`{"identity": {"name": "acme", "roles": ["auditor"], "exporter": "", "method": "token"}, "method": "POST", "path": ["v1", "decisions"], "query": []}`,
		},
		{
			`data.authzen.mapping.question`,
			`{"subject": {"type": "exporter", "id": "A", "properties": {"uscc": "91"}}, "action": {"name": "export"},
			  "resource": {"type": "application", "id": "B", "properties": {"items": []}}}`,
		},
		{
			`data.authzen.mapping.question`,
			`{"subject": {"type": "user", "id": "A"}, "action": {"name": "read"}, "resource": {"type": "application", "id": "B", "properties": {"id": "C"}}}`,
		},
		{
			`data.authzen.mapping.answer`,
			`{"decision": {"outcome": "no_licence_required", "decision_id": "0199", "as_of": "2026-11-23T00:00:00+08:00", "green_channel": {"eligible": false},
			  "reasons": [{"rule": "RF-12", "severity": "medium", "text": {"en": "a", "zh": "b"}}], "missing": [], "valid_until": null,
			  "policy": {"name": "n"}, "record": {"seq": 1}}}`,
		},
	} {
		p := bundleFor(t, store.Screening(), asked.query)
		if err := p.differ(t, []byte(asked.body), day); err != nil || p.failed.Load() > 0 {
			t.Errorf("%s of %s: %v, or neither has an answer", asked.query, asked.body, err)
		}
	}
}
