package policies_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"greenchannel/policies"
)

// sound is the smallest application that the schema accepts.
const sound = `{"id": "A-1", "exporter": {"name": "Ganzhou Example Co."}, "items": [{"line": 1}], "destination": "DE",
	"parties": [{"role": "end_user", "name": "Beispiel GmbH"}]}`

func TestEverythingOnDiskIsEmbedded(t *testing.T) {
	onDisk := os.DirFS(".")
	for _, root := range []string{".manifest", "rareearth", "schemas", "capabilities"} {
		err := fs.WalkDir(onDisk, root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			want, err := fs.ReadFile(onDisk, name)
			if err != nil {
				return err
			}
			if got, err := fs.ReadFile(policies.FS(), name); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s is not embedded as it stands on disk: %v", name, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestDataFilesHaveTheNamesThatBundlesLoad(t *testing.T) {
	err := fs.WalkDir(policies.FS(), "rareearth", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		base, ext := path.Base(name), path.Ext(name)
		if ext == ".json" && base != "data.json" || ext == ".yaml" && base != "data.yaml" || ext == ".yml" {
			t.Errorf("%s: `opa test -b` leaves it out; call it data%s in a folder of its own", name, ext)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestManifestNamesTheBundle(t *testing.T) {
	var manifest struct {
		Roots       []string
		RegoVersion int `json:"rego_version"`
		Metadata    struct{ Name string }
	}
	read(t, ".manifest", &manifest)
	if !slices.Equal(manifest.Roots, []string{"authzen", "rareearth"}) || manifest.RegoVersion != 1 || manifest.Metadata.Name != "rareearth" {
		t.Errorf("got %+v, want roots authzen and rareearth, rego version 1, name rareearth", manifest)
	}
}

func TestCapabilitiesLeaveOutWhatLooksOutside(t *testing.T) {
	var capabilities struct {
		Builtins []struct {
			Name             string
			Nondeterministic bool
		}
		AllowNet *[]string `json:"allow_net"`
		Features []string
	}
	read(t, policies.Capabilities, &capabilities)
	// These are called nondeterministic by OPA and kept: the clock is set by the service, io.jwt.decode_verify reads that
	// clock, and the two schema functions look outside only for remote references, which allow_net forbids.
	kept := []string{"time.now_ns", "io.jwt.decode_verify", "json.match_schema", "json.verify_schema"}
	for _, builtin := range capabilities.Builtins {
		if builtin.Nondeterministic && !slices.Contains(kept, builtin.Name) {
			t.Errorf("%s does not depend on input, data and clock alone", builtin.Name)
		}
		for _, outside := range []string{"http.", "net.lookup", "opa.runtime", "providers.", "print", "trace"} {
			if strings.HasPrefix(strings.TrimPrefix(builtin.Name, "internal."), outside) {
				t.Errorf("%s reaches outside the decision", builtin.Name)
			}
		}
	}
	if len(capabilities.Builtins) < 150 {
		t.Errorf("only %d built-ins: the file is not whole", len(capabilities.Builtins))
	}
	if capabilities.AllowNet == nil || len(*capabilities.AllowNet) != 0 {
		t.Error("allow_net must be an empty list; without it every host is allowed")
	}
	if slices.Contains(capabilities.Features, "rego_v2_import") {
		t.Error("rego.v2 is held back until the linter reads it")
	}
}

func TestApplicationSchema(t *testing.T) {
	schema := compiled(t, policies.ApplicationSchema)
	for _, tc := range []struct {
		name   string
		change string // a JSON object merged into the sound application at its top
		valid  bool
	}{
		{name: "smallest", change: `{}`, valid: true},
		{name: "free technical parameters", change: `{"items": [{"line": 1, "tech_params": {"any": {"thing": [1]}}}]}`, valid: true},
		{name: "ten-digit code", change: `{"items": [{"line": 1, "hs_code": "8505119000"}]}`, valid: true},
		{name: "eight-digit code", change: `{"items": [{"line": 1, "hs_code": "28053019"}]}`, valid: true},
		{name: "yttrium", change: `{"items": [{"line": 1, "composition": [{"element": "Y", "wt_pct": 78.7}]}]}`, valid: true},
		{name: "name in Chinese", change: `{"exporter": {"name": "赣州示例公司", "uscc": "91360700MA35ABCD1X"}}`, valid: true},
		{name: "leap day", change: `{"filed_on": "2028-02-29"}`, valid: true},
		{name: "unknown field", change: `{"approved": true}`},
		{name: "unknown field below", change: `{"items": [{"line": 1, "hs": "28053019"}]}`},
		{name: "no items", change: `{"items": []}`},
		{name: "no end user", change: `{"parties": [{"role": "consignee", "name": "Beispiel GmbH"}]}`},
		{name: "union of states", change: `{"destination": "EU"}`},
		{name: "country in lower case", change: `{"destination": "de"}`},
		{name: "impossible date", change: `{"filed_on": "2025-02-30"}`},
		{name: "day that is an instant", change: `{"filed_on": "2025-02-03T00:00:00Z"}`},
		{name: "nine-digit code", change: `{"items": [{"line": 1, "hs_code": "280530191"}]}`},
		{name: "code as number", change: `{"items": [{"line": 1, "hs_code": 28053019}]}`},
		{name: "line zero", change: `{"items": [{"line": 0}]}`},
		{name: "line missing", change: `{"items": [{"form": "magnet"}]}`},
		{name: "no such element", change: `{"items": [{"line": 1, "composition": [{"element": "Tr"}]}]}`},
		{name: "more than all of it", change: `{"items": [{"line": 1, "composition": [{"element": "Y", "wt_pct": 100.1}]}]}`},
		{name: "nothing of it", change: `{"items": [{"line": 1, "quantity": {"value": 0, "unit": "KGM"}}]}`},
		{name: "unknown unit", change: `{"items": [{"line": 1, "quantity": {"value": 1, "unit": "kg"}}]}`},
		{name: "nameless party", change: `{"parties": [{"role": "end_user", "name": "---"}]}`},
		{name: "credit code in lower case", change: `{"exporter": {"name": "A", "uscc": "91360700ma35abcd1x"}}`},
		{name: "kind misspelt", change: `{"kind": "Single"}`},
		{name: "null", change: `{"kind": null}`},
		{name: "share above all", change: `{"exporter": {"name": "A", "owners": [{"name": "B", "share_pct": 101}]}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			application := document(t, sound).(map[string]any)
			for field, value := range document(t, tc.change).(map[string]any) {
				application[field] = value
			}
			if err := schema.Validate(application); (err == nil) != tc.valid {
				t.Errorf("valid: got %t, want %t: %v", err == nil, tc.valid, err)
			}
		})
	}
}

func TestPartySchema(t *testing.T) {
	schema := compiled(t, policies.PartySchema)
	for _, tc := range []struct {
		name  string
		party string
		valid bool
	}{
		{name: "smallest", party: `{"name": "Beispiel GmbH", "country": "DE"}`, valid: true},
		{name: "whole", party: `{"name": "Beispiel GmbH", "name_local": "贝施皮尔", "country": "DE",
			"verifications": [{"result": "failed", "on": "2026-01-02", "note": "No access to the site."}, {"result": "passed", "on": "2026-05-04"}],
			"certificates": [{"type": "end_user_certificate", "issued_on": "2026-01-02", "expires_on": "2027-01-01", "contract_number": "C-1"}]}`, valid: true},
		{name: "nothing known", party: `{"name": "Beispiel GmbH", "country": "DE", "verifications": [], "certificates": []}`, valid: true},
		{name: "no name", party: `{"country": "DE"}`},
		{name: "no country", party: `{"name": "Beispiel GmbH"}`},
		{name: "nameless", party: `{"name": "---", "country": "DE"}`},
		{name: "union of states", party: `{"name": "Beispiel GmbH", "country": "EU"}`},
		{name: "id in the body", party: `{"id": "P-1", "name": "Beispiel GmbH", "country": "DE"}`},
		{name: "unknown field", party: `{"name": "Beispiel GmbH", "country": "DE", "watch_list": true}`},
		{name: "unknown field below", party: `{"name": "Beispiel GmbH", "country": "DE", "verifications": [{"result": "failed", "on": "2026-01-02", "by": "X"}]}`},
		{name: "result misspelt", party: `{"name": "Beispiel GmbH", "country": "DE", "verifications": [{"result": "Failed", "on": "2026-01-02"}]}`},
		{name: "result without a day", party: `{"name": "Beispiel GmbH", "country": "DE", "verifications": [{"result": "failed"}]}`},
		{name: "impossible day", party: `{"name": "Beispiel GmbH", "country": "DE", "verifications": [{"result": "failed", "on": "2026-02-30"}]}`},
		{name: "other paper", party: `{"name": "Beispiel GmbH", "country": "DE", "certificates": [{"type": "contract", "issued_on": "2026-01-02"}]}`},
		{name: "null", party: `{"name": "Beispiel GmbH", "country": "DE", "certificates": null}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := schema.Validate(document(t, tc.party)); (err == nil) != tc.valid {
				t.Errorf("valid: got %t, want %t: %v", err == nil, tc.valid, err)
			}
		})
	}
}

// A schema keeps every definition in itself, so that some stand twice; who is named in an application must fit on file.
func TestSchemasAgree(t *testing.T) {
	definitions := map[string]map[string]any{}
	for _, name := range []string{policies.ApplicationSchema, policies.PartySchema} {
		var schema struct {
			Defs map[string]any `json:"$defs"`
		}
		read(t, name, &schema)
		definitions[name] = schema.Defs
	}
	for name, definition := range definitions[policies.PartySchema] {
		if !reflect.DeepEqual(definition, definitions[policies.ApplicationSchema][name]) {
			t.Errorf("%s is defined otherwise in %s and %s", name, policies.PartySchema, policies.ApplicationSchema)
		}
	}
}

func TestDecisionSchemaAsksForEveryCondition(t *testing.T) {
	schema := compiled(t, policies.DecisionSchema)
	decision := func(ids ...string) any {
		conditions := []any{}
		for _, id := range ids {
			conditions = append(conditions, map[string]any{"id": id, "met": true, "text": map[string]any{"en": "e", "zh": "中"}})
		}
		return map[string]any{
			"application_id": "A-1", "as_of": "2026-11-23T00:00:00+08:00", "outcome": "standard_review", "reasons": []any{},
			"items":         []any{map[string]any{"line": json.Number("1"), "status": "not_listed", "entries": []any{}}},
			"green_channel": map[string]any{"eligible": false, "channel": nil, "conditions": conditions, "failed": []any{}},
			"missing":       []any{}, "obligations": []any{}, "clock": nil, "valid_until": nil, "not_assessed": []any{},
		}
	}
	all := []string{"GC-P01", "GC-P02", "GC-P03", "GC-P04", "GC-P05", "GC-P06", "GC-P07", "GC-P08", "GC-P09", "GC-P10"}
	if err := schema.Validate(decision(all...)); err != nil {
		t.Errorf("ten conditions: %v", err)
	}
	if err := schema.Validate(decision(all[:9]...)); err == nil {
		t.Error("nine conditions are accepted")
	}
	if err := schema.Validate(decision(append(slices.Clone(all[:9]), "GC-P09")...)); err == nil {
		t.Error("one condition twice and another not at all is accepted")
	}
}

// compiled reads a schema as the service does: every format asserted, nothing fetched.
func compiled(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := fs.ReadFile(policies.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(name, document(t, string(text))); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func document(t *testing.T, text string) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	text, err := fs.ReadFile(policies.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
