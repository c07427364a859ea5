package store

import (
	"encoding/json"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
)

// storable turns a value into a tree that any number of readers may share. OPA's objects sort their keys when they are
// first listed and some of its functions read the keys meanwhile, so everything is listed once before it is shared.
func storable(value any) (ast.Value, error) {
	made, err := (&conversion{seed: maphash.MakeSeed()}).term(value, nil)
	if err != nil {
		return nil, err
	}
	return made.Value, nil
}

// conversion makes OPA's values of one document. The rows of a long list say the same things again and again, so names of
// members, short texts and lists of those are terms that their places share, as OPA shares terms of its own. What was made last
// is remembered, not all of it: codes and names of their own would fill any memory.
type conversion struct {
	seed  maphash.Seed
	texts [remembered]*ast.Term // by the hash of the text
	lists [remembered]struct {  // of texts, by the hash of their key
		key  string
		term *ast.Term
	}

	// Room that is used again: what is being made stands behind what holds it.
	names   []string
	members [][2]*ast.Term
	key     []byte
}

const (
	// longestShared is the longest text, and the longest key of a list, that is looked for among those remembered.
	longestShared = 64
	remembered    = 1 << 12
)

func (c *conversion) term(value any, at storage.Path) (*ast.Term, error) {
	switch value := value.(type) {
	case nil:
		return ast.InternedNullTerm, nil
	case bool:
		return ast.InternedTerm(value), nil
	case string:
		return c.text(value), nil
	case json.Number:
		number, err := ast.InterfaceToValue(value)
		return ast.NewTerm(number), err
	case []any:
		return c.list(value, at)
	case map[string]any:
		return c.object(value, at)
	}
	other, err := ast.InterfaceToValue(value)
	if err != nil {
		return nil, err
	}
	return ast.NewTerm(other), listed(other, at)
}

func (c *conversion) text(text string) *ast.Term {
	if len(text) > longestShared {
		return ast.NewTerm(ast.String(text))
	}
	place := &c.texts[maphash.String(c.seed, text)%remembered]
	if *place == nil || (*place).Value != ast.String(text) {
		*place = ast.InternedTerm(text)
	}
	return *place
}

func (c *conversion) list(items []any, at storage.Path) (*ast.Term, error) {
	if !c.shared(items) {
		return c.newList(items, at)
	}
	place := &c.lists[maphash.Bytes(c.seed, c.key)%remembered]
	if place.term == nil || place.key != string(c.key) {
		made, err := c.newList(items, at)
		if err != nil {
			return nil, err
		}
		place.key, place.term = string(c.key), made // texts have left the key as it was
	}
	return place.term, nil
}

func (c *conversion) newList(items []any, at storage.Path) (*ast.Term, error) {
	terms := make([]*ast.Term, len(items))
	for i, item := range items {
		var err error
		if terms[i], err = c.term(item, append(at, strconv.Itoa(i))); err != nil {
			return nil, err
		}
	}
	return ast.NewTerm(ast.NewArray(terms...)), nil
}

// shared says whether a list is of few short texts, and writes them as its key.
func (c *conversion) shared(items []any) bool {
	c.key = c.key[:0]
	for _, item := range items {
		text, ok := item.(string)
		if !ok || len(c.key)+len(text) > longestShared {
			return false
		}
		c.key = append(append(strconv.AppendInt(c.key, int64(len(text)), 10), ':'), text...)
	}
	return true
}

func (c *conversion) object(members map[string]any, at storage.Path) (*ast.Term, error) {
	names, from := len(c.names), len(c.members)
	defer func() { c.names, c.members = c.names[:names], c.members[:from] }()
	for name := range members {
		c.names = append(c.names, name)
	}
	slices.Sort(c.names[names:])
	for i := range len(members) {
		name := c.names[names+i]
		member, err := c.term(members[name], append(at, name))
		if err != nil {
			return nil, err
		}
		c.members = append(c.members, [2]*ast.Term{c.text(name), member})
	}
	made := ast.NewObject(c.members[from:]...)
	sorted(made)
	return ast.NewTerm(made), nil
}

// sorted sorts the keys of an object now.
func sorted(object ast.Object) { object.Until(func(_, _ *ast.Term) bool { return true }) }
