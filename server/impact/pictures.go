package impact

import (
	"fmt"
	"math"
	"slices"

	"greenchannel/server/decision"
)

// The pictures of the page, in pixels. What is laid out here is drawn by the template as SVG, so that it can be read and
// printed at any size.

// matrixPicture is a heat map: a row for each old outcome, a column for each new one, both with the strictest first. What
// lies right of the diagonal became looser.
type matrixPicture struct {
	Width, Height float64
	Rows, Columns []label
	Cells         []cell
}

type label struct {
	X, Y float64
	Text string
}

type cell struct {
	X, Y, Size float64
	Count      uint64
	Class      Class
	Shade      string // the opacity of the colour
	Title      string
}

// Middle and Baseline are where its number stands.
func (c cell) Middle() float64   { return c.X + c.Size/2 }
func (c cell) Baseline() float64 { return c.Y + c.Size/2 + 4 }

const (
	cellSize    = 44.0
	rowLabels   = 160.0
	columnRoom  = 128.0
	slantedRoom = 84.0 // what the slanted label of the last column needs at the right
)

// matrixOf lays out the heat map; nil where there is nothing to show.
func matrixOf(flows []Flow) *matrixPicture {
	shown := involved(func(o decision.Outcome) bool {
		return slices.ContainsFunc(flows, func(f Flow) bool { return f.Old == o || f.New == o })
	})
	if len(shown) == 0 {
		return nil
	}
	side := cellSize * float64(len(shown))
	m := &matrixPicture{Width: rowLabels + side + slantedRoom, Height: columnRoom + side + 4}
	place := func(o decision.Outcome) float64 { return cellSize * float64(slices.Index(shown, o)) }
	for _, o := range shown {
		m.Rows = append(m.Rows, label{rowLabels - 10, columnRoom + place(o) + cellSize/2 + 4, words(o)})
		m.Columns = append(m.Columns, label{rowLabels + place(o) + cellSize/2 + 2, columnRoom - 10, words(o)})
	}
	most := uint64(1)
	for _, f := range flows {
		most = max(most, f.Count)
	}
	for _, from := range shown {
		for _, to := range shown {
			c := cell{X: rowLabels + place(to), Y: columnRoom + place(from), Size: cellSize - 3, Class: direction(from, to), Shade: "0.06"}
			if at := slices.IndexFunc(flows, func(f Flow) bool { return f.Old == from && f.New == to }); at >= 0 {
				c.Count = flows[at].Count
				c.Shade = fmt.Sprintf("%.2f", 0.25+0.5*math.Log1p(float64(c.Count))/math.Log1p(float64(most)))
			}
			c.Title = fmt.Sprintf("%s → %s: %d", words(from), words(to), c.Count)
			m.Cells = append(m.Cells, c)
		}
	}
	return m
}

// flowPicture shows where changed outcomes went: the old ones at the left, the new ones at the right, and a ribbon for each
// pair, as wide as its number. Outcomes that stayed are left out: they would make the others too thin to see.
type flowPicture struct {
	Width, Height float64
	Nodes         []node
	Ribbons       []ribbon
	Stayed        uint64
}

type node struct {
	X, Y, Height float64
	LabelX       float64
	LabelY       float64
	Anchor       string
	Text         string
	Count        uint64
}

type ribbon struct {
	Path  string
	Class Class
	Title string
}

const (
	flowWidth  = 760.0
	flowLabels = 190.0
	nodeWidth  = 10.0
	nodeGap    = 16.0
	flowRoom   = 240.0 // the height of all ribbons together
	thinnest   = 3.0   // of a ribbon
)

// flowOf lays out the flow; nil where no outcome changed.
func flowOf(flows []Flow) *flowPicture {
	var changed []Flow
	p := &flowPicture{Width: flowWidth}
	total := uint64(0)
	for _, f := range flows {
		if f.Class == Same {
			p.Stayed += f.Count
			continue
		}
		changed = append(changed, f)
		total += f.Count
	}
	if len(changed) == 0 {
		return nil
	}
	thickness := func(f Flow) float64 { return max(thinnest, flowRoom*float64(f.Count)/float64(total)) }
	left := p.column(changed, thickness, flowLabels, "end", func(f Flow) decision.Outcome { return f.Old })
	right := p.column(changed, thickness, flowWidth-flowLabels-nodeWidth, "start", func(f Flow) decision.Outcome { return f.New })
	// The ribbons of a node leave it in the order of the nodes that they go to, so that they cross as little as may be.
	order := func(o decision.Outcome) int { return slices.Index(decision.OutcomesByStrictness(), o) }
	slices.SortFunc(changed, func(a, b Flow) int {
		if a.Old != b.Old {
			return order(a.Old) - order(b.Old)
		}
		return order(a.New) - order(b.New)
	})
	x1, x2 := flowLabels+nodeWidth, flowWidth-flowLabels-nodeWidth
	middle := (x1 + x2) / 2
	for _, f := range changed {
		t := thickness(f)
		y1, y2 := left[f.Old], right[f.New]
		left[f.Old], right[f.New] = y1+t, y2+t
		p.Ribbons = append(p.Ribbons, ribbon{
			Path: fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1fV%.1fC%.1f %.1f %.1f %.1f %.1f %.1fZ",
				x1, y1, middle, y1, middle, y2, x2, y2, y2+t, middle, y2+t, middle, y1+t, x1, y1+t),
			Class: f.Class, Title: fmt.Sprintf("%s → %s: %d", words(f.Old), words(f.New), f.Count),
		})
	}
	return p
}

// column places the nodes of one side, the strictest first, and gives where the ribbons of each begin.
func (p *flowPicture) column(flows []Flow, thickness func(Flow) float64, x float64, anchor string, end func(Flow) decision.Outcome) map[decision.Outcome]float64 {
	begins := map[decision.Outcome]float64{}
	y := nodeGap / 2
	for _, outcome := range involved(func(o decision.Outcome) bool {
		return slices.ContainsFunc(flows, func(f Flow) bool { return end(f) == o })
	}) {
		n := node{X: x, Y: y, LabelX: x - 8, Anchor: anchor, Text: words(outcome)}
		if anchor == "start" {
			n.LabelX = x + nodeWidth + 8
		}
		for _, f := range flows {
			if end(f) == outcome {
				n.Height += thickness(f)
				n.Count += f.Count
			}
		}
		n.LabelY = y + n.Height/2 + 4
		begins[outcome] = y
		y += n.Height + nodeGap
		p.Nodes = append(p.Nodes, n)
	}
	p.Height = max(p.Height, y)
	return begins
}

// barsPicture shows for each rule how often it came (to the right), weighs otherwise (beyond that), and went (to the left).
type barsPicture struct {
	Width, Height, Axis float64
	Bars                []bar
	LeftOff             int
}

type bar struct {
	RuleCount
	Y                     float64
	WentX, WentWidth      float64
	CameX, CameWidth      float64
	WeighsX, WeighsWidth  float64
	WentLabel, CameLabel  string
	WentLabelX, CameRight float64
	Short                 string // the title, as far as there is room
}

const (
	mostBars   = 25
	barHeight  = 34.0
	barLabels  = 330.0
	barsWidth  = 860.0
	barMargin  = 46.0 // for the numbers at both ends
	titleRunes = 48
)

// barsOf lays out the bars; nil where no rule changed.
func barsOf(rules []RuleCount) *barsPicture {
	if len(rules) == 0 {
		return nil
	}
	shown := rules[:min(len(rules), mostBars)]
	left, right := uint64(0), uint64(0)
	for _, r := range shown {
		left, right = max(left, r.Went), max(right, r.Came+r.Weighs)
	}
	room := barsWidth - barLabels - 2*barMargin
	unit := room / float64(left+right)
	p := &barsPicture{
		Width: barsWidth, Height: barHeight*float64(len(shown)) + 8,
		Axis: barLabels + barMargin + unit*float64(left), LeftOff: len(rules) - len(shown),
	}
	for i, r := range shown {
		b := bar{RuleCount: r, Y: barHeight*float64(i) + 4, Short: shortened(r.Title, titleRunes)}
		b.WentWidth, b.CameWidth, b.WeighsWidth = unit*float64(r.Went), unit*float64(r.Came), unit*float64(r.Weighs)
		b.WentX, b.CameX, b.WeighsX = p.Axis-b.WentWidth, p.Axis, p.Axis+b.CameWidth
		b.WentLabelX, b.CameRight = b.WentX-6, p.Axis+b.CameWidth+b.WeighsWidth+6
		if r.Went > 0 {
			b.WentLabel = fmt.Sprintf("−%d", r.Went)
		}
		if r.Came > 0 {
			b.CameLabel = fmt.Sprintf("+%d", r.Came)
		}
		if r.Weighs > 0 {
			b.CameLabel += fmt.Sprintf(" ~%d", r.Weighs)
		}
		p.Bars = append(p.Bars, b)
	}
	return p
}

func shortened(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}
