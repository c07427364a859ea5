package architecture

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Words that this file may not hold itself are put together here.
func machinePath() *regexp.Regexp {
	homes := []string{"work", "root", "farm", "home/[a-z]+", "Users/[A-Za-z]+"}
	return regexp.MustCompile(`(?:^|[^a-zA-Z0-9._/}-])/(?:` + strings.Join(homes, "|") + `)(?:/|\b)`)
}

func registryHost() *regexp.Regexp {
	hosts := [][]string{
		{"proxy", "golang", "org"}, {"sum", "golang", "org"}, {"goproxy", "io"}, {"registry", "npmjs", "org"},
		{"deb", "debian", "org"}, {"pypi", "org"}, {"crates", "io"}, {"ghcr", "io"},
	}
	var all []string
	for _, host := range hosts {
		all = append(all, strings.Join(host, `\.`))
	}
	return regexp.MustCompile(`\b(?:` + strings.Join(all, "|") + `)\b`)
}

// text looks for what holds on one machine only.
func text(t tree) []breach {
	machine, registry := machinePath(), registryHost()
	return t.lines(func(_, line string) string {
		switch {
		case machine.MatchString(line):
			return fmt.Sprintf("names a path of one machine (%s)", strings.TrimSpace(machine.FindString(line)))
		case registry.MatchString(line):
			return fmt.Sprintf("names the host of a registry (%s); whoever builds may use a mirror", registry.FindString(line))
		}
		return ""
	})
}

// settled are the Chinese words that were given up, each with the one that stands for the thing. A decision of this service
// is another thing than one of the authority, which has its own word in the law.
func settled() map[*regexp.Regexp]string {
	word := func(parts ...string) *regexp.Regexp { return regexp.MustCompile(strings.Join(parts, "")) }
	return map[*regexp.Regexp]string{
		word("(?:规则|政策)", "包"):           "策略包 (bundle)",
		word("决", "策|裁", "定"):            "判定 (decision)",
		word("(?:作出|重新|给出|无法|不能)", "决定"): "判定 (decision of the service)",
		word("当事", "方"):                  "主体 (party on file or on a list) or 交易方 (party to the transaction)",
		word("主管", "机关"):                 "主管部门 (authority)",
		word("试", "算"):                   "试判定 (dry run)",
	}
}

// words looks for Chinese words that were given up.
func words(t tree) []breach {
	given := settled()
	return t.lines(func(_, line string) string {
		for word, instead := range given {
			if found := word.FindString(line); found != "" {
				return fmt.Sprintf("says %s; the word is %s", found, instead)
			}
		}
		return ""
	})
}

// unfinished looks for what was put off.
func unfinished(t tree) []breach {
	mark := regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|XX` + `X)\b|not imple` + `mented`)
	return t.lines(func(name, line string) string {
		switch path.Ext(name) {
		case ".go", ".rego", ".sh", ".yaml", ".yml":
			if mark.MatchString(line) {
				return fmt.Sprintf("leaves something open (%s); finish it, or file an issue and take the mark out", mark.FindString(line))
			}
		}
		return ""
	})
}

// lines asks about each line of each text file, but for the trees in testdata of this package, which break rules on purpose.
func (t tree) lines(wrong func(name, line string) string) []breach {
	var found []breach
	for _, name := range t.paths() {
		body := t.files[name]
		if bytes.IndexByte(body, 0) >= 0 || strings.HasPrefix(name, "tests/architecture/testdata/") {
			continue
		}
		number := 0
		for line := range bytes.Lines(body) {
			number++
			if detail := wrong(name, string(line)); detail != "" {
				found = append(found, breach{fmt.Sprintf("%s:%d", name, number), detail})
			}
		}
	}
	return found
}
