package main

import (
	"bytes"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/policies"
	"greenchannel/server"
	"greenchannel/server/decision"
)

// recordedUnder decides an application under some policies and keeps the record in a folder; it gives their revision.
func recordedUnder(t *testing.T, data string, folder fs.FS, bodies ...string) string {
	t.Helper()
	rooms, err := server.OpenRecorded(t.Context(), folder, 5*time.Minute, server.RecordConfig{Data: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := rooms.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, body := range bodies {
		app, err := rooms.Engine.Read([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := rooms.Decisions.Decide(t.Context(), decision.Request{App: app, Caller: "tester"}); err != nil {
			t.Fatal(err)
		}
	}
	return rooms.Bundle.Revision
}

// retitled are the policies of this house, in which the first rule of a file has another title.
func retitled(t *testing.T, file, title string) fs.FS {
	t.Helper()
	folder := fstest.MapFS{}
	err := fs.WalkDir(policies.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(policies.FS(), name)
		folder[name] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(folder[file].Data), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "# title: ") {
			lines[i] = "# title: " + title + "\n"
		}
	}
	folder[file] = &fstest.MapFile{Data: []byte(strings.Join(lines, ""))}
	return folder
}

const replayed = `{
  "id": "CMD-1",
  "exporter": {"name": "Ningbo Example Magnetics Co., Ltd."},
  "items": [{"line": 1}],
  "destination": "DE",
  "parties": [{"role": "end_user", "name": "Beispiel Motoren GmbH"}]
}`

// ran is what one command line said.
type ran struct {
	code     int
	out, err string
}

func command(args ...string) ran {
	var out, err bytes.Buffer
	code := run(args, strings.NewReader(""), &out, &err)
	return ran{code, out.String(), err.String()}
}

// With other policies, the differences are told one by one, and the exit code is 1; bundles that have decided nothing can be
// pruned, those that have cannot.
func TestReplayUnderOtherPoliciesAndPrune(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	const file = "rareearth/licensing/completeness/completeness.rego"
	recordedUnder(t, data, policies.FS())
	then := recordedUnder(t, data, retitled(t, file, "As it was called then"), replayed)
	idle := recordedUnder(t, data, retitled(t, file, "Never used"))
	serving, err := server.Bundle(policies.FS())
	if err != nil {
		t.Fatal(err)
	}

	got := command("replay", "--all", "--data", data, "--eval-timeout", "5m")
	// A replay that lasts tells how far it is, and a busy machine makes any replay last.
	if got.code != exitDone || got.out != "1 decision decided again: 1 identical, 0 different, 0 impossible\n" ||
		strings.ReplaceAll(got.err, "deciding again: 1 of 1\n", "") != "" {
		t.Errorf("replay: %+v", got)
	}
	got = command("replay", "1", "--data", data, "--eval-timeout", "5m", "--revision", serving.Revision)
	if got.code != exitFinding || !strings.Contains(got.out, "/title\n    - \"As it was called then\"\n    + \"") ||
		!strings.Contains(got.out, "  and again under "+serving.Digest) || !strings.Contains(got.err, "1 decision not identical") {
		t.Errorf("replay under other policies: %+v", got)
	}
	got = command("replay", "1", "--data", data, "--eval-timeout", "5m", "--revision", serving.Revision, "--format", "json")
	if got.code != exitFinding || !strings.Contains(got.out, `"identical":false`) || strings.Count(got.out, "\n") != 1 {
		t.Errorf("replay as JSON: %+v", got)
	}

	got = command("journal", "prune", "--data", data)
	if got.code != exitDone || !strings.Contains(got.out, idle) || !strings.Contains(got.out, "1 bundle would be removed") {
		t.Errorf("prune: %+v", got)
	}
	got = command("journal", "prune", "--data", data, "--keep", idle, "--yes")
	if got.code != exitDone || got.out != "0 bundles removed\n" {
		t.Errorf("prune --keep: %+v", got)
	}
	got = command("journal", "prune", "--data", data, "--yes", "--format", "json")
	if got.code != exitDone || !strings.Contains(got.out, `"dry_run": false`) || !strings.Contains(got.out, idle) {
		t.Errorf("prune --yes: %+v", got)
	}
	got = command("journal", "bundles", "--data", data)
	if strings.Contains(got.out, idle) || !strings.Contains(got.out, then) || !strings.Contains(got.out, serving.Revision) {
		t.Errorf("bundles: %+v", got)
	}
}
