package store

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
)

// JSON writes the rows as a record keeps them: an array of {"path", "value"} in the order of their paths, value left out
// where there was no row. Which row was read first says how policies were evaluated and nothing of the decision. Rows that were
// read from a record stand in its order. The same rows give the same bytes: members of objects stand in the order of their names, numbers
// as they were stated, texts with no more escapes than JSON asks for.
func (r *ReadSet) JSON() ([]byte, error) {
	body := []byte{'['}
	rows := r.Rows()
	slices.SortFunc(rows, func(a, b ReadRow) int { return cmp.Or(a.place-b.place, slices.Compare(a.Path, b.Path)) })
	for i, row := range rows {
		var err error
		if i > 0 {
			body = append(body, ',')
		}
		if body, err = appendRow(body, row); err != nil {
			return nil, fmt.Errorf("write the row %s that was read: %w", row.Path, err)
		}
	}
	return append(body, ']'), nil
}

func appendRow(body []byte, row ReadRow) ([]byte, error) {
	body = append(body, `{"path":[`...)
	for i, segment := range row.Path {
		if i > 0 {
			body = append(body, ',')
		}
		var err error
		if body, err = jsontext.AppendQuote(body, segment); err != nil {
			return nil, err
		}
	}
	body = append(body, ']')
	if row.Value != nil {
		var err error
		if body, err = appendValue(append(body, `,"value":`...), row.Value); err != nil {
			return nil, err
		}
	}
	return append(body, '}'), nil
}

func appendValue(body []byte, value ast.Value) ([]byte, error) {
	switch value := value.(type) {
	case ast.Null:
		return append(body, "null"...), nil
	case ast.Boolean:
		return fmt.Append(body, bool(value)), nil
	case ast.Number:
		return append(body, value...), nil
	case ast.String:
		return jsontext.AppendQuote(body, string(value))
	case *ast.Array:
		return appendArray(body, value)
	case ast.Object:
		return appendObject(body, value)
	}
	return nil, fmt.Errorf("%s is not a JSON value", ast.ValueName(value))
}

func appendArray(body []byte, array *ast.Array) ([]byte, error) {
	body = append(body, '[')
	for i := range array.Len() {
		var err error
		if i > 0 {
			body = append(body, ',')
		}
		if body, err = appendValue(body, array.Elem(i).Value); err != nil {
			return nil, err
		}
	}
	return append(body, ']'), nil
}

func appendObject(body []byte, object ast.Object) ([]byte, error) {
	type member struct {
		name  string
		value ast.Value
	}
	var members []member
	err := object.Iter(func(k, v *ast.Term) error {
		name, ok := k.Value.(ast.String)
		if !ok {
			return fmt.Errorf("the key %v is not text", k)
		}
		members = append(members, member{string(name), v.Value})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(members, func(a, b member) int { return cmp.Compare(a.name, b.name) })
	body = append(body, '{')
	for i, m := range members {
		if i > 0 {
			body = append(body, ',')
		}
		if body, err = jsontext.AppendQuote(body, m.name); err != nil {
			return nil, err
		}
		if body, err = appendValue(append(body, ':'), m.value); err != nil {
			return nil, err
		}
	}
	return append(body, '}'), nil
}
