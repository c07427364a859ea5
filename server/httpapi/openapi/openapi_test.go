package openapi_test

import (
	"strings"
	"testing"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

const (
	animal = `{"$schema": "x", "$id": "y", "type": "object", "required": ["name"],
		"properties": {"name": {"$ref": "#/$defs/name"}, "age": {"$ref": "#/$defs/years"}, "$ref": {"type": "string"}, "extra": {}},
		"$defs": {"name": {"type": "string", "maxLength": 5}, "years": {"type": "integer"}}}`
	plant = `{"properties": {"name": {"$ref": "#/$defs/name"}, "age": {"$ref": "#/$defs/years"}},
		"$defs": {"name": {"type": "string", "maxLength": 5}, "years": {"type": "number"}}}`
)

func described(t *testing.T, api openapi.API) *openapi.Description {
	t.Helper()
	d, err := openapi.Describe(api)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Definitions that are the same are one component; others of the same name are kept apart, and all references lead home.
func TestForeignSchemasMoveIn(t *testing.T) {
	t.Parallel()
	d := described(t, openapi.API{Schemas: []openapi.Foreign{{Name: "Animal", JSON: []byte(animal)}, {Name: "Plant", JSON: []byte(plant)}}})
	for name, want := range map[string]string{
		"Animal": `{"type":"object","required":["name"],"properties":{"name":{"$ref":"#/components/schemas/Name"},` +
			`"age":{"$ref":"#/components/schemas/Years"},"$ref":{"type":"string"},"extra":{}}}`,
		"Plant":      `{"properties":{"name":{"$ref":"#/components/schemas/Name"},"age":{"$ref":"#/components/schemas/PlantYears"}}}`,
		"Name":       `{"type":"string","maxLength":5}`,
		"Years":      `{"type":"integer"}`,
		"PlantYears": `{"type":"number"}`,
	} {
		if got, _ := d.Component(name); string(got) != want {
			t.Errorf("%s is\n%s, want\n%s", name, got, want)
		}
	}
	if len(d.Components) != 5 {
		t.Errorf("%d components, want 5", len(d.Components))
	}
}

// A definition that reads the same but refers to something else is another one.
func TestDefinitionsDifferByWhatTheyReferTo(t *testing.T) {
	t.Parallel()
	one := `{"$ref": "#/$defs/pair", "$defs": {"pair": {"items": {"$ref": "#/$defs/half"}}, "half": {"type": "string"}}}`
	two := strings.Replace(one, `"string"`, `"integer"`, 1)
	d := described(t, openapi.API{Schemas: []openapi.Foreign{{Name: "One", JSON: []byte(one)}, {Name: "Two", JSON: []byte(two)}}})
	if got, _ := d.Component("TwoPair"); string(got) != `{"items":{"$ref":"#/components/schemas/TwoHalf"}}` {
		t.Errorf("the pair of the second is %s", got)
	}
}

func TestForeignSchemasAreTrimmed(t *testing.T) {
	t.Parallel()
	d := described(t, openapi.API{Schemas: []openapi.Foreign{{
		Name: "Animal", JSON: []byte(animal), Description: "Kept", Require: []string{"age"}, Without: []string{"extra"},
	}}})
	got, _ := d.Component("Animal")
	if !strings.Contains(string(got), `"required":["name","age"]`) || strings.Contains(string(got), "extra") || !strings.Contains(string(got), "Kept") {
		t.Errorf("%s", got)
	}
}

func TestWhatCannotBeDescribedIsRefused(t *testing.T) {
	t.Parallel()
	for want, api := range map[string]openapi.API{
		"leads to no definition": {Schemas: []openapi.Foreign{{Name: "A", JSON: []byte(`{"$ref": "https://elsewhere"}`)}}},
		"is no object":           {Schemas: []openapi.Foreign{{Name: "A", JSON: []byte(`[]`)}}},
		"has no member":          {Schemas: []openapi.Foreign{{Name: "A", JSON: []byte(animal), Require: []string{"wings"}}}},
		"another component":      {Schemas: []openapi.Foreign{{Name: "A", JSON: []byte(`{}`)}, {Name: "A", JSON: []byte(`{"type": "string"}`)}}},
		"no field":               {Types: []openapi.Type{openapi.TypeOf[struct{ A int }]("A", "", map[string]openapi.Schema{"b": openapi.Text()})}},
	} {
		if _, err := openapi.Describe(api); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want one that says %q", err, want)
		}
	}
	d := described(t, openapi.API{Operations: []openapi.Operation{{
		Method: "GET", Path: "/", Answers: []openapi.Answer{{Status: 200, Contents: []openapi.Content{{MediaType: "a/b", Schema: openapi.Of[int]()}}}},
	}}})
	if _, err := d.Document(); err == nil || !strings.Contains(err.Error(), "no component is made of the type int") {
		t.Errorf("an answer of a type that nobody described: %v", err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	o := openapi.Operation{Path: "/v1/things/{id}/parts/{rest...}"}
	if o.Template() != "/v1/things/{id}/parts/{rest}" || o.Pattern() != "/v1/things/:id/parts/*rest" || strings.Join(o.PathParameters(), " ") != "id rest" {
		t.Errorf("%s, %s, %v", o.Template(), o.Pattern(), o.PathParameters())
	}
	for path, fits := range map[string]bool{
		"/v1/things/a/parts/b": true, "/v1/things/a/parts/b/c": true, "/v1/things/a%2Fb/parts/c": true, "/v1/things/a/parts/": true,
		"/v1/things/a/parts": false, "/v1/things//parts/b": false, "/v1/others/a/parts/b": false, "/": false,
	} {
		if o.Fits(path) != fits {
			t.Errorf("%s fits: %v", path, !fits)
		}
	}
}

// What an operation can fail with follows from its shape, and a status has one answer for all its kinds.
func TestProblemsFollowFromTheShape(t *testing.T) {
	t.Parallel()
	api := openapi.API{Problems: []openapi.Problem{
		{Kind: problem.Malformed, Status: 400}, {Kind: problem.Invalid, Status: 422}, {Kind: problem.KeyReused, Status: 422},
		{Kind: problem.TooLarge, Status: 413}, {Kind: problem.UnsupportedMedia, Status: 415}, {Kind: problem.NotFound, Status: 404}, {Kind: problem.Internal, Status: 500},
	}}
	kinds := func(o openapi.Operation) string {
		var all []string
		for _, p := range api.ProblemsOf(o) {
			all = append(all, string(p.Kind))
		}
		return strings.Join(all, " ")
	}
	if got := kinds(openapi.Operation{}); got != "malformed invalid internal" {
		t.Errorf("a plain one: %s", got)
	}
	if got := kinds(openapi.Operation{Body: &openapi.Body{}, Problems: []problem.Kind{problem.KeyReused}}); got != "malformed too-large unsupported-media invalid key-reused internal" {
		t.Errorf("one with a body: %s", got)
	}
}

type (
	named struct {
		Name string `json:"name" jsonschema:"Its name."`
	}
	aged struct {
		Years int `json:"years"`
	}
	pair struct {
		named
		First  aged  `json:"first"`
		Second *aged `json:"second,omitzero"`
	}
)

// A schema that stands by itself has all that it leads to, round trips included, and nothing else.
func TestASchemaStandsAlone(t *testing.T) {
	t.Parallel()
	tree := `{"title": "x", "$ref": "#/$defs/node", "$defs": {"node": {"properties": {"below": {"items": {"$ref": "#/$defs/node"}}}}}}`
	d := described(t, openapi.API{
		Schemas: []openapi.Foreign{{Name: "Tree", JSON: []byte(tree)}, {Name: "Other", JSON: []byte(`{"type": "string"}`)}},
		Types:   []openapi.Type{openapi.TypeOf[named]("Named", "A name.", nil), openapi.TypeOf[aged]("Aged", "An age.", nil), openapi.TypeOf[pair]("Pair", "Two names.", nil)},
	})
	const head = `{"$schema":"https://json-schema.org/draft/2020-12/schema","title":"T",`
	for _, tc := range []struct {
		schema openapi.Schema
		want   string
	}{
		{openapi.Ref("Other"), head + `"type":"string"}`},
		{openapi.Ref("Tree"), head + `"$ref":"#/$defs/Node","$defs":{"Node":{"properties":{"below":{"items":{"$ref":"#/$defs/Node"}}}}}}`},
		{openapi.JSON(`{"items": {"$ref": "#/components/schemas/Other"}}`), head + `"items":{"$ref":"#/$defs/Other"},"$defs":{"Other":{"type":"string"}}}`},
	} {
		if got, err := d.Alone("T", tc.schema); err != nil || string(got) != tc.want {
			t.Errorf("%s (%v), want\n%s", got, err, tc.want)
		}
	}
	// What a type embeds is its own; what it holds is said by reference.
	got, err := d.Alone("T", openapi.Of[pair]())
	for _, want := range []string{`"name":{"type":"string","description":"Its name."}`, `"first":{"$ref":"#/$defs/Aged"}`, `"second":{"$ref":"#/$defs/Aged"}`, `"$defs":{"Aged":`, `"required":["name","first"]`} {
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s (%v) has no %s", got, err, want)
		}
	}
	for _, lost := range []openapi.Schema{openapi.Ref("Nobody"), openapi.JSON(`{"$ref": "elsewhere"}`), openapi.JSON(`[]`)} {
		if got, err := d.Alone("T", lost); err == nil {
			t.Errorf("a schema that leads to nothing stands alone: %s", got)
		}
	}
}
