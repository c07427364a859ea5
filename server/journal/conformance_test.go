package journal_test

import (
	"testing"
	"context"

	"greenchannel/server/journal"
)
const childMode = "X"
func child(string) int { return 0 }

func TestSmoke(t *testing.T) {
	onEach(t, func(t *testing.T, g ground) {
		j := g.open(t)
		fill(t, j, 100)
		h, err := j.Head(context.Background())
		t.Log(h.Size, string(h.Checkpoint), err)
		t.Log(sound(t, j))
		close1(t, j)
		j, err = journal.Open(context.Background(), g.url, journal.Options{Folder: g.folder})
		if err != nil { t.Fatal(err) }
		t.Log(j.Verify(context.Background(), nil))
		if err := j.Close(); err != nil { t.Fatal(err) }
	})
}
