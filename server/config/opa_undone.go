package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// undone names what OPA's parsers read in a block and greenchannel does not do. Ignoring it would leave an operator in the
// belief that it is done.
func undone(name string, block any) error {
	switch name {
	case "services":
		return errors.Join(each(block, "services", func(path string, service map[string]any) []error {
			if credentials, _ := service["credentials"].(map[string]any); credentials["plugin"] != nil {
				return []error{fmt.Errorf("%s.credentials.plugin names a plugin, and there are none here; use bearer, oauth2, client_tls or another of OPA's own", path)}
			}
			return nil
		})...)
	case "bundles":
		faults := each(block, "bundles", undoneOfBundle)
		if byName, _ := block.(map[string]any); len(byName) > 1 {
			faults = append(faults, fmt.Errorf("%d bundles are named (%s), and one decides at a time; put their policies into one bundle",
				len(byName), strings.Join(slices.Sorted(maps.Keys(byName)), ", ")))
		}
		return errors.Join(faults...)
	case "decision_logs":
		whole, _ := block.(map[string]any)
		reporting, _ := whole["reporting"].(map[string]any)
		return errors.Join(append(
			foreign("decision_logs", whole, map[string]string{
				"plugin":           "sends logs elsewhere than to a service; name a service",
				"mask_decision":    "leaves parts of a record out, and the record is sent whole; mask where it is received",
				"drop_decision":    "leaves records out, and each one is sent; drop them where they are received",
				"request_context":  "adds headers of requests, which the record does not hold",
				"nd_builtin_cache": "adds answers of built-ins that look outside, and policies cannot use any",
			}),
			foreign("decision_logs.reporting", reporting, map[string]string{
				"buffer_type":              "chooses a buffer, and there is none: what was not sent yet is read from the record",
				"buffer_size_limit_bytes":  "bounds a buffer, and there is none: what was not sent yet is read from the record",
				"buffer_size_limit_events": "bounds a buffer, and there is none: what was not sent yet is read from the record",
				"max_decisions_per_second": "drops what is beyond it, and each record is sent",
				"trigger=manual":           "waits for a call that nothing makes; use periodic or immediate",
			})...)...)
	}
	return nil
}

func undoneOfBundle(path string, source map[string]any) []error {
	faults := foreign(path, source, map[string]string{
		"trigger=manual": "waits for a call that nothing makes; use periodic",
	})
	if resource, _ := source["resource"].(string); strings.HasPrefix(resource, "file:") {
		faults = append(faults, fmt.Errorf("%s.resource is a file; put it into force with POST /v1/bundles, or watch a folder with --watch", path))
	}
	polling, _ := source["polling"].(map[string]any)
	if most, stated := polling["max_delay_seconds"].(int); stated && most < 1 {
		faults = append(faults, fmt.Errorf("%s.polling.max_delay_seconds has to be 1 or more, or the server would be asked without a pause", path))
	}
	return faults
}

// foreign gives an error for each key of a block that is named with a reason. A key with = and a word is meant for that
// value only.
func foreign(path string, block map[string]any, reasons map[string]string) []error {
	var faults []error
	for _, named := range slices.Sorted(maps.Keys(reasons)) {
		key, only, valued := strings.Cut(named, "=")
		if value, stated := block[key]; stated && (!valued || value == only) {
			faults = append(faults, fmt.Errorf("%s.%s %s", path, strings.ReplaceAll(named, "=", ": "), reasons[named]))
		}
	}
	return faults
}

// each visits the named parts of a block, which is an object by name, or a list.
func each(block any, path string, visit func(path string, part map[string]any) []error) []error {
	var faults []error
	switch parts := block.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(parts)) {
			part, _ := parts[name].(map[string]any)
			faults = append(faults, visit(path+"."+name, part)...)
		}
	case []any:
		for i, one := range parts {
			part, _ := one.(map[string]any)
			faults = append(faults, visit(fmt.Sprintf("%s[%d]", path, i), part)...)
		}
	}
	return faults
}
