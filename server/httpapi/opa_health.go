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
	case err == nil:
		return wellness("")
	case q.Bundles:
		return wellness("one or more bundles are not activated")
	case q.Plugins && !slices.Contains(q.ExcludePlugins, bundlePlugin):
		return wellness("one or more plugins are not up")
	}
	return wellness("")
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

// wellness is the answer of OPA's health API; without a reason all is well.
func wellness(reason string) query.Answer {
	if reason == "" {
		return query.Answer{Status: http.StatusOK, Body: []byte("{}\n")}
	}
	body, err := json.Marshal(struct {
		Error string `json:"error"`
	}{reason}, jsontext.AllowInvalidUTF8(true))
	return query.Answer{Status: http.StatusInternalServerError, Body: append(body, '\n'), Cause: err}
}
