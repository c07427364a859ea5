package httpapi

import (
	"net/http"

	"greenchannel/server/decision"
	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// listRoutes read the lists of the law.
func (a api) listRoutes() []route {
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/controls", ID: "listControls", Tag: "lists",
			Summary: "The control list as of a day", SummaryZH: "查询管制清单",
			Description: "Entries that fit every stated filter, each with its status on the day. Where none does, `near` names what may have been meant: an empty list must not pass for \"not controlled\".",
			Parameters: []openapi.Parameter{
				asOfParameter(),
				inQuery("element", "Name or symbol of an element.", words(0)),
				inQuery("hs_code", "Beginning of a commodity code.", openapi.JSON(`{"type": "string", "pattern": "^[0-9]{2,10}$"}`)),
				inQuery("instrument", "Id of an announcement.", words(0)),
				inQuery("form", "Form of the goods, such as magnet or oxide.", words(0)),
				inQuery("status", "Status on the day.", oneOf(decision.Statuses())),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "The entries, by their codes.", openapi.Of[decision.ControlList]())},
			Problems: evaluating(), Conditional: true, Cached: revalidated,
			Examples: []openapi.Example{{
				Name: "dysprosium_magnets", Summary: "Dysprosium magnets by commodity code",
				Query:  pairs("as_of", "2026-11-23", "element", "Dy", "hs_code", "8505111000"),
				Status: http.StatusOK, Answer: exchange("controls.json"),
			}},
		}, typed(a, http.StatusOK, a.listing, a.listControls)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/controls/{code...}", ID: "getControl", Tag: "lists",
			Summary: "One entry of the control list", SummaryZH: "查询管制清单条目",
			Description: "A slash in a code may be written as it is or as `%2F`.",
			Parameters: []openapi.Parameter{
				inPath("code", "Control code, or the key of an entry without an established code.", words(0)), asOfParameter(),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "The entry.", openapi.Of[decision.Control]())},
			Problems: evaluating(problem.NotFound), Conditional: true, Cached: revalidated,
			Examples: []openapi.Example{
				{
					Name: "before", Summary: "Listed, but not yet in force", Path: map[string]string{"code": "1C905.a.4"},
					Query: pairs("as_of", "2025-04-03"), Status: http.StatusOK, Answer: exchange("control.json"),
				},
				{
					Name: "unknown", Summary: "A code that is too short", Path: map[string]string{"code": "1C905"},
					Status: http.StatusNotFound, Answer: exchange("unknown_code.json"),
				},
			},
		}, typed(a, http.StatusOK, a.entry, a.oneControl)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/parties", ID: "screenName", Tag: "lists",
			Summary: "Screen a name", SummaryZH: "筛查名称",
			Description: "Listed parties whose names are near, each with its status on the day. A search, not a decision: what a match means for an application is for the policies to say.",
			Parameters: []openapi.Parameter{
				required(inQuery("name", "The name, in any script.", words(0))), asOfParameter(),
			},
			Answers:  []openapi.Answer{jsonAnswer(http.StatusOK, "What is near, the nearest first.", openapi.Of[decision.Screening]())},
			Problems: evaluating(),
			Examples: []openapi.Example{{
				Name: "listed", Summary: "A name near to listed ones", Query: pairs("name", "general dynamic land system", "as_of", "2026-11-23"),
				Status: http.StatusOK, Answer: exchange("screening.json"),
			}},
		}, typed(a, http.StatusOK, a.screening, a.screened)},
	}
}

const exampleParty = "beispiel-motoren"

// registryRoutes read and put parties on file.
func (a api) registryRoutes() []route {
	etagged := openapi.Header{
		Name: "ETag", Description: "State of the party: what to name in If-Match to change it.", Required: true,
		Schema: openapi.JSON(`{"type": "string", "pattern": "^\"[0-9]+(-gzip)?\"$"}`),
	}
	name := inPath("id", "Id of the party: 1 to 64 letters, digits, dashes, underscores and dots, with no dot in front.",
		openapi.JSON(`{"type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"}`))
	return []route{
		{openapi.Operation{
			Method: http.MethodPut, Path: "/v1/registry/parties/{id}", ID: "putParty", Tag: "registry",
			Summary: "Put a party on file", SummaryZH: "登记或变更主体档案",
			Description: "Puts a new party on file, or replaces what is known of one. Each change is a record, as durable as a decision; decisions made after it rest on it. " +
				"To change a party, name its state in `If-Match`, so that nobody's change is lost.",
			Parameters: []openapi.Parameter{
				name,
				inHeader("If-Match", "ETag of the state that is to be replaced.", openapi.Text()),
				inHeader("If-None-Match", "`*`: only if there is no such party yet.", openapi.JSON(`{"type": "string", "const": "*"}`)),
			},
			Body: jsonBody("What is known of the party.", openapi.Ref("RegistryParty")),
			Answers: []openapi.Answer{
				jsonAnswer(http.StatusCreated, "The party is new on file.", openapi.Of[Party](), etagged),
				jsonAnswer(http.StatusOK, "The party was changed.", openapi.Of[Party](), etagged),
			},
			Problems: []problem.Kind{
				problem.PreconditionFailed, problem.PreconditionRequired, problem.Stale, problem.Unrecorded, problem.NotReady, problem.Cancelled,
			},
			Examples: []openapi.Example{
				{
					Name: "verified", Summary: "A party that passed a verification", Path: map[string]string{"id": exampleParty},
					Header: pairs("If-None-Match", "*"), Body: exchange("party.json"), Status: http.StatusCreated, Answer: exchange("party_on_file.json"),
				},
				{
					Name: "unread", Summary: "A change that names no state", Path: map[string]string{"id": exampleParty},
					Body: exchange("party.json"), Status: http.StatusPreconditionRequired, Answer: exchange("unread.json"),
				},
			},
		}, typed(a, http.StatusOK, a.put, a.putParty)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/registry/parties/{id}", ID: "getParty", Tag: "registry",
			Summary: "Read a party on file", SummaryZH: "查阅主体档案", Conditional: true,
			Parameters: []openapi.Parameter{name},
			Answers:    []openapi.Answer{jsonAnswer(http.StatusOK, "The party as it is on file.", openapi.Of[Party]())},
			Problems:   reading(problem.NotFound),
			Examples: []openapi.Example{{
				Name: "verified", Summary: "The party that was put on file", Path: map[string]string{"id": exampleParty},
				Status: http.StatusOK, Answer: exchange("party_on_file.json"),
			}},
		}, typed(a, http.StatusOK, a.partyID, a.oneParty)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/registry/parties", ID: "findParties", Tag: "registry",
			Summary: "Find parties on file by name", SummaryZH: "按名称检索主体档案",
			Description: "Those on file under this name or this name in the local script; case, width and spacing do not count.",
			Parameters:  []openapi.Parameter{required(inQuery("name", "The name.", words(0)))},
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The parties of that name.", openapi.Of[parties]())},
			Problems:    reading(),
			Examples: []openapi.Example{{
				Name: "by_name", Summary: "By name, in capitals", Query: pairs("name", "BEISPIEL MOTOREN GMBH"), Status: http.StatusOK,
			}},
		}, typed(a, http.StatusOK, a.partyName, a.partiesNamed)},
	}
}
