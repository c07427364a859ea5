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

// Remote is what the blocks in OPA's shape say, as OPA's own parsers read them: which servers there are, what is fetched
// from them, and what is sent to them.
type Remote struct {
	// Services are the servers by name, each as it was written; OPA's client reads it.
	Services map[string]json.RawMessage
	// Keys are the public keys that bundles are verified with, by id.
	Keys map[string]*keys.Config
	// BundleName names the bundle that is fetched, and Bundle says from where; nil where none is.
	BundleName string
	Bundle     *bundle.Source
	// DecisionLogs says where a copy of each record is sent; nil where none is. Its delays are nanoseconds, as OPA leaves them.
	DecisionLogs *logs.Config
}

// Remote reads the blocks. What Load gave has none that cannot be read.
func (c Config) Remote() (Remote, error) {
	read, faults := c.remote()
	var all []error
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		all = append(all, fmt.Errorf("%s: %w", name, faults[name]))
	}
	return read, errors.Join(all...)
}

func (c Config) opaBlocks() map[string]any {
	return map[string]any{"services": c.Services, "bundles": c.Bundles, "keys": c.Keys, "decision_logs": c.DecisionLogs}
}

// remote lets OPA's own parsers read the blocks, so that what they mean here is what they mean there; it gives what is wrong
// by the name of the block. What OPA would only warn of is an error here as well: an option that is misspelt does nothing.
// So is what OPA does and greenchannel does not.
func (c Config) remote() (Remote, map[string]error) {
	var read Remote
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
		found[name] = errors.Join(parsed(name, text), undone(name, block), nowhere(name, block))
	}
	fault := func(name string, err error) { found[name] = errors.Join(found[name], err) }
	var err error
	read.Keys, err = keys.ParseKeysConfig(blocks["keys"])
	fault("keys", err)
	read.Services, err = servicesOf(blocks["services"], read.Keys)
	fault("services", err)
	services := slices.Sorted(maps.Keys(read.Services))

	trigger := plugins.DefaultTriggerMode
	sources, err := bundle.NewConfigBuilder().WithBytes(blocks["bundles"]).WithServices(services).WithKeyConfigs(read.Keys).WithTriggerMode(&trigger).Parse()
	fault("bundles", err)
	if sources != nil {
		for name, source := range sources.Bundles {
			read.BundleName, read.Bundle = name, source
		}
	}
	read.DecisionLogs, err = logs.NewConfigBuilder().WithBytes(blocks["decision_logs"]).WithServices(services).WithTriggerMode(&trigger).Parse()
	fault("decision_logs", err)
	maps.DeleteFunc(found, func(_ string, err error) bool { return err == nil })
	return read, found
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

// servicesOf gives the services by name; they are a list with names or an object by name.
func servicesOf(block []byte, known map[string]*keys.Config) (map[string]json.RawMessage, error) {
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
	return byName, errors.Join(faults...)
}
