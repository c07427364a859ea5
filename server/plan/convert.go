package plan

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// convert turns a value of OPA into one of ours; with no arena, into one that outlives the evaluation and is shared.
func (a *arena) convert(v ast.Value) (value, error) {
	switch v := v.(type) {
	case ast.Null:
		return null(), nil
	case ast.Boolean:
		return boolean(bool(v)), nil
	case ast.Number:
		return numberOf(string(v)), nil
	case ast.String:
		return text(string(v)), nil
	case *ast.Array:
		list := a.array(v.Len())
		for i := range v.Len() {
			item, err := a.convert(v.Elem(i).Value)
			if err != nil {
				return value{}, err
			}
			list.items = append(list.items, item)
		}
		return arrayOf(list), nil
	case ast.Set:
		items := a.set(v.Len())
		err := v.Iter(func(t *ast.Term) error {
			item, err := a.convert(t.Value)
			items.add(a, item)
			return err
		})
		if a == nil {
			items.finish()
		}
		return setOf(items), err
	case ast.Object:
		o := a.object(v.Len())
		err := v.Iter(func(k, t *ast.Term) error {
			key, err := a.convert(k.Value)
			if err != nil {
				return err
			}
			member, err := a.convert(t.Value)
			if a == nil && key.kind() == kindString {
				o.add(a, key, member) // of OPA's keys, texts that are not the same bytes differ; what outlives the evaluation is indexed at the end
			} else {
				o.put(a, key, member)
			}
			return err
		})
		if a == nil {
			o.finish()
		}
		return objectOf(o), err
	}
	return value{}, fmt.Errorf("%s is not a value", ast.ValueName(v))
}

// toAST turns a value into one of OPA's, for what is left to OPA. Texts are copied, since OPA may keep what it gets.
func toAST(v value) ast.Value {
	switch v.kind() {
	case kindNull:
		return ast.NullValue
	case kindBoolean:
		return ast.Boolean(v.isTrue())
	case kindInteger:
		return number(v)
	case kindNumber:
		return ast.Number(strings.Clone(v.string()))
	case kindString:
		return ast.String(strings.Clone(v.string()))
	case kindArray:
		items := v.array().items
		terms := make([]*ast.Term, len(items))
		for i := range items {
			terms[i] = ast.NewTerm(toAST(items[i]))
		}
		return ast.NewArray(terms...)
	case kindSet:
		items := v.set().items
		terms := make([]*ast.Term, len(items))
		for i := range items {
			terms[i] = ast.NewTerm(toAST(items[i]))
		}
		return ast.NewSet(terms...)
	case kindObject:
		pairs := v.object().pairs
		members := make([][2]*ast.Term, len(pairs))
		for i := range pairs {
			members[i] = [2]*ast.Term{ast.NewTerm(toAST(pairs[i].key)), ast.NewTerm(toAST(pairs[i].value))}
		}
		return ast.NewObject(members...)
	}
	return nil
}
