package httpapi

import (
	"net/http"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// journalRoutes let anyone check that nothing was changed or removed.
func (a api) journalRoutes() []route {
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/journal/checkpoint", ID: "checkpoint", Tag: "journal",
			Summary: "The signed checkpoint", SummaryZH: "获取签名检查点",
			Description: "How many records there are and the hash over all of them, as a signed note (C2SP tlog-checkpoint).",
			Answers: []openapi.Answer{{
				Status: http.StatusOK, Description: "The note, as it was signed.",
				Contents: []openapi.Content{{MediaType: "text/plain", Schema: openapi.Text()}},
			}},
			Problems: reading(),
			Examples: []openapi.Example{{Name: "now", Summary: "The present one", Status: http.StatusOK}},
		}, a.checkpoint},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/journal/key", ID: "verifierKey", Tag: "journal",
			Summary: "The key that checks checkpoints", SummaryZH: "获取验证公钥",
			Description: "The public key of this node, in the form that golang.org/x/mod/sumdb/note reads. Keep it apart from the record: a key that comes with what it checks proves nothing.",
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The key.", openapi.Of[verifierKey]())},
			Problems:    reading(),
			Examples:    []openapi.Example{{Name: "key", Summary: "The key of this node", Status: http.StatusOK}},
		}, typed(a, http.StatusOK, a.nothing, a.verifierKey)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/journal/inclusion", ID: "proveInclusion", Tag: "journal",
			Summary: "Prove that a record is in the log", SummaryZH: "证明记录在记录簿中",
			Description: "The audit path of RFC 6962, section 2.1.1.",
			Parameters: []openapi.Parameter{
				required(inQuery("seq", "Number of the record.", count())), inQuery("size", "Size of the tree; the present one unless stated.", count()),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "The proof.", openapi.Of[Inclusion]())},
			Problems: reading(),
			Examples: []openapi.Example{{Name: "first", Summary: "The first record", Query: pairs("seq", "1"), Status: http.StatusOK}},
		}, typed(a, http.StatusOK, a.inclusion, a.proveInclusion)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/journal/consistency", ID: "proveConsistency", Tag: "journal",
			Summary: "Prove that the log only grew", SummaryZH: "证明记录簿只增不改",
			Description: "The consistency proof of RFC 6962, section 2.1.2.",
			Parameters: []openapi.Parameter{
				required(inQuery("old", "Size of the smaller tree.", count())), inQuery("new", "Size of the larger tree; the present one unless stated.", count()),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "The proof.", openapi.Of[Consistency]())},
			Problems: reading(),
			Examples: []openapi.Example{{Name: "since_first", Summary: "Since the first record", Query: pairs("old", "1"), Status: http.StatusOK}},
		}, typed(a, http.StatusOK, a.consistency, a.proveConsistency)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/journal/records/{seq}/leaf", ID: "recordLeaf", Tag: "journal",
			Summary: "The bytes behind a hash", SummaryZH: "获取记录的规范字节",
			Description: "The canonical bytes of a record. Its hash in the tree is SHA-256 over a zero byte and these.",
			Parameters:  []openapi.Parameter{inPath("seq", "Number of the record.", count())},
			Answers: []openapi.Answer{{
				Status: http.StatusOK, Description: "The bytes.",
				Contents: []openapi.Content{{MediaType: "application/octet-stream", Schema: openapi.JSON(`{"type": "string", "format": "binary"}`)}},
			}},
			Problems: reading(problem.NotFound),
			Examples: []openapi.Example{{Name: "first", Summary: "The first record", Path: map[string]string{"seq": "1"}, Status: http.StatusOK}},
		}, a.leaf},
	}
}

// serviceRoutes are about the service itself.
func (a api) serviceRoutes() []route {
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/livez", ID: "alive", Tag: "service",
			Summary: "Is the process alive?", SummaryZH: "存活探针", Description: "Says that the process runs, nothing more. It stays so while the service drains.",
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "It is.", openapi.Of[health]())},
			Examples: []openapi.Example{{Name: "alive", Summary: "It is", Status: http.StatusOK, Answer: exchange("alive.json")}},
		}, typed(a, http.StatusOK, a.nothing, a.alive)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/readyz", ID: "ready", Tag: "service",
			Summary: "Can decisions be made?", SummaryZH: "就绪探针", Description: "Says that decisions can be made, and by which bundle.",
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "They can.", openapi.Of[health]())},
			Problems: []problem.Kind{problem.NotReady},
			Examples: []openapi.Example{{Name: "ready", Summary: "They can", Status: http.StatusOK, Answer: exchange("ready.json")}},
		}, typed(a, http.StatusOK, a.nothing, a.ready)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/openapi.json", ID: "openapi", Tag: "service", Conditional: true, Cached: revalidated,
			Summary: "This document", SummaryZH: "本接口的 OpenAPI 文档",
			Description: "OpenAPI 3.1, with the JSON Schemas of the active bundle as its components.",
			Answers: []openapi.Answer{jsonAnswer(http.StatusOK, "The document.",
				openapi.JSON(`{"type": "object", "required": ["openapi", "info", "paths"], "properties": {"openapi": {"type": "string", "pattern": "^3\\.1\\."}}}`))},
			Problems: []problem.Kind{problem.NotReady},
			Examples: []openapi.Example{{Name: "document", Summary: "The document", Status: http.StatusOK}},
		}, a.openapi},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/docs", ID: "docs", Tag: "service", Conditional: true, Cached: revalidated,
			Summary: "The reference page", SummaryZH: "接口参考页面",
			Description: "The same as a page to read and to print, without scripts and without anything from elsewhere.",
			Answers: []openapi.Answer{{
				Status: http.StatusOK, Description: "The page.",
				Contents: []openapi.Content{{MediaType: "text/html", Schema: openapi.Text()}},
			}},
			Problems: []problem.Kind{problem.NotReady},
			Examples: []openapi.Example{{Name: "page", Summary: "The page", Status: http.StatusOK}},
		}, a.docs},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/docs/style.css", ID: "docsStyle", Tag: "service", Conditional: true, Cached: revalidated,
			Summary: "The look of the reference page", SummaryZH: "参考页面样式",
			Answers: []openapi.Answer{{
				Status: http.StatusOK, Description: "The style sheet.",
				Contents: []openapi.Content{{MediaType: "text/css", Schema: openapi.Text()}},
			}},
			Examples: []openapi.Example{{Name: "style", Summary: "The style sheet", Status: http.StatusOK}},
		}, a.docsStyle},
	}
}
