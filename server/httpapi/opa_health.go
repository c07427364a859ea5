package httpapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision/query"
)

// bundlePlugin is what OPA calls the part that loads bundles. It is the only part of ours that can be unwell.
const bundlePlugin = "bundle"

// opaHealth answers GET /health: that the service runs and, where bundles or plugins are asked about, that it can decide.
func (a api) opaHealth(_ context.Context, q query.Question) query.Answer {
	_, err := a.Ready()
	switch {
	case q.Bundles && err != nil:
		return wellness("one or more bundles are not activated", a.source())
	case q.Bundles:
		return wellness("", a.source())
	case err == nil:
		return wellness("", nil)
	case q.Plugins && !slices.Contains(q.ExcludePlugins, bundlePlugin):
		return wellness("one or more plugins are not up", nil)
	}
	return wellness("", nil)
}

// opaHealthByPolicy answers GET /health/{path} by the health policy of the bundle.
func (a api) opaHealthByPolicy(ctx context.Context, q query.Question) query.Answer {
	state := "OK"
	_, err := a.Ready()
	if err != nil {
		state = "NOT_READY"
	}
	return a.OPA.Health(ctx, q, map[string]string{bundlePlugin: state}, err == nil)
}

// wellness is the answer of OPA's health API; without a reason all is well. OPA says no more than that; where the bundle is
// fetched, how its server is stands beside it.
func wellness(reason string, from *Source) query.Answer {
	answer := query.Answer{Status: http.StatusOK}
	if reason != "" {
		answer.Status = http.StatusInternalServerError
	}
	told := struct {
		Error   string            `json:"error,omitzero"`
		Bundles map[string]Source `json:"bundles,omitzero"`
	}{Error: reason}
	if from != nil {
		told.Bundles = map[string]Source{from.Name: *from}
	}
	body, err := json.Marshal(told, jsontext.AllowInvalidUTF8(true))
	body = append(body, '\n')
	answer.Body, answer.Cause = body, err
	return answer
}
