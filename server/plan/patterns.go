package plan

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// patterns keeps regular expressions compiled, as many as policies write down; one that is made of data may push another out.
type patterns struct {
	mu       sync.RWMutex
	compiled map[string]*pattern
}

const mostPatterns = 100

// pattern is a regular expression. Two forms that folding a name consists of are searched without the general machine.
type pattern struct {
	general *regexp.Regexp
	runs    *runes // of the form [class]+, whose matches are the longest runs of such characters
	words   *words // texts with | between them
}

// pattern gives the expression of a text; nil for what is none, about which OPA has a text.
func (p *patterns) pattern(s string) *pattern {
	p.mu.RLock()
	known := p.compiled[s]
	p.mu.RUnlock()
	if known != nil {
		return known
	}
	s = strings.Clone(s)
	re, err := regexp.Compile(s)
	if err != nil {
		return nil
	}
	known = &pattern{general: re, runs: runsOf(s), words: wordsOf(s)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.compiled == nil || len(p.compiled) >= mostPatterns {
		p.compiled = map[string]*pattern{}
	}
	p.compiled[s] = known
	return known
}

func (p *pattern) matches(s string) bool {
	switch {
	case p.runs != nil:
		_, _, found := p.runs.next(s, 0)
		return found
	case p.words != nil:
		return p.words.in(s)
	}
	return p.general.MatchString(s)
}

// runes is a class of characters.
type runes struct {
	ascii  [2]uint64
	ranges []rune // first and last of each, in order
}

func runsOf(s string) *runes {
	parsed, err := syntax.Parse(s, syntax.Perl)
	if err != nil || parsed.Op != syntax.OpPlus || parsed.Flags&syntax.NonGreedy != 0 || parsed.Sub[0].Op != syntax.OpCharClass {
		return nil
	}
	class := &runes{ranges: parsed.Sub[0].Rune}
	for r := range rune(utf8.RuneSelf) {
		if class.inRanges(r) {
			class.ascii[r/64] |= 1 << (r % 64)
		}
	}
	return class
}

func (c *runes) inRanges(r rune) bool {
	at, exact := slices.BinarySearch(c.ranges, r)
	return exact || at%2 == 1 // between the first and the last of a range
}

func (c *runes) has(r rune) bool {
	if r < utf8.RuneSelf {
		return c.ascii[r/64]>>(r%64)&1 != 0
	}
	return c.inRanges(r)
}

// next finds the next run. A byte that is no character counts as U+FFFD, as package regexp has it.
func (c *runes) next(s string, from int) (start, end int, found bool) {
	start = -1
	for at := from; at < len(s); {
		r, width := rune(s[at]), 1
		if r >= utf8.RuneSelf {
			r, width = utf8.DecodeRuneInString(s[at:])
		}
		switch {
		case c.has(r):
			if start < 0 {
				start = at
			}
		case start >= 0:
			return start, at, true
		}
		at += width
	}
	return start, len(s), start >= 0
}

// words are texts by their first byte.
type words struct{ byFirst [256][]string }

func wordsOf(s string) *words {
	var w words
	for word := range strings.SplitSeq(s, "|") {
		if word == "" || regexp.QuoteMeta(word) != word || !utf8.ValidString(word) || strings.ContainsRune(word, utf8.RuneError) {
			return nil
		}
		w.byFirst[word[0]] = append(w.byFirst[word[0]], word)
	}
	return &w
}

func (w *words) in(s string) bool {
	for at := range len(s) {
		for _, word := range w.byFirst[s[at]] {
			if strings.HasPrefix(s[at:], word) {
				return true
			}
		}
	}
	return false
}
