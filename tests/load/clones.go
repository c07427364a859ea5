package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"greenchannel/policies"
	"greenchannel/server/bundle"
)

// grownBundle writes the policies into a folder, with so many more entries on the control list and parties on the lists, and
// the indexes that belong to them. The policies are the same, and so are all decisions on applications that name none of
// what was added.
//
// An added entry has a control code and a tariff code of its own and no element, since a list that grew by a hundred thousand entries
// would not grow for dysprosium alone; an added party has a name of its own.
func grownBundle(folder string, entries, parties int) (fs.FS, error) {
	if err := os.CopyFS(folder, policies.FS()); err != nil {
		return nil, err
	}
	loaded, err := bundle.Load(policies.FS())
	if err != nil {
		return nil, err
	}
	for _, test := range testsOfShippedLists() {
		if err := os.Remove(filepath.Join(folder, filepath.FromSlash(test))); err != nil {
			return nil, err
		}
	}
	rareearth, _ := loaded.Data["rareearth"].(map[string]any)
	g := growing{folder: filepath.Join(folder, "rareearth", "reference")}
	g.reference, _ = rareearth["reference"].(map[string]any)
	if entries > 0 {
		originals := g.originals("control_list", "entries")
		g.write("control_list", added{"entries": clonedEntries(originals, entries)})
		g.write("control_index", added{"by_code": codes(entries), "by_hs": tariffCodes(entries)})
	}
	if parties > 0 {
		originals := g.originals("parties", "rows")
		g.write("parties", added{"rows": clonedParties(originals, parties)})
		g.write("party_index", added{"by_name": foldedNames(parties)})
	}
	return os.DirFS(folder), errors.Join(g.faults...)
}

// testsOfShippedLists are the tests of what stands in the lists that are shipped: how many rows, with which elements, or each row
// by topdown. Whoever changes a list changes them with it, and a service that is sent a bundle runs its tests. All other tests
// stay, and that the indexes are those of the longer lists is tested here.
func testsOfShippedLists() []string {
	return []string{
		"rareearth/controls/listing/listing_test.rego", "rareearth/lib/index/index_test.rego", "rareearth/lib/status/status_dates_test.rego",
		"rareearth/parties/listing/listing_test.rego", "rareearth/reference/reference_test.rego",
	}
}

// growing writes documents of the reference data anew.
type growing struct {
	folder    string
	reference map[string]any
	faults    []error
}

// added are the members that tables of a document get beside their own.
type added map[string]iter.Seq2[string, any]

// originals are the rows of a table, in the order of their keys.
func (g *growing) originals(document, table string) []map[string]any {
	fields, _ := g.reference[document].(map[string]any)
	rows, _ := fields[table].(map[string]any)
	var all []map[string]any
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		if row, ok := rows[key].(map[string]any); ok {
			all = append(all, row)
		}
	}
	if len(all) == 0 {
		g.faults = append(g.faults, fmt.Errorf("the policies have no %s/%s to be grown", document, table))
	}
	return all
}

// write writes a document member by member: a million rows would be gigabytes at once.
func (g *growing) write(name string, more added) {
	document, _ := g.reference[name].(map[string]any)
	folder := filepath.Join(g.folder, name)
	if err := os.Remove(filepath.Join(folder, "data.yaml")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.faults = append(g.faults, err)
	}
	file, err := os.Create(filepath.Join(folder, "data.json"))
	if err != nil {
		g.faults = append(g.faults, err)
		return
	}
	out := bufio.NewWriterSize(file, 1<<20)
	o := object{out: out}
	o.open()
	for _, key := range slices.Sorted(maps.Keys(document)) {
		own, ok := document[key].(map[string]any)
		if more[key] == nil || !ok {
			o.member(key, document[key])
			continue
		}
		o.key(key)
		inside := object{out: out}
		inside.open()
		for _, name := range slices.Sorted(maps.Keys(own)) {
			inside.member(name, own[name])
		}
		for name, value := range more[key] {
			inside.member(name, value)
		}
		inside.close()
		g.faults = append(g.faults, inside.err)
	}
	o.close()
	g.faults = append(g.faults, o.err, out.Flush(), file.Close())
}

// object writes one JSON object.
type object struct {
	out   *bufio.Writer
	begun bool
	err   error
}

func (o *object) open()  { o.text("{") }
func (o *object) close() { o.text("}") }

func (o *object) text(text string) {
	if o.err == nil {
		_, o.err = o.out.WriteString(text)
	}
}

func (o *object) key(name string) {
	if o.begun {
		o.text(",")
	}
	o.begun = true
	o.value(name)
	o.text(":")
}

func (o *object) member(name string, value any) {
	o.key(name)
	o.value(value)
}

func (o *object) value(value any) {
	text, err := json.Marshal(value)
	if err == nil {
		_, err = o.out.Write(text)
	}
	o.err = errors.Join(o.err, err)
}

// The control codes of added entries, a hundred below one heading, and their tariff codes, ten digits each.
const entriesOfHeading = 100

func heading(n int) string     { return fmt.Sprintf("8Z%04d", n/entriesOfHeading) }
func controlCode(n int) string { return fmt.Sprintf("%s.%02d", heading(n), n%entriesOfHeading) }
func tariffCode(n int) string  { return fmt.Sprintf("99%08d", n) }

func clonedEntries(originals []map[string]any, many int) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for n := range many {
			clone := maps.Clone(originals[n%len(originals)])
			clone["code"], clone["code_established"] = controlCode(n), true
			clone["element"], clone["symbol"], clone["symbols"] = nil, nil, []string{}
			clone["hs_codes"] = []string{tariffCode(n)}
			if !yield(controlCode(n), clone) {
				return
			}
		}
	}
}

// codes are the entries by code and by heading.
func codes(many int) iter.Seq2[string, any] {
	return grouped(many, heading, controlCode)
}

// tariffCodes are the entries by tariff code and by its first eight digits.
func tariffCodes(many int) iter.Seq2[string, any] {
	return grouped(many, func(n int) string { return tariffCode(n)[:8] }, tariffCode)
}

// grouped yields each entry's control code under its own name, and all of a group under the name of the group. Members of
// a group follow one another.
func grouped(many int, group, own func(int) string) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		var members []string
		for n := range many {
			members = append(members, controlCode(n))
			if !yield(own(n), []string{controlCode(n)}) {
				return
			}
			if n == many-1 || group(n+1) != group(n) {
				if !yield(group(n), members) {
					return
				}
				members = nil
			}
		}
	}
}

func partyID(n int) string { return fmt.Sprintf("WL-2099-1-%07d", n) }

func clonedParties(originals []map[string]any, many int) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for n := range many {
			clone := maps.Clone(originals[n%len(originals)])
			clone["name"], clone["name_zh"] = partyName(n)+" "+partyNumber(n), ""
			clone["source"] = "" // a million addresses would say nothing
			if !yield(partyID(n), clone) {
				return
			}
		}
	}
}

func foldedNames(many int) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for n := range many {
			if !yield(partyName(n)+partyNumber(n), []string{partyID(n)}) {
				return
			}
		}
	}
}

// partyName is a word that can be spoken and is shared by a few parties, as names of firms share words.
func partyName(n int) string { return spoken(uint64(n) * 0x9E3779B97F4A7C15 >> 46) }

// partyNumber is a word that no other party has.
func partyNumber(n int) string { return spoken(uint64(n) + 12_345_678) }

func spoken(n uint64) string {
	const consonants, vowels = "bdfghjklmnprstvz", "aeiou"
	var word []byte
	for range 5 {
		word = append(word, consonants[n%16], vowels[n/16%5])
		n /= 80
	}
	return string(word)
}
