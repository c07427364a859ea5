package store

import (
	"strconv"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/util"
)

// The documents are one tree of OPA values behind one row of memdb. One row a document or a leaf was the other choice: it
// makes each read of a path a look-up in memdb and each read of an object a search with a new object to build. With one
// root a read walks maps and pointers, and a reader keeps its snapshot by keeping its root. The price is paid by writers, who copy
// the objects along the written path, each once over its direct members: right for documents that a bundle replaces now
// and then, wrong for rows that change all day, which belong in tables of their own.

// absent is what OPA's own stores answer for a path that leads nowhere; one value, as it is the answer of most misses.
var absent = &storage.Error{Code: storage.NotFoundErr, Message: "document does not exist"}

// node is a document, with its members by their key once somebody has come through it: OPA's own objects hash a term for
// each look-up. It is immutable but for that index, which is the same whoever makes it.
type node struct {
	value   ast.Value
	members atomic.Pointer[map[string]*node]
}

// read walks down a path. Below an array, where nothing is indexed, it goes on in OPA's values.
func (n *node) read(path storage.Path) (ast.Value, error) {
	for depth, key := range path {
		if _, object := n.value.(ast.Object); !object {
			return descend(n.value, path, depth)
		}
		if n = n.member(key); n == nil {
			return nil, absent
		}
	}
	return n.value, nil
}

// member finds a member of an object; nil when it has none of that name.
func (n *node) member(key string) *node {
	if made := n.members.Load(); made != nil {
		return (*made)[key]
	}
	return n.index(nil)[key]
}

// index makes the index of an object. Members that were the same before keep their node, and with it their index.
func (n *node) index(before map[string]*node) map[string]*node {
	object := n.value.(ast.Object)
	made := make(map[string]*node, object.Len())
	object.Foreach(func(k, v *ast.Term) {
		key := string(k.Value.(ast.String))
		made[key] = before[key].after(v.Value)
	})
	if !n.members.CompareAndSwap(nil, &made) {
		return *n.members.Load()
	}
	return made
}

// after is the node of what stands now where n stood before.
func (n *node) after(value ast.Value) *node {
	if n == nil {
		return &node{value: value}
	}
	if n.value == value {
		return n
	}
	now := &node{value: value}
	if before := n.members.Load(); before != nil {
		if _, object := value.(ast.Object); object {
			now.index(*before)
		}
	}
	return now
}

// descend reads what stands at path, of which the first segments have led to at.
func descend(at ast.Value, path storage.Path, depth int) (ast.Value, error) {
	for _, key := range path[depth:] {
		switch in := at.(type) {
		case ast.Object:
			found := member(in, key)
			if found == nil {
				return nil, absent
			}
			at = found.Value
		case *ast.Array:
			i, err := position(in, key, path)
			if err != nil {
				return nil, err
			}
			at = in.Elem(i).Value
		default:
			return nil, absent
		}
	}
	return at, nil
}

// member finds a member of an object without a new key term where OPA keeps one for that text.
func member(of ast.Object, key string) *ast.Term {
	if ast.HasInternedValue(key) {
		return of.Get(ast.InternedTerm(key))
	}
	return of.Get(&ast.Term{Value: ast.String(key)})
}

// position reads an index into an array that must be there.
func position(in *ast.Array, key string, path storage.Path) (int, error) {
	i, ok := util.Atoi(key)
	if !ok {
		return 0, failure(storage.NotFoundErr, "%s: array index must be integer", path)
	}
	if i < 0 || i >= in.Len() {
		return 0, failure(storage.NotFoundErr, "%s: array index out of range", path)
	}
	return i, nil
}

// patch returns a root with the operation done, which shares all that was not on the path with the old one, and the
// path of the smallest document that tells the change: an array changes as a whole, because its other places may move.
func patch(root *node, op storage.PatchOp, path storage.Path, value any) (*node, storage.Path, error) {
	if len(path) == 0 && op == storage.RemoveOp {
		return nil, nil, failure(storage.InvalidPatchErr, "root cannot be removed")
	}
	var stored ast.Value
	if op != storage.RemoveOp {
		var err error
		if stored, err = storable(value); err != nil {
			return nil, nil, err
		}
	}
	if len(path) == 0 {
		if _, object := stored.(ast.Object); !object {
			return nil, nil, failure(storage.InvalidPatchErr, "root must be object")
		}
		return root.after(stored), path, nil
	}
	e := edit{op: op, path: path, value: stored, touched: path}
	changed, err := e.at(root.value, 0)
	if err != nil {
		return nil, nil, err
	}
	return root.after(changed), e.touched, nil
}

// edit is one operation on its way down the tree.
type edit struct {
	op      storage.PatchOp
	path    storage.Path
	value   ast.Value
	touched storage.Path
}

func (e *edit) at(node ast.Value, depth int) (ast.Value, error) {
	switch node := node.(type) {
	case ast.Object:
		return e.object(node, depth)
	case *ast.Array:
		return e.array(node, depth)
	}
	return nil, absent
}

func (e *edit) object(node ast.Object, depth int) (ast.Value, error) {
	key := e.path[depth]
	old := member(node, key)
	if depth < len(e.path)-1 {
		if old == nil {
			return nil, absent
		}
		below, err := e.at(old.Value, depth+1)
		if err != nil {
			return nil, err
		}
		return with(node, key, below), nil
	}
	if old == nil && e.op != storage.AddOp {
		return nil, absent
	}
	if e.op == storage.RemoveOp {
		return with(node, key, nil), nil
	}
	return with(node, key, e.value), nil
}

func (e *edit) array(node *ast.Array, depth int) (ast.Value, error) {
	key, last := e.path[depth], depth == len(e.path)-1
	if last && (key == "-" || key == strconv.Itoa(node.Len())) {
		if e.op != storage.AddOp {
			return nil, failure(storage.InvalidPatchErr, "%v: invalid patch path", e.path)
		}
		e.touched = e.path[:depth]
		return spliced(node, node.Len(), 0, e.value), nil
	}
	i, err := position(node, key, e.path)
	if err != nil {
		return nil, err
	}
	if !last {
		below, err := e.at(node.Elem(i).Value, depth+1)
		if err != nil {
			return nil, err
		}
		return spliced(node, i, 1, below), nil
	}
	e.touched = e.path[:depth]
	switch e.op {
	case storage.AddOp:
		return spliced(node, i, 0, e.value), nil
	case storage.RemoveOp:
		return spliced(node, i, 1), nil
	default:
		return spliced(node, i, 1, e.value), nil
	}
}

// with copies an object with one member set, or left out when value is nil.
func with(node ast.Object, key string, value ast.Value) ast.Object {
	members := make([][2]*ast.Term, 0, node.Len()+1)
	node.Foreach(func(k, v *ast.Term) {
		if text, ok := k.Value.(ast.String); !ok || string(text) != key {
			members = append(members, [2]*ast.Term{k, v})
		}
	})
	if value != nil {
		members = append(members, [2]*ast.Term{ast.InternedTerm(key), ast.NewTerm(value)})
	}
	changed := ast.NewObject(members...)
	sorted(changed) // see storable
	return changed
}

// spliced copies an array with some places from i on replaced.
func spliced(node *ast.Array, i, drop int, put ...ast.Value) *ast.Array {
	places := make([]*ast.Term, 0, node.Len()-drop+len(put))
	for at := range node.Len() {
		if at == i {
			for _, value := range put {
				places = append(places, ast.NewTerm(value))
			}
		}
		if at < i || at >= i+drop {
			places = append(places, node.Elem(at))
		}
	}
	if i == node.Len() {
		for _, value := range put {
			places = append(places, ast.NewTerm(value))
		}
	}
	return ast.NewArray(places...)
}

// listed lists everything in a value that was made elsewhere, and refuses what is no JSON.
func listed(value ast.Value, at storage.Path) error {
	switch value := value.(type) {
	case ast.Null, ast.Boolean, ast.Number, ast.String:
		return nil
	case *ast.Array:
		for i := range value.Len() {
			if err := listed(value.Elem(i).Value, append(at, strconv.Itoa(i))); err != nil {
				return err
			}
		}
		return nil
	case ast.Object:
		return value.Iter(func(k, v *ast.Term) error {
			key, ok := k.Value.(ast.String)
			if !ok {
				return failure(storage.InvalidPatchErr, "%s: the key %v is not text, and a document is JSON", at, k)
			}
			return listed(v.Value, append(at, string(key)))
		})
	}
	return failure(storage.InvalidPatchErr, "%s: %s is not a JSON value", at, ast.ValueName(value))
}
