package bundle

import (
	"strings"

	opabundle "github.com/open-policy-agent/opa/v1/bundle"
)

// sources gives the policies as they were written, by path.
func sources(content *opabundle.Bundle) map[string]string {
	written := make(map[string]string, len(content.Modules))
	for _, file := range content.Modules {
		written[strings.TrimPrefix(file.Path, "/")] = string(file.Raw)
	}
	return written
}
