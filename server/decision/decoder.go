package decision

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/server/decision/stream"
)

// Decoder reads what the policies answer, as strictly as an application is read: a decision is whole and of the agreed
// form, or it is none. It may be used by many goroutines at once.
type Decoder struct {
	form  form
	quick *stream.Validator // nil where Written is not for decisions of this schema
}

// NewDecoder compiles the decision schema, once.
func NewDecoder(schema []byte) (*Decoder, error) {
	form, err := compileForm("decision", schema)
	if err != nil {
		return nil, err
	}
	d := &Decoder{form: form}
	if fitsType(form.root, reflect.TypeFor[Decision](), false) {
		d.quick = form.quick("outcome", "policy", "record", "decision_id", "decided_at")
	}
	return d, nil
}

// Decode reads one decision document. On any error there is no decision, and the error names every fault for the
// operator; it quotes the application and is not for clients.
func (d *Decoder) Decode(document []byte) (Decision, error) {
	root, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return Decision{}, fmt.Errorf("the decision is not JSON: %w", err)
	}
	if faults := d.form.check(root); len(faults) > 0 {
		told := []error{errors.New("the decision breaks its schema")}
		for _, fault := range placed(document, inOrder(document, faults)) {
			told = append(told, errors.New(fault.String()))
		}
		return Decision{}, errors.Join(told...)
	}
	var decided Decision
	if err := json.Unmarshal(document, &decided, json.RejectUnknownMembers(true)); err != nil {
		return Decision{}, fmt.Errorf("the decision does not fit its type: %w", err)
	}
	if !decided.Outcome.Known() {
		return Decision{}, fmt.Errorf("the decision has the unknown outcome %q", decided.Outcome)
	}
	return decided, nil
}
