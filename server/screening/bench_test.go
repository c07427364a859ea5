package screening_test

import (
	"fmt"
	"testing"

	"greenchannel/server/screening"
)

// many are the listed names and unrelated ones, n in all.
func many(b *testing.B, n int) []screening.Entry {
	entries := listedEntries(b)
	for i, name := range unrelated(5, max(0, n-len(entries))) {
		entries = append(entries, screening.Entry{Row: fmt.Sprintf("X-%06d", i), Name: name, List: "watch"})
	}
	return entries
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		entries := many(b, n)
		x := screening.NewIndex(entries, folder(b), settings(b))
		for _, name := range []string{"Lockheed Martin Corporation", "Mitsubishi Precison Co Ltd", "洛克希德马丁", "Weber Antriebstechnik GmbH"} {
			b.Run(fmt.Sprintf("names=%d/%s", len(entries), name), func(b *testing.B) {
				unlisted := name == "Weber Antriebstechnik GmbH"
				for b.Loop() {
					if found := x.Match(name); len(found) == 0 && !unlisted {
						b.Fatalf("%q is not found", name) // a fast wrong answer is not a result
					}
				}
			})
		}
	}
}

func BenchmarkNewIndex(b *testing.B) {
	for _, n := range []int{0, 100_000} {
		entries, fold := many(b, n), folder(b)
		b.Run(fmt.Sprintf("names=%d", len(entries)), func(b *testing.B) {
			for b.Loop() {
				if x := screening.NewIndex(entries, fold, settings(b)); len(x.Match("Leidos")) == 0 {
					b.Fatal("the index does not find a listed name")
				}
			}
		})
	}
}
