package httpapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
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
}

// Inclusion proves that a record stands in the tree of a size (RFC 6962). Hashes are "sha256:" and hexadecimal.
type Inclusion struct {
	Seq   uint64   `json:"seq"`
	Size  uint64   `json:"size"`
	Hash  string   `json:"hash"`
	Root  string   `json:"root"`
	Proof []string `json:"proof"`
}

// Consistency proves that the tree of a size begins with that of a smaller one.
type Consistency struct {
	Old     uint64   `json:"old"`
	New     uint64   `json:"new"`
	OldRoot string   `json:"old_root"`
	NewRoot string   `json:"new_root"`
	Proof   []string `json:"proof"`
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
	record, err := a.Record.Decision(ctx, id)
	if err != nil {
		return nil, err
	}
	return record.Answer()
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
	if err != nil {
		return search{}, err
	}
	s := search{limit: pageStandard, filter: DecisionFilter{
		ApplicationID: query["application_id"], Exporter: query["exporter"], Party: query["party"],
		Outcome: query["outcome"], Rule: query["rule"],
	}}
	faults := s.read(query)
	if len(faults) > 0 {
		return search{}, problem.New(problem.Invalid, "The query of the URL is not understood.", faults...)
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
	for name, into := range map[string]*time.Time{"from": &s.filter.From, "to": &s.filter.To} {
		if text, stated := query[name]; stated {
			at, err := decision.ParseAsOf(text)
			if err != nil {
				wrong(name, problem.Of(err).Detail)
			}
			*into = at
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
	Decisions []jsontext.Value `json:"decisions"`
	// Next is the cursor of the next page; absent on the last one.
	Next string `json:"next,omitzero"`

	link string
}

func (p page) headers() map[string]string {
	if p.link == "" {
		return nil
	}
	return map[string]string{"Link": p.link}
}

func (a api) searched(ctx context.Context, s search) (page, error) {
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

// replaying is a decision that is to be decided again.
type replaying struct{ id, revision string }

func (a api) replaying(c *gin.Context) (replaying, error) {
	query, err := parameters(c, "revision")
	return replaying{c.Param("id"), query["revision"]}, err
}

func (a api) replayed(ctx context.Context, r replaying) (any, error) {
	return a.Replay(ctx, r.id, r.revision)
}
