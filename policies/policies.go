// Package policies embeds what the law says: the Rego rules with their tests, the dated reference data, the JSON Schemas of
// application, decision and party on file, and the built-ins that rules may use. It knows nothing of OPA and decides nothing; the same
// folder runs under a stock opa without Go.
package policies

import (
	"embed"
	"io/fs"
)

//go:embed .manifest all:authzen all:rareearth all:schemas all:capabilities
var folder embed.FS

// Paths inside FS of the files that are not part of the evaluated bundle.
const (
	ApplicationSchema = "schemas/application/schema.json"
	DecisionSchema    = "schemas/decision/schema.json"
	PartySchema       = "schemas/registry_party/schema.json"
	Capabilities      = "capabilities/capabilities.json"
)

// FS is the policy folder as it was when the binary was built, read-only, laid out as `opa build -b` expects it.
func FS() fs.FS { return folder }
