package httpapi

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// Record reads the decision record.
type Record interface {
	Decision(ctx context.Context, id string) (decision.Record, error)
	// Decisions gives the newest first that stand before a place (0: the end), and the place to go on from (0: no more).
	Decisions(ctx context.Context, filter DecisionFilter, before uint64, limit int) (found []decision.Record, next uint64, err error)
	Checkpoint(ctx context.Context) ([]byte, error)
	VerifierKey() string
	ProveInclusion(ctx context.Context, seq, size uint64) (Inclusion, error)
	ProveConsistency(ctx context.Context, older, newer uint64) (Consistency, error)
	Leaf(ctx context.Context, seq uint64) ([]byte, error)
}

// DecisionFilter says which decisions are asked for. Empty fields ask for nothing in particular.
type DecisionFilter struct {
	ApplicationID, Exporter, Party, Outcome, Rule string
	// From and To bound the instant of recording: From <= at < To; zero is open.
	From, To time.Time
	// By names the caller that the decisions were given to; nil for whoever it was.
	By *string
}

// Inclusion proves that a record stands in the tree of a size (RFC 6962). Hashes are "sha256:" and hexadecimal.
type Inclusion struct {
	Seq   uint64   `json:"seq" jsonschema:"Number of the record, from 1."`
	Size  uint64   `json:"size" jsonschema:"Size of the tree."`
	Hash  string   `json:"hash" jsonschema:"Leaf hash of the record."`
	Root  string   `json:"root" jsonschema:"Hash over the tree."`
	Proof []string `json:"proof" jsonschema:"Hashes that lead from the leaf to the root."`
}

// Consistency proves that the tree of a size begins with that of a smaller one.
type Consistency struct {
	Old     uint64   `json:"old" jsonschema:"Size of the smaller tree."`
	New     uint64   `json:"new" jsonschema:"Size of the larger tree."`
	OldRoot string   `json:"old_root" jsonschema:"Hash over the smaller tree."`
	NewRoot string   `json:"new_root" jsonschema:"Hash over the larger tree."`
	Proof   []string `json:"proof" jsonschema:"Hashes that lead from one root to the other."`
}

// Limits of a page of decisions.
const (
	pageStandard = 50
	pageMost     = 500
)

// decisionID decodes the id of a decision from the path.
func (a api) decisionID(c *gin.Context) (string, error) {
	_, err := parameters(c)
	return c.Param("id"), err
}

// recorded answers with a decision to the byte as it was answered when it was made.
func (a api) recorded(ctx context.Context, id string) (jsontext.Value, error) {
	record, err := a.seen(ctx, id)
	if err != nil {
		return nil, err
	}
	return record.Answer()
}

// seen is the record of a decision that the caller may see. Another's is not there, as one that never was.
func (a api) seen(ctx context.Context, id string) (decision.Record, error) {
	record, err := a.Record.Decision(ctx, id)
	caller, all := identity.SeesOnly(ctx)
	none := problem.New(problem.NotFound, fmt.Sprintf("No decision has the id %.100q.", id))
	switch {
	case err != nil && problem.Of(err).Kind == problem.NotFound, err == nil && !all && record.Caller != caller:
		return decision.Record{}, none
	}
	return record, err
}

// search is a page of decisions that is asked for.
type search struct {
	filter DecisionFilter
	before uint64
	limit  int
	// page is the query of the request without its cursor, for the link to the next page.
	page string
}

func (a api) search(c *gin.Context) (search, error) {
	query, err := parameters(c, "application_id", "exporter", "party", "outcome", "rule", "from", "to", "cursor", "limit")
	s := search{limit: pageStandard, filter: DecisionFilter{
		ApplicationID: query["application_id"], Exporter: query["exporter"], Party: query["party"],
		Outcome: query["outcome"], Rule: query["rule"],
	}}
	if err := together(err, s.read(query)...); err != nil {
		return search{}, err
	}
	next := c.Request.URL.Query()
	next.Del("cursor")
	s.page = next.Encode()
	return s, nil
}

// read reads the parameters that are more than words, and tells all faults at once.
func (s *search) read(query map[string]string) []problem.Fault {
	var faults []problem.Fault
	wrong := func(name, detail string) { faults = append(faults, parameterFault(name, detail)) }
	if outcome := query["outcome"]; outcome != "" && !decision.Outcome(outcome).Known() {
		detail := fmt.Sprintf("%.60q is no outcome", outcome)
		if near, ok := decision.Nearest(outcome, outcomeNames()); ok {
			detail += fmt.Sprintf("; did you mean %q?", near)
		}
		wrong("outcome", detail)
	}
	for _, end := range []struct {
		name string
		into *time.Time
	}{{"from", &s.filter.From}, {"to", &s.filter.To}} {
		if text, stated := query[end.name]; stated {
			at, err := decision.ParseAsOf(text)
			if err != nil {
				wrong(end.name, problem.Of(err).Detail)
			}
			*end.into = at
		}
	}
	if text, stated := query["limit"]; stated {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 || limit > pageMost {
			wrong("limit", fmt.Sprintf("%.20q is not a whole number from 1 to %d", text, pageMost))
		}
		s.limit = limit
	}
	if text, stated := query["cursor"]; stated {
		before, err := readCursor(text)
		if err != nil {
			wrong("cursor", "is not one that this service gave; begin again without it")
		}
		s.before = before
	}
	return faults
}

func outcomeNames() []string {
	var names []string
	for _, outcome := range decision.Outcomes() {
		names = append(names, string(outcome))
	}
	return names
}

// A cursor names the place of the last record that was given. Its form is ours alone: clients hand it back as it is.
func cursor(seq uint64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("before:" + strconv.FormatUint(seq, 10)))
}

func readCursor(text string) (uint64, error) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, err
	}
	var seq uint64
	if n, err := fmt.Sscanf(string(plain), "before:%d", &seq); n != 1 || err != nil || cursor(seq) != text || seq == 0 {
		return 0, errors.New("no cursor")
	}
	return seq, nil
}

// page is a page of decisions, the newest first.
type page struct {
	Decisions []jsontext.Value `json:"decisions" jsonschema:"The decisions, each as it was given."`
	// Next is the cursor of the next page; absent on the last one.
	Next string `json:"next,omitzero" jsonschema:"Cursor of the next page; absent on the last one."`

	link string
}

func (p page) headers() map[string]string {
	if p.link == "" {
		return nil
	}
	return map[string]string{"Link": p.link}
}

func (a api) searched(ctx context.Context, s search) (page, error) {
	if caller, all := identity.SeesOnly(ctx); !all {
		s.filter.By = &caller
	}
	found, next, err := a.Record.Decisions(ctx, s.filter, s.before, s.limit)
	if err != nil {
		return page{}, err
	}
	p := page{Decisions: make([]jsontext.Value, 0, len(found))}
	for _, record := range found {
		body, err := record.Answer()
		if err != nil {
			return page{}, err
		}
		p.Decisions = append(p.Decisions, body)
	}
	if next > 0 {
		p.Next = cursor(next)
		query := "cursor=" + p.Next
		if s.page != "" {
			query = s.page + "&" + query
		}
		p.link = fmt.Sprintf("</v1/decisions?%s>; rel=\"next\"", query)
	}
	return p, nil
}

// Replay says whether a recorded decision comes out the same when it is made again, from its record alone.
type Replay struct {
	DecisionID     string `json:"decision_id" jsonschema:"Id of the decision."`
	Seq            uint64 `json:"seq" jsonschema:"Number of its record."`
	ApplicationID  string `json:"application_id" jsonschema:"The applicant's own reference."`
	RecordedBundle string `json:"recorded_bundle" jsonschema:"Digest of the policies that decided."`
	Bundle         string `json:"bundle" jsonschema:"Digest of the policies that decided again."`
	Identical      bool   `json:"identical" jsonschema:"Whether result, facts and reads are the same to the byte; under other policies their name does not count."`
	// Differences stand in the order of the record: first those of the result, then of the facts, then of the reads.
	Differences []Difference `json:"differences" jsonschema:"Each place in which the two differ."`
	Unavailable *Unavailable `json:"unavailable,omitzero" jsonschema:"Why there is no second decision to compare; absent when there is one."`
}

// Difference is one place in which the two differ.
type Difference struct {
	Pointer  string         `json:"pointer" jsonschema:"JSON pointer into the result, facts and reads of the record; for what only the new decision has, into the new one."`
	Recorded jsontext.Value `json:"recorded,omitzero" jsonschema:"The recorded value; absent where there is none, or where the note says it all."`
	Replayed jsontext.Value `json:"replayed,omitzero" jsonschema:"The new value; absent where there is none, or where the note says it all."`
	Note     string         `json:"note,omitzero" jsonschema:"What differs where it is not the value."`
}

// Unavailable is why a recorded decision cannot be made again.
type Unavailable struct {
	Path   []string        `json:"path,omitzero" jsonschema:"A row that the policies read now and that the record does not have."`
	Detail string          `json:"detail" jsonschema:"The reason."`
	Faults []problem.Fault `json:"faults,omitzero" jsonschema:"Where the application breaks the contract of the other policies."`
}

// replaying is a decision that is to be decided again.
type replaying struct{ id, revision string }

func (a api) replaying(c *gin.Context) (replaying, error) {
	query, err := parameters(c, "revision")
	if err != nil { // what is wrong with the revision is told as well, before the record is looked for
		faults, failed := a.ofPolicies(c.Request.Context(), query)
		err = cmp.Or(failed, together(err, faults...))
	}
	return replaying{c.Param("id"), query["revision"]}, err
}

func (a api) replayed(ctx context.Context, r replaying) (Replay, error) {
	if _, err := a.seen(ctx, r.id); err != nil {
		return Replay{}, err
	}
	return a.Replay(ctx, r.id, r.revision)
}
