package casefile

import (
	"fmt"
	"regexp"
	"strings"

	"greenchannel/server/decision"
)

// Flaws tells what no decision may have, whatever the case asks.
func Flaws(d decision.Decision) []string {
	var found []string
	unfilled := regexp.MustCompile(`\{[a-z_]+\}`)
	text := func(place string, t decision.Text) {
		for lang, sentence := range map[string]string{"en": t.EN, "zh": t.ZH} {
			if strings.TrimSpace(sentence) == "" || unfilled.MatchString(sentence) {
				found = append(found, fmt.Sprintf("%s: the text (%s) is empty or not filled in: %q", place, lang, sentence))
			}
		}
	}
	for _, r := range d.Reasons {
		text("reason "+r.Rule, r.Text)
		text("remedy of "+r.Rule, r.Remedy)
	}
	for _, c := range d.GreenChannel.Conditions {
		text("condition "+c.ID, c.Text)
	}
	for _, n := range d.NotAssessed {
		text("not assessed "+n.ID, n.Reason)
	}
	for _, o := range d.Obligations {
		text("obligation "+o.ID, o.Text)
	}
	if len(d.GreenChannel.Conditions) != 10 {
		found = append(found, fmt.Sprintf("the green channel has %d conditions, want GC-P01 to GC-P10", len(d.GreenChannel.Conditions)))
	}
	if d.GreenChannel.Eligible != (len(d.GreenChannel.Failed) == 0) {
		found = append(found, fmt.Sprintf("eligible is %v and %d conditions failed", d.GreenChannel.Eligible, len(d.GreenChannel.Failed)))
	}
	if d.ValidUntil != nil {
		until, err1 := decision.ParseAsOf(*d.ValidUntil)
		asOf, err2 := decision.ParseAsOf(d.AsOf)
		if err1 != nil || err2 != nil || !until.After(asOf) {
			found = append(found, fmt.Sprintf("valid_until %s does not lie after as_of %s", *d.ValidUntil, d.AsOf))
		}
	}
	return found
}
