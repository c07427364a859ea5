package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/problem"
)

func packedText(t testing.TB, text string) string {
	t.Helper()
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	if _, err := writer.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// A body that is compressed is answered as the same body plain.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	app := named(t, "GZIP-1")
	for target, sent := range map[string]string{
		"/v1/dry-runs?as_of=2026-01-15": app,
		"/v1/decisions":                 app,
		"/v1/decisions/batch":           "[" + app + "," + strings.Repeat(" ", 3<<20) + app + "]",
		"/access/v1/evaluation":         written(t, question(t, "GZIP-2")),
	} {
		plain := call(t, handler, "POST", target, sent)
		for _, coding := range []string{"gzip", "GZIP", "x-gzip"} {
			got := call(t, handler, "POST", target, packedText(t, sent), "Content-Encoding", coding)
			if got.StatusCode != plain.StatusCode || plain.StatusCode >= 300 {
				t.Errorf("%s as %s: status %d, plain %d", target, coding, got.StatusCode, plain.StatusCode)
			}
			if target == "/v1/dry-runs?as_of=2026-01-15" && !bytes.Equal(body(t, got), body(t, call(t, handler, "POST", target, sent))) {
				t.Errorf("%s as %s: another answer", target, coding)
			}
		}
	}
	line := strings.ReplaceAll(app, "\n", " ")
	lines := call(t, handler, "POST", "/v1/decisions/batch", packedText(t, line+"\n"+line+"\n"), "Content-Encoding", "gzip", "Content-Type", "application/x-ndjson")
	if got := body(t, lines); lines.StatusCode != http.StatusOK || bytes.Count(got, []byte("\n")) != 2 {
		t.Errorf("status %d: %.300s", lines.StatusCode, got)
	}
}

func TestCompressedBodiesThatAreNone(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	whole := packedText(t, named(t, "GZIP-3"))
	for name, tc := range map[string]struct {
		sent   string
		status int
		kind   problem.Kind
		says   string
	}{
		"nothing":         {"", 400, problem.Malformed, "is none"},
		"plain":           {named(t, "GZIP-4"), 400, problem.Malformed, "is none"},
		"cut off":         {whole[:len(whole)/2], 400, problem.Malformed, "breaks off"},
		"another sum":     {whole[:len(whole)-8] + "12345678", 400, problem.Malformed, "is none"},
		"more than sent":  {bomb(t), 413, problem.TooLarge, "longer than"},
		"longer than all": {strings.Repeat("x", decision.MaxBytes+1), 400, problem.Malformed, "is none"},
	} {
		for _, target := range []string{"/v1/decisions", "/v1/dry-runs", "/access/v1/evaluation"} {
			if got := isProblem(t, call(t, handler, "POST", target, tc.sent, "Content-Type", "application/json", "Content-Encoding", "gzip"), tc.status, tc.kind); !strings.Contains(got.Detail, tc.says) {
				t.Errorf("%s at %s is explained as %q", name, target, got.Detail)
			}
		}
		response := call(t, handler, "POST", "/v1/decisions/batch", tc.sent, "Content-Type", "application/json", "Content-Encoding", "gzip")
		if response.StatusCode != http.StatusBadRequest { // zeros are no array
			t.Errorf("%s: status %d of a batch", name, response.StatusCode)
		}
	}
}

// A body that is not read for how it is declared is answered with what would have been read (RFC 9110, 15.5.16): codings
// where the coding is at fault, and only there (12.5.3), else media types. At every route that reads a body.
func TestRefusedBodiesAreToldWhatIsRead(t *testing.T) {
	t.Parallel()
	handler := httpapi.New(deps(t, io.Discard))
	tried := 0
	for _, o := range conforming(t).description.Operations {
		if o.Body == nil {
			continue
		}
		tried++
		target := strings.NewReplacer("{id}", "nobody", "{digest}", "0000").Replace(o.Template())
		read, codings := o.Body.Contents[0].MediaType, "gzip"
		if strings.Contains(read, "gzip") {
			codings = "identity" // an archive is compressed in itself
		}
		for _, content := range o.Body.Contents[1:] {
			read += ", " + content.MediaType
		}
		for _, tc := range []struct{ mediaType, coding, accept, acceptCoding string }{
			{"text/csv", "", read, ""},
			{"", "", read, ""},
			{"text/csv", "br", read, ""},
			{o.Body.Contents[0].MediaType, "br", "", codings},
			{o.Body.Contents[0].MediaType, "gzip, br", "", codings},
		} {
			response := call(t, handler, o.Method, target, "{}", "Content-Type", tc.mediaType, "Content-Encoding", tc.coding)
			isProblem(t, response, http.StatusUnsupportedMediaType, problem.UnsupportedMedia)
			if accept, coding := response.Header.Get("Accept"), response.Header.Get("Accept-Encoding"); accept != tc.accept || coding != tc.acceptCoding {
				t.Errorf("%s %s as %q, %q: Accept %q, Accept-Encoding %q", o.Method, target, tc.mediaType, tc.coding, accept, coding)
			}
		}
	}
	if tried < 8 {
		t.Errorf("only %d routes read a body", tried)
	}
}

// A coding that is stated on a line of its own is as much a coding as one behind a comma.
func TestCodingsOnSeveralLines(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/dry-runs", strings.NewReader(packedText(t, "{}")))
	request.Header = http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip", "br"}}
	recorder := httptest.NewRecorder()
	httpapi.New(deps(t, io.Discard)).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusUnsupportedMediaType || recorder.Header().Get("Accept-Encoding") != "gzip" {
		t.Errorf("status %d, Accept-Encoding %q", recorder.Code, recorder.Header().Get("Accept-Encoding"))
	}
}
