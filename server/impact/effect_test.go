package impact

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"greenchannel/server/decision"
)

// effectOf gathers changes of which nothing is allowed but details.
func effectOf(t *testing.T, most int, changes ...Change) Effect {
	t.Helper()
	gate, err := NewGate([]Allowance{{Class: Details}})
	if err != nil {
		t.Fatal(err)
	}
	tally := NewTally("some cases", Basis{PolicyRef: decision.PolicyRef{Name: "n", Revision: "old1"}}, Basis{PolicyRef: decision.PolicyRef{Name: "n", Revision: "new2"}}, gate, most)
	tally.Note("A note.")
	for _, c := range changes {
		tally.Add(c)
	}
	return tally.Effect()
}

func changes() []Change {
	rule := Finding{Rule: "RF-12", Title: "More than <the need>", Effect: "flag", Severity: "medium"}
	return []Change{
		{Class: Same, Old: decision.Incomplete, New: decision.Incomplete},
		{Class: Details, Subject: Subject{Place: "d.json"}, Old: decision.Incomplete, New: decision.Incomplete, Details: []Detail{{Pointer: "/decision/x", Old: []byte(`"<i>"`)}}},
		{Class: Stricter, Subject: Subject{Seq: 3}, Old: decision.GreenChannelReview, New: decision.StandardReview, Came: []Finding{rule}},
		{Class: NeedsRows, Subject: Subject{Seq: 4}, Missing: &Unavailable{Path: []string{"history", "orders", `{"a":"b"}`}, Detail: "A row."}, Of: "new"},
		{Class: Looser, Subject: Subject{Case: "a <case>", Place: "x.yaml:3"}, Old: decision.EnhancedReview, New: decision.GreenChannelReview, Went: []Finding{rule}},
		{Class: Looser, Subject: Subject{Seq: 5}, Old: decision.EnhancedReview, New: decision.GreenChannelReview, Went: []Finding{rule}},
	}
}

func TestTheDangerousDirectionComesFirst(t *testing.T) {
	t.Parallel()
	e := effectOf(t, 10, changes()...)
	if e.Decided != 6 || e.Changed != 5 || e.Stopped != 4 {
		t.Errorf("%d decided, %d changed, %d stopped", e.Decided, e.Changed, e.Stopped)
	}
	var order []Class
	for _, c := range e.Changes {
		order = append(order, c.Class)
	}
	if got := fmt.Sprint(order); got != "[looser looser needs_rows stricter details]" {
		t.Error(got)
	}
	if got := fmt.Sprint(e.Outcomes); got != "[{enhanced_review green_channel looser 2} {green_channel standard_review stricter 1} {incomplete incomplete same 2}]" {
		t.Error(got)
	}
	if got := fmt.Sprint(e.Rules); got != "[{RF-12 More than <the need> 1 2 0}]" {
		t.Error(got)
	}
	var text strings.Builder
	if err := e.WriteTable(&text); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"looser      2          2", "enhanced_review  green_channel    looser    2", "RF-12  1     2     0                 More than",
		"x.yaml:3 a <case>: application , as of : enhanced_review → green_channel (looser)\n  - RF-12 flag/medium",
		`the row: data["history"]["orders"]["{\"a\":\"b\"}"]`, "d.json: application , as of : incomplete, other details, allowed\n  /decision/x",
	} {
		if !strings.Contains(text.String(), line) {
			t.Errorf("the table does not say %q:\n%s", line, text.String())
		}
	}
}

func TestNoMoreIsListedThanIsAskedFor(t *testing.T) {
	t.Parallel()
	e := effectOf(t, 1, changes()...)
	if len(e.Changes) != 4 || e.Classes[0].Count != 2 || e.Classes[0].Listed != 1 {
		t.Errorf("%d listed, %+v", len(e.Changes), e.Classes[0])
	}
}

// The page is whole, escapes what is not its own, and asks for nothing from elsewhere.
func TestThePageStandsAlone(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]Effect{"changes": effectOf(t, 10, changes()...), "nothing": effectOf(t, 10)} {
		var page strings.Builder
		if err := e.WriteHTML(&page); err != nil {
			t.Fatal(err)
		}
		text := page.String()
		for _, foreign := range []string{"http://", "https://", "<script", "url(", "@import", "<i>", "<case>", "<the need>", "ZgotmplZ", "NaN", "Inf"} {
			if strings.Contains(text, foreign) {
				t.Errorf("%s: the page holds %q", name, foreign)
			}
		}
		drawings := strings.Count(text, "<svg")
		if want := map[string]int{"changes": 3, "nothing": 0}[name]; drawings != want {
			t.Errorf("%s: %d pictures, want %d", name, drawings, want)
		}
		for _, part := range strings.Split(text, "<svg")[1:] {
			wellFormed(t, "<svg"+part[:strings.Index(part, "</svg>")]+"</svg>")
		}
	}
}

func wellFormed(t *testing.T, svg string) {
	t.Helper()
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, svg)
		}
	}
}
