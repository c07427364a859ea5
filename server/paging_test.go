package server

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"greenchannel/server/httpapi"
	"greenchannel/server/journal"
)

// What a search finds does not depend on the files beside the record: both can be made again from it.
func TestASearchFindsTheSameWhateverBecameOfItsFiles(t *testing.T) {
	t.Parallel()
	const many = 1300 // two pages that are full, and some more
	folder := t.TempDir()
	book, said := bookIn(t, folder)
	for i := range many {
		appended(t, book, i)
	}
	book.caughtUp(t.Context())
	want := searched(t, book)
	if file, err := os.Stat(filepath.Join(folder, pagesFile)); err != nil || file.Size() == 0 {
		t.Fatalf("the full pages are not in their file: %v", err)
	}
	ended(t, book, said, "")
	if _, err := os.Stat(filepath.Join(folder, pagesFile)); !os.IsNotExist(err) {
		t.Errorf("the file of pages is left behind: %v", err)
	}
	for _, tc := range []struct {
		name   string
		become func() error
		says   string
	}{
		{"all as it was left", func() error { return nil }, ""},
		{"a file of pages left by a process that was killed", func() error {
			return os.WriteFile(filepath.Join(folder, pagesFile), bytes.Repeat([]byte("other "), 100_000), 0o600)
		}, ""},
		{"no file of pages", func() error { return os.MkdirAll(filepath.Join(folder, pagesFile, "in the way"), 0o700) }, "it stays in memory"},
		{"the way is free", func() error { return os.RemoveAll(filepath.Join(folder, pagesFile)) }, ""},
		{"saved tables cut short", func() error { return os.Truncate(filepath.Join(folder, savedFile), 1000) }, "made again from the record"},
		{"no saved tables", func() error { return os.Remove(filepath.Join(folder, savedFile)) }, ""},
	} {
		if err := tc.become(); err != nil {
			t.Fatal(err)
		}
		book, said := bookIn(t, folder)
		if got := searched(t, book); got != want {
			t.Errorf("%s: found %s\nwant %s", tc.name, got, want)
		}
		ended(t, book, said, tc.says)
	}
}

// A page that cannot be written stays in memory, and that is told once.
func TestAFileOfPagesThatCannotBeWrittenIsToldOnce(t *testing.T) {
	t.Parallel()
	book, said := bookIn(t, t.TempDir())
	if err := book.pages.Close(); err != nil {
		t.Fatal(err)
	}
	for i := range 1300 {
		appended(t, book, i)
	}
	book.caughtUp(t.Context())
	if found := searched(t, book); !strings.HasPrefix(found, "1300 1290 ") {
		t.Errorf("found %s", found)
	}
	if n := strings.Count(said.String(), "could not be written"); n != 1 {
		t.Errorf("it is told %d times: %s", n, said)
	}
	_ = book.close() // the file is closed already
}

func bookIn(t *testing.T, folder string) (*recordbook, *bytes.Buffer) {
	t.Helper()
	said := &bytes.Buffer{}
	book, err := openRecordbook(t.Context(), RecordConfig{Data: folder, Log: slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	return book, said
}

func ended(t *testing.T, book *recordbook, said *bytes.Buffer, want string) {
	t.Helper()
	if err := book.close(); err != nil {
		t.Error(err)
	}
	if got := said.String(); !strings.Contains(got, want) || want == "" && got != "" {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func appended(t *testing.T, book *recordbook, i int) {
	t.Helper()
	_, err := book.journal.Append(t.Context(), journal.Entry{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: journal.Decision, Clock: time.Now(), ApplicationID: fmt.Sprint("A-", i%10), Exporter: "X", Outcome: "green_channel",
		Facts: fmt.Appendf(nil, `{"exporter":"X","orders":[{"end_user":"Y","element":"Dy","kg":1}],"parties":["X","Y"],"rules":["RF-%d"]}`, i%7),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// searched lists the decisions on one application, page by page of the API.
func searched(t *testing.T, book *recordbook) string {
	t.Helper()
	var found []string
	for next := uint64(0); ; {
		records, going, err := book.Decisions(t.Context(), httpapi.DecisionFilter{ApplicationID: "A-9", Party: "y"}, next, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			found = append(found, fmt.Sprint(r.Seq))
		}
		if next = going; next == 0 {
			return strings.Join(found, " ")
		}
	}
}
