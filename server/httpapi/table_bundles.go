package httpapi

import (
	"net/http"

	"greenchannel/server/httpapi/openapi"
	"greenchannel/server/problem"
)

// exampleRevision is the revision of the active bundle of the examples.
const exampleRevision = "5b1e0c7a94d2"

// bundleRoutes keep bundles of policies and put them into force.
func (a api) bundleRoutes() []route {
	var archive []openapi.Content
	for _, mediaType := range archiveTypes() {
		archive = append(archive, openapi.Content{MediaType: mediaType, Schema: openapi.JSON(`{"type": "string", "format": "binary"}`)})
	}
	place := openapi.Header{
		Name: "Location", Description: "The place of the bundle; below it, it is activated.", Required: true,
		Schema: openapi.JSON(`{"type": "string", "pattern": "^/v1/bundles/sha256:[0-9a-f]{64}$"}`),
	}
	return []route{
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/bundles", ID: "listBundles", Tag: "bundles",
			Summary: "List the kept bundles", SummaryZH: "列出保存的策略包",
			Description: "Every bundle that is kept beside the record, the newest first, with what it has decided and whether it is active.",
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The bundles.", openapi.Of[bundles]())},
			Problems:    reading(),
			Examples:    []openapi.Example{{Name: "kept", Summary: "The bundle that the service began with", Status: http.StatusOK, Answer: exchange("bundles.json")}},
		}, typed(a, http.StatusOK, a.nothing, a.keptBundles)},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/bundles", ID: "keepBundle", Tag: "bundles",
			Summary: "Upload a bundle", SummaryZH: "上传策略包",
			Description: "Checks a bundle and keeps it by its digest; nothing is activated. Where keys are configured, it has to be signed by one of them. It has to have the schemas and an entry point, the roots that the service serves, " +
				"and no more built-ins than the bundle that the service began with, and it has to compile; then its own tests have to pass; then it has to decide every case that the service brings, and to reach every outcome on some. " +
				"What is wrong comes all at once as far as it can be read: the `pointer` of an error is then the path of a file in the archive with a slash before it, and its `detail` begins with the line. Nothing is kept then. Either way the record says who sent it, and what became of it.\n\n" +
				"Files that cannot change a decision, such as prose, are left out, so that the same content is kept as the same bytes.",
			Body: &openapi.Body{Description: "A gzipped tar archive of a policy folder, up to 64 MiB, as `opa build -b` lays it out, with `schemas/` and `capabilities/`.", Contents: archive},
			Answers: []openapi.Answer{
				jsonAnswer(http.StatusCreated, "It is kept now.", openapi.Of[Bundle](), place),
				jsonAnswer(http.StatusOK, "It was kept already.", openapi.Of[Bundle](), place),
			},
			Problems: reading(),
			Examples: []openapi.Example{{
				Name: "no_archive", Summary: "What is no archive is not kept",
				MediaType: archiveTypes()[0], Body: []byte("package rareearth.decision\n"), Status: http.StatusUnprocessableEntity, Answer: exchange("no_bundle.json"),
			}},
		}, typed(a, http.StatusCreated, a.archive, a.shelve)},
		{openapi.Operation{
			Method: http.MethodGet, Path: "/v1/bundles/{digest}", ID: "readBundle", Tag: "bundles",
			Summary: "Read what became of a bundle", SummaryZH: "查询策略包",
			Description: "One kept bundle, with everything that became of it by the record: when and by whom it was kept, refused and put into force.",
			Parameters:  []openapi.Parameter{inPath("digest", "Digest of the bundle, or the beginning of it that no other has: four digits or more, with or without `sha256:`.", words(0))},
			Answers:     []openapi.Answer{jsonAnswer(http.StatusOK, "The bundle.", openapi.Of[BundleDescription]())},
			Problems:    reading(problem.NotFound),
			Examples: []openapi.Example{{
				Name: "by_revision", Summary: "By its revision",
				Path: map[string]string{"digest": exampleRevision}, Status: http.StatusOK, Answer: exchange("bundle_description.json"),
			}},
		}, typed(a, http.StatusOK, a.digest, a.describeBundle)},
		{openapi.Operation{
			Method: http.MethodPost, Path: "/v1/bundles/{digest}/activate", ID: "activateBundle", Tag: "bundles",
			Summary: "Put a bundle into force", SummaryZH: "启用策略包",
			Description: "Lets a kept bundle answer from now on. Evaluations under way end by the bundle that they began with. To roll back, activate an older one. " +
				"A bundle that cannot decide, that is not signed by a key that is configured, or under which no operator could activate another any more, is refused, and the active one stays.\n\n" +
				"It is recorded before it decides anything. The other nodes of the same record take it up when they read that, but for those whose bundle comes from a server or a watched folder; " +
				"one that cannot is not ready. When a service starts again, it starts with the bundle that was activated last, unless it is told to start with its own.",
			Parameters: []openapi.Parameter{inPath("digest", "Digest of the bundle, or the beginning of it that no other has: four digits or more, with or without `sha256:`.", words(0))},
			Answers:    []openapi.Answer{jsonAnswer(http.StatusOK, "It is active.", openapi.Of[Bundle]())},
			Problems:   reading(problem.NotFound, problem.Conflict, problem.Deadline),
			Examples: []openapi.Example{
				{
					Name: "by_revision", Summary: "By its revision",
					Path: map[string]string{"digest": exampleRevision}, Status: http.StatusOK, Answer: exchange("bundle.json"),
				},
				{
					Name: "unknown", Summary: "One that is not kept",
					Path: map[string]string{"digest": "000000000000"}, Status: http.StatusNotFound, Answer: exchange("unknown_bundle.json"),
				},
			},
		}, typed(a, http.StatusOK, a.digest, a.activate)},
	}
}
