package screening_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/mozillazg/go-pinyin"
)

// variant is one way in which people write a listed name otherwise.
type variant struct {
	name    string
	changes bool                                      // false for the one that leaves every name as it is
	of      func(r *rand.Rand, printed string) string // the name unchanged where the variant has nothing to change
	names   int                                       // the least number of names that it must change
	min     floors
}

// floors are the least recall and precision that a variant must reach: those that were seen, rounded down.
type floors struct {
	hitRecall, recall       float64 // found in band hit; found in either band
	hitPrecision, precision float64 // rows in band hit that carry the name; rows in either band that do
}

var variants = []variant{
	{"as printed", false, func(_ *rand.Rand, printed string) string { return printed }, 420, floors{1, 1, 1, 0.86}},
	{"case", true, inOtherCase, 250, floors{1, 1, 1, 0.88}},
	{"punctuation", true, otherwisePunctuated, 130, floors{0.99, 1, 1, 0.88}},
	{"zero-width", true, withZeroWidth, 420, floors{1, 1, 1, 0.86}},
	{"full width", true, inFullWidth, 250, floors{1, 1, 1, 0.88}},
	{"accent", true, withAnAccent, 250, floors{1, 1, 1, 0.88}},
	{"run together", true, runTogether, 210, floors{0.95, 0.98, 1, 0.95}},
	{"legal form missing", true, withoutLegalForm, 330, floors{0.99, 0.99, 0.99, 0.87}},
	{"word order", true, inAnotherOrder, 180, floors{0.97, 0.98, 1, 0.94}},
	{"one slip", true, withOneSlip, 230, floors{0, 0.97, 1, 0.92}},
	{"one wrong character", true, withOneWrongCharacter, 130, floors{0, 0.81, 1, 0.93}},
	{"homophone", true, withAHomophone, 190, floors{0, 0.99, 1, 0.92}},
	{"pinyin", true, inPinyin, 160, floors{0, 0.99, 1, 0.99}},
	{"branch", true, withABranch, 210, floors{0, 0.99, 1, 0.88}},
}

// legalEndings are ends of listed names that are legal forms, longest first where one contains another.
var legalEndings = []string{
	", Limited Partnership", " Company, Limited", ", odstepny zavod s.r.o", " Corporation", ", Incorporated", " Private Limited",
	" Co., Ltd.", ", Co., Ltd.", " Co., Ltd", " Co. Ltd.", " spol.s.r.o", " Sp zo.o", " Limited", ", Inc.", ", LLC", ", Ltd.", " S.p.A.",
	" S.r.l.", " Corp.", " Inc.", " GmbH", " Ltd.", " B.V.", " a.s.", " S.A.", " mbH", " LLC", " UAB", " Inc", " Co.", " AG", " KK",
	"股份有限公司", "有限公司", "株式会社", "公司",
}

func withoutLegalForm(_ *rand.Rand, printed string) string {
	for {
		i := slices.IndexFunc(legalEndings, func(form string) bool { return strings.HasSuffix(printed, form) })
		if i < 0 {
			return printed
		}
		printed = strings.TrimSuffix(printed, legalEndings[i])
	}
}

func inOtherCase(r *rand.Rand, printed string) string {
	return strings.Map(func(c rune) rune {
		if r.IntN(2) == 0 {
			return unicode.ToUpper(c)
		}
		return unicode.ToLower(c)
	}, printed)
}

func otherwisePunctuated(_ *rand.Rand, printed string) string {
	return strings.NewReplacer(", ", " ", ".", "", "&", " and ", "/", " - ", "-", " ", "·", "・", "、", "，").Replace(printed)
}

func inAnotherOrder(_ *rand.Rand, printed string) string {
	core := withoutLegalForm(nil, printed)
	form := strings.TrimPrefix(printed, core)
	words := strings.Fields(core)
	if len(words) < 2 {
		return printed
	}
	return strings.Join(append(words[1:], words[0]), " ") + form
}

func withZeroWidth(r *rand.Rand, printed string) string {
	letters := []rune(printed)
	invisible := []rune{'\u200b', '\u200d', '\ufeff', '\u00ad', '\u2060'}
	for range 3 {
		letters = slices.Insert(letters, r.IntN(len(letters)+1), invisible[r.IntN(len(invisible))])
	}
	return string(letters)
}

func inFullWidth(_ *rand.Rand, printed string) string {
	return strings.Map(func(c rune) rune {
		if c > ' ' && c < 0x7f {
			return c + 0xfee0
		}
		return c
	}, printed)
}

func withAnAccent(r *rand.Rand, printed string) string {
	letters := []rune(printed)
	for _, i := range r.Perm(len(letters)) {
		if strings.ContainsRune("aeiouAEIOU", letters[i]) {
			return string(slices.Insert(letters, i+1, '\u0301'))
		}
	}
	return printed
}

// withOneSlip drops, doubles, swaps or replaces one letter of a word of at least four, as a typist does.
func withOneSlip(r *rand.Rand, printed string) string {
	letters := []rune(printed)
	for _, i := range r.Perm(len(letters)) {
		if i == 0 || i+2 >= len(letters) || !allLetters(letters[i-1:i+3]) {
			continue
		}
		switch r.IntN(4) {
		case 0:
			return string(slices.Delete(letters, i, i+1))
		case 1:
			return string(slices.Insert(letters, i, letters[i]))
		case 2:
			letters[i], letters[i+1] = letters[i+1], letters[i]
		default:
			letters[i] = rune("etaoinsrhl"[r.IntN(10)])
		}
		return string(letters)
	}
	return printed
}

func allLetters(letters []rune) bool {
	return !slices.ContainsFunc(letters, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsLetter(c) })
}

// withOneWrongCharacter replaces one of the Chinese characters that make the name, when there are at least four.
func withOneWrongCharacter(r *rand.Rand, printed string) string {
	core := []rune(withoutLegalForm(nil, printed))
	if len(core) < 4 || slices.ContainsFunc(core, func(c rune) bool { return !unicode.Is(unicode.Han, c) }) {
		return printed
	}
	form := strings.TrimPrefix(printed, string(core))
	core[r.IntN(len(core))] = []rune("天明新方金海安元")[r.IntN(8)]
	return string(core) + form
}

// withAHomophone replaces a Chinese character by another of the same sound, as input methods do.
func withAHomophone(r *rand.Rand, printed string) string {
	core := []rune(withoutLegalForm(nil, printed))
	form := strings.TrimPrefix(printed, string(core))
	for _, i := range r.Perm(len(core)) {
		if !unicode.Is(unicode.Han, core[i]) {
			continue
		}
		sound := pinyin.LazyPinyin(string(core[i]), pinyin.NewArgs())
		for c := '一'; c < '龥'; c++ {
			if c != core[i] && slices.Equal(pinyin.LazyPinyin(string(c), pinyin.NewArgs()), sound) {
				core[i] = c
				return string(core) + form
			}
		}
	}
	return printed
}

func inPinyin(_ *rand.Rand, printed string) string {
	if strings.ContainsFunc(printed, func(c rune) bool { return c < unicode.MaxASCII }) {
		return printed
	}
	return strings.Join(pinyin.LazyPinyin(printed, pinyin.NewArgs()), " ")
}

func withABranch(r *rand.Rand, printed string) string {
	if strings.ContainsFunc(printed, func(c rune) bool { return unicode.Is(unicode.Han, c) }) {
		return printed
	}
	branch := []string{" Singapore Pte Ltd", " Deutschland GmbH", " (UK) Limited", " Shanghai Co., Ltd."}
	return withoutLegalForm(nil, printed) + branch[r.IntN(len(branch))]
}

func runTogether(_ *rand.Rand, printed string) string { return strings.ReplaceAll(printed, " ", "") }
