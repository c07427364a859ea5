package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"greenchannel/server/httpapi/client"
)

// callingService says which service is called, and as whom.
type callingService struct{ server, token string }

func (c *callingService) flags(command *cobra.Command) {
	command.Flags().StringVar(&c.server, "server", "http://127.0.0.1:8181", "`URL` of the service")
	command.Flags().StringVar(&c.token, "token", "", "bearer `TOKEN` to call with; better GREENCHANNEL_TOKEN in the environment, since others on this machine can read a command line")
}

// open gives a client of the service. A token is sent by TLS, or to this machine, and nowhere else.
func (c *callingService) open() (*client.Client, error) {
	at, err := url.Parse(c.server)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return nil, usageError{fmt.Errorf("--server %q is no URL such as https://decisions.example.org", c.server)}
	}
	if host := at.Hostname(); c.token != "" && at.Scheme == "http" && host != "localhost" && host != "::1" && !strings.HasPrefix(host, "127.") {
		return nil, usageError{fmt.Errorf("a token is not sent to %s without TLS; write https", host)}
	}
	return client.NewClient(c.server, client.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		if c.token != "" {
			request.Header.Set("Authorization", "Bearer "+c.token)
		}
		return nil
	}))
}

// refusedError is what the service would not do, place by place.
type refusedError struct {
	Title, Detail string
	Errors        []struct{ Pointer, Detail string }
	status        int
}

func (r refusedError) Error() string { return fmt.Sprintf("%s (%d): %s", r.Title, r.status, r.Detail) }

func (r refusedError) lines() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n", printable(r.Error()))
	for _, e := range r.Errors {
		place := strings.ReplaceAll(strings.TrimPrefix(e.Pointer, "/"), "~0", "~")
		if place != "" {
			place += ": "
		}
		fmt.Fprintf(&out, "%s%s\n", printable(place), printable(e.Detail))
	}
	return out.String()
}

// answered reads an answer, or the problem document in its place.
func answered(response *http.Response, err error) (b client.Bundle, raw []byte, failed error) {
	if err != nil {
		return b, nil, err
	}
	defer func() { failed = errors.Join(failed, response.Body.Close()) }()
	raw, err = io.ReadAll(response.Body)
	if err != nil {
		return b, nil, err
	}
	if response.StatusCode >= http.StatusMultipleChoices {
		refusal := refusedError{status: response.StatusCode}
		if json.Unmarshal(raw, &refusal) != nil || refusal.Title == "" {
			return b, nil, fmt.Errorf("the service answered with status %d", response.StatusCode)
		}
		return b, nil, refusal
	}
	return b, raw, json.Unmarshal(raw, &b)
}

func newBundleActivate() *cobra.Command {
	var service callingService
	var keepOnly bool
	command := &cobra.Command{
		Use:   "activate FILE|DIGEST",
		Short: "Put a bundle into force on a service",
		Long: `Put a bundle into force on a service: upload an archive, which the service examines, and activate it; or activate one that
the service keeps, by its digest or the beginning of it. That is also the way back to an older one.

The service checks the signature (where keys are configured), compiles the policies, runs the tests of the bundle, and
decides its own cases by it. What is wrong is told with file and line; the bundle that is active stays then, and the record
says what was refused. Other services on the same database take up by themselves what is in force.

Exit code 0 when the bundle is in force, or kept; 2 when the service refuses it, cannot be reached, or the command line is at fault.`,
		Example: `  greenchannel bundle activate bundles/rareearth.tar.gz --server https://decisions.example.org
  greenchannel bundle activate 3f2a9c1b77de
  greenchannel bundle activate rareearth.tar.gz --keep-only`,
		Args: arguments(cobra.ExactArgs(1)),
	}
	service.flags(command)
	command.Flags().BoolVar(&keepOnly, "keep-only", false, "have the archive examined and kept, and activate nothing")
	format := textOrJSON(command)
	command.RunE = interruptible(func(cmd *cobra.Command, args []string) error {
		calls, err := service.open()
		if err != nil {
			return err
		}
		raw, b, err := activated(cmd.Context(), calls, args[0], keepOnly)
		if err != nil {
			return err
		}
		if format.value == "json" {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", bytes.TrimSpace(raw))
			return err
		}
		if !b.Signed && !b.Embedded {
			fmt.Fprintln(cmd.ErrOrStderr(), "warning: the service verified no signature of this bundle; configure keys there")
		}
		said := map[bool]string{true: "is in force", false: "is kept"}[b.Active]
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s on %s\n", printable(b.Name), printable(b.Revision), said, printable(service.server))
		return err
	})
	return command
}

// activated uploads what is a file, and activates it, or what is kept under the name.
func activated(ctx context.Context, calls *client.Client, named string, keepOnly bool) ([]byte, client.Bundle, error) {
	digest := named
	archive, err := os.ReadFile(named)
	switch {
	case err == nil:
		b, raw, err := answered(calls.KeepBundleWithBody(ctx, "application/gzip", bytes.NewReader(archive))) //nolint:bodyclose // answered closes it
		if err != nil || keepOnly {
			return raw, b, err
		}
		digest = b.Digest
	case !errors.Is(err, os.ErrNotExist) || strings.Trim(strings.TrimPrefix(named, "sha256:"), "0123456789abcdefABCDEF") != "":
		return nil, client.Bundle{}, err
	case keepOnly:
		return nil, client.Bundle{}, usageError{errors.New("--keep-only is for an archive; what is kept is kept")}
	}
	b, raw, err := answered(calls.ActivateBundle(ctx, digest)) //nolint:bodyclose // answered closes it
	return raw, b, err
}
