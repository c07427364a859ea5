package screening_test

import (
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"greenchannel/server/screening"
)

func TestBandsOfWhatDiffers(t *testing.T) {
	x := listedIndex(t)
	for _, tc := range []struct {
		name, asked, row string
		score            float64
		band             screening.Band
	}{
		{"as printed", "Rheinmetall AG", "Rheinmetall AG", 1, screening.Hit},
		{"spelt otherwise", "RHEINMETALL  a.g.", "Rheinmetall AG", 1, screening.Hit},
		{"legal form missing", "Rheinmetall", "Rheinmetall AG", 0.98, screening.Hit},
		{"legal form missing in the list", "Leidos, Inc.", "Leidos", 0.98, screening.Hit},
		{"legal form with a slip", "Cubic Coporation", "Cubic Corporation", 0.98, screening.Hit},
		{"legal form run together", "CubicCorporation", "Cubic Corporation", 0.98, screening.Hit},
		{"words in another order", "Solutions Red Six", "Red Six Solutions", 0.97, screening.Hit},
		{"another legal form", "Rheinmetall GmbH", "Rheinmetall AG", 0.95, screening.Review},
		{"a subsidiary", "Rheinmetall Landsysteme GmbH", "Rheinmetall AG", 0.86, screening.Review},
		{"Chinese, legal form missing", "莱茵金属", "莱茵金属公司", 0.98, screening.Hit},
		{"Chinese, another legal form", "莱茵金属有限公司", "莱茵金属公司", 0.95, screening.Review},
		{"traditional characters", "龍德造船工業股份有限公司", "龙德造船工业股份有限公司", 1, screening.Hit},
		{"a homophone", "莱音金属公司", "莱茵金属公司", 0.93, screening.Review},
		{"pinyin", "Laiyin Jinshu Gongsi", "莱茵金属公司", 0.93, screening.Review},
		{"Japanese legal form as one sign", "三菱精密㈱", "三菱精密株式会社", 1, screening.Hit},
		{"Japanese legal form in front", "株式会社三菱精密", "三菱精密株式会社", 0.98, screening.Hit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			matches := x.Match(tc.asked)
			i := slices.IndexFunc(matches, func(m screening.Match) bool { return m.Name == tc.row })
			if i < 0 {
				t.Fatalf("%q does not find %q, but %v", tc.asked, tc.row, matches)
			}
			if m := matches[i]; m.Score != tc.score || m.Band != tc.band {
				t.Errorf("%q finds %q with %v, %s; want %v, %s", tc.asked, tc.row, m.Score, m.Band, tc.score, tc.band)
			}
		})
	}
}

// The policies compare exactly by an index of folded names. What is equal for them must be a full hit here.
func TestEqualForThePoliciesIsAFullHit(t *testing.T) {
	var index struct {
		ByName map[string][]string `yaml:"by_name"`
	}
	reference(t, "party_index/data.json", &index)
	if len(index.ByName) == 0 {
		t.Fatal("the index of folded names is empty")
	}
	fold, x := folder(t), listedIndex(t)
	carrying := map[string][]string{}
	for _, e := range listedEntries(t) {
		carrying[fold.Key(e.Name)] = append(carrying[fold.Key(e.Name)], e.Row)
	}
	for key, rows := range index.ByName {
		slices.Sort(carrying[key])
		if diff := cmp.Diff(rows, slices.Compact(carrying[key])); diff != "" {
			t.Errorf("%q: the rows of the policies and ours differ (-policies +ours):\n%s", key, diff)
		}
	}
	for _, e := range listedEntries(t) {
		if !slices.Contains(x.Match(e.Name), screening.Match{Row: e.Row, Name: e.Name, List: e.List, Score: 1, Band: screening.Hit}) &&
			!slices.ContainsFunc(x.Match(e.Name), func(m screening.Match) bool { return m.Row == e.Row && m.Score == 1 }) {
			t.Errorf("%q, as printed, is no full hit for its own row %s: %v", e.Name, e.Row, x.Match(e.Name))
		}
	}
}

func TestANameWithoutLettersIsNobodys(t *testing.T) {
	x := listedIndex(t)
	for _, name := range []string{"", "  ", "---", "\u200b", "。，", "the", "&"} {
		if key := folder(t).Key(name); key != "" {
			t.Errorf("%q folds to %q, want nothing", name, key)
		}
		if matches := x.Match(name); len(matches) != 0 {
			t.Errorf("%q matches %v", name, matches)
		}
	}
}

func TestANameThatIsOnlyALegalFormKeepsIt(t *testing.T) {
	x := screening.NewIndex([]screening.Entry{{Row: "1", Name: "Limited Company", List: "watch"}}, folder(t), settings(t))
	if got := x.Match("LIMITED COMPANY"); len(got) != 1 || got[0].Score != 1 {
		t.Errorf("got %v, want the row with score 1", got)
	}
	if got := x.Match("Siemens Limited"); len(got) != 0 {
		t.Errorf("a legal form alone matches %v", got)
	}
}

func TestOneRowIsListedOnce(t *testing.T) {
	entries := []screening.Entry{
		{Row: "2", Name: "Omega Optics", List: "watch"}, {Row: "1", Name: "Omega Optics Ltd", List: "watch"},
		{Row: "1", Name: "Omega Optic", List: "watch"},
	}
	got := screening.NewIndex(entries, folder(t), settings(t)).Match("omega optics")
	want := []screening.Match{
		{Row: "2", Name: "Omega Optics", List: "watch", Score: 1, Band: screening.Hit},
		{Row: "1", Name: "Omega Optics Ltd", List: "watch", Score: 0.98, Band: screening.Hit},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for _, tc := range []struct {
		settings screening.Settings
		fault    string // empty when there is none
	}{
		{screening.Settings{Hit: 0.9, Review: 0.8}, ""},
		{screening.Settings{Hit: 1, Review: 1}, ""},
		{screening.Settings{Hit: 0.8, Review: 0.9}, "below the review threshold"},
		{screening.Settings{Hit: 1.2, Review: 0.9}, "the hit threshold is 1.2"},
		{screening.Settings{Hit: 0.9}, "the review threshold is 0"},
		{screening.Settings{Hit: math.NaN(), Review: 0.9}, "the hit threshold is NaN"},
	} {
		err := tc.settings.Check()
		if (err == nil) != (tc.fault == "") || err != nil && !strings.Contains(err.Error(), tc.fault) {
			t.Errorf("%+v: got %v, want %q", tc.settings, err, tc.fault)
		}
	}
}

// Whatever is asked, scores are bounded and in order, a second asking gives the same, and other goroutines do not matter.
func TestMatchesAreBoundedOrderedAndRepeatable(t *testing.T) {
	entries, x := listedEntries(t), listedIndex(t)
	again := screening.NewIndex(entries, folder(t), settings(t))
	least := settings(t).Review
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(
			rapid.String(),
			rapid.Custom(func(t *rapid.T) string { return cutAndJoined(t, entries) }),
		).Draw(t, "name")
		matches := x.Match(name)
		for i, m := range matches {
			if m.Score < least || m.Score > 1 {
				t.Fatalf("%q: score %v of %s is out of bounds", name, m.Score, m.Row)
			}
			if i > 0 && (matches[i-1].Score < m.Score || matches[i-1].Score == m.Score && matches[i-1].Row >= m.Row) {
				t.Fatalf("%q: %+v does not belong after %+v", name, m, matches[i-1])
			}
		}
		if diff := cmp.Diff(matches, again.Match(name)); diff != "" {
			t.Fatalf("%q: another index of the same names answers otherwise:\n%s", name, diff)
		}
	})
}

// cutAndJoined makes a name of pieces of listed names.
func cutAndJoined(t *rapid.T, entries []screening.Entry) string {
	var made strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "pieces") {
		letters := []rune(rapid.SampledFrom(entries).Draw(t, "entry").Name)
		from := rapid.IntRange(0, len(letters)-1).Draw(t, "from")
		made.WriteString(string(letters[from:rapid.IntRange(from, len(letters)).Draw(t, "to")]))
		made.WriteString(rapid.SampledFrom([]string{"", " ", ", ", "Ltd", "公司"}).Draw(t, "join"))
	}
	return made.String()
}

// Folding twice changes nothing: a key is the key of itself, but for words that only a second look takes for forms.
func TestSpellingDoesNotChangeTheKey(t *testing.T) {
	fold, entries := folder(t), listedEntries(t)
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(entries).Draw(t, "entry").Name
		written := name
		if rapid.Bool().Draw(t, "upper") {
			written = strings.ToUpper(written)
		}
		if rapid.Bool().Draw(t, "wide") {
			written = inFullWidth(nil, written)
		}
		if rapid.Bool().Draw(t, "spaced") {
			written = "\u3000" + strings.ReplaceAll(written, " ", " \t\u00a0") + "."
		}
		if rapid.Bool().Draw(t, "invisible") {
			letters := []rune(written)
			at := rapid.IntRange(0, len(letters)).Draw(t, "at")
			written = string(letters[:at]) + "\u200b\u2060" + string(letters[at:])
		}
		if got, want := fold.Key(written), fold.Key(name); got != want {
			t.Fatalf("%q folds to %q, %q to %q", written, got, name, want)
		}
	})
}

func TestManyGoroutinesShareAnIndex(t *testing.T) {
	x := listedIndex(t)
	names := unrelated(3, 50)
	for _, e := range listedEntries(t)[:50] {
		names = append(names, e.Name)
	}
	var want [][]screening.Match
	for _, name := range names {
		want = append(want, x.Match(name))
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i, name := range names {
				if diff := cmp.Diff(want[i], x.Match(name)); diff != "" {
					t.Errorf("%q: %s", name, diff)
				}
			}
		})
	}
	group.Wait()
}
