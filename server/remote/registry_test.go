package remote

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// archived packs files as they are.
func archived(t *testing.T, parts ...map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	files := tar.NewWriter(packed)
	for _, part := range parts {
		for _, name := range slices.Sorted(maps.Keys(part)) {
			if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(part[name]))}); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(files, part[name]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := packed.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// push puts a bundle into a registry, in the form that OPA reads: an image whose layer is the archive.
func push(t *testing.T, url string, archive []byte) {
	t.Helper()
	const repository, tag = "policies/rareearth", "live"
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int    `json:"size"`
	}
	blob := func(mediaType string, content []byte) descriptor {
		digest := fmt.Sprintf("sha256:%x", sha256.Sum256(content))
		send(t, http.MethodPost, fmt.Sprintf("%s/v2/%s/blobs/uploads/?digest=%s", url, repository, digest), "application/octet-stream", content)
		return descriptor{mediaType, digest, len(content)}
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": blob("application/vnd.oci.image.config.v1+json", []byte("{}")),
		"layers": []descriptor{blob("application/vnd.oci.image.layer.v1.tar+gzip", archive)},
	})
	if err != nil {
		t.Fatal(err)
	}
	send(t, http.MethodPut, fmt.Sprintf("%s/v2/%s/manifests/%s", url, repository, tag), "application/vnd.oci.image.manifest.v1+json", manifest)
}

func send(t *testing.T, method, url, mediaType string, body []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", mediaType)
	request.Header.Set("Authorization", "Bearer "+token)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(response.Body)
	if err := response.Body.Close(); err != nil {
		t.Error(err)
	}
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("%s %s: %s %s", method, url, response.Status, text)
	}
}

func TestABundleIsFetchedFromARegistry(t *testing.T) {
	t.Parallel()
	images := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		asked = append(asked, r.Method+" "+r.URL.Path)
		images.ServeHTTP(w, r)
	}))
	defer server.Close()
	first, one := edition(t, 1)
	push(t, server.URL, first)

	text := fmt.Sprintf("services:\n  registry: {url: %q, type: oci, credentials: {bearer: {token: %s}}}\nbundles:\n  rareearth: {service: registry, resource: %q}\n",
		server.URL, token, strings.TrimPrefix(server.URL, "http://")+"/policies/rareearth:live")
	folder, told, gate := t.TempDir(), &told{}, &entrance{}
	source := fetching(t, configured(t, text), gate, folder, told)
	if state := source.look(t); state.Held.Revision != one {
		t.Fatalf("%+v\n%s", state, told)
	}
	asked = nil
	if state := source.look(t); state.Unchanged != 1 || slices.ContainsFunc(asked, func(a string) bool { return strings.Contains(a, "/blobs/") }) {
		t.Errorf("it is fetched again: %q; %+v", asked, state)
	}
	broken, _ := bundled(t, map[string]string{"rareearth/a/a.rego": "package rareearth.a\n\nx := {\n", "rareearth/b/b.rego": "package rareearth.b\n\ny := ]\n"})
	push(t, server.URL, broken)
	if state := source.look(t); state.Held.Revision != one || !strings.Contains(state.Fault, "/rareearth/a/a.rego") || !strings.Contains(state.Fault, "/rareearth/b/b.rego") {
		t.Errorf("after a broken bundle: %+v", state)
	}
	second, two := edition(t, 2)
	push(t, server.URL, second)
	if state := source.look(t); state.Held.Revision != two || state.Fault != "" {
		t.Errorf("after a mended bundle: %+v", state)
	}
	push(t, server.URL, first)
	if state := source.look(t); state.Held.Revision != one {
		t.Errorf("after the first one came back: %+v", state)
	}
	if state := fetching(t, configured(t, text), gate, folder, told).look(t); state.Unchanged != 1 || state.Held.Revision != one {
		t.Errorf("after a start: %+v", state)
	}
}
