package impact

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// differ gathers the places in which two JSON texts differ. Values whose bytes are the same are not looked into, so that
// the work follows the differences.
type differ struct{ found []Difference }

// document compares two whole texts, which may be no JSON at all.
func (d *differ) document(pointer string, recorded, replayed []byte) {
	if bytes.Equal(recorded, replayed) {
		return
	}
	for _, text := range []struct {
		whose string
		bytes []byte
	}{{"recorded", recorded}, {"replayed", replayed}} {
		if jsontext.Value(text.bytes).IsValid(lenient()...) {
			continue
		}
		d.add(pointer, recorded, replayed, "what is "+text.whose+" is no JSON")
		return
	}
	before := len(d.found)
	d.value(pointer, trimmed(recorded), trimmed(replayed))
	if len(d.found) == before { // they differ in what stands around them
		d.written(pointer, recorded, replayed)
	}
}

// lenient options read whatever has the form of JSON: what is recorded is compared as it is, not judged.
func lenient() []jsontext.Options {
	return []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}
}

func trimmed(text []byte) jsontext.Value { return bytes.Trim(text, " \t\r\n") }

// value compares two values at one place. Values that differ in their bytes make at least one difference.
func (d *differ) value(pointer string, recorded, replayed jsontext.Value) {
	if bytes.Equal(recorded, replayed) {
		return
	}
	before := len(d.found)
	switch kind := recorded.Kind(); {
	case kind != replayed.Kind():
		d.add(pointer, recorded, replayed, "")
	case kind == jsontext.KindBeginObject:
		d.objects(pointer, recorded, replayed)
	case kind == jsontext.KindBeginArray:
		d.arrays(pointer, entriesOf(recorded), entriesOf(replayed))
	case kind == jsontext.KindString && decoded(recorded) == decoded(replayed):
		d.add(pointer, recorded, replayed, "the same text, written otherwise")
	default:
		d.add(pointer, recorded, replayed, "")
	}
	if len(d.found) == before {
		d.written(pointer, recorded, replayed)
	}
}

// written tells of values that are the same and differ in their bytes: in spaces, or in escapes of names.
func (d *differ) written(pointer string, recorded, replayed []byte) {
	at := 0
	for at < min(len(recorded), len(replayed)) && recorded[at] == replayed[at] {
		at++
	}
	d.add(pointer, nil, nil, fmt.Sprintf("the same value, written otherwise from byte %d on", at))
}

// add notes a difference. What could not stand in a JSON document is quoted.
func (d *differ) add(pointer string, recorded, replayed jsontext.Value, note string) {
	d.found = append(d.found, Difference{pointer, quotable(recorded), quotable(replayed), note})
}

func quotable(value jsontext.Value) jsontext.Value {
	if value == nil || value.IsValid() {
		return value
	}
	quoted, err := jsontext.AppendQuote(nil, strings.ToValidUTF8(string(value), "\ufffd"))
	if err != nil {
		return nil // cannot be: the text is UTF-8 now
	}
	return quoted
}

// member is one member of an object. The place counts the members of one name, since a record that was tampered with may
// state one twice.
type member struct {
	name  string
	place int
}

// objects compares members by name: in the order of the record, then those that only the new decision has.
func (d *differ) objects(pointer string, recorded, replayed jsontext.Value) {
	before, was := membersOf(recorded)
	after, is := membersOf(replayed)
	for _, m := range before {
		value, there := is[m]
		if !there {
			value = nil
		}
		d.member(child(pointer, m.name), was[m], value)
	}
	for _, m := range after {
		if _, there := was[m]; !there {
			d.member(child(pointer, m.name), nil, is[m])
		}
	}
	if name, moved := misplaced(before, after, was, is); moved {
		d.add(pointer, nil, nil, fmt.Sprintf("the members stand in another order, from %q on", name))
	}
}

// member compares what may be on one side only.
func (d *differ) member(pointer string, recorded, replayed jsontext.Value) {
	if recorded == nil || replayed == nil {
		d.add(pointer, recorded, replayed, "")
		return
	}
	d.value(pointer, recorded, replayed)
}

// misplaced finds the first of the common members that does not stand in the same order.
func misplaced(before, after []member, was, is map[member]jsontext.Value) (name string, moved bool) {
	var order []member
	for _, m := range after {
		if _, common := was[m]; common {
			order = append(order, m)
		}
	}
	for _, m := range before {
		if _, common := is[m]; !common {
			continue
		}
		if order[0] != m {
			return m.name, true
		}
		order = order[1:]
	}
	return "", false
}

// membersOf gives the members of an object in order, and their values.
func membersOf(object jsontext.Value) ([]member, map[member]jsontext.Value) {
	var order []member
	values := map[member]jsontext.Value{}
	times := map[string]int{}
	var name string
	for i, part := range parts(object) {
		if i%2 == 0 {
			name = decoded(part)
			times[name]++
			continue
		}
		m := member{name, times[name]}
		order = append(order, m)
		values[m] = part
	}
	return order, values
}

// parts gives the values directly inside an object or array, names included. The text is known to be JSON.
func parts(of jsontext.Value) []jsontext.Value {
	decoder := jsontext.NewDecoder(bytes.NewReader(of), lenient()...)
	var found []jsontext.Value
	if _, err := decoder.ReadToken(); err != nil {
		return nil
	}
	for {
		part, err := decoder.ReadValue()
		if err != nil { // the closing bracket, or io.EOF
			return found
		}
		found = append(found, bytes.Clone(part))
	}
}

// decoded is the text that a JSON string stands for.
func decoded(text jsontext.Value) string {
	token, err := jsontext.NewDecoder(bytes.NewReader(text), lenient()...).ReadToken()
	if err != nil || token.Kind() != jsontext.KindString {
		return string(text)
	}
	return token.String()
}

// child is the pointer of a member.
func child(pointer, name string) string {
	return pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

func at(pointer string, index int) string { return pointer + "/" + strconv.Itoa(index) }
