package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"greenchannel/server/decision"
	"greenchannel/server/store"
)

// pageFile is a file of pages that can be damaged, or full.
type pageFile struct {
	mu    sync.Mutex
	bytes []byte
	full  bool
}

func (f *pageFile) WriteAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return 0, errors.New("no space left")
	}
	if more := int(at) + len(p) - len(f.bytes); more > 0 {
		f.bytes = append(f.bytes, make([]byte, more)...)
	}
	return copy(f.bytes[at:], p), nil
}

func (f *pageFile) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return bytes.NewReader(f.bytes).ReadAt(p, at)
}

const pageRecords = 512

// paged makes five pages of records, of which the second has no decision, the third has one, the last of its records, and the
// last is not full. Rule n stands in every nth record, so that a page has it any number of times.
func paged() []decision.Record {
	made := make([]decision.Record, 4*pageRecords+100)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range made {
		at = at.Add(time.Duration(i%3) * time.Minute) // some at one instant
		r := decision.Record{Seq: uint64(i + 1), ID: fmt.Sprint(i), Kind: decision.KindActivation, At: at}
		if page := i / pageRecords; page != 1 && page != 2 && i%11 != 3 || i == 3*pageRecords-1 {
			r.Kind, r.ApplicationID, r.Exporter = decision.KindDecision, fmt.Sprintf("A-%d", i%64), "X"
			r.Outcome = []string{"green_channel", "prohibited"}[i/7%2]
			r.Facts = fmt.Appendf(nil, `{"exporter":"X","parties":["Only %d"],"rules":[%s]}`, i, strings.Join(rulesOf(i), ","))
		}
		made[i] = r
	}
	return made
}

func rulesOf(i int) (rules []string) {
	for n := 1; n <= 40; n++ {
		if i%n == 0 {
			rules = append(rules, fmt.Sprintf(`"R-%d"`, n))
		}
	}
	return rules
}

// plainSearch goes through all records.
func plainSearch(t testing.TB, records []decision.Record, wanted store.Filter, before uint64, limit int) (found []uint64) {
	for _, r := range slices.Backward(records) {
		if r.Kind != decision.KindDecision || before != 0 && r.Seq >= before {
			continue
		}
		holds, err := wanted.Holds(r)
		if err != nil {
			t.Fatal(err)
		}
		if holds && len(found) < limit {
			found = append(found, r.Seq)
		}
	}
	return found
}

// Wherever a search begins, ends and goes on in the pages, it finds what going through all records finds: with the pages in
// memory, in a file, in a file that has no room for some, and through a saved state, which may be saved within a page.
func TestASearchOverPagesAgreesWithGoingThroughAll(t *testing.T) {
	t.Parallel()
	records := paged()
	lives := map[string]*store.Live{
		"in memory": store.NewLive(), "in a file": store.NewLiveIn(&pageFile{}), "in both": nil,
		"saved with a page just full": nil, "saved within a page": nil,
	}
	for _, name := range []string{"in memory", "in a file"} {
		applied(t, lives[name], records)
	}
	half := &pageFile{}
	lives["in both"] = store.NewLiveIn(half)
	applied(t, lives["in both"], records[:1200])
	half.full = true
	applied(t, lives["in both"], records[1200:1800])
	half.full = false
	applied(t, lives["in both"], records[1800:])
	lives["saved with a page just full"] = resaved(t, records, 3*pageRecords)
	lives["saved within a page"] = resaved(t, records, 3*pageRecords+50)
	rapid.Check(t, func(rt *rapid.T) {
		wanted, before, limit := drawSearch(rt, records)
		want := plainSearch(t, records, wanted, before, limit)
		for name, live := range lives {
			got, err := live.Snapshot().Decisions(wanted, before, limit)
			if err != nil || !slices.Equal(got, want) {
				rt.Fatalf("%s: %+v before %d: got %v, %v, want %v", name, wanted, before, got, err, want)
			}
		}
	})
}

func applied(t testing.TB, live *store.Live, records []decision.Record) {
	t.Helper()
	for some := range slices.Chunk(records, 100) {
		if err := live.Apply(some...); err != nil {
			t.Fatal(err)
		}
	}
}

// resaved applies records, of which the first are saved from one file of pages and restored to another.
func resaved(t testing.TB, records []decision.Record, cut int) *store.Live {
	t.Helper()
	before := store.NewLiveIn(&pageFile{})
	applied(t, before, records[:cut])
	var saved bytes.Buffer
	if err := before.Snapshot().Save(&saved, store.Stamp{Seq: uint64(cut)}); err != nil {
		t.Fatal(err)
	}
	after, _, err := store.Restore(&saved, &pageFile{})
	if err != nil {
		t.Fatal(err)
	}
	applied(t, after, records[cut:])
	return after
}

func drawSearch(t *rapid.T, records []decision.Record) (wanted store.Filter, before uint64, limit int) {
	use := func(field string) bool { return rapid.IntRange(0, 3).Draw(t, field) == 0 }
	some := func(name string) decision.Record { return rapid.SampledFrom(records).Draw(t, name) }
	if use("by application") {
		wanted.ApplicationID = fmt.Sprintf("A-%d", rapid.IntRange(0, 64).Draw(t, "application"))
	}
	if use("by party") {
		wanted.Party = fmt.Sprintf("only %d", some("named").Seq-1)
	}
	if use("by exporter") {
		wanted.Exporter = "x"
	}
	if use("by outcome") {
		wanted.Outcome = "prohibited"
	}
	if use("by rule") {
		wanted.Rule = fmt.Sprintf("R-%d", rapid.IntRange(1, 41).Draw(t, "rule"))
	}
	if use("from") {
		wanted.From = some("first").At
	}
	if use("to") {
		wanted.To = some("end").At
	}
	border := rapid.IntRange(0, len(records)/pageRecords).Draw(t, "border") * pageRecords
	near := rapid.IntRange(-2, 2).Draw(t, "near")
	before = rapid.OneOf(rapid.Just(uint64(0)), rapid.Just(uint64(max(border+near, 0))), rapid.Just(some("before").Seq)).Draw(t, "place")
	return wanted, before, rapid.SampledFrom([]int{1, 7, 10_000}).Draw(t, "limit")
}

// Whatever happens to the file of pages, a search tells it, and no such state is saved.
func TestADamagedPageIsTold(t *testing.T) {
	t.Parallel()
	file := &pageFile{}
	live := store.NewLiveIn(file)
	records := paged()
	applied(t, live, records)
	v, whole := live.Snapshot(), file.bytes
	damaged := func(name string) {
		t.Helper()
		found, err := v.Decisions(store.Filter{}, 0, 10_000)
		if err == nil || len(found) > 0 {
			t.Fatalf("%s: found %d, %v", name, len(found), err)
		}
		if err := v.Save(io.Discard, store.Stamp{Seq: v.Seq()}); err == nil {
			t.Fatalf("%s: it is saved", name)
		}
	}
	for at := range whole {
		whole[at] ^= 1 << (at % 8)
		damaged(fmt.Sprintf("a bit flipped in byte %d of %d", at, len(whole)))
		whole[at] ^= 1 << (at % 8)
	}
	file.bytes = whole[:len(whole)-1]
	damaged("a byte cut off")
	if found, err := v.Decisions(store.Filter{}, 0, 50); err != nil || len(found) != 50 {
		t.Errorf("the newest, which are not in the file: found %d, %v", len(found), err)
	}
	file.bytes = whole
	if found, err := v.Decisions(store.Filter{}, 0, 10_000); err != nil || len(found) < 1000 {
		t.Errorf("mended: found %d, %v", len(found), err)
	}
}

// A decision on an application that was decided before takes next to no memory, if the pages lie in a file.
func TestADecisionThatComesAgainTakesNextToNoMemory(t *testing.T) { // not in parallel: it weighs the whole heap
	const many, most = 100 * pageRecords, 8
	rules := strings.Join(rulesOf(0), ",")
	decided := func(seq int) decision.Record {
		return decision.Record{
			Seq: uint64(seq), ID: fmt.Sprint(seq), Kind: decision.KindDecision, At: time.Unix(int64(seq), 0), ApplicationID: fmt.Sprint("A-", seq%64), Exporter: "X",
			Facts: fmt.Appendf(nil, `{"orders":[{"end_user":"Y","element":"Dy","kg":1}],"parties":["X","Y %d"],"rules":[%s]}`, seq%64, rules),
		}
	}
	live := store.NewLiveIn(nowhere{})
	apply := func(first, last int) {
		for seq := first; seq <= last; seq++ {
			if err := live.Apply(decided(seq)); err != nil {
				t.Fatal(err)
			}
		}
	}
	apply(1, 10*pageRecords+1)
	before := heapBytes()
	apply(10*pageRecords+2, 10*pageRecords+many+1)
	grown := heapBytes() - before
	t.Logf("%d decisions take %d bytes, %.2f each", many, grown, float64(grown)/many)
	if grown > many*most {
		t.Errorf("%d decisions take %d bytes, %d each, want at most %d each", many, grown, grown/many, most)
	}
	runtime.KeepAlive(live)
}

// nowhere is a file that takes no memory either.
type nowhere struct{}

func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) ReadAt(p []byte, _ int64) (int, error)  { return 0, io.ErrUnexpectedEOF }

func heapBytes() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
