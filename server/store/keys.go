package store

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The keys of live rows are parts with a zero byte between them; the first part says which table the row is of. A part is
// folded by a rule that no bundle can change, since a bundle with another table of folding must not lose the history.
const (
	keyOrders       = "orders"       // exporter, end user, element
	keyCustomers    = "customers"    // exporter, end user
	keyCertificates = "certificates" // party, type, day of issue
	keyRegistry     = "registry"     // name
)

func keyOf(table string, parts ...string) string {
	for i, part := range parts {
		parts[i] = foldKey(part)
	}
	return table + "\x00" + strings.Join(parts, "\x00")
}

// applicationKey keeps the applicant's reference as it is; it stands last, so that no byte of it can be taken for a part.
func applicationKey(exporter, id string) string { return foldKey(exporter) + "\x00" + id }

// customerKey is the row of the end user that an orders row belongs to.
func customerKey(orders string) string {
	return keyCustomers + orders[len(keyOrders):strings.LastIndexByte(orders, 0)]
}

// foldKey folds a name: compatibility forms and case are folded, and only letters and digits are kept. A name that has
// none keeps its signs behind one that no folded name begins with, so that two such names stay apart.
func foldKey(name string) string {
	if name == "" {
		return ""
	}
	plain := strings.ToLower(name)
	if !isASCII(name) {
		plain = norm.NFKC.String(cases.Fold().String(norm.NFKC.String(name)))
	}
	kept := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, plain)
	if kept == "" {
		return "=" + strings.ReplaceAll(plain, "\x00", "")
	}
	return kept
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 })
}

// fieldsOfKey reads the key that a policy asks a history table for: a JSON object of exactly these texts.
func fieldsOfKey(key string, names ...string) (map[string]string, error) {
	if found := plainFields(key, names); found != nil {
		return found, nil
	}
	var found map[string]string
	err := json.Unmarshal([]byte(key), &found)
	missing := slices.ContainsFunc(names, func(name string) bool { _, there := found[name]; return !there })
	if err != nil || missing || len(found) != len(names) {
		return nil, fmt.Errorf("the key %q is not the JSON object of the texts %s", key, strings.Join(names, ", "))
	}
	return found, nil
}

// plainFields reads a key as policies write it: the texts in the order of the names, without spaces and escapes. Nil is for any
// other.
func plainFields(key string, names []string) map[string]string {
	found := make(map[string]string, len(names))
	rest, whole := strings.CutPrefix(key, "{")
	for i, name := range names {
		if i > 0 {
			rest, whole = strings.CutPrefix(rest, ",")
		}
		text, named := strings.CutPrefix(rest, `"`+name+`":"`)
		end := strings.IndexAny(text, `"\`)
		if !whole || !named || end < 0 || text[end] != '"' || !utf8.ValidString(text[:end]) || strings.ContainsFunc(text[:end], unicode.IsControl) {
			return nil
		}
		found[name], rest = text[:end], text[end+1:]
	}
	if rest != "}" {
		return nil
	}
	return found
}

// hashOf is FNV-1a in 64 bits: the same in every process, as snapshots need.
func hashOf(texts ...string) uint64 {
	hash := uint64(14695981039346656037)
	for _, text := range texts {
		for i := range len(text) {
			hash = (hash ^ uint64(text[i])) * 1099511628211
		}
		hash *= 1099511628211 // a zero byte: parts do not run together
	}
	return hash
}

// dayOf is the day in Beijing on which an instant falls, counted from the first of January 1970.
func dayOf(at time.Time) int32 {
	seconds := at.Unix() + 8*60*60
	day := seconds / (24 * 60 * 60)
	if seconds%(24*60*60) < 0 {
		day--
	}
	return int32(day)
}

// dateOf writes a day as policies write dates.
func dateOf(day int32) string {
	return time.Unix(int64(day)*24*60*60, 0).UTC().Format(time.DateOnly)
}
