package policytest

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const door = `package door

import future.keywords.not

# METADATA
# title: A grown-up
# custom:
#   id: AGE
findings contains "grown-up" if {
	input.age >= 18
	not _banned
}

# METADATA
# title: Never told of
# custom:
#   id: QUIET
findings contains "quiet" if input.quiet == true

_banned if input.name in {"Max", "Moritz"}
`

const doorTest = `package door_test

import data.door

test_at_eighteen if door.findings == {"grown-up"} with input as {"age": 18}

test_at_seventeen if door.findings == set() with input as {"age": 17}

test_banned if {
	every name in ["Max", "Moritz"] {
		door.findings == set() with input as {"age": 30, "name": name}
	}
}
`

// policies lays out a folder of policies.
func policies(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func suite(t *testing.T, files map[string]string) *Suite {
	t.Helper()
	s, err := Load(Options{Paths: []string{policies(t, files)}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRun(t *testing.T) {
	report, err := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest}).Run(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if report.Passed != 3 || report.Failed != 0 {
		t.Errorf("%d passed, %d failed: %v", report.Passed, report.Failed, report.Tests)
	}
	if !slices.Equal(report.Silent, []string{"QUIET"}) || report.Restless != nil || report.Sound() {
		t.Errorf("never fired %v, never silent %v", report.Silent, report.Restless)
	}
	age := report.Rules[0]
	if !slices.Equal(age.FiredBy, []string{"data.door_test.test_at_eighteen"}) ||
		!slices.Equal(age.SilentIn, []string{"data.door_test.test_at_seventeen", "data.door_test.test_banned"}) {
		t.Errorf("%+v", age)
	}
	if f := report.Coverage.Files; len(f) != 1 || len(f[0].NotCovered) == 0 {
		t.Errorf("coverage is %+v", f)
	}
}

func TestFiredBy(t *testing.T) {
	by, err := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest}).FiredBy(t.Context())
	want := map[string][]string{"AGE": {"data.door_test.test_at_eighteen"}, "QUIET": nil}
	if err != nil || !maps.EqualFunc(by, want, slices.Equal) {
		t.Errorf("%v, error %v", by, err)
	}
}

func TestAFailureTellsTheExpressionAndItsValues(t *testing.T) {
	failing := doorTest + "\ntest_wrong if {\n\tgot := door.findings with input as {\"age\": 18}\n\tcount(got) == 7\n}\n"
	report, err := suite(t, map[string]string{"door.rego": door, "door_test.rego": failing}).Run(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed != 1 {
		t.Fatalf("%d failed, want 1", report.Failed)
	}
	for _, result := range report.Tests {
		if result.Passed {
			continue
		}
		for _, part := range []string{"door_test.rego:17:", "count(got)", "grown-up"} {
			if !strings.Contains(result.Why, part) {
				t.Errorf("does not say %q:\n%s", part, result.Why)
			}
		}
	}
}

func TestSomeTestsOnly(t *testing.T) {
	dir := policies(t, map[string]string{"door.rego": door, "door_test.rego": doorTest})
	s, err := Load(Options{Paths: []string{dir}, Run: regexp.MustCompile("seventeen")})
	if err != nil {
		t.Fatal(err)
	}
	report, err := s.Run(t.Context(), 1)
	if err != nil || report.Passed != 1 || report.Rules != nil || !report.Sound() {
		t.Errorf("%+v, error %v", report, err)
	}
}

func TestPoliciesThatCannotBeRead(t *testing.T) {
	if _, err := Load(Options{Paths: []string{policies(t, nil)}}); err == nil || !strings.Contains(err.Error(), "no policy was found") {
		t.Errorf("error %v", err)
	}
	dir := policies(t, map[string]string{"a.rego": "package a\np if {\n", "b.rego": "package b\nq if q1 q2\n"})
	if _, err := Load(Options{Paths: []string{dir}}); err == nil || !strings.Contains(err.Error(), "a.rego:3") || !strings.Contains(err.Error(), "b.rego:2") {
		t.Errorf("error %v, want both files with their lines", err)
	}
	if _, err := suite(t, map[string]string{"a.rego": "package a\np if input.x == y\n"}).Run(t.Context(), 1); err == nil || !strings.Contains(err.Error(), "a.rego:2") {
		t.Errorf("error %v, want the place of the unsafe variable", err)
	}
	if _, err := Load(Options{Paths: []string{policies(t, map[string]string{"door.rego": door})}, Cases: "../../tests/cases"}); err == nil ||
		!strings.Contains(err.Error(), "cases need the policies that decide them") {
		t.Errorf("error %v", err)
	}
}

func TestFormats(t *testing.T) {
	failing := doorTest + "\ntest_wrong if false\n"
	report, err := suite(t, map[string]string{"door.rego": door, "door_test.rego": failing}).Run(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		write func(*bytes.Buffer) error
		says  []string
	}{
		"junit": {func(b *bytes.Buffer) error { return report.WriteJUnit(b) }, []string{
			`<testsuites name="greenchannel test" tests="4" failures="1"`, `classname="data.door_test"`, `<failure message="does not hold">`,
		}},
		"lcov": {func(b *bytes.Buffer) error { return report.Coverage.WriteLCOV(b) }, []string{"SF:", "door.rego\n", "DA:10,1\n", "end_of_record"}},
		"html": {func(b *bytes.Buffer) error { return report.WriteHTML(b) }, []string{`<span data-row="10" class="covered">`, "{&#34;Max&#34;, &#34;Moritz&#34;}", "QUIET"}},
	} {
		var out bytes.Buffer
		if err := one.write(&out); err != nil {
			t.Fatal(err)
		}
		for _, part := range one.says {
			if !strings.Contains(out.String(), part) {
				t.Errorf("%s does not have %q:\n%s", name, part, out.String())
			}
		}
		if name == "html" && (strings.Contains(out.String(), "http") || strings.Contains(out.String(), "<script")) {
			t.Error("the page needs more than itself")
		}
	}
}

// mutated gives what each mutant makes of its line, and which of them survive.
func mutated(t *testing.T, m *Mutation) (survivors []string) {
	t.Helper()
	for _, s := range m.Survivors {
		survivors = append(survivors, s.Mutated)
	}
	return survivors
}

func TestMutate(t *testing.T) {
	s := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest})
	m, err := s.Mutate(t.Context(), MutationOptions{Jobs: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Nothing asks for quiet, so that nothing notices what becomes of it.
	want := []string{
		`findings contains "quiet~" if input.quiet == true`,
		`findings contains "quiet" if input.quiet != true`,
		`findings contains "quiet" if input.quiet == false`,
	}
	if diff := cmp.Diff(want, mutated(t, m)); diff != "" {
		t.Errorf("survivors, -want +got:\n%s", diff)
	}
	if m.Mutants != 9 || m.Tried != 9 || m.Killed != 6 {
		t.Errorf("%d mutants, %d tried, %d killed; want 9, 9, 6", m.Mutants, m.Tried, m.Killed)
	}
	again, err := s.Mutate(t.Context(), MutationOptions{Jobs: 1})
	if err != nil || again.Killed != m.Killed {
		t.Errorf("the second time %d were killed, error %v; a mutant was left in", again.Killed, err)
	}
}

func TestEachKindOfMutant(t *testing.T) {
	for _, tc := range []struct {
		name, rule, test string
		survivors        []string
	}{
		{name: "a boundary that no test stands on", rule: "p if input.n > 3", test: "p with input as {\"n\": 9}\n\tnot p with input as {\"n\": 1}", survivors: []string{
			"p if input.n >= 3", "p if input.n > 4",
		}},
		{name: "a boundary that tests stand on", rule: "p if input.n > 3", test: "p with input as {\"n\": 4}\n\tnot p with input as {\"n\": 3}"},
		{name: "equality with a field that is absent", rule: "p if input.a == input.b", test: "p with input as {\"a\": 1, \"b\": 1}"},
		{name: "inequality", rule: "p if input.a != 1", test: "p with input as {\"a\": 2}"},
		{name: "an argument", rule: "p if f(\"x\")\n\nf(\"x\") := true", test: "p"},
		{name: "a default", rule: "default p := false\n\np if input.a", test: "p == false\n\tp with input as {\"a\": true}"},
		{name: "an else", rule: "q := 1 if input.a\n\nelse := 2\n\np := q", test: "p == 1 with input as {\"a\": true}\n\tp == 2"},
		{name: "a constant deep in a value", rule: "p := {\"k\": [1, {2, 3}]}", test: "p == {\"k\": [1, {2, 3}]}"},
		{name: "a member of a set", rule: "p contains \"a\"", test: "p == {\"a\"}"},
		{name: "the name of a field, which is no constant", rule: "p[\"a\"] := 1", test: "p == {\"a\": 1}"},
		{name: "a comparison that is a value", rule: "p := [x | some x in input.l; x < 2]", test: "p == [1] with input as {\"l\": [1, 2, 3]}"},
		{name: "inside of every", rule: "p if every x in input.l { x == 1 }", test: "p with input as {\"l\": [1]}\n\tnot p with input as {\"l\": [2]}"},
		{name: "a negation with a variable of its own", rule: "p if not {some x in input.l; x > 1}", test: "p with input as {\"l\": [1]}\n\tnot p with input as {\"l\": [2]}"},
		{name: "a date that is only shown", rule: "p if count(sprintf(\"%d days\", [input.n])) > 0", test: "p with input as {\"n\": 1}", survivors: []string{
			"p if count(sprintf(\"%d days~\", [input.n])) > 0", "p if count(sprintf(\"%d days\", [input.n])) >= 0", "p if count(sprintf(\"%d days\", [input.n])) > 1",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := suite(t, map[string]string{
				"a.rego":      "package a\n\nimport future.keywords.not\n\n" + tc.rule + "\n",
				"a_test.rego": "package a_test\n\nimport data.a.p\n\ntest_p if {\n\t" + tc.test + "\n}\n",
			})
			m, err := s.Mutate(t.Context(), MutationOptions{Jobs: 1})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.survivors, mutated(t, m)); diff != "" || m.Tried == 0 {
				t.Errorf("%d tried; survivors, -want +got:\n%s", m.Tried, diff)
			}
		})
	}
}

func TestMutateASample(t *testing.T) {
	s := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest})
	one, err1 := s.Mutate(t.Context(), MutationOptions{Sample: 4, Seed: 3})
	two, err2 := s.Mutate(t.Context(), MutationOptions{Sample: 4, Seed: 3})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if one.Tried != 4 || one.Mutants != 9 || !slices.Equal(mutated(t, one), mutated(t, two)) {
		t.Errorf("tried %d of %d; survivors %v, the second time %v", one.Tried, one.Mutants, mutated(t, one), mutated(t, two))
	}
}

func TestMutantsNeedTestsThatPass(t *testing.T) {
	s := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest + "\ntest_wrong if false\n"})
	if _, err := s.Mutate(t.Context(), MutationOptions{}); err == nil || !strings.Contains(err.Error(), "data.door_test.test_wrong fails as the policies are") {
		t.Errorf("error %v", err)
	}
}

func TestExcuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mutants.yaml")
	if err := os.WriteFile(file, []byte(`excuses:
- {file: door.rego, original: 'findings contains "quiet" if input.quiet == true', mutated: 'findings contains "quiet" if input.quiet != true', reason: nobody asks}
- {file: door.rego, original: 'input.age >= 18', mutated: 'input.age > 18', reason: "wrong: a test notices it"}
- {file: door.rego, original: 'no such line', mutated: 'none', reason: gone}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	excuses, err := ReadExcuses(file)
	if err != nil {
		t.Fatal(err)
	}
	m, err := suite(t, map[string]string{"door.rego": door, "door_test.rego": doorTest}).Mutate(t.Context(), MutationOptions{Excuses: excuses})
	if err != nil {
		t.Fatal(err)
	}
	if m.Excused != 1 || m.Killed != 6 || len(m.Survivors) != 2 || m.Score != 75 {
		t.Errorf("%+v", m)
	}
	if want := []string{"door.rego: input.age >= 18 → input.age > 18", "door.rego: no such line → none"}; !slices.Equal(m.Stale, want) {
		t.Errorf("stale excuses are %v, want %v", m.Stale, want)
	}
	if err := os.WriteFile(file, []byte("excuses:\n- {file: a.rego, original: b, mutated: c}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadExcuses(file); err == nil || !strings.Contains(err.Error(), "reason are all needed") {
		t.Errorf("error %v", err)
	}
}
