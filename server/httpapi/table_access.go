package httpapi

import (
	"net/http"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// What the OpenID Authorization API 1.0 asks for. It lets every object carry more.
const (
	accessQuestion = `{
		"description": "Who does what to what: subject is the exporter, action is export, resource is the application.",
		"type": "object", "required": ["subject", "action", "resource"],
		"properties": {
			"subject": {"$ref": "#/$defs/access_entity", "description": "Who asks for access; with type exporter, id is its name."},
			"action": {"type": "object", "required": ["name"], "description": "What is to be done.", "properties": {"name": {"type": "string", "description": "Name of the action: export."}}},
			"resource": {"$ref": "#/$defs/access_entity", "description": "What it is done to; with type application, id is its reference and properties are the rest of it."},
			"context": {"type": "object", "description": "Circumstances."}
		},
		"$defs": {"access_entity": {
			"description": "Somebody or something.", "type": "object", "required": ["type", "id"],
			"properties": {
				"type": {"type": "string", "description": "Kind of it."}, "id": {"type": "string", "description": "Name of it within its kind."},
				"properties": {"type": "object", "description": "What else is known of it."}
			}
		}}
	}`
	accessQuestions = `{
		"description": "Several questions. What stands beside them is the default of each.",
		"type": "object",
		"properties": {
			"subject": {"type": "object", "description": "Default subject."}, "action": {"type": "object", "description": "Default action."},
			"resource": {"type": "object", "description": "Default resource."}, "context": {"type": "object", "description": "Default context."},
			"evaluations": {"type": "array", "maxItems": 1000, "description": "The questions, each with what differs from the defaults. Absent or empty: the defaults are the one question.", "items": {"type": "object"}},
			"options": {"type": "object", "description": "How they are answered.", "properties": {
				"evaluations_semantic": {"type": "string", "enum": ["execute_all", "deny_on_first_deny", "permit_on_first_permit"], "default": "execute_all", "description": "Whether to stop at the first that is denied or permitted."}
			}}
		}
	}`
	accessAnswer = `{
		"description": "Permitted or not. True only where no licence is required; everything else is in the context, with its reasons.",
		"type": "object", "required": ["decision"],
		"properties": {"decision": {"type": "boolean", "description": "Whether the subject may."}, "context": {"type": "object", "description": "Outcome, reasons, and where the decision is recorded; or the error."}}
	}`
	accessAnswers = `{
		"description": "The answers in the order of the questions; fewer where the semantic stops early. One question alone has one answer alone.",
		"type": "object",
		"properties": {
			"evaluations": {"type": "array", "description": "The answers.", "items": {"type": "object", "required": ["decision"], "properties": {
				"decision": {"type": "boolean", "description": "Whether the subject may."}, "context": {"type": "object", "description": "Outcome and reasons, or the error."}
			}}},
			"decision": {"type": "boolean", "description": "Of one question alone."}, "context": {"type": "object", "description": "Of one question alone."}
		}
	}`
)

// accessRoutes answer AuthZEN clients.
func (a api) accessRoutes() []route {
	kinds := evaluating(problem.Stale, problem.Unrecorded, problem.NotFound)
	all := []route{
		{openapi.Operation{
			Method: http.MethodPost, Path: evaluationPath, ID: "evaluate", Tag: "access",
			Summary: "May the subject do this?", SummaryZH: "授权评估",
			Description: "One question, decided and recorded like any application.",
			Body:        jsonBody("The question.", openapi.Ref("AccessQuestion")),
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The answer.", openapi.Ref("AccessAnswer"))},
			Problems:    kinds,
			Examples: []openapi.Example{{
				Name: "magnets", Summary: "Magnets that need a licence", Body: exchange("access.json"), Status: http.StatusOK,
			}},
		}, typed(a, http.StatusOK, a.accessRequest, a.oneEvaluation)},
		{openapi.Operation{
			Method: http.MethodPost, Path: evaluationsPath, ID: "evaluateMany", Tag: "access",
			Summary: "May they do these?", SummaryZH: "批量授权评估",
			Description: "Several questions, up to 1000, in their order.",
			Body:        jsonBody("The questions.", openapi.Ref("AccessQuestions")),
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The answers.", openapi.Ref("AccessAnswers"))},
			Problems:    kinds,
			Examples: []openapi.Example{{
				Name: "first_denied", Summary: "Two applications, up to the first that is denied", Body: exchange("accesses.json"), Status: http.StatusOK,
			}},
		}, typed(a, http.StatusOK, a.accessRequest, a.severalEvaluations)},
	}
	for _, path := range a.metadataPlaces() {
		all = append(all, route{openapi.Operation{
			Method: http.MethodGet, Path: path, ID: "accessMetadata", Tag: "access",
			Summary: "Where the Authorization API is", SummaryZH: "授权接口元数据",
			Description: "Made of the configured base URL; what a request says of the host it was sent to is not believed. Where the base URL has a path, the metadata is also behind this one with that path, as the standard has it.",
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The metadata.", openapi.Of[accessMetadata]())},
			Problems:    []problem.Kind{problem.NotFound},
			Examples:    []openapi.Example{{Name: "metadata", Summary: "The metadata", Status: http.StatusOK, Answer: exchange("access_metadata.json")}},
		}, typed(a, http.StatusOK, a.nothing, a.accessMetadata)})
	}
	return all
}
