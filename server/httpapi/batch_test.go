package httpapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// sitting is an httpapi.Sitting made of a function.
type sitting struct {
	decide func(ctx context.Context, body []byte, key string) ([]byte, error)
	closed atomic.Int64
}

func (s *sitting) Decide(ctx context.Context, body []byte, key string) ([]byte, error) {
	return s.decide(ctx, body, key)
}

func (s *sitting) Close() { s.closed.Add(1) }

// echoed answers a question with itself, and refuses what asks for it.
func echoed(_ context.Context, body []byte, _ string) ([]byte, error) {
	if strings.Contains(string(body), "refuse") {
		return nil, problem.New(problem.Invalid, "Refused.", problem.Fault{Pointer: "/id", Detail: "is refused"})
	}
	return fmt.Appendf(nil, "{\n\"of\":%s}", body), nil
}

func batchHandler(s *sitting) http.Handler {
	return httpapi.New(httpapi.Deps{
		Batch:   func(*http.Request) (httpapi.Sitting, error) { return s, nil },
		Callers: as("client"), Access: everybody{}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
}

// everybody may do everything: these tests are about batches, not about who sends them.
type everybody struct{}

func (everybody) Allowed(context.Context, identity.Access, time.Time) (allowed bool, reason string, err error) {
	return true, "", nil
}

type said struct {
	Index    int
	Status   int
	Decision json.RawMessage
	Problem  *struct {
		Type, Title, Detail, Instance string
		Status                        int
		Errors                        []problem.Fault
	}
}

// verdicts reads the answer to a batch, in either form.
func verdicts(t *testing.T, response *http.Response) []said {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all []said
	if response.Header.Get("Content-Type") == "application/json" {
		if err := json.Unmarshal(body, &all); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return all
	}
	for line := range strings.Lines(string(body)) {
		var one said
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		all = append(all, one)
	}
	return all
}

func TestBatch(t *testing.T) {
	t.Parallel()
	const ndjson = "application/x-ndjson"
	for _, tc := range []struct {
		name, mediaType, body string
		status                int
		want                  []int
	}{
		{"an array", "application/json", `[{"id":1},{"id":2}]`, 200, []int{201, 201}},
		{"lines", ndjson, "{\"id\":1}\n{\"id\":2}\n", 200, []int{201, 201}},
		{"an empty array", "application/json", `[]`, 200, nil},
		{"no lines", ndjson, "", 200, nil},
		{"one refused", "application/json", `[{"id":1},{"refuse":1},{"id":3}]`, 207, []int{201, 422, 201}},
		{"one line refused", ndjson, "{\"id\":1}\n{\"refuse\":1}\n{\"id\":3}", 207, []int{201, 422, 201}},
		{"a character set", ndjson + "; charset=utf-8", "1", 200, []int{201}},
		{"too long a line", ndjson, "1\n\"" + strings.Repeat("x", 1<<20) + "\"\n3\n", 207, []int{201, 413, 201}},
		{"an array that breaks off", "application/json", `[{"id":1},{"id"`, 207, []int{201, 400}},
		{"too many", ndjson, strings.Repeat("1\n", 10_001), 207, append(decidedTimes(10_000), 413)},
	} {
		s := &sitting{decide: echoed}
		_, response := sent(t, batchHandler(s), "POST", "/v1/decisions/batch", tc.body, "Content-Type", tc.mediaType)
		if response.StatusCode != tc.status {
			t.Errorf("%s: status %d, want %d", tc.name, response.StatusCode, tc.status)
			continue
		}
		got := verdicts(t, response)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %d answers, want %d", tc.name, len(got), len(tc.want))
			continue
		}
		for i, one := range got {
			if one.Index != i || one.Status != tc.want[i] || (one.Decision == nil) == (one.Problem == nil) {
				t.Errorf("%s: answer %d is %+v", tc.name, i, one)
			}
			if p := one.Problem; p != nil && (p.Status != one.Status || p.Instance != fmt.Sprintf("/v1/decisions/batch#/%d", i) || !strings.HasPrefix(p.Type, "/problems/")) {
				t.Errorf("%s: problem %+v", tc.name, p)
			}
		}
		if s.closed.Load() != 1 {
			t.Errorf("%s: the sitting was closed %d times", tc.name, s.closed.Load())
		}
	}
}

func decidedTimes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = 201
	}
	return all
}

// What is no batch is a problem of the request.
func TestBatchRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, body string
		status     int
		header     []string
	}{
		{"one application", `{"id":1}`, 400, nil},
		{"no body", " ", 400, nil},
		{"no JSON", `applications`, 400, nil},
		{"another media type", `[]`, 415, []string{"Content-Type", "text/csv"}},
		{"another character set", `[]`, 415, []string{"Content-Type", "application/json; charset=gb18030"}},
		{"compressed otherwise", `[]`, 415, []string{"Content-Encoding", "zstd"}},
		{"no gzip", `[]`, 400, []string{"Content-Encoding", "gzip"}},
		{"a key that is none", `[]`, 400, []string{"Idempotency-Key", "two words"}},
	} {
		s := &sitting{decide: echoed}
		response := call(t, batchHandler(s), "POST", "/v1/decisions/batch", tc.body, tc.header...)
		if got := answer(t, response); response.StatusCode != tc.status || response.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: status %d, %+v", tc.name, response.StatusCode, got)
		}
	}
	if response := call(t, batchHandler(&sitting{}), "POST", "/v1/decisions/batch?as_of=2026-01-01", `[]`); response.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a parameter: status %d", response.StatusCode)
	}
	notReady := httpapi.New(httpapi.Deps{
		Batch:   func(*http.Request) (httpapi.Sitting, error) { return nil, problem.New(problem.NotReady, "not yet") },
		Callers: as("client"), Access: everybody{}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler),
	})
	if response := call(t, notReady, "POST", "/v1/decisions/batch", `[]`); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("not ready: status %d", response.StatusCode)
	}
}

// The key of an application follows from that of its batch and its place, and from nothing else.
func TestBatchDerivesKeys(t *testing.T) {
	t.Parallel()
	keys := func(header ...string) map[string]string {
		var mu sync.Mutex
		seen := map[string]string{}
		s := &sitting{decide: func(_ context.Context, body []byte, key string) ([]byte, error) {
			mu.Lock()
			defer mu.Unlock()
			seen[string(body)] = key
			return body, nil
		}}
		if _, response := sent(t, batchHandler(s), "POST", "/v1/decisions/batch", `[1,2]`, header...); response.StatusCode != http.StatusOK {
			t.Fatalf("status %d", response.StatusCode)
		}
		return seen
	}
	none, one, again, other := keys(), keys("Idempotency-Key", "k"), keys("Idempotency-Key", `"k"`), keys("Idempotency-Key", "l")
	if none["1"] != "" || one["1"] == "" || one["1"] == one["2"] || one["1"] != again["1"] || one["2"] != again["2"] || one["1"] == other["1"] || len(one["1"]) > 255 {
		t.Errorf("keys %v, %v, %v, %v", none, one, again, other)
	}
}

// A long answer is held in a file until the status is known, and the file is gone afterwards.
func TestBatchHoldsLongAnswersInAFile(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s := &sitting{decide: func(_ context.Context, body []byte, _ string) ([]byte, error) {
		if strings.Contains(string(body), "refuse") {
			return nil, problem.New(problem.Invalid, "Refused.")
		}
		return []byte(`"` + strings.Repeat("x", 1<<20) + `"`), nil
	}}
	for body, status := range map[string]int{"1\n2\n3\n4\n5\n6": 200, "refuse\n2\n3\n4\n5\n6": 207} {
		_, response := sent(t, batchHandler(s), "POST", "/v1/decisions/batch", body, "Content-Type", "application/x-ndjson")
		got := verdicts(t, response)
		if response.StatusCode != status || len(got) != 6 || len(got[1].Decision) != 1<<20+2 {
			t.Errorf("status %d, %d answers", response.StatusCode, len(got))
		}
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A client that first sends everything and only then reads gets its answers, however long they are.
func TestBatchTakesAllBeforeItAnswers(t *testing.T) {
	t.Parallel()
	s := &sitting{decide: func(_ context.Context, body []byte, _ string) ([]byte, error) {
		if len(body) == 1 {
			return nil, problem.New(problem.Invalid, "Refused.")
		}
		return fmt.Appendf(nil, `{"of":%s,"more":"%s"}`, body, strings.Repeat("x", 20_000)), nil
	}}
	server := httptest.NewServer(batchHandler(s))
	defer server.Close()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	body := "1\n" + strings.Repeat(`"`+strings.Repeat("y", 5000)+"\"\n", 400)
	fmt.Fprintf(conn, "POST /v1/decisions/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := verdicts(t, response); response.StatusCode != http.StatusMultiStatus || len(got) != 401 || got[0].Status != 422 || got[400].Status != 201 {
		t.Errorf("status %d, %d answers", response.StatusCode, len(got))
	}
}

// A body that stops arriving ends the batch where it stopped; what had arrived is answered.
func TestBatchSaysWhereTheBodyBrokeOff(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch",
		io.MultiReader(strings.NewReader("1\n2\n3"), iotest.ErrReader(errors.New("gone"))))
	request.Header.Set("Content-Type", "application/x-ndjson")
	recorder := httptest.NewRecorder()
	batchHandler(&sitting{decide: echoed}).ServeHTTP(recorder, request)
	got := verdicts(t, recorder.Result())
	if recorder.Code != 207 || len(got) != 3 || got[1].Status != 201 || got[2].Status != 400 || !strings.Contains(got[2].Problem.Detail, "did not arrive whole") {
		t.Errorf("status %d: %+v", recorder.Code, got)
	}
}

// When the service stops, what was taken is answered, and the last answer says that there was more.
func TestBatchCalledOff(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{"", strings.Repeat("1\n", 3)} { // the client waits with the rest
		ctx, cancel := context.WithCancel(t.Context())
		decided := make(chan struct{}, 10)
		s := &sitting{decide: func(ctx context.Context, body []byte, key string) ([]byte, error) {
			defer func() { decided <- struct{}{} }()
			return echoed(ctx, body, key)
		}}
		inner := batchHandler(s)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			inner.ServeHTTP(w, r.WithContext(ctx))
		}))
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /v1/decisions/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n%s", sent)
		for range strings.Count(sent, "\n") {
			<-decided
		}
		cancel()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if sent == "" {
			if got := answer(t, response); response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(got.Type, string(problem.Cancelled)) {
				t.Errorf("nothing sent: %d %+v", response.StatusCode, got)
			}
		} else if got := verdicts(t, response); response.StatusCode != http.StatusMultiStatus || len(got) != 4 || got[2].Status != 201 || got[3].Status != 503 {
			t.Errorf("status %d: %+v", response.StatusCode, got)
		}
		_ = conn.Close()
		server.Close()
		if s.closed.Load() != 1 {
			t.Error("the sitting is open")
		}
	}
}

// A client that is slow to send is waited for beyond the limits of the server for one request, piece by piece.
func TestBatchOutlivesTheLimitsOfTheServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(batchHandler(&sitting{decide: echoed}))
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	server.Start()
	defer server.Close()
	reader, writer := io.Pipe()
	go func() {
		for range 4 {
			time.Sleep(80 * time.Millisecond)
			_, _ = io.WriteString(writer, "1\n")
		}
		_ = writer.Close()
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/decisions/batch", reader)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-ndjson")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if got := verdicts(t, response); response.StatusCode != http.StatusOK || len(got) != 4 {
		t.Errorf("status %d, %d answers", response.StatusCode, len(got))
	}
}
