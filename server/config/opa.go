package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	opaconfig "github.com/open-policy-agent/opa/v1/config"
	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/logs"
	"github.com/open-policy-agent/opa/v1/plugins/rest"
)

// OPA gives the blocks that have OPA's shape, as one configuration that OPA itself reads.
func (c Config) OPA() ([]byte, error) {
	blocks := map[string]any{}
	for name, block := range c.opaBlocks() {
		if block != nil {
			blocks[name] = block
		}
	}
	if len(c.Labels) > 0 {
		blocks["labels"] = c.Labels
	}
	return json.Marshal(blocks)
}

func (c Config) opaBlocks() map[string]any {
	return map[string]any{"services": c.Services, "bundles": c.Bundles, "keys": c.Keys, "decision_logs": c.DecisionLogs}
}

// checkOPA lets OPA's own parsers read the blocks, so that what they mean here is what they mean there. What OPA would only
// warn of is an error here as well: an option that is misspelt does nothing.
func checkOPA(c Config) map[string]error {
	found := map[string]error{}
	blocks := map[string][]byte{}
	for name, block := range c.opaBlocks() {
		if block == nil {
			continue
		}
		text, err := json.Marshal(block)
		if err != nil {
			found[name] = err
			continue
		}
		blocks[name] = text
		found[name] = parsed(name, text)
	}
	known, err := keys.ParseKeysConfig(blocks["keys"])
	found["keys"] = errors.Join(found["keys"], err)
	services, err := servicesOf(blocks["services"], known)
	found["services"] = errors.Join(found["services"], err)

	trigger := plugins.DefaultTriggerMode
	_, err = bundle.NewConfigBuilder().WithBytes(blocks["bundles"]).WithServices(services).WithKeyConfigs(known).WithTriggerMode(&trigger).Parse()
	found["bundles"] = errors.Join(found["bundles"], err)
	_, err = logs.NewConfigBuilder().WithBytes(blocks["decision_logs"]).WithServices(services).WithTriggerMode(&trigger).Parse()
	found["decision_logs"] = errors.Join(found["decision_logs"], err)
	maps.DeleteFunc(found, func(_ string, err error) bool { return err == nil })
	return found
}

// parsed reads one block as OPA does.
func parsed(name string, block []byte) error {
	text, err := json.Marshal(map[string]json.RawMessage{name: block})
	if err != nil {
		return err
	}
	read, err := opaconfig.ParseConfig(text, "greenchannel")
	if err != nil {
		return err
	}
	if len(read.Warnings) > 0 {
		return errors.New(strings.Join(read.Warnings, "; "))
	}
	return nil
}

// servicesOf gives the names of the services, which are a list with names or an object by name.
func servicesOf(block []byte, known map[string]*keys.Config) ([]string, error) {
	if block == nil {
		return nil, nil
	}
	byName := map[string]json.RawMessage{}
	if err := json.Unmarshal(block, &byName); err != nil {
		var list []json.RawMessage
		if err := json.Unmarshal(block, &list); err != nil {
			return nil, errors.New("is neither a list of services nor services by name")
		}
		for _, service := range list {
			var named struct{ Name string }
			if err := json.Unmarshal(service, &named); err != nil || named.Name == "" {
				return nil, errors.New("a service of the list has no name")
			}
			byName[named.Name] = service
		}
	}
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		var plain struct{ URL string }
		switch err := json.Unmarshal(byName[name], &plain); {
		case err != nil:
			faults = append(faults, fmt.Errorf("service %q: %w", name, err))
			continue
		case plain.URL == "":
			faults = append(faults, fmt.Errorf("service %q has no url", name))
		}
		if _, err := rest.New(byName[name], known, rest.Name(name)); err != nil {
			faults = append(faults, fmt.Errorf("service %q: %w", name, err))
		}
	}
	return slices.Sorted(maps.Keys(byName)), errors.Join(faults...)
}
