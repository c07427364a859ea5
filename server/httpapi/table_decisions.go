package httpapi

import (
	"net/http"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// exampleID is the id of the decision of the examples.
const exampleID = "0199c0de-0000-7000-8000-000000000001"

// decisionRoutes decide.
func (a api) decisionRoutes() []route {
	return []route{
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/decisions", ID: "decide", Tag: "decisions",
			Summary: "Decide an application", SummaryZH: "对出口许可申请作出判定",
			Description: "Evaluates an application under the active policies as of now and records the decision durably before it is given. " +
				"Faults of the application come all at once, each with a JSON pointer.\n\n" +
				"With an `Idempotency-Key`, a request that is sent again gets the very answer of the first; nothing is decided twice.",
			Parameters: []openapi.Parameter{
				inHeader(idempotencyKey, "The client's own word for this request, such as a UUID: 1 to 255 visible characters without quotes, spaces and backslashes.",
					openapi.JSON(`{"type": "string", "minLength": 1, "maxLength": 257}`)),
			},
			Body: jsonBody("The application. A field that is absent is not stated; nothing is assumed for it.", openapi.Ref("Application")),
			Answers: []openapi.Answer{jsonAnswer(http.StatusCreated, "The decision, as it stands in the record.", openapi.Ref("Decision"),
				openapi.Header{Name: "Location", Description: "Where the decision can be read again.", Required: true, Schema: openapi.JSON(`{"type": "string", "pattern": "^/v1/decisions/"}`)})},
			Problems: evaluating(problem.Stale, problem.InFlight, problem.KeyReused, problem.Unrecorded),
			Examples: []openapi.Example{
				{
					Name: "traction_motors", Summary: "Magnets for traction motors, papers in part",
					Header: pairs(idempotencyKey, "6f6d5a52-8d4b-4a39-9d1e-1c2f8d3f4f10"),
					Body:   exchange("application.json"), Status: http.StatusCreated, Answer: exchange("decision.json"),
				},
				{
					Name: "faults", Summary: "An application with three faults",
					Body: exchange("faulty.json"), Status: http.StatusUnprocessableEntity, Answer: exchange("faults.json"),
				},
			},
		}, typed(a, http.StatusCreated, a.application, a.decide)},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/decisions/batch", ID: "decideBatch", Tag: "decisions",
			Summary: "Decide many applications", SummaryZH: "批量判定",
			Description: "Decides up to 10,000 applications, each as `POST /v1/decisions` would, and answers for each in the order of the body. " +
				"Each is recorded before the answer. What is wrong with one is said of that one.\n\n" +
				"All of a batch are decided by one bundle, which is one snapshot of the lists of the law, and as of one instant (`as_of`), both those of its beginning, whatever is put into force meanwhile; after midnight in Beijing, as of that midnight. " +
				"What was decided before and who is on file is not frozen: each application sees what has been recorded when it is decided, by this batch and by others, " +
				"so that orders which are split within a batch are found as others are.\n\n" +
				"The answer has the form of the body: a JSON array, or a line for each application (NDJSON). With an `Idempotency-Key`, a batch that is sent again finds what was decided.",
			Parameters: []openapi.Parameter{
				inHeader(idempotencyKey, "The client's own word for this batch; the key of each application comes from it and from its place.",
					openapi.JSON(`{"type": "string", "minLength": 1, "maxLength": 257}`)),
			},
			Body: &openapi.Body{Description: "The applications.", Contents: []openapi.Content{
				{MediaType: jsonType, Schema: openapi.JSON(`{"type": "array", "maxItems": 10000, "items": {"$ref": "#/components/schemas/Application"}}`)},
				{MediaType: ndjson, Schema: openapi.Ref("Application")},
			}},
			Answers: []openapi.Answer{
				batchAnswer(http.StatusOK, "All were decided."),
				batchAnswer(http.StatusMultiStatus, "At least one was not decided; `status` says of each what came of it."),
			},
			Problems: evaluating(problem.Unrecorded),
			Examples: []openapi.Example{{
				Name: "two_orders", Summary: "Two orders for one end user",
				Body: exchange("batch.json"), Status: http.StatusOK, // its answer hangs on the clock and on what was decided before
			}},
		}, a.batch},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/dry-runs", ID: "dryRun", Tag: "decisions",
			Summary: "Ask without recording", SummaryZH: "试判定（不留记录）",
			Description: "Evaluates an application as of any day or instant, under the active policies or, with `revision`, under others that are kept. " +
				"Nothing is recorded, so the answer has neither an id nor a place in the record.\n\n" +
				"With `explain` the answer has one more member, `explanation`. It takes many times as long and is for people, not for traffic: it has the time of one evaluation, and an answer that takes longer is a 503.",
			Parameters: []openapi.Parameter{
				asOfParameter(),
				inQuery("explain", "What to explain, separated by commas: `why`, the rules that the outcome turns on; `nearest`, the smallest set of changes that would lead into the green channel; "+
					"`all`, every rule; or ids of rules, such as `RF-14,GC-P05`.", words(4000)),
				inQuery("revision", "Another kept bundle, by its digest or the beginning of it; the active one unless stated.", words(0)),
			},
			Body:     jsonBody("The application.", openapi.Ref("Application")),
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "What would be decided.", openapi.Ref("DryRun"))},
			Problems: evaluating(problem.Unrecorded),
			Examples: []openapi.Example{{
				Name: "the_day_before", Summary: "The same magnets on the eve of the controls",
				Query: pairs("as_of", "2025-04-03"), Body: exchange("application.json"), Status: http.StatusOK, Answer: exchange("dry_run.json"),
			}, {
				Name: "nearest_green", Summary: "What would bring the magnets into the green channel, and why RF-14 is silent",
				Query: pairs("as_of", "2026-06-02", "explain", "nearest,RF-14"), Body: exchange("application.json"), Status: http.StatusOK, Answer: exchange("explained.json"),
			}},
		}, typed(a, http.StatusOK, a.question, a.dryRun)},
	}
}

// batchItem is what a batch answers of one application.
const batchItem = `{
  "type": "object", "required": ["index", "status"], "additionalProperties": false,
  "description": "What came of one application: a decision, or the problem that kept it from one.",
  "properties": {
    "index": {"type": "integer", "minimum": 0, "description": "Place in the body, counted from 0."},
    "status": {"type": "integer", "description": "The status that POST /v1/decisions would have answered with."},
    "decision": {"$ref": "#/components/schemas/Decision"},
    "problem": {"$ref": "#/components/schemas/Problem"}
  }
}`

func batchAnswer(status int, description string) openapi.Answer {
	return openapi.Answer{Status: status, Description: description, Contents: []openapi.Content{
		{MediaType: jsonType, Schema: openapi.JSON(`{"type": "array", "items": ` + batchItem + `}`)},
		{MediaType: ndjson, Schema: openapi.JSON(batchItem)},
	}}
}

// reviewRoutes read what was decided.
func (a api) reviewRoutes() []route {
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/decisions", ID: "searchDecisions", Tag: "decisions",
			Summary: "Find decisions", SummaryZH: "检索判定",
			Description: "The recorded decisions that fit every stated filter, the newest first, a page at a time. The tables that are searched follow the record within moments.",
			Parameters: []openapi.Parameter{
				inQuery("application_id", "The applicant's own reference, exactly.", words(64)),
				inQuery("exporter", "Name of the exporter, or its registration code (`uscc`); case, width and spacing do not count.", words(0)),
				inQuery("party", "Name of any party, exporter and owners included, or its name in the local script; case, width and spacing do not count.", words(0)),
				inQuery("outcome", "Outcome.", oneOf(outcomeNames())),
				inQuery("rule", "Id of a rule that found something.", words(0)),
				inQuery("from", "First day or instant of recording.", words(0)),
				inQuery("to", "Day or instant of recording before which to end.", words(0)),
				inQuery("limit", "Decisions on a page, 1 to 500; 50 unless stated.", openapi.JSON(`{"type": "integer", "minimum": 1, "maximum": 500, "default": 50}`)),
				inQuery("cursor", "Where to go on: `next` of the page before, as it was given.", words(0)),
			},
			Answers: []openapi.Answer{jsonAnswer(http.StatusOK, "A page of decisions.", openapi.Of[page](),
				openapi.Header{Name: "Link", Description: "The next page, as rel=\"next\"; absent on the last one.", Schema: openapi.Text()})},
			Problems: reading(),
			Examples: []openapi.Example{{
				Name: "latest_incomplete", Summary: "The latest incomplete one",
				Query: pairs("outcome", "incomplete", "limit", "1"), Status: http.StatusOK,
			}},
		}, typed(a, http.StatusOK, a.search, a.searched)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/decisions/{id}", ID: "getDecision", Tag: "decisions",
			Summary: "Read a decision", SummaryZH: "查阅判定",
			Description: "The decision as it was given, to the byte, today and years later.",
			Parameters:  []openapi.Parameter{inPath("id", "Id of the decision.", words(0))},
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The decision.", openapi.Ref("Decision"))},
			Problems:    reading(problem.NotFound), Conditional: true,
			Examples: []openapi.Example{{
				Name: "traction_motors", Summary: "The decision on the traction motors",
				Path: map[string]string{"id": exampleID}, Status: http.StatusOK, Answer: exchange("decision.json"),
			}},
		}, typed(a, http.StatusOK, a.decisionID, a.recorded)},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/decisions/{id}/replay", ID: "replayDecision", Tag: "decisions",
			Summary: "Decide again from the record", SummaryZH: "依记录重放判定",
			Description: "Decides a recorded decision again from its record alone: the same clock, the same rows, the same policies or, with `revision`, others that are kept. " +
				"Nothing is recorded. Under the same policies the answer is `identical`; anything else means that something is broken.",
			Parameters: []openapi.Parameter{
				inPath("id", "Id of the decision, or its number in the record.", words(0)),
				inQuery("revision", "Another kept bundle, by the beginning of its digest.", words(0)),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "Whether it comes out the same, and where not.", openapi.Of[Replay]())},
			Problems: evaluating(problem.NotFound, problem.Unrecorded),
			Examples: []openapi.Example{{
				Name: "traction_motors", Summary: "The same policies come to the same decision",
				Path: map[string]string{"id": exampleID}, Status: http.StatusOK, Answer: exchange("replay.json"),
			}},
		}, typed(a, http.StatusOK, a.replaying, a.replayed)},
	}
}
