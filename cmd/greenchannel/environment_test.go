package main

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestFromEnvironment(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		args        []string
		environment []string
		format      string
		warning     string
		err         string
	}{
		{name: "nothing is stated", format: "json"},
		{name: "set", environment: []string{"GREENCHANNEL_FORMAT=text"}, format: "text"},
		{name: "empty states nothing", environment: []string{"GREENCHANNEL_FORMAT="}, format: "json"},
		{name: "the command line goes first", args: []string{"--format", "json"}, environment: []string{"GREENCHANNEL_FORMAT=text"}, format: "json"},
		{name: "wrong value", environment: []string{"GREENCHANNEL_FORMAT=xml"}, err: "GREENCHANNEL_FORMAT in the environment"},
		{name: "misspelt", environment: []string{"GREENCHANNEL_FORMATT=text"}, format: "json", warning: "did you mean GREENCHANNEL_FORMAT?"},
		{name: "somebody else's", environment: []string{"GREENCHANNEL_SERVICE_HOST=10.0.0.1", "FORMAT=text"}, format: "json"},
		{name: "dashes become underscores", environment: []string{"GREENCHANNEL_AS_OF=2025-02-30"}, err: "GREENCHANNEL_AS_OF in the environment"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			format := choice{value: "json", allowed: []string{"json", "text"}}
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			flags.Var(&format, "format", "")
			flags.Var(new(instant), "as-of", "")
			if err := flags.Parse(tc.args); err != nil {
				t.Fatal(err)
			}
			var warnings strings.Builder
			err := fromEnvironment(flags, tc.environment, &warnings)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("err = %v, want it to name %q", err, tc.err)
				}
				return
			}
			if err != nil || format.value != tc.format {
				t.Errorf("format = %s (%v), want %s", format.value, err, tc.format)
			}
			if (warnings.Len() > 0) != (tc.warning != "") || !strings.Contains(warnings.String(), tc.warning) {
				t.Errorf("warnings = %q, want %q", warnings.String(), tc.warning)
			}
		})
	}
}
