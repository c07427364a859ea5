package httpapi

import (
	"embed"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"

	"greenchannel/server/decision"
	"greenchannel/server/explain"
	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

//go:embed examples/*.json
var exchanges embed.FS

// exchange is what is sent or answered in an example; nil where there is no such file, which a test finds.
func exchange(file string) []byte {
	body, err := exchanges.ReadFile("examples/" + file)
	if err != nil {
		return nil
	}
	return body
}

func itoa(n int) string { return strconv.Itoa(n) }

func oneOf(words []string) openapi.Schema {
	return openapi.JSON(`{"type": "string", "enum": ` + enumOf(words) + `}`)
}

// Describe says what the routes do, with the schemas of a contract. It needs no service.
func Describe(contract decision.Contract) (*openapi.Description, error) {
	description := openapi.API{
		Title: "greenchannel", Version: "1",
		Description: "Decisions on applications to export rare-earth and other dual-use items from China, with every reason, under policies in force on the day. The service recommends; the authority decides.\n\n" +
			"**Errors** are RFC 9457 problem documents. `type` is stable; `errors` names each place of the input that has to be mended, by JSON pointer or as `?parameter`. " +
			"With `Accept-Language: zh` their texts are Chinese; codes never change, and texts of decisions always come in both languages.\n\n" +
			"**Names of requests**: `X-Request-ID` is given back as it was sent, or made; `traceparent` (W3C) is continued. Both stand in the log and in problem documents, of a name up to 256 bytes.\n\n" +
			"**Caching**: answers with an `ETag` are answered 304 to `If-None-Match`. Bodies of 1 KiB and more are compressed for whoever accepts gzip.\n\n" +
			"**Compressed bodies**: JSON is also read with `Content-Encoding: gzip`; it may be no longer than plain. Any other coding is a 415, whose `Accept-Encoding` names those that are read; of another media type, `Accept` names those.\n\n" +
			"**Methods**: what answers GET answers HEAD; OPTIONS answers 204 with `Allow`, as does 405. Both are told to whoever is known, whatever its roles, and to whoever may use the place; who may not is asked first who it is (401).",
		Tags: []openapi.Tag{
			{Name: "decisions", Title: "Decisions", TitleZH: "判定", Description: "Applications in, decisions out, and what was decided before."},
			{Name: "lists", Title: "Lists", TitleZH: "清单", Description: "The lists of the law as of a day."},
			{Name: "registry", Title: "Registry", TitleZH: "主体档案", Description: "What is known of parties beyond any application."},
			{Name: "journal", Title: "Journal", TitleZH: "记录簿证明", Description: "Proofs that no record was changed or removed."},
			{Name: "bundles", Title: "Bundles", TitleZH: "策略包", Description: "The policies that are kept, and which of them answer."},
			{Name: "access", Title: "AuthZEN", TitleZH: "授权接口", Description: "The OpenID Authorization API 1.0, answered by the active bundle. Its clients know 400 alone: what is at fault in a question is told with that status."},
			{Name: "service", Title: "Service", TitleZH: "服务", Description: "The service itself."},
		},
		Schemas: []openapi.Foreign{
			{Name: "Application", JSON: contract.Application},
			{Name: "Decision", JSON: contract.Decision, Require: []string{"decision_id", "decided_at", "policy", "record"}},
			{
				Name: "DryRun", JSON: contract.Decision, Require: []string{"policy"}, Without: []string{"decision_id", "decided_at", "record"},
				Beside:      map[string]string{"explanation": "Explanation"},
				Description: "What the policies recommend for one application as of an instant, with every reason. It is not recorded: nothing came of it.",
			},
			{Name: "RegistryParty", JSON: contract.Party},
			{Name: "AccessQuestion", JSON: []byte(accessQuestion)},
			{Name: "AccessQuestions", JSON: []byte(accessQuestions)},
			{Name: "AccessAnswer", JSON: []byte(accessAnswer)},
			{Name: "AccessAnswers", JSON: []byte(accessAnswers)},
		},
		Types:    types(),
		Problems: problems(),
	}
	for _, one := range (api{}).routes() {
		description.Operations = append(description.Operations, one.Operation)
	}
	described, err := openapi.Describe(description)
	if err != nil {
		return nil, fmt.Errorf("describe the routes: %w", err)
	}
	return described, nil
}

// types are the answers that are made here. Each stands after those that it holds.
func types() []openapi.Type {
	digest := openapi.JSON(`{"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}`)
	instant := openapi.JSON(`{"type": "string", "format": "date-time"}`)
	row := openapi.JSON(`{"type": "object", "required": ["status"], "properties": {"status": {"type": "string", "enum": ` + enumOf(decision.Statuses()) + `}}}`)
	anything := openapi.JSON(`{}`)
	return []openapi.Type{
		openapi.TypeOf[problem.Fault]("Fault", "One place of the input that has to be mended.", nil),
		openapi.TypeOf[details](openapi.ProblemSchema, "A problem document (RFC 9457).", map[string]openapi.Schema{
			"type":   oneOf(problemTypes()),
			"status": openapi.JSON(`{"type": "integer", "minimum": 400, "maximum": 599}`),
		}),
		openapi.TypeOf[decision.PolicyRef]("Policy", "The bundle of policies.", map[string]openapi.Schema{"digest": digest}),
		openapi.TypeOf[decision.ControlList]("ControlList", "The control list, or the part of it that was asked for, as of an instant.", map[string]openapi.Schema{
			"as_of":    instant,
			"controls": openapi.JSON(`{"type": "array", "items": {"type": "object", "required": ["code", "status"], "properties": {"code": {"type": "string"}, "status": {"type": "string", "enum": ` + enumOf(decision.Statuses()) + `}}}}`),
		}),
		openapi.TypeOf[decision.Control]("Control", "One entry of the control list as of an instant.", map[string]openapi.Schema{"as_of": instant, "control": row}),
		openapi.TypeOf[decision.Match]("Match", "A listed party whose name is near.", map[string]openapi.Schema{
			"score": openapi.JSON(`{"type": "number", "minimum": 0, "maximum": 1}`),
			"band":  openapi.JSON(`{"type": "string", "enum": ["hit", "review"]}`),
			"party": row,
		}),
		openapi.TypeOf[decision.Screening]("Screening", "What is near to a name among the listed parties, as of an instant.", map[string]openapi.Schema{"as_of": instant}),
		openapi.TypeOf[page]("DecisionPage", "A page of decisions, the newest first.", map[string]openapi.Schema{
			"decisions": openapi.JSON(`{"type": "array", "items": {"$ref": "#/components/schemas/Decision"}}`),
		}),
		openapi.TypeOf[Difference]("Difference", "One place in which two decisions differ.", map[string]openapi.Schema{"recorded": anything, "replayed": anything}),
		openapi.TypeOf[Unavailable]("Unavailable", "Why a recorded decision cannot be made again.", nil),
		openapi.TypeOf[Replay]("Replay", "Whether a recorded decision comes out the same when it is made again.", map[string]openapi.Schema{"recorded_bundle": digest, "bundle": digest}),
		openapi.TypeOf[Party]("PartyOnFile", "A party as it is on file.", map[string]openapi.Schema{"party": openapi.Ref("RegistryParty")}),
		openapi.TypeOf[parties]("PartiesOnFile", "Parties on file under a name.", nil),
		openapi.TypeOf[verifierKey]("VerifierKey", "The public key that checks checkpoints.", nil),
		openapi.TypeOf[Inclusion]("Inclusion", "Proof that a record stands in the tree of a size (RFC 6962).", map[string]openapi.Schema{"hash": digest, "root": digest}),
		openapi.TypeOf[Consistency]("Consistency", "Proof that the tree of a size begins with that of a smaller one (RFC 6962).", map[string]openapi.Schema{"old_root": digest, "new_root": digest}),
		openapi.TypeOf[Bundle]("Bundle", "A kept bundle, and what it has decided.", map[string]openapi.Schema{"digest": digest, "kept_at": instant}),
		openapi.TypeOf[BundleEvent]("BundleEvent", "One thing that became of a bundle.", map[string]openapi.Schema{
			"at": instant, "before": digest,
			"action": openapi.JSON(`{"type": "string", "enum": ["keep", "activate", "draft"]}`), "outcome": openapi.JSON(`{"type": "string", "enum": ["kept", "activated", "refused"]}`),
		}),
		openapi.TypeOf[BundleDescription]("BundleDescription", "A kept bundle, and what became of it.", nil),
		openapi.TypeOf[bundles]("Bundles", "The kept bundles.", nil),
		openapi.TypeOf[ShadowCounts]("ShadowCounts", "What came of the decisions in the shadow.", nil),
		openapi.TypeOf[ShadowDifference]("ShadowDifference", "A decision that the candidate makes otherwise.", map[string]openapi.Schema{"as_of": instant}),
		openapi.TypeOf[Shadow]("Shadow", "The candidate that decides beside the active bundle.", map[string]openapi.Schema{"digest": digest, "since": instant}),
		openapi.TypeOf[accessMetadata]("AccessMetadata", "Where the Authorization API is.", nil),
		openapi.TypeOf[evaluator]("Evaluator", "Who evaluates policies.", map[string]openapi.Schema{"name": openapi.JSON(`{"type": "string", "enum": ["executor", "topdown"]}`)}),
		openapi.TypeOf[explain.Value]("ExplainedValue", "What a name stood for when a condition was tried.", map[string]openapi.Schema{"value": anything}),
		openapi.TypeOf[explain.Condition]("ExplainedCondition", "One expression of a definition.", nil),
		openapi.TypeOf[explain.Definition]("ExplainedDefinition", "One definition of a rule, and how far it came.", nil),
		openapi.TypeOf[explain.Rule]("ExplainedRule", "Why a rule fired, or why not.", nil),
		openapi.TypeOf[explain.Change]("Change", "One thing that the applicant would obtain, do or state, if it is so.", map[string]openapi.Schema{
			"op": oneOf([]string{"add", "replace", "remove"}), "value": anything,
		}),
		openapi.TypeOf[explain.Outcome]("ChangedDecision", "What matters of the decision that proves a set of changes.", map[string]openapi.Schema{"outcome": oneOf(outcomeNames())}),
		openapi.TypeOf[explain.Blocker]("Blocker", "A finding that no change mends.", nil),
		openapi.TypeOf[explain.NearestGreen]("NearestGreen", "The smallest set of changes that would bring the application into the green channel, or what stands in the way.", nil),
		openapi.TypeOf[explain.Explanation]("Explanation", "Why rules fired or did not, and the nearest green; what was asked for.", nil),
		openapi.TypeOf[health]("Health", "How the service is.", map[string]openapi.Schema{"status": openapi.JSON(`{"type": "string", "enum": ["alive", "ready"]}`)}),
	}
}

func enumOf(words []string) string {
	list, err := json.Marshal(words)
	if err != nil {
		return "[]" // cannot be: words are text
	}
	return string(list)
}

func problems() []openapi.Problem {
	table := replies()
	var all []openapi.Problem
	for _, kind := range problem.Kinds() {
		known := table[kind]
		all = append(all, openapi.Problem{
			Kind: kind, Status: known.status, Title: known.title, TitleZH: known.titleZH, Meaning: known.meaning, RetryAfter: known.retry > 0,
		})
	}
	return all
}

func problemTypes() []string {
	var all []string
	for _, known := range problems() {
		all = append(all, known.Type())
	}
	return all
}
