package httpapi

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"greenchannel/server/problem"
)

// Shadows lets a candidate decide beside the active bundle, and tells what it would decide otherwise.
type Shadows interface {
	// Begin lets a kept bundle decide a share of what is recorded from now on, instead of the candidate before it. What is
	// wrong with the request is an error of kind Invalid.
	Begin(ctx context.Context, asked ShadowRequest) (Shadow, error)
	// State tells how the candidate stands, with at most limit of the differences before a number, the newest first; 0 begins
	// with the newest.
	State(ctx context.Context, before uint64, limit int) (Shadow, error)
	// End stops the candidate and tells what came of it.
	End(ctx context.Context) (Shadow, error)
}

// ShadowRequest says which bundle decides beside the active one, and how much of it.
type ShadowRequest struct {
	Revision string  `json:"revision" jsonschema:"The kept bundle, by the beginning of its digest."`
	Rate     float64 `json:"rate" jsonschema:"Share of the recorded decisions that it decides."`
	Budget   float64 `json:"budget" jsonschema:"Share of one processor that it may take."`
}

// Shadow is how the candidate stands.
type Shadow struct {
	Running     bool               `json:"running" jsonschema:"Whether a candidate decides beside the active bundle."`
	Digest      string             `json:"digest,omitzero" jsonschema:"Digest of the candidate; absent where there is none, as are the next four."`
	Revision    string             `json:"revision,omitzero" jsonschema:"Its revision."`
	Rate        float64            `json:"rate,omitzero" jsonschema:"Share of the recorded decisions that it decides."`
	Budget      float64            `json:"budget,omitzero" jsonschema:"Share of one processor that it may take."`
	Since       string             `json:"since,omitzero" jsonschema:"When it began."`
	Counts      ShadowCounts       `json:"counts" jsonschema:"What came of the decisions since then."`
	Differences []ShadowDifference `json:"differences" jsonschema:"Decisions that it makes otherwise, the newest first."`
	// Before is the number of the last difference that is told, where there are more.
	Before uint64 `json:"-"`
	Next   string `json:"next,omitzero" jsonschema:"Cursor of the next page; absent on the last one."`
}

// ShadowCounts count what came of the recorded decisions.
type ShadowCounts struct {
	Offered     uint64        `json:"offered" jsonschema:"Decisions recorded since it began."`
	Sampled     uint64        `json:"sampled" jsonschema:"Those of them that chance took."`
	Dropped     uint64        `json:"dropped" jsonschema:"Those of them that were not decided, because too many were waiting."`
	Evaluated   uint64        `json:"evaluated" jsonschema:"Those that were decided: equal, different and failed together."`
	Equal       uint64        `json:"equal" jsonschema:"Those that come out the same."`
	Different   uint64        `json:"different" jsonschema:"Those that come out otherwise, or to no decision."`
	Failed      uint64        `json:"failed" jsonschema:"Those of which nothing is known, because the candidate took too long or broke down."`
	BusySeconds float64       `json:"busy_seconds" jsonschema:"How long it has been deciding, in seconds."`
	Classes     []ShadowClass `json:"classes,omitzero" jsonschema:"The different ones by class, the most dangerous first."`
}

// ShadowClass counts the differences of a class.
type ShadowClass struct {
	Class string `json:"class" jsonschema:"The class."`
	Count uint64 `json:"count" jsonschema:"How many there were."`
}

// ShadowDifference is a decision that the candidate makes otherwise.
type ShadowDifference struct {
	Number        uint64          `json:"number" jsonschema:"Its number, counted from 1 since the shadow began."`
	Class         string          `json:"class" jsonschema:"looser or stricter for another outcome; needs_rows where the candidate reads a row that the record lacks; undecided where it comes to no decision; reasons or details for the same outcome."`
	DecisionID    string          `json:"decision_id" jsonschema:"Id of the decision."`
	Seq           uint64          `json:"seq" jsonschema:"Its number in the record."`
	ApplicationID string          `json:"application_id" jsonschema:"Reference of the application."`
	AsOf          string          `json:"as_of" jsonschema:"The instant that it was decided as of."`
	Old           string          `json:"old,omitzero" jsonschema:"The recorded outcome; absent where the two cannot be compared."`
	New           string          `json:"new,omitzero" jsonschema:"The outcome of the candidate; absent where there is none."`
	Came          []ShadowFinding `json:"came,omitzero" jsonschema:"Rules that give a reason with the candidate alone."`
	Went          []ShadowFinding `json:"went,omitzero" jsonschema:"Rules that give a reason in the record alone."`
	Weighs        []ShadowFinding `json:"weighs,omitzero" jsonschema:"Rules that give reasons in both, with another effect or severity."`
	Unavailable   *Unavailable    `json:"unavailable,omitzero" jsonschema:"Why the candidate comes to no decision."`
}

// ShadowFinding is a rule that gives a reason.
type ShadowFinding struct {
	Rule     string `json:"rule" jsonschema:"The rule."`
	Title    string `json:"title" jsonschema:"Its title."`
	Effect   string `json:"effect" jsonschema:"Its strongest effect."`
	Severity string `json:"severity" jsonschema:"The severity of that."`
	Was      string `json:"was,omitzero" jsonschema:"Effect and severity in the record, where they are others."`
}

// shadowRequest reads what is asked for. Everything has to be stated: a share that is guessed would be the wrong one.
func (a api) shadowRequest(c *gin.Context) (ShadowRequest, error) {
	if _, err := parameters(c); err != nil {
		return ShadowRequest{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return ShadowRequest{}, err
	}
	var stated struct {
		Revision *string  `json:"revision"`
		Rate     *float64 `json:"rate"`
		Budget   *float64 `json:"budget"`
	}
	if err := json.Unmarshal(body, &stated, json.RejectUnknownMembers(true)); err != nil {
		return ShadowRequest{}, problem.Wrap(err, problem.Malformed, "The body says revision, rate and budget, and nothing else; it is not understood "+plainJSONError(err))
	}
	var faults []problem.Fault
	if stated.Revision == nil {
		faults = append(faults, problem.Fault{Pointer: "/revision", Detail: "is missing; it is the beginning of the digest of a kept bundle"})
	}
	for _, share := range []struct {
		pointer string
		value   *float64
	}{{"/rate", stated.Rate}, {"/budget", stated.Budget}} {
		if share.value == nil || *share.value <= 0 || *share.value > 1 {
			faults = append(faults, problem.Fault{Pointer: share.pointer, Detail: "has to be a share of more than 0, and 1 at most"})
		}
	}
	if len(faults) > 0 {
		return ShadowRequest{}, problem.New(problem.Invalid, "The shadow cannot begin as it is asked for.", faults...)
	}
	return ShadowRequest{*stated.Revision, *stated.Rate, *stated.Budget}, nil
}

// shadowPage is a page of differences that is asked for.
type shadowPage struct {
	before uint64
	limit  int
}

func (a api) shadowPage(c *gin.Context) (shadowPage, error) {
	query, refused := parameters(c, "cursor", "limit")
	page := shadowPage{limit: pageStandard}
	var err error
	var faults []problem.Fault
	if text, stated := query["limit"]; stated {
		if page.limit, err = strconv.Atoi(text); err != nil || page.limit < 1 || page.limit > pageMost {
			faults = append(faults, parameterFault("limit", fmt.Sprintf("%.20q is not a whole number from 1 to %d", text, pageMost)))
		}
	}
	if text, stated := query["cursor"]; stated {
		if page.before, err = readCursor(text); err != nil {
			faults = append(faults, parameterFault("cursor", "is not one that this service gave; begin again without it"))
		}
	}
	return page, together(refused, faults...)
}

func (a api) shadow(ctx context.Context, page shadowPage) (Shadow, error) {
	state, err := a.Shadow.State(ctx, page.before, page.limit)
	if state.Before > 0 {
		state.Next = cursor(state.Before)
	}
	return state, err
}

func (a api) beginShadow(ctx context.Context, asked ShadowRequest) (Shadow, error) {
	return a.Shadow.Begin(ctx, asked)
}

func (a api) endShadow(ctx context.Context, _ none) (Shadow, error) { return a.Shadow.End(ctx) }
