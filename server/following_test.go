package server

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/config"
)

// shop is a static file server, with an ETag for each state of a file.
type shop struct {
	*httptest.Server
	file string
	same atomic.Int64
	shut atomic.Bool
}

func open(t *testing.T) *shop {
	t.Helper()
	folder := t.TempDir()
	s := &shop{file: filepath.Join(folder, "bundle.tar.gz")}
	files := http.FileServer(http.Dir(folder))
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.shut.Load() {
			http.Error(w, "closed", http.StatusServiceUnavailable)
			return
		}
		if text, err := os.ReadFile(s.file); err == nil {
			sum := sha256.Sum256(text)
			tag := `"` + hex.EncodeToString(sum[:8]) + `"`
			w.Header().Set("ETag", tag)
			if r.Header.Get("If-None-Match") == tag {
				s.same.Add(1)
			}
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *shop) put(t *testing.T, folder fs.FS) {
	t.Helper()
	archive, err := bundle.Pack(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
}

// following is the configuration of a service that follows the shop.
func (s *shop) following(t *testing.T, more string) Following {
	t.Helper()
	file := filepath.Join(t.TempDir(), "gc.yaml")
	text := "services: {shop: {url: \"" + s.URL + "\"}}\n" + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := config.Load(config.Inputs{File: file})
	if err != nil {
		t.Fatal(err)
	}
	from, err := loaded.Remote()
	if err != nil {
		t.Fatal(err)
	}
	return Following{Remote: from, Source: loaded.Source, Labels: loaded.Labels}
}

// eventually asks until an answer says what is waited for, or it is clear that it never will.
func eventually(t *testing.T, url string, says ...string) string {
	t.Helper()
	enough := time.After(10 * time.Minute) // a bundle is examined before it is in force, which the race detector makes long
	for {
		_, body := get(t, http.MethodGet, url, "")
		missing := false
		for _, word := range says {
			missing = missing || !strings.Contains(body, word)
		}
		if !missing {
			return body
		}
		select {
		case <-enough:
			t.Fatalf("%s never says %q: %s", url, says, body)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func revisionIn(t *testing.T, folder fs.FS) string {
	t.Helper()
	policy, err := Bundle(folder)
	if err != nil {
		t.Fatal(err)
	}
	return policy.Revision
}

// A bundle comes from a static server by every gate; the server breaks, is mended, and is away when the service starts again.
func TestTheBundleIsFetched(t *testing.T) {
	t.Parallel()
	s := open(t)
	const file = "rareearth/controls/controls.rego"
	first := otherPolicies(t, file, "package rareearth.controls", "package rareearth.controls\n\n_edition := 1")
	second := otherPolicies(t, file, "package rareearth.controls", "package rareearth.controls\n\n_edition := 2")
	one, two := revisionIn(t, first), revisionIn(t, second)
	following := s.following(t, "bundles: {rareearth: {resource: bundle.tar.gz, polling: {min_delay_seconds: 1, max_delay_seconds: 1}}}\nsource: {fail_when_stale: true}\n")
	data := t.TempDir()
	r := start(t, Config{Following: following, Record: RecordConfig{Data: data}, Metrics: config.Metrics{Listen: "127.0.0.1:0"}})
	ready, health := "http://"+r.addr+"/readyz", "http://"+r.addr+"/health?bundles"

	// Nothing stands there yet.
	if status, body := get(t, http.MethodGet, ready, ""); status != http.StatusServiceUnavailable || !strings.Contains(body, "has not come from its server yet") {
		t.Errorf("before there is a bundle: %d %s", status, body)
	}
	eventually(t, health, `"error":"one or more bundles are not activated"`, `"rareearth":{`, "Not Found")
	s.put(t, first)
	eventually(t, ready, `"status":"ready"`, `"source":{"name":"rareearth","service":"shop"`, `"revision":"`+one, `"active":true`, `"stale":false`)
	eventually(t, health, `{"bundles":{"rareearth":{"name":"rareearth"`, `"age_seconds":0`)
	for s.same.Load() < 2 {
		time.Sleep(10 * time.Millisecond)
	}

	// Two faults in two files: both are told, and the first bundle stays.
	broken := otherPolicies(t, file, "package rareearth.controls", "package rareearth.controls\n\n_edition := http.send({})")
	s.put(t, otherIn(t, broken, "rareearth/outcome/outcome.rego", "package rareearth.outcome", "package rareearth.outcome\n\n_edition := missing.function(1)"))
	r.log.await(t, "no new bundle from the source")
	eventually(t, ready, `"warning":"The last look for a new bundle rareearth failed; revision `+one, "controls.rego", "outcome.rego")
	if told := r.log.String(); !strings.Contains(told, "controls.rego: line") || !strings.Contains(told, "outcome.rego: line") {
		t.Errorf("the log does not name both files:\n%s", told)
	}
	s.put(t, second)
	eventually(t, ready, `"revision":"`+two, `"active":true`)
	if body := metricsOf(t, r); !strings.Contains(body, `greenchannel_bundle_fetches_total{result="activated"} 2`) || !strings.Contains(body, `greenchannel_bundle_fetches_total{result="refused"} 1`) ||
		!strings.Contains(body, "greenchannel_bundle_stale 0") || strings.Contains(body, `greenchannel_bundle_fetches_total{result="unchanged"} 0`) {
		t.Errorf("metrics:\n%s", body)
	}
	if body := posted(t, r, "/v1/decisions"); !strings.Contains(body, `"revision":"`+two) {
		t.Errorf("decided by another bundle: %s", body)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}

	// The server is away.
	following.Source.StaleAfter = 3 * time.Second
	s.shut.Store(true)
	r = start(t, Config{Following: following, Record: RecordConfig{Data: data}})
	ready, health = "http://"+r.addr+"/readyz", "http://"+r.addr+"/health?bundles"
	if body := posted(t, r, "/v1/dry-runs"); !strings.Contains(body, `"revision":"`+two) {
		t.Errorf("after a start without the server another bundle decides: %s", body)
	}
	eventually(t, ready, "is stale: its server last confirmed it at ", "Service Unavailable")
	eventually(t, health, "one or more bundles are not activated", `"stale":true`, `"revision":"`+two)
	r.log.await(t, "the bundle of the source is stale")
	if body := posted(t, r, "/v1/dry-runs"); !strings.Contains(body, `"revision":"`+two) {
		t.Errorf("a stale bundle does not decide when asked: %s", body)
	}
	s.shut.Store(false)
	eventually(t, ready, `"status":"ready"`, `"stale":false`)
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
}

// otherIn changes a text of policies that were changed already.
func otherIn(t *testing.T, folder fs.FS, name, old, changed string) fs.FS {
	t.Helper()
	files := folder.(fstest.MapFS)
	if text := string(files[name].Data); strings.Contains(text, old) {
		files[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, changed, 1))}
		return files
	}
	t.Fatalf("%s does not say %q any more", name, old)
	return nil
}

// metricsOf reads the metrics of a service.
func metricsOf(t *testing.T, r *running) string {
	t.Helper()
	address := regexp.MustCompile(`metrics address=(\S+)`).FindStringSubmatch(r.log.String())
	if address == nil {
		t.Fatalf("the log does not say where the metrics are:\n%s", r.log)
	}
	_, text := get(t, http.MethodGet, "http://"+address[1]+"/metrics", "")
	return text
}

// posted posts an application.
func posted(t *testing.T, r *running, path string) string {
	t.Helper()
	_, body := get(t, http.MethodPost, "http://"+r.addr+path, shortest, "Content-Type", "application/json")
	return body
}
