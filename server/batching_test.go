package server

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
)

// said is what these tests read of a decision.
type said struct {
	Outcome string
	AsOf    string `json:"as_of"`
	Policy  decision.PolicyRef
	Reasons []struct{ Rule string }
}

func (s said) has(rule string) bool {
	return slices.ContainsFunc(s.Reasons, func(reason struct{ Rule string }) bool { return reason.Rule == rule })
}

// magnets is the order of the cases that goes through the green channel, under another reference.
func magnets(t *testing.T, reference string) string {
	t.Helper()
	return strings.Replace(string(read(t, "../tests/cases/applications/magnet_to_germany.json")), "APP-2026-0001", reference, 1)
}

func judged(t *testing.T, answer []byte, err error) said {
	t.Helper()
	var decided said
	if err == nil {
		err = json.Unmarshal(answer, &decided)
	}
	if err != nil {
		t.Fatal(err)
	}
	return decided
}

// asOf lets everything be decided as of a day.
func asOf(t *testing.T, rooms *Rooms, day string) {
	t.Helper()
	at, err := decision.ParseAsOf(day)
	if err != nil {
		t.Fatal(err)
	}
	rooms.Decisions.Now = func() time.Time { return at.Add(time.Hour) }
}

// What is changed in the middle of a batch changes nothing in it: neither other policies that are put into force, nor the
// party lists that come with them, by which names are screened. The next batch is by those.
func TestABatchKeepsToThePoliciesOfItsBeginning(t *testing.T) {
	t.Parallel()
	rooms, _ := recordedRooms(t)
	asOf(t, rooms, "2026-06-02")
	request := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", nil)
	begun, err := rooms.sitting(request)
	if err != nil {
		t.Fatal(err)
	}
	defer begun.Close()
	answer, err := begun.Decide(t.Context(), []byte(magnets(t, "B-1")), "")
	before := judged(t, answer, err)

	revision := kept(t, rooms, otherPolicies(t, "rareearth/reference/parties/data.yaml", `name: "General Dynamics"`, `name: "Schwarzwald Antriebe GmbH"`))
	digest, err := rooms.keptBundle(t.Context(), revision)
	if err != nil {
		t.Fatal(err)
	}
	generation, err := rooms.generations.of(t.Context(), rooms.record.journal, digest)
	if err != nil {
		t.Fatal(err)
	}
	rooms.Engine.Activate(generation) // the end user is on the control list from now on

	another := strings.NewReplacer("Ningbo Beilun Magnet Technology", "Another", "91330206MA2AXXXX1K", "91330206MA2BXXXX2K") // so that history has no say
	answer, err = begun.Decide(t.Context(), []byte(another.Replace(magnets(t, "B-2"))), "")
	after := judged(t, answer, err)
	if before.Outcome != "green_channel" || after.Outcome != before.Outcome || after.Policy != before.Policy || after.AsOf != before.AsOf {
		t.Errorf("before the change %+v, after it %+v", before, after)
	}
	next, err := rooms.sitting(request)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	answer, err = next.Decide(t.Context(), []byte(another.Replace(magnets(t, "B-3"))), "")
	if later := judged(t, answer, err); later.Outcome == before.Outcome || later.Policy.Digest != digest {
		t.Errorf("the next batch is decided %+v", later)
	}
}

// The applications of one batch are history for each other: of two orders that keep within need alone and not together, one
// is decided first, and the other sees it, whether they are decided one after the other or at the same moment.
func TestOrdersThatAreSplitWithinABatchAreFound(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]func(*testing.T, *Rooms, ...string) []said{"one after the other": inOneSitting, "over HTTP": inOneRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rooms, _ := recordedRooms(t) // of today, as the record is: what was ordered before is counted by the days of the record
			split := 0
			decided := decide(t, rooms, magnets(t, "B-1"), magnets(t, "B-2"))
			for _, one := range decided {
				if one.has("RF-13") != one.has("GC-P08") {
					t.Errorf("decided %+v", one)
				}
				if one.has("RF-13") {
					split++
				}
			}
			if len(decided) != 2 || split != 1 {
				t.Errorf("%d of %d orders are seen to be split, want the later one of two", split, len(decided))
			}
		})
	}
}

func inOneSitting(t *testing.T, rooms *Rooms, applications ...string) (all []said) {
	t.Helper()
	s, err := rooms.sitting(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, application := range applications {
		answer, err := s.Decide(t.Context(), []byte(application), "")
		all = append(all, judged(t, answer, err))
	}
	return all
}

// anybody is one caller who may do everything.
type anybody struct{}

func (anybody) Identify(*http.Request) (identity.Caller, error) {
	return identity.Caller{Name: "tester", Roles: identity.Roles(), Method: identity.ByToken}, nil
}

func (anybody) Challenges(*http.Request, bool) []string { return nil }

func inOneRequest(t *testing.T, rooms *Rooms, applications ...string) (all []said) {
	t.Helper()
	doors := rooms.Doors()
	doors.Callers, doors.Now, doors.Log = anybody{}, rooms.Decisions.Now, slog.New(slog.DiscardHandler)
	request := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/decisions/batch", strings.NewReader("["+strings.Join(applications, ",")+"]"))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	httpapi.New(doors).ServeHTTP(recorder, request)
	body, err := io.ReadAll(recorder.Result().Body)
	if err != nil || recorder.Code != http.StatusOK {
		t.Fatalf("status %d, %v: %s", recorder.Code, err, bytes.TrimSpace(body))
	}
	var items []struct{ Decision said }
	if err := json.Unmarshal(body, &items); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		all = append(all, item.Decision)
	}
	return all
}
