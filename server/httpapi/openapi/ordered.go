package openapi

import (
	"bytes"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is a JSON object whose members keep their order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSONTo writes the members in order, and leaves out those without a value.
func (o object) MarshalJSONTo(to *jsontext.Encoder) error {
	if err := to.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, m := range o {
		if none(m.value) {
			continue
		}
		if err := to.WriteToken(jsontext.String(m.name)); err != nil {
			return err
		}
		if err := json.MarshalEncode(to, m.value); err != nil {
			return err
		}
	}
	return to.WriteToken(jsontext.EndObject)
}

func none(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case object:
		return v == nil
	case []any:
		return v == nil
	case jsontext.Value:
		return len(v) == 0
	case bool:
		return !v
	}
	return false
}

// has says whether a member is there.
func (o object) has(name string) bool {
	for _, m := range o {
		if m.name == name {
			return true
		}
	}
	return false
}

// with adds a member, or replaces it.
func (o object) with(name string, value any) object {
	for i := range o {
		if o[i].name == name {
			o[i].value = value
			return o
		}
	}
	return append(o, member{name, value})
}

// parse reads JSON with the order of its members.
func parse(text []byte) (any, error) {
	return readValue(jsontext.NewDecoder(bytes.NewReader(text)))
}

func readValue(from *jsontext.Decoder) (any, error) {
	switch from.PeekKind() {
	case jsontext.KindBeginObject:
		if _, err := from.ReadToken(); err != nil {
			return nil, err
		}
		members := object{}
		for from.PeekKind() != jsontext.KindEndObject {
			name, err := from.ReadToken()
			if err != nil {
				return nil, err
			}
			kept := name.String()
			value, err := readValue(from)
			if err != nil {
				return nil, err
			}
			members = append(members, member{kept, value})
		}
		_, err := from.ReadToken()
		return members, err
	case jsontext.KindBeginArray:
		if _, err := from.ReadToken(); err != nil {
			return nil, err
		}
		list := []any{}
		for from.PeekKind() != jsontext.KindEndArray {
			value, err := readValue(from)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err := from.ReadToken()
		return list, err
	default:
		value, err := from.ReadValue()
		return value.Clone(), err
	}
}
