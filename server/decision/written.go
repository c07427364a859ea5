package decision

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/server/decision/stream"
)

// Written is a decision as it is written, before it has an id and a time: those bytes are answered, recorded and hashed, so
// they are written once. The zero Written is none.
type Written struct {
	ApplicationID, AsOf string
	Outcome             Outcome
	Policy              PolicyRef

	// members are those of the JSON object, without its braces, and then those of rest. The instant of decision belongs
	// at then.
	members, rest []byte
	then          int
}

// Write writes a decision. The id and the time that it may have are left out.
func Write(decided Decision) (Written, error) {
	decided.DecisionID, decided.DecidedAt = "", ""
	text, err := Encode(decided)
	if err != nil {
		return Written{}, err
	}
	head, err := headOf(decided.ApplicationID, decided.AsOf)
	if err != nil {
		return Written{}, err
	}
	members := text[1 : len(text)-1]
	if !bytes.HasPrefix(members, head) {
		return Written{}, fmt.Errorf("the decision does not begin with %s", head)
	}
	return Written{
		ApplicationID: decided.ApplicationID, AsOf: decided.AsOf, Outcome: decided.Outcome, Policy: decided.Policy,
		members: members, then: len(head),
	}, nil
}

// headOf is how a decision on an application begins.
func headOf(application, asOf string) ([]byte, error) {
	head, err := jsontext.AppendQuote([]byte(`"application_id":`), application)
	if err == nil {
		head, err = jsontext.AppendQuote(append(head, `,"as_of":`...), asOf)
	}
	if err != nil {
		return nil, fmt.Errorf("write the decision: %w", err)
	}
	return head, nil
}

// Equal says whether two decisions are the same to the byte.
func (w Written) Equal(other Written) bool { return bytes.Equal(w.JSON(), other.JSON()) }

// JSON is the decision without id and time.
func (w Written) JSON() []byte {
	text := make([]byte, 0, len(w.members)+len(w.rest)+len("{}"))
	text = append(append(text, '{'), w.members...)
	return append(append(text, w.rest...), '}')
}

// Decision reads what was written.
func (w Written) Decision() (Decision, error) {
	var decided Decision
	if err := json.Unmarshal(w.JSON(), &decided, json.RejectUnknownMembers(true)); err != nil {
		return Decision{}, fmt.Errorf("read the decision: %w", err)
	}
	return decided, nil
}

// recorded is the decision with the id and the instant under which it is recorded, which need no escapes.
func (w Written) recorded(id, decidedAt string) []byte {
	const around = len(`{"decision_id":"","decided_at":"",}`)
	text := make([]byte, 0, len(w.members)+len(w.rest)+len(id)+len(decidedAt)+around+1)
	text = append(append(append(text, `{"decision_id":"`...), id...), `",`...)
	text = append(text, w.members[:w.then]...)
	text = append(append(append(text, `,"decided_at":"`...), decidedAt...), '"')
	text = append(append(text, w.members[w.then:]...), w.rest...)
	return append(text, '}')
}

// Layout is the order in which the members of a decision are written.
type Layout struct {
	Name    string
	Members []Layout // those of the object, or of the objects of a list, that stands there
}

// WrittenLayout is the order of all decisions: that of the type Decision.
func WrittenLayout() []Layout { return layoutOf(reflect.TypeFor[Decision]()) }

func layoutOf(t reflect.Type) []Layout {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && t != reflect.TypeFor[jsontext.Value]() {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var members []Layout
	for i := range t.NumField() {
		name, _ := nameOf(t.Field(i))
		members = append(members, Layout{name, layoutOf(t.Field(i).Type)})
	}
	return members
}

func nameOf(field reflect.StructField) (name string, mayBeAbsent bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name, options == "omitzero"
}

// Written makes a decision of an object that is written in the order of WrittenLayout and with no more escapes than JSON
// asks for, without building anything of it; text must not change any more. False means that this cannot be said to be
// sound: Decode tells what is wrong, or that all is well. It gives the length of the object. The policy is that of a
// bundle for which Adds holds.
func (d *Decoder) Written(text []byte, application, asOf string, policy PolicyRef, policyText []byte) (written Written, length int, sound bool) {
	if d.quick == nil {
		return Written{}, 0, false
	}
	var room [4]stream.Span
	length, places, sound := d.quick.Read(text, room[:0])
	if !sound || len(places) != 1 || places[0].Place != 0 || text[0] != '{' {
		return Written{}, 0, false
	}
	outcome, ok := places[0].Text(text)
	head, err := headOf(application, asOf)
	members := text[1 : length-1]
	if !ok || err != nil || !Outcome(outcome).Known() || !bytes.HasPrefix(members, head) || !bytes.HasPrefix(members[len(head):], []byte(`,"outcome":`)) {
		return Written{}, 0, false
	}
	return Written{
		ApplicationID: application, AsOf: asOf, Outcome: Outcome(outcome), Policy: policy,
		members: members, rest: policyText, then: len(head),
	}, length, true
}

// Adds gives the text that adds the name of a bundle to the decisions of its policies; false where Written is not for them,
// since the schema of the bundle leaves open what the type Decision has to say.
func (d *Decoder) Adds(policy PolicyRef) (policyText []byte, ok bool) {
	if d.quick == nil {
		return nil, false
	}
	text, err := json.Marshal(policy)
	if err != nil {
		return nil, false
	}
	part, named := d.form.root.Properties["policy"]
	if named {
		root, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		named = err == nil && part.Validate(root) == nil
	}
	if !named {
		return nil, false
	}
	return append([]byte(`,"policy":`), text...), true
}
