package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"greenchannel/server/problem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// numbered is a batch of n items.
func numbered(n int) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for i := range n {
			if !yield(Item{Index: i, Body: fmt.Append(nil, i)}) {
				return
			}
		}
	}
}

// echo answers with the question; later questions sooner.
func echo(_ context.Context, item Item) ([]byte, error) {
	time.Sleep(time.Duration(item.Index%7) * 100 * time.Microsecond)
	return item.Body, nil
}

func TestRunKeepsTheOrder(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{0, 1, 3, 16} {
		next := 0
		sum, err := Run(t.Context(), workers, numbered(200), echo, func(a Answer) error {
			if a.Index != next || string(a.Body) != fmt.Sprint(next) || a.Err != nil {
				t.Errorf("%d workers: answer %d is %+v", workers, next, a)
			}
			next++
			return nil
		})
		if err != nil || next != 200 || sum != (Summary{Decided: 200}) || !sum.Whole() {
			t.Errorf("%d workers: %d answers, %+v, %v", workers, next, sum, err)
		}
	}
}

// What fails, fails alone: what could not be read, what could not be decided, and what panics.
func TestRunLetsNoItemSpoilAnother(t *testing.T) {
	t.Parallel()
	unread := problem.New(problem.Malformed, "unread")
	items := func(yield func(Item) bool) {
		for item := range numbered(6) {
			if item.Index == 1 {
				item.Body, item.Err = nil, unread
			}
			item.Broken = item.Index == 5
			if !yield(item) {
				return
			}
		}
	}
	decide := func(ctx context.Context, item Item) ([]byte, error) {
		switch item.Index {
		case 1:
			t.Error("what could not be read was decided")
		case 2:
			return []byte("half"), problem.New(problem.Undecided, "undecided")
		case 3:
			panic("broken")
		}
		return echo(ctx, item)
	}
	var kinds []string
	sum, err := Run(t.Context(), 2, items, decide, func(a Answer) error {
		if a.Err != nil {
			kinds = append(kinds, string(problem.Of(a.Err).Kind))
		} else {
			kinds = append(kinds, string(a.Body))
		}
		if a.Err != nil && a.Body != nil || a.Broken != (a.Index == 5) {
			t.Errorf("answer %+v", a)
		}
		return nil
	})
	if got := strings.Join(kinds, " "); err != nil || got != "0 malformed undecided internal 4 5" {
		t.Errorf("got %s, %v", got, err)
	}
	if sum != (Summary{Decided: 3, Failed: 3}) || sum.Whole() {
		t.Errorf("sum %+v", sum)
	}
}

// No more is held than the window: with the first item stuck, reading stops.
func TestRunHoldsOnlyItsWindow(t *testing.T) {
	t.Parallel()
	const workers = 3
	var taken atomic.Int64
	items := func(yield func(Item) bool) {
		for item := range numbered(10_000) {
			taken.Add(1)
			if !yield(item) {
				return
			}
		}
	}
	release := make(chan struct{})
	decide := func(ctx context.Context, item Item) ([]byte, error) {
		if item.Index == 0 {
			<-release
		}
		return item.Body, nil
	}
	go func() {
		defer close(release)
		for before := int64(-1); ; before = taken.Load() { // until nothing moves any more
			time.Sleep(20 * time.Millisecond)
			if taken.Load() == before {
				return
			}
		}
	}()
	most := int64(0)
	_, err := Run(t.Context(), workers, items, decide, func(a Answer) error {
		if a.Index == 0 {
			most = taken.Load()
		}
		return nil
	})
	if bound := int64(windowed*workers + workers + 2); err != nil || most > bound {
		t.Errorf("%d items were held, want at most %d (%v)", most, bound, err)
	}
}

// When the caller ends it, what was taken is answered, nothing more is taken, and the error says so.
func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	answers := 0
	sum, err := Run(ctx, 2, numbered(10_000),
		func(ctx context.Context, item Item) ([]byte, error) {
			if item.Index == 10 {
				cancel()
			}
			if err := ctx.Err(); err != nil {
				return nil, problem.Wrap(err, problem.Cancelled, "called off")
			}
			return item.Body, nil
		},
		func(a Answer) error {
			if a.Index != answers {
				t.Errorf("answer %d has the index %d", answers, a.Index)
			}
			answers++
			return nil
		})
	if !errors.Is(err, context.Canceled) || answers < 11 || answers > 100 || sum.Decided+sum.Failed != answers {
		t.Errorf("%d answers, %+v, %v", answers, sum, err)
	}
}

func TestRunEndsWhenNobodyTakesTheAnswers(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	var called atomic.Bool
	underWay := make(chan struct{}, 10_000)
	answers := 0
	_, err := Run(t.Context(), 2, numbered(10_000),
		func(ctx context.Context, item Item) ([]byte, error) {
			if item.Index > 5 {
				underWay <- struct{}{}
				<-ctx.Done()
				called.Store(true)
			}
			return item.Body, nil
		},
		func(Answer) error {
			if answers++; answers == 5 {
				<-underWay
				return gone
			}
			return nil
		})
	if !errors.Is(err, gone) || answers != 5 || !called.Load() {
		t.Errorf("%d answers, called off %v: %v", answers, called.Load(), err)
	}
}

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		form   Form
		values []string
		want   string
	}{
		{JSONArray, nil, "[]\n"},
		{JSONArray, []string{"1"}, "[\n1\n]\n"},
		{JSONArray, []string{"1", `{"a":2}`}, "[\n1,\n{\"a\":2}\n]\n"},
		{NDJSON, nil, ""},
		{NDJSON, []string{"1", `{"a":2}`}, "1\n{\"a\":2}\n"},
	} {
		var out strings.Builder
		w := NewWriter(&out, tc.form)
		for _, value := range tc.values {
			if err := w.Write([]byte(value)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil || out.String() != tc.want {
			t.Errorf("got %q (%v), want %q", out.String(), err, tc.want)
		}
	}
}

// full takes so many bytes, and no more.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriterTellsThatItCouldNot(t *testing.T) {
	t.Parallel()
	for _, form := range []Form{JSONArray, NDJSON} {
		for room := range len("[\n1,\n2\n]\n") {
			w := NewWriter(&full{room}, form)
			err := errors.Join(w.Write([]byte("1")), w.Write([]byte("2")), w.Close())
			if whole := form == NDJSON && room >= len("1\n2\n"); (err == nil) != whole {
				t.Errorf("form %d in %d bytes: %v", form, room, err)
			}
		}
	}
}

func BenchmarkArray(b *testing.B) {
	application := `{"id":"A","text":"` + strings.Repeat("x", 3000) + `"}`
	body := "[" + strings.Repeat(application+",", 999) + application + "]"
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		n := 0
		for item := range Array(strings.NewReader(body), Limits{Items: 10_000, Bytes: 1 << 20}) {
			if item.Err != nil || len(item.Body) != len(application) {
				b.Fatal(item.Err)
			}
			n++
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
}

// The cost of order and window alone, for an application.
func BenchmarkRun(b *testing.B) {
	for _, workers := range []int{1, 2, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			decide := func(_ context.Context, item Item) ([]byte, error) { return item.Body, nil }
			sum, err := Run(b.Context(), workers, func(yield func(Item) bool) {
				for i := 0; b.Loop(); i++ {
					if !yield(Item{Index: i}) {
						return
					}
				}
			}, decide, func(Answer) error { return nil })
			if err != nil || !sum.Whole() {
				b.Fatal(err)
			}
		})
	}
}
