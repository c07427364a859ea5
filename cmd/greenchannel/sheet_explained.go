package main

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
)

// explained is what the sheet says by itself of an explanation, in both languages.
type explained struct {
	nearest, already, proof, unreachable, cutShort, at, example        decision.Text
	rules, fired, silent, standing, from, unstated, undefined, restsOn decision.Text
}

func explainedPhrases() explained {
	return explained{
		nearest:     decision.Text{EN: "NEAREST GREEN: the smallest set of changes that was found", ZH: "距绿色通道最近的补正方案"},
		already:     decision.Text{EN: "Nothing has to be changed.", ZH: "无须变更。"},
		proof:       decision.Text{EN: "With all of these, each only if it is so: %s [%s], by the channel %s. Proved by deciding again, %d decisions in all.", ZH: "以上各项均属实并完成后：%s [%s]，适用通道：%s。已经重新判定验证，共判定%d次。"},
		unreachable: decision.Text{EN: "No set of changes that an applicant can make leads into the green channel (%d decisions). In the way stand:", ZH: "申请人可作的变更均无法使申请适用绿色通道（共判定%d次）。障碍如下："},
		cutShort:    decision.Text{EN: "The search was cut short; another set may be smaller.", ZH: "搜索未完成，可能存在更小的方案。"},
		at:          decision.Text{EN: "%s %s", ZH: "%s %s"},
		example:     decision.Text{EN: "%s (stands for the true value)", ZH: "%s（示例，应据实填报）"},
		rules:       decision.Text{EN: "RULES EXPLAINED ([x] held, [ ] the first condition that failed)", ZH: "规则说明（[x] 成立，[ ] 首个不成立的条件）"},
		fired:       decision.Text{EN: "fired", ZH: "已触发"},
		silent:      decision.Text{EN: "did not fire", ZH: "未触发"},
		standing:    decision.Text{EN: "%s, its instrument %s", ZH: "%s，依据状态：%s"},
		from:        decision.Text{EN: "%s (%s)", ZH: "%s（%s）"},
		unstated:    decision.Text{EN: "not stated", ZH: "未填报"},
		undefined:   decision.Text{EN: "undefined", ZH: "无定义"},
		restsOn:     decision.Text{EN: "rests on %s", ZH: "取决于%s"},
	}
}

// nearestGreen says what would have to be changed, or what stands in the way.
func (s sheet) nearestGreen() {
	if s.explanation == nil || s.explanation.NearestGreen == nil {
		return
	}
	p, nearest := explainedPhrases(), s.explanation.NearestGreen
	s.heading(s.say(p.nearest))
	switch {
	case !nearest.Reachable:
		s.entry(0, "", 0, fmt.Sprintf(s.say(p.unreachable), nearest.Evaluations))
		for _, blocker := range nearest.BlockedBy {
			s.entry(0, " - "+blocker.Rule, 18, s.say(blocker.Text))
		}
	case len(nearest.Changes) == 0:
		s.entry(0, "", 0, s.say(p.already))
	default:
		for i, change := range nearest.Changes {
			s.change(i+1, change)
		}
		named := outcomeWords()[nearest.Decision.Outcome]
		channel := ""
		if nearest.Decision.Channel != nil {
			channel = *nearest.Decision.Channel
		}
		s.entry(0, "", 0, fmt.Sprintf(s.say(p.proof), s.say(named.name), nearest.Decision.Outcome, channel, nearest.Evaluations))
	}
	if !nearest.Complete {
		s.entry(0, "", 0, s.say(p.cutShort))
	}
}

func (s sheet) change(number int, change explain.Change) {
	const indent, label = 4, 9
	p := explainedPhrases()
	s.styledEntry(0, fmt.Sprintf("%2d", number), indent, s.say(change.Text), s.bold)
	value := string(change.Value)
	if change.Example {
		value = fmt.Sprintf(s.say(p.example), value)
	}
	s.entry(indent, change.Op, label, fmt.Sprintf(s.say(p.at), change.Pointer, value))
	s.entry(indent, s.say(phrases().basis), label, strings.Join(change.Basis, ", "))
}

// explainedRules says of each rule that was asked about why it fired or not.
func (s sheet) explainedRules() {
	if s.explanation == nil || len(s.explanation.Rules) == 0 {
		return
	}
	p := explainedPhrases()
	s.heading(s.say(p.rules))
	for _, rule := range s.explanation.Rules {
		state := s.say(p.silent)
		if rule.Fired {
			state = s.say(p.fired)
		}
		if rule.Standing != "" {
			state = fmt.Sprintf(s.say(p.standing), state, s.word(rule.Standing))
		}
		title := rule.Rule + s.say(phrases().comma) + state
		if !s.chinese {
			title += ": " + rule.Title
		}
		s.line(s.bold(printable(title)))
		for _, definition := range rule.Definitions {
			s.definition(definition, 2)
		}
		for i, definition := range rule.Beneath {
			if i == 0 || rule.Beneath[i-1].Name != definition.Name {
				s.entry(4, "", 0, definition.Name)
			}
			s.definition(definition, 6)
		}
	}
}

func (s sheet) definition(d explain.Definition, indent int) {
	s.entry(indent, "", 0, fmt.Sprintf("%s:%d", d.File, d.Line))
	for _, condition := range d.Conditions {
		mark, style := "[ ] ", s.yellow
		if condition.Held {
			mark, style = "[x] ", s.green
		}
		s.styledEntry(indent, fmt.Sprintf("%s%d", mark, condition.Line), 9, condition.Text, style)
		for _, value := range condition.Values {
			s.entry(indent+9, "", 0, value.Name+" = "+s.value(value))
		}
		if len(condition.RestsOn) > 0 {
			s.entry(indent+9, "", 0, fmt.Sprintf(s.say(explainedPhrases().restsOn), strings.Join(condition.RestsOn, s.say(phrases().and))))
		}
	}
}

// longestShown is how many columns of a value a sheet shows.
const longestShown = 160

func (s sheet) value(v explain.Value) string {
	p := explainedPhrases()
	text := string(v.Value)
	if v.Cut { // the beginning of a value, as text
		if err := json.Unmarshal(v.Value, &text); err != nil {
			text = string(v.Value)
		}
	}
	switch {
	case v.Cut || columns(text) > longestShown:
		text, _ = cut(text, longestShown)
		text += "…"
	case !v.Stated && strings.HasPrefix(v.Name, "/"):
		text = s.say(p.unstated)
	case !v.Stated:
		text = s.say(p.undefined)
	}
	if v.From != "" {
		return fmt.Sprintf(s.say(p.from), text, v.From)
	}
	return text
}
