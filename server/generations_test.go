package server

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"greenchannel/server/store"
)

func TestDigestOf(t *testing.T) {
	t.Parallel()
	digests := []string{"sha256:aaaa1111", "sha256:aaaa2222", "sha256:bbbb1111", "sha256:aaaa1111"}
	for _, tc := range []struct{ stated, want, err string }{
		{"aaaa1", "sha256:aaaa1111", ""},
		{"AAAA1111", "sha256:aaaa1111", ""},
		{"sha256:bbbb", "sha256:bbbb1111", ""},
		{"aaaa", "", "sha256:aaaa1111, sha256:aaaa2222"},
		{"cccc", "", "no bundle is kept"},
		{"bbb", "", "at least 4"},
		{"", "", "at least 4"},
		{"bbbb%", "", "at least 4"},
	} {
		got, err := DigestOf(tc.stated, digests)
		if got != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%q: %s, %v; want %s, %q", tc.stated, got, err, tc.want, tc.err)
		}
	}
}

// However many ask for a bundle at once, it is compiled once; and what nobody asks for any more is let go.
func TestGenerationsAreSharedAndBounded(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	asked := newGenerations(store.NewLive()) // holds none
	var same sync.Map
	var asking sync.WaitGroup
	for range 8 {
		asking.Go(func() {
			g, err := asked.of(t.Context(), rooms.record.journal, rooms.Bundle.Digest)
			if err != nil {
				t.Error(err)
			}
			same.Store(g, true)
		})
	}
	asking.Wait()
	count := 0
	same.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("%d generations of one bundle", count)
	}
	for i := range 2 * mostGenerations {
		if _, _, mine := asked.claim(fmt.Sprint(i)); !mine {
			t.Errorf("%d is known before it was asked for", i)
		}
	}
	if len(asked.made) != mostGenerations || len(asked.order) != mostGenerations {
		t.Errorf("%d and %d are held, want %d", len(asked.made), len(asked.order), mostGenerations)
	}
	if _, err := asked.of(t.Context(), rooms.record.journal, "sha256:absent"); err == nil || !strings.Contains(err.Error(), "not kept any more") {
		t.Errorf("err = %v, want it to say that the bundle is not kept", err)
	}
	if _, _, mine := asked.claim("sha256:absent"); !mine {
		t.Error("a failure is kept for the next who asks")
	}
	if held, m, mine := rooms.generations.claim(rooms.Bundle.Digest); held == nil || m != nil || mine {
		t.Error("the bundle in use is not held")
	}
}
