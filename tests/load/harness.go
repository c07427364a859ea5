package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// harness holds what all measurements share.
type harness struct {
	settings

	root     string // of the module
	scratch  string
	binary   string
	progress io.Writer

	evaluators []evaluator
	running    []*process
	launched   int
}

// evaluator is one way in which the service evaluates policies.
type evaluator struct {
	name string
	env  []string
}

// variant is a server with a road on which it decides.
type variant struct {
	name string
	// evaluator is that of the service; empty for servers that are not ours.
	evaluator string
	recorded  bool
	*process
	path   string
	status int
	opa    bool // question and answer are wrapped, as OPA does it
	floor  bool // the answer is the same whatever is asked
}

func (h *harness) say(format string, args ...any) {
	fmt.Fprintf(h.progress, "%s "+format+"\n", append([]any{time.Now().Format(time.TimeOnly)}, args...)...)
}

func (h *harness) stopAll() {
	for _, p := range h.running {
		if err := p.stop(); err != nil {
			h.say("%v", err)
		}
	}
}

// stop ends servers that are not needed any more; an end that is not orderly is an error.
func (h *harness) stop(servers ...*process) error {
	var faults []error
	for _, p := range servers {
		faults = append(faults, p.stop())
	}
	return errors.Join(faults...)
}

func moduleRoot(ctx context.Context) (string, error) {
	file, err := output(ctx, ".", "go", "env", "GOMOD")
	return filepath.Dir(strings.TrimSpace(string(file))), err
}

func (h *harness) build(ctx context.Context) (string, error) {
	binary := filepath.Join(h.scratch, "greenchannel")
	_, err := output(ctx, h.root, "go", "build", "-tags", "nomsgpack", "-o", binary, "./cmd/greenchannel")
	return binary, err
}

const (
	topdown  = "topdown"
	executor = "executor"

	evaluatorVariable = "GREENCHANNEL_EVALUATOR"
)

// knownEvaluators are those that the binary can be told to use: one without the setting knows topdown and nothing else.
func (h *harness) knownEvaluators(ctx context.Context) ([]evaluator, error) {
	reference, err := output(ctx, h.scratch, h.binary, "config", "reference")
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(reference, []byte("`"+evaluatorVariable+"`")) {
		return []evaluator{{name: topdown}}, nil
	}
	return []evaluator{
		{topdown, []string{evaluatorVariable + "=" + topdown}},
		{executor, []string{evaluatorVariable + "=" + executor}},
	}, nil
}

func (h *harness) evaluatorNames() []string {
	var names []string
	for _, e := range h.evaluators {
		names = append(names, e.name)
	}
	return names
}

// fastest is the evaluator that the aims are about.
func (h *harness) fastest() evaluator { return h.evaluators[len(h.evaluators)-1] }

// serve starts the service with a record of its own. Evaluations have the time that they need: a deadline is not what is
// measured.
func (h *harness) serve(ctx context.Context, name string, by evaluator, data string, env ...string) (*process, error) {
	return h.launch(ctx, name, "/readyz", append(env, by.env...), func(address string) []string {
		return []string{h.binary, "serve", "--listen", address, "--data", data, "--eval-timeout", "10m"}
	})
}

// emptyData is a data folder for a new record.
func (h *harness) emptyData() (string, error) { return os.MkdirTemp(h.scratch, "data-") }

// service starts the service twice, so that what one records is not the history of the other: once to be asked for dry runs, once for
// decisions that are recorded.
func (h *harness) service(ctx context.Context, by evaluator) ([]*variant, error) {
	var both []*variant
	for _, recorded := range []bool{false, true} {
		v := &variant{name: by.name + ", not recorded", evaluator: by.name, path: "/v1/dry-runs", status: 200}
		if recorded {
			v = &variant{name: by.name + ", recorded", evaluator: by.name, recorded: true, path: "/v1/decisions", status: 201}
		}
		data, err := h.emptyData()
		if err != nil {
			return nil, err
		}
		if v.process, err = h.serve(ctx, v.name, by, data); err != nil {
			return nil, err
		}
		both = append(both, v)
	}
	return both, nil
}

// opa starts OPA's server on a bundle, with nothing on that costs it time: no decision log, no line for each request.
func (h *harness) opa(ctx context.Context, folder string) (*variant, error) {
	started, err := h.launch(ctx, "OPA", "/health?bundles", nil, func(address string) []string {
		return []string{
			h.binary, "opa", "run", "--server", "--addr", address, "--bundle", folder,
			"--log-level", "error", "--disable-telemetry", "--skip-version-check",
		}
	})
	return &variant{name: "OPA", process: started, path: "/v1/data/rareearth/decision", status: 200, opa: true}, err
}

// floor starts this program as the server that decides nothing.
func (h *harness) floor(ctx context.Context, answer []byte) (*variant, error) {
	file := filepath.Join(h.scratch, "answer.json")
	if err := os.WriteFile(file, answer, 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	started, err := h.launch(ctx, "floor", "/readyz", nil, func(address string) []string {
		return []string{self, floorCommand, address, file}
	})
	return &variant{name: "floor", process: started, path: "/", status: 200, floor: true}, err
}
