package httpapi_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

func body(t testing.TB, response *http.Response) []byte {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// named is the application of these tests under another name.
func named(t testing.TB, id string) string {
	t.Helper()
	return strings.Replace(application(t), `"HTTP-1"`, fmt.Sprintf("%q", id), 1)
}

// What was answered is what can be read later, to the byte.
func TestARecordedDecisionIsReadAsItWasGiven(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	made := call(t, handler, "POST", "/v1/decisions", named(t, "READ-1"))
	given := body(t, made)
	if made.StatusCode != http.StatusCreated {
		t.Fatalf("status %d: %s", made.StatusCode, given)
	}
	place := made.Header.Get("Location")
	found := call(t, handler, "GET", place, "")
	if again := body(t, found); found.StatusCode != http.StatusOK || !bytes.Equal(again, given) {
		t.Errorf("%s: status %d\n%s\nwas given as\n%s", place, found.StatusCode, again, given)
	}
	isProblem(t, call(t, handler, "GET", "/v1/decisions/0199aaaa-0000-7000-8000-000000000000", ""), 404, problem.NotFound)
	isProblem(t, call(t, handler, "GET", "/v1/decisions/nothing", ""), 404, problem.NotFound)
	isProblem(t, call(t, handler, "GET", place+"?x=1", ""), 422, problem.Invalid)
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	first := body(t, call(t, handler, "POST", "/v1/decisions", named(t, "KEY-1"), "Idempotency-Key", "k-1"))
	for _, key := range []string{"k-1", `"k-1"`} {
		again := call(t, handler, "POST", "/v1/decisions", named(t, "KEY-1"), "Idempotency-Key", key)
		if text := body(t, again); again.StatusCode != http.StatusCreated || !bytes.Equal(text, first) {
			t.Errorf("key %s: status %d\n%s\nwas\n%s", key, again.StatusCode, text, first)
		}
	}
	isProblem(t, call(t, handler, "POST", "/v1/decisions", named(t, "KEY-2"), "Idempotency-Key", "k-1"), 422, problem.KeyReused)
	for _, key := range []string{"", "a b", "é", strings.Repeat("k", 256), `"`, `a"b`} {
		isProblem(t, call(t, handler, "POST", "/v1/decisions", named(t, "KEY-3"), "Idempotency-Key", key), 400, problem.Malformed)
	}
	second := body(t, call(t, handler, "POST", "/v1/decisions", named(t, "KEY-1"), "Idempotency-Key", "k-2"))
	if bytes.Equal(first, second) {
		t.Error("another key gets the answer of the first")
	}
}

func TestDecisionsAreFoundByWhatTheySay(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	var ids []string
	for range 5 {
		got := answer(t, call(t, handler, "POST", "/v1/decisions", named(t, "FIND-1")))
		ids = append([]string{got.DecisionID}, ids...) // the newest first
	}
	find := func(query string) (found []string, next string, link string) {
		response := call(t, handler, "GET", "/v1/decisions?"+query, "")
		var page struct {
			Decisions []document
			Next      string
		}
		if err := json.Unmarshal(body(t, response), &page); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d, %v", query, response.StatusCode, err)
		}
		for _, one := range page.Decisions {
			found = append(found, one.DecisionID)
		}
		return found, page.Next, response.Header.Get("Link")
	}
	// The tables follow the record a moment later.
	await(t, func() bool { found, _, _ := find("application_id=FIND-1"); return len(found) == len(ids) })

	found, next, link := find("application_id=FIND-1&limit=2")
	if !slices.Equal(found, ids[:2]) || next == "" || link != `</v1/decisions?application_id=FIND-1&limit=2&cursor=`+next+`>; rel="next"` {
		t.Errorf("first page %v, want %v; next %q, link %q", found, ids[:2], next, link)
	}
	found, next, _ = find("application_id=FIND-1&limit=2&cursor=" + next)
	if !slices.Equal(found, ids[2:4]) {
		t.Errorf("second page %v, want %v", found, ids[2:4])
	}
	if found, next, link = find("application_id=FIND-1&limit=2&cursor=" + next); !slices.Equal(found, ids[4:]) || next != "" || link != "" {
		t.Errorf("last page %v, want %v; next %q, link %q", found, ids[4:], next, link)
	}
	for query, finds := range map[string]bool{
		"application_id=FIND-1&exporter=Ningbo+Example+Magnetics+Co.%2C+Ltd.": true,
		"application_id=FIND-1&party=beispiel+motoren+gmbh":                   true,
		"application_id=FIND-1&party=Nobody":                                  false,
		"application_id=FIND-1&outcome=green_channel":                         false,
		"application_id=find-1":                                               false,
		"application_id=FIND-1&from=1990-01-01&to=2199-12-31":                 true,
		"application_id=FIND-1&to=1990-01-02":                                 false,
		"application_id=FIND-1&rule=RF-99":                                    false,
	} {
		if found, _, _ := find(query); (len(found) > 0) != finds {
			t.Errorf("%s finds %v, want some: %v", query, found, finds)
		}
	}
	for query, word := range map[string]string{
		"outcome=green_chanel": "green_channel", "limit=0": "?limit", "limit=501": "?limit", "cursor=x": "?cursor", "cursor=YmVmb3JlOjA": "?cursor",
		"from=yesterday": "?from", "colour=1": "?colour", "to=2025-02-30&limit=x": "?to",
	} {
		got := isProblem(t, call(t, handler, "GET", "/v1/decisions?"+query, ""), 422, problem.Invalid)
		if told := fmt.Sprint(got.Errors); !strings.Contains(told, word) {
			t.Errorf("%s: %s does not name %s", query, told, word)
		}
	}
}

// Whoever has the public key can check that a record stands in the log, with nothing of ours but the answers.
func TestProofsCanBeChecked(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	var made struct{ Record decision.RecordOf }
	for range 3 {
		if err := json.Unmarshal(body(t, call(t, handler, "POST", "/v1/decisions", named(t, "PROOF-1"))), &made); err != nil {
			t.Fatal(err)
		}
	}
	var key struct{ Verifier string }
	if err := json.Unmarshal(body(t, call(t, handler, "GET", "/v1/journal/key", "")), &key); err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(key.Verifier)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := note.Open(body(t, call(t, handler, "GET", "/v1/journal/checkpoint", "")), note.VerifierList(verifier))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(signed.Text, "\n")
	leaf := body(t, call(t, handler, "GET", fmt.Sprintf("/v1/journal/records/%d/leaf", made.Record.Seq), ""))
	if got := "sha256:" + hexed(tlog.RecordHash(leaf)); got != made.Record.Hash {
		t.Errorf("the leaf has the hash %s, the decision says %s", got, made.Record.Hash)
	}
	var proof httpapi.Inclusion
	target := fmt.Sprintf("/v1/journal/inclusion?seq=%d&size=%s", made.Record.Seq, lines[1])
	if err := json.Unmarshal(body(t, call(t, handler, "GET", target, "")), &proof); err != nil {
		t.Fatal(err)
	}
	root := hashed(t, proof.Root)
	if root.String() != lines[2] {
		t.Errorf("the proof is of the root %s, the checkpoint signs %s", root, lines[2])
	}
	if err := tlog.CheckRecord(hashes(t, proof.Proof), int64(proof.Size), root, int64(proof.Seq)-1, tlog.RecordHash(leaf)); err != nil {
		t.Error(err)
	}
	var consistent httpapi.Consistency
	target = fmt.Sprintf("/v1/journal/consistency?old=%d&new=%d", proof.Size-1, proof.Size)
	if err := json.Unmarshal(body(t, call(t, handler, "GET", target, "")), &consistent); err != nil {
		t.Fatal(err)
	}
	err = tlog.CheckTree(hashes(t, consistent.Proof), int64(consistent.New), root, int64(consistent.Old), hashed(t, consistent.OldRoot))
	if err != nil {
		t.Error(err)
	}
	for _, target := range []string{"inclusion", "inclusion?seq=0", "inclusion?seq=x", "consistency?new=2", "inclusion?seq=1&size=-1", "inclusion?seq=99999999"} {
		isProblem(t, call(t, handler, "GET", "/v1/journal/"+target, ""), 422, problem.Invalid)
	}
	isProblem(t, call(t, handler, "GET", "/v1/journal/records/0/leaf", ""), 404, problem.NotFound)
	isProblem(t, call(t, handler, "GET", "/v1/journal/records/x/leaf", ""), 404, problem.NotFound)
}

func hexed(hash tlog.Hash) string { return hex.EncodeToString(hash[:]) }

func hashed(t testing.TB, text string) (hash tlog.Hash) {
	t.Helper()
	plain, err := hex.DecodeString(strings.TrimPrefix(text, "sha256:"))
	if err != nil || copy(hash[:], plain) != len(hash) {
		t.Fatalf("%q is no hash: %v", text, err)
	}
	return hash
}

func hashes(t testing.TB, texts []string) (found []tlog.Hash) {
	t.Helper()
	for _, text := range texts {
		found = append(found, hashed(t, text))
	}
	return found
}

func TestReplayOverHTTP(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	made := answer(t, call(t, handler, "POST", "/v1/decisions", named(t, "AGAIN-1")))
	response := call(t, handler, "POST", "/v1/decisions/"+made.DecisionID+"/replay", "")
	var report struct {
		Identical   bool
		Differences []any
	}
	if err := json.Unmarshal(body(t, response), &report); err != nil || response.StatusCode != http.StatusOK || !report.Identical || len(report.Differences) != 0 {
		t.Errorf("status %d, %+v, %v", response.StatusCode, report, err)
	}
	isProblem(t, call(t, handler, "POST", "/v1/decisions/nothing/replay", ""), 404, problem.NotFound)
}

func TestScreeningOfAName(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	screen := func(query string) decision.Screening {
		response := call(t, handler, "GET", "/v1/parties?"+query, "")
		var found decision.Screening
		if err := json.Unmarshal(body(t, response), &found); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: status %d, %v", query, response.StatusCode, err)
		}
		return found
	}
	found := screen("name=general+dynamics+land+systems&as_of=2026-11-23")
	if !found.Screened || len(found.Matches) == 0 || found.Matches[0].Band != "hit" || !strings.Contains(string(found.Matches[0].Party), `"status"`) {
		t.Errorf("found %+v", found)
	}
	if found := screen("name=Beispiel+Motoren+GmbH"); !found.Screened || len(found.Matches) != 0 {
		t.Errorf("found %+v", found)
	}
	if found := screen("name=%3F%3F"); found.Screened {
		t.Errorf("a name of nothing was screened: %+v", found)
	}
	isProblem(t, call(t, handler, "GET", "/v1/parties", ""), 422, problem.Invalid)
}
