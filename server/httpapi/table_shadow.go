package httpapi

import (
	"net/http"

	"greenchannel/server/httpapi/openapi"
)

// shadowRoutes let a candidate decide beside the active bundle.
func (a api) shadowRoutes() []route {
	share := `{"type": "number", "exclusiveMinimum": 0, "maximum": 1}`
	request := openapi.JSON(`{"type": "object", "additionalProperties": false, "required": ["revision", "rate", "budget"], "properties": {
		"revision": {"type": "string", "description": "The kept bundle, by the beginning of its digest: four digits or more."},
		"rate": ` + share + `, "budget": ` + share + `}}`)
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/shadow", ID: "readShadow", Tag: "bundles",
			Summary: "How the shadow stands", SummaryZH: "查看影子判定",
			Description: "The candidate that decides beside the active bundle, what came of it, and the decisions that it makes otherwise, the newest first. " +
				"The 500 newest are kept, in the process that was asked and for as long as it runs. To see one in full, replay the decision with the revision of the candidate.",
			Parameters: []openapi.Parameter{
				inQuery("limit", "Differences on a page, 1 to 500; 50 unless stated.", openapi.JSON(`{"type": "integer", "minimum": 1, "maximum": 500, "default": 50}`)),
				inQuery("cursor", "Cursor of the page, as `next` gave it.", words(0)),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "How it stands.", openapi.Of[Shadow]())},
			Problems: reading(),
			Examples: []openapi.Example{{Name: "none", Summary: "No candidate", Status: http.StatusOK, Answer: exchange("no_shadow.json")}},
		}, typed(a, http.StatusOK, a.shadowPage, a.shadow)},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/shadow", ID: "beginShadow", Tag: "bundles",
			Summary: "Let a candidate decide in the shadow", SummaryZH: "启动影子判定",
			Description: "Lets a kept bundle decide a share of the recorded decisions once more, each from its record alone, instead of the candidate before it. " +
				"No answer waits for it or is changed by it, and nothing of it is recorded. It decides one at a time and rests after each, so that it takes no more than its budget; " +
				"what comes while 256 are waiting is dropped and counted.",
			Body:     jsonBody("The candidate, the share of the decisions that it decides, and the share of one processor that it may take.", request),
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "It has begun.", openapi.Of[Shadow]())},
			Problems: reading(),
			Examples: []openapi.Example{{
				Name: "unknown", Summary: "One that is not kept",
				Body: []byte(`{"revision": "000000000000", "rate": 0.5, "budget": 0.1}`), Status: http.StatusUnprocessableEntity, Answer: exchange("unknown_shadow.json"),
			}},
		}, typed(a, http.StatusOK, a.shadowRequest, a.beginShadow)},
		{openapi.Operation{
			Method: http.MethodDelete, Path: "/v1/shadow", ID: "endShadow", Tag: "bundles",
			Summary: "End the shadow", SummaryZH: "停止影子判定",
			Description: "Ends the candidate and tells what came of it; what it has not decided yet is dropped. Without a candidate, nothing happens.",
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "There is no candidate any more.", openapi.Of[Shadow]())},
			Problems:    reading(),
			Examples:    []openapi.Example{{Name: "none", Summary: "There was none", Status: http.StatusOK, Answer: exchange("no_shadow.json")}},
		}, typed(a, http.StatusOK, a.nothing, a.endShadow)},
	}
}
