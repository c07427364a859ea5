package screening_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"text/tabwriter"

	"greenchannel/server/screening"
)

// evaluationSeed makes the slips and the unrelated names. Thresholds and scores were chosen on other seeds.
const evaluationSeed = 20250404

// counts are what the names of one variant came to.
type counts struct {
	names, inHit, inAny            int // names; those for which every row of the name came back in band hit, in any band
	hitRows, hitRight, rows, right int // rows that came back; those of the party that was meant
}

func (c counts) measured() floors {
	return floors{
		hitRecall: share(c.inHit, c.names), recall: share(c.inAny, c.names),
		hitPrecision: share(c.hitRight, c.hitRows), precision: share(c.right, c.rows),
	}
}

// share is a part of a whole; of nothing, everything is right.
func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// labels say what should come back for a folded name.
type labels struct {
	carrying map[string]map[string]bool // rows printed under that name
	meant    map[string]map[string]bool // those and the other rows of the same party
}

// label takes rows for the same party when they share an English or a Chinese name: "Aero Vironment" and "AeroVironment,
// Inc." are both printed as 宇航环境公司.
func label(entries []screening.Entry, fold *screening.Folder) labels {
	l := labels{carrying: map[string]map[string]bool{}, meant: map[string]map[string]bool{}}
	keys := map[string][]string{}
	for _, e := range entries {
		key := fold.Key(e.Name)
		keys[e.Row] = append(keys[e.Row], key)
		mark(l.carrying, key, e.Row)
	}
	for key, rows := range l.carrying {
		for row := range rows {
			for _, shared := range keys[row] {
				for other := range l.carrying[shared] {
					mark(l.meant, key, other)
				}
			}
		}
	}
	return l
}

func mark(in map[string]map[string]bool, key, row string) {
	if in[key] == nil {
		in[key] = map[string]bool{}
	}
	in[key][row] = true
}

// evaluate writes every listed name in one variant and counts what screening makes of it. A name that the variant leaves
// as it is says nothing about the variant and is left out, but for the variant that changes none.
func evaluate(x *screening.Index, v variant, entries []screening.Entry, fold *screening.Folder) counts {
	l := label(entries, fold)
	r := rand.New(rand.NewPCG(evaluationSeed, 2))
	var c counts
	done := map[string]bool{}
	for _, e := range entries {
		key, written := fold.Key(e.Name), v.of(r, e.Name)
		if done[key] || written == e.Name && v.changes {
			continue
		}
		done[key] = true
		c.add(x.Match(written), l.carrying[key], l.meant[key])
	}
	return c
}

func (c *counts) add(matches []screening.Match, carrying, meant map[string]bool) {
	inHit, inAny := 0, 0
	for _, m := range matches {
		c.rows++
		hit := m.Band == screening.Hit
		if hit {
			c.hitRows++
		}
		if meant[m.Row] {
			c.right++
			if hit {
				c.hitRight++
			}
		}
		if carrying[m.Row] {
			inAny++
			if hit {
				inHit++
			}
		}
	}
	c.names++
	if inHit == len(carrying) {
		c.inHit++
	}
	if inAny == len(carrying) {
		c.inAny++
	}
}

// TestEvaluation prints what stands in the README: go test -run TestEvaluation -v ./server/screening
func TestEvaluation(t *testing.T) {
	entries, fold, x := listedEntries(t), folder(t), listedIndex(t)
	var report strings.Builder
	w := tabwriter.NewWriter(&report, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "variant\tnames\trecall, hit\trecall, any\tprecision, hit\tprecision, any")
	for _, v := range variants {
		c := evaluate(x, v, entries, fold)
		m := c.measured()
		fmt.Fprintf(w, "%s\t%d\t%.3f\t%.3f\t%.3f\t%.3f\n", v.name, c.names, m.hitRecall, m.recall, m.hitPrecision, m.precision)
		if c.names < v.names || m.hitRecall < v.min.hitRecall || m.recall < v.min.recall ||
			m.hitPrecision < v.min.hitPrecision || m.precision < v.min.precision {
			t.Errorf("%s: %d names came to %+v; want at least %d names and %+v", v.name, c.names, m, v.names, v.min)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("\n%s", report.String())
}

// Names of companies that nobody listed. A hit would treat a stranger as a listed party.
func TestUnrelatedNames(t *testing.T) {
	const names, mostReviews = 1000, 5
	x := listedIndex(t)
	hits, reviews := 0, 0
	for _, name := range unrelated(evaluationSeed, names) {
		matches := x.Match(name)
		if len(matches) == 0 {
			continue
		}
		t.Logf("%q: %+v", name, matches[0])
		if matches[0].Band == screening.Hit {
			hits++
		} else {
			reviews++
		}
	}
	t.Logf("%d unrelated names: %d hits, %d to review", names, hits, reviews)
	if hits > 0 || reviews > mostReviews {
		t.Errorf("%d hits and %d to review among %d unrelated names; want no hit and at most %d", hits, reviews, names, mostReviews)
	}
}

// Real companies beside the listed ones: parents, sisters and namesakes. Some deserve a look, none is the listed party.
func TestNeighboursAreNotTakenForTheListedParty(t *testing.T) {
	x := listedIndex(t)
	for _, name := range []string{
		"Mitsubishi Electric Corporation", "Mitsubishi Heavy Industries, Ltd.", "Mitsubishi Chemical Corporation", "Mitsui & Co., Ltd.",
		"Kawasaki Heavy Industries, Ltd.", "Komatsu Ltd.", "Hitachi, Ltd.", "Hitachi Metals, Ltd.", "Fujitsu Limited", "Sumitomo Corporation",
		"IHI Corporation", "The Boeing Company", "Toyota Motor Corporation", "Nissin Foods Holdings Co., Ltd.", "Teledyne Technologies Incorporated",
		"Elbit Systems Ltd.", "BAE Systems plc", "General Electric Company", "General Motors Company", "Ball Corporation", "Oshkosh Corporation",
		"Siemens AG", "Robert Bosch GmbH", "Volkswagen AG", "Airbus SE", "Infineon Technologies AG", "Vestas Wind Systems A/S", "Philips N.V.",
		"三菱电机株式会社", "三菱重工业株式会社", "日立制作所", "川崎重工业株式会社", "中信银行股份有限公司", "中国科学院", "东京大学",
		"金力永磁科技股份有限公司", "宁波韵升股份有限公司", "北京中科三环高技术股份有限公司", "包头稀土新材料有限公司",
	} {
		for _, m := range x.Match(name) {
			if m.Band == screening.Hit {
				t.Errorf("%q is taken for %+v", name, m)
			}
		}
	}
}
