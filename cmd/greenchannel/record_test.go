package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"greenchannel/server"
	"greenchannel/server/impact"
)

func TestDataFolder(t *testing.T) {
	for _, tc := range []struct{ name, state, home, want string }{
		{"state folder", "/var/state", "/people/a", "/var/state/greenchannel"},
		{"none", "", "/people/a", "/people/a/.local/state/greenchannel"},
		{"a relative one is ignored", "state", "/people/a", "/people/a/.local/state/greenchannel"},
		{"nowhere", "", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", tc.state)
			t.Setenv("HOME", tc.home)
			if got := standardData(); got != filepath.FromSlash(tc.want) {
				t.Errorf("data folder %q, want %q", got, tc.want)
			}
			var config server.RecordConfig
			command := &cobra.Command{}
			recordFlags(command, &config)
			if usage := command.Flags().FlagUsages(); tc.home != "" && strings.Contains(usage, tc.home) {
				t.Errorf("help names a folder of this machine: %s", usage)
			}
			if _, err := readingRecord(command, config); (err != nil) != (tc.want == "") {
				t.Errorf("err = %v", err)
			}
		})
	}
}

func TestWriteWhole(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	file := filepath.Join(folder, "out")
	says := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, failed := io.WriteString(w, text)
			return errors.Join(err, failed)
		}
	}
	if err := writeWhole(file, says("first", nil)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := writeWhole(file, says("half of the sec", broken)); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "first" {
		t.Errorf("%q, %v; want what was there before", content, err)
	}
	if err := writeWhole(file, says("second", nil)); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != "second" {
		t.Errorf("%q, %v", content, err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%v are left, %v", entries, err)
	}
	if err := writeWhole(folder, says("", nil)); err == nil {
		t.Error("a folder is written over")
	}
}

func TestSelection(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		r     replaying
		which []string
		err   string
	}{
		{name: "nothing", err: "name decisions"},
		{name: "named", which: []string{"1"}},
		{name: "a range", r: replaying{from: 1, to: 2}},
		{name: "to the end", r: replaying{from: 1}},
		{name: "all", r: replaying{all: true}},
		{name: "named and all", r: replaying{all: true}, which: []string{"1"}, err: "not several"},
		{name: "named and a range", r: replaying{to: 4}, which: []string{"1"}, err: "not several"},
		{name: "a range and all", r: replaying{all: true, from: 4}, err: "not several"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			selected, err := tc.r.selection(tc.which)
			if (err != nil) != (tc.err != "") || err != nil && !strings.Contains(err.Error(), tc.err) {
				t.Errorf("err = %v, want %q", err, tc.err)
			}
			if err == nil && (selected.First != tc.r.from || selected.Last != tc.r.to || !slices.Equal(selected.Which, tc.which)) {
				t.Errorf("selected %+v", selected)
			}
		})
	}
}

func TestReplayTotals(t *testing.T) {
	t.Parallel()
	var c replayCounts
	for _, report := range []*impact.Report{{Identical: true}, nil, {}, {Unavailable: &impact.Unavailable{}}, {Identical: true}} {
		c.add(report)
	}
	if got := c.text(); got != "4 decisions decided again: 2 identical, 1 different, 1 impossible; 1 record passed over, being no decision" {
		t.Errorf("totals %q", got)
	}
	if finding, found := errors.AsType[findingError](c.finding()); !found || finding.Error() != "2 decisions not identical" {
		t.Errorf("finding %v", c.finding())
	}
	if err := (&replayCounts{identical: 3}).finding(); err != nil {
		t.Errorf("finding %v", err)
	}
}

// Where there is no terminal, a short command says nothing, and a long one a line now and then.
func TestProgressIsQuietForShortCommands(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newProgress(&out, "verifying", "records")
	p.reached(1, 10)
	if out.Len() > 0 {
		t.Errorf("said %q at once", out.String())
	}
	p.said = time.Now().Add(-progressEvery)
	p.reached(2, 10)
	p.reached(3, 10)
	p.aside()
	p.end()
	if got := out.String(); got != "verifying: 2 of 10\n" {
		t.Errorf("said %q", got)
	}
}
