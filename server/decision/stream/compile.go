package stream

import (
	"encoding/json"
	"maps"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// node is one part of a schema. What is not stated is nil, or negative where it is a number.
type node struct {
	never bool
	types kinds // 0 for any
	all   []*node
	any   []*node

	words map[string]struct{} // the texts of an enum or const
	plain kinds               // what of an enum or const is null, true or false

	longest, shortest int // in characters
	pattern           jsonschema.Regexp
	format            *jsonschema.Format

	least, most           *bound
	leastItems, mostItems int
	distinct              bool
	contains              *node
	prefix                []*node
	items                 *node

	members                   []member // by number
	numbers                   map[string]int
	required                  int // how many members are
	other                     *node
	closed                    bool // other members are not allowed
	leastMembers, mostMembers int
}

// member is one that the schema names.
type member struct {
	name     string
	node     *node
	number   int // among those that it names
	required bool
}

// bound is a limit of numbers.
type bound struct {
	exact  *big.Rat
	whole  int64
	simple bool // whole is all of it
	open   bool // the limit itself is out of bounds
}

type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindTrue
	kindFalse
	kindNumber
	kindInteger
	kindText
	kindList
	kindObject
)

type compiler struct {
	known map[*jsonschema.Schema]*node
	odd   bool // something was met that is not known here
}

// node compiles a part once; a part may hold itself.
func (c *compiler) node(s *jsonschema.Schema) *node {
	if s == nil {
		return nil
	}
	if there, ok := c.known[s]; ok {
		return there
	}
	n := &node{longest: -1, mostItems: -1, mostMembers: -1}
	c.known[s] = n
	if refersOnly(s) {
		to := c.node(s.Ref)
		c.odd = c.odd || to == n // it leads to itself
		c.known[s] = to
		return to
	}
	if s.Bool != nil {
		n.never = !*s.Bool
		return n
	}
	c.odd = c.odd || unknown(s)
	if s.Ref != nil {
		n.all = append(n.all, c.node(s.Ref))
	}
	for _, part := range s.AllOf {
		n.all = append(n.all, c.node(part))
	}
	for _, part := range s.AnyOf {
		n.any = append(n.any, c.node(part))
	}
	c.scalars(n, s)
	c.list(n, s)
	c.object(n, s)
	return n
}

// refersOnly says whether a part says nothing but what another says.
func refersOnly(s *jsonschema.Schema) bool {
	return s.Ref != nil && s.Bool == nil && !unknown(s) && s.Types == nil && s.Enum == nil && s.Const == nil && s.Format == nil &&
		len(s.AllOf) == 0 && len(s.AnyOf) == 0 &&
		s.MaxProperties == nil && s.MinProperties == nil && len(s.Required) == 0 && len(s.Properties) == 0 && s.AdditionalProperties == nil &&
		s.MinItems == nil && s.MaxItems == nil && !s.UniqueItems && s.Contains == nil && len(s.PrefixItems) == 0 && s.Items2020 == nil &&
		s.MinLength == nil && s.MaxLength == nil && s.Pattern == nil &&
		s.Maximum == nil && s.Minimum == nil && s.ExclusiveMaximum == nil && s.ExclusiveMinimum == nil
}

// unknown finds keywords that are not done here.
func unknown(s *jsonschema.Schema) bool {
	return s.RecursiveRef != nil || s.DynamicRef != nil || s.Not != nil || len(s.OneOf) > 0 || s.If != nil ||
		s.PropertyNames != nil || len(s.PatternProperties) > 0 || len(s.Dependencies) > 0 || len(s.DependentRequired) > 0 ||
		len(s.DependentSchemas) > 0 || s.UnevaluatedProperties != nil || s.UnevaluatedItems != nil ||
		s.MinContains != nil || s.MaxContains != nil || s.Items != nil || s.AdditionalItems != nil ||
		s.ContentEncoding != nil || s.ContentMediaType != nil || s.ContentSchema != nil || s.MultipleOf != nil || len(s.Extensions) > 0
}

func (c *compiler) scalars(n *node, s *jsonschema.Schema) {
	if s.Types != nil {
		for _, name := range s.Types.ToStrings() {
			n.types |= map[string]kinds{
				"null": kindNull, "boolean": kindTrue | kindFalse, "number": kindNumber | kindInteger, "integer": kindInteger,
				"string": kindText, "array": kindList, "object": kindObject,
			}[name]
		}
	}
	if s.Enum != nil && s.Const != nil {
		c.odd = true
	}
	if s.Enum != nil {
		c.oneOf(n, s.Enum.Values)
	}
	if s.Const != nil {
		c.oneOf(n, []any{*s.Const})
	}
	n.longest, n.shortest = orNone(s.MaxLength), max(orNone(s.MinLength), 0)
	n.pattern, n.format = s.Pattern, s.Format
	n.least, n.most = c.bound(s.Minimum, s.ExclusiveMinimum), c.bound(s.Maximum, s.ExclusiveMaximum)
}

// oneOf takes in the values of an enum.
func (c *compiler) oneOf(n *node, values []any) {
	n.words = map[string]struct{}{}
	for _, value := range values {
		switch v := value.(type) {
		case string:
			n.words[v] = struct{}{}
		case nil:
			n.plain |= kindNull
		case bool:
			if v {
				n.plain |= kindTrue
			} else {
				n.plain |= kindFalse
			}
		default:
			c.odd = true
		}
	}
}

func (c *compiler) bound(closed, open *big.Rat) *bound {
	exact := closed
	switch {
	case closed == nil && open == nil:
		return nil
	case closed != nil && open != nil:
		c.odd = true
	case closed == nil:
		exact = open
	}
	b := &bound{exact: exact, open: open != nil}
	if exact.IsInt() && exact.Num().IsInt64() && exact.Num().CmpAbs(big.NewInt(math.MaxInt32)) <= 0 {
		b.whole, b.simple = exact.Num().Int64(), true
	}
	return b
}

func (c *compiler) list(n *node, s *jsonschema.Schema) {
	n.leastItems, n.mostItems, n.distinct = max(orNone(s.MinItems), 0), orNone(s.MaxItems), s.UniqueItems
	n.contains, n.items = c.node(s.Contains), c.node(s.Items2020)
	for _, part := range s.PrefixItems {
		n.prefix = append(n.prefix, c.node(part))
	}
}

func (c *compiler) object(n *node, s *jsonschema.Schema) {
	n.leastMembers, n.mostMembers = max(orNone(s.MinProperties), 0), orNone(s.MaxProperties)
	switch rest := s.AdditionalProperties.(type) {
	case nil:
	case bool:
		n.closed = !rest
	case *jsonschema.Schema:
		n.other = c.node(rest)
	default:
		c.odd = true
	}
	c.members(n, s)
}

// members numbers the members that are named: those that are required as the schema lists them, which is how they mostly
// come, and then the others.
func (c *compiler) members(n *node, s *jsonschema.Schema) {
	names := slices.Concat(s.Required, slices.Sorted(maps.Keys(s.Properties)))
	n.numbers = map[string]int{}
	for _, name := range names {
		if _, known := n.numbers[name]; known {
			continue
		}
		part, named := s.Properties[name]
		m := member{name: name, number: len(n.members), node: n.other, required: slices.Contains(s.Required, name)}
		switch {
		case named:
			m.node = c.node(part)
		case n.closed: // required, and nothing else is said of it
			n.never = n.types == kindObject
			c.odd = c.odd || !n.never
		}
		if m.required {
			n.required++
		}
		n.numbers[name] = m.number
		n.members = append(n.members, m)
	}
	c.odd = c.odd || len(n.members) > 64 // those that were seen are noted in one word
}

func orNone(stated *int) int {
	if stated == nil {
		return -1
	}
	return *stated
}

// watch is a tree of places that are asked for.
type watch struct {
	place int // -1 for none
	below map[string]*watch
	each  *watch
}

func (w *watch) with(path string, place int) *watch {
	if w == nil {
		w = &watch{place: -1, below: map[string]*watch{}}
	}
	if path == "" {
		w.place = place
		return w
	}
	name, rest, _ := strings.Cut(path, "/")
	if name == "*" {
		w.each = w.each.with(rest, place)
		return w
	}
	w.below[name] = w.below[name].with(rest, place)
	return w
}

func (w *watch) member(name []byte) *watch {
	if w == nil {
		return nil
	}
	return w.below[string(name)]
}

func (w *watch) item() *watch {
	if w == nil {
		return nil
	}
	return w.each
}

// rational reads a number exactly.
func rational(text []byte) (*big.Rat, bool) { return new(big.Rat).SetString(string(json.Number(text))) }
