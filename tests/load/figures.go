package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
)

// figures are all that was measured in one run. What was not measured is left out.
type figures struct {
	Machine    machineFacts `json:"machine"`
	Command    string       `json:"command"`
	Evaluators []string     `json:"evaluators"` // that the binary knows
	Cells      []cell       `json:"cells,omitempty"`
	Memory     []memory     `json:"memory,omitempty"`
	Batches    []batchCell  `json:"batches,omitempty"`
	Starts     []startCell  `json:"starts,omitempty"`
	Activation *activation  `json:"activation,omitempty"`
	Growth     []growthCell `json:"growth,omitempty"`
	Soaks      []soakCurve  `json:"soaks,omitempty"`
}

// machineFacts are what the figures depend on.
type machineFacts struct {
	System     string `json:"system"`
	Processor  string `json:"processor"`
	Processors int    `json:"processors"`
	Go         string `json:"go"`
	OPA        string `json:"opa"`
	GOGC       string `json:"gogc"` // of every server alike
}

func machine() machineFacts {
	m := machineFacts{
		System: runtime.GOOS + "/" + runtime.GOARCH, Processor: "unknown", Processors: runtime.NumCPU(), Go: runtime.Version(),
		OPA: "unknown", GOGC: os.Getenv("GOGC"),
	}
	if m.GOGC == "" {
		m.GOGC = "100 (Go's default)"
	}
	text, _ := os.ReadFile("/proc/cpuinfo") // without it the processor stays unknown
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/open-policy-agent/opa" {
				m.OPA = module.Version
			}
		}
	}
	return m
}

// aim is what a figure was to reach, and whether it did.
type aim struct {
	What  string  `json:"what"`
	Bound string  `json:"bound"` // such as "≥ 10"
	Value float64 `json:"value"`
	Met   bool    `json:"met"`
}

func atLeast(what string, bound, value float64) aim {
	return aim{what, fmt.Sprintf("≥ %g", bound), value, value >= bound}
}

func atMost(what string, bound, value float64) aim {
	return aim{what, fmt.Sprintf("≤ %g", bound), value, value <= bound}
}

func (a aim) String() string {
	word := "missed"
	if a.Met {
		word = "met"
	}
	return fmt.Sprintf("%s %s: %s", a.What, a.Bound, word)
}

func (f *figures) write(to io.Writer, file string) error {
	if file != "" {
		text, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, append(text, '\n'), 0o600); err != nil {
			return err
		}
	}
	_, err := io.WriteString(to, f.markdown())
	return err
}
