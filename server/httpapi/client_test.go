package httpapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"greenchannel/server/httpapi"
	"greenchannel/server/httpapi/client"
	"greenchannel/tests/counts"
)

// The generated client does what a client system does: ask, decide, find, read, decide again, and keep a registry.
func TestAClientOfTheDocument(t *testing.T) {
	t.Parallel()
	handler, used := httpapi.New(deps(t, io.Discard)), map[string]bool{}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation, _ := conforming(t).operation(r)
		used[operation.ID] = true
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(service.Close)
	api, err := client.NewClientWithResponses(service.URL)
	if err != nil {
		t.Fatal(err)
	}
	var app client.Application
	if err := json.Unmarshal([]byte(named(t, "CLIENT-1")), &app); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()

	eve := "2025-04-03"
	dry, err := api.DryRunWithResponse(ctx, &client.DryRunParams{AsOf: &eve}, app)
	if err != nil || dry.JSON200 == nil || dry.JSON200.Outcome == "" || dry.JSON200.AsOf.Year() != 2025 {
		t.Fatalf("dry run: %v, %s", err, dry.Body)
	}
	key := "client-1"
	decided, err := api.DecideWithResponse(ctx, &client.DecideParams{IdempotencyKey: &key}, app)
	if err != nil || decided.JSON201 == nil {
		t.Fatalf("decide: %v", err)
	}
	made := decided.JSON201
	again, err := api.DecideWithResponse(ctx, &client.DecideParams{IdempotencyKey: &key}, app)
	if err != nil || again.JSON201 == nil || again.JSON201.DecisionID != made.DecisionID {
		t.Errorf("the same key decided twice: %v", err)
	}
	read, err := api.GetDecisionWithResponse(ctx, made.DecisionID.String(), nil)
	if err != nil || read.JSON200 == nil || read.JSON200.Record.Hash != made.Record.Hash || len(read.JSON200.GreenChannel.Conditions) != 10 {
		t.Errorf("read: %v", err)
	}
	var found *client.SearchDecisionsResponse
	await(t, func() bool {
		id := "CLIENT-1"
		found, err = api.SearchDecisionsWithResponse(ctx, &client.SearchDecisionsParams{ApplicationID: &id})
		return err != nil || found.JSON200 != nil && len(found.JSON200.Decisions) == 1
	})
	if err != nil || found.JSON200.Decisions[0].DecisionID != made.DecisionID {
		t.Errorf("search: %v", err)
	}
	replay, err := api.ReplayDecisionWithResponse(ctx, made.DecisionID.String(), nil)
	if err != nil || replay.JSON200 == nil || !replay.JSON200.Identical {
		t.Errorf("replay: %v", err)
	}

	app.Items = nil
	faulty, err := api.DecideWithResponse(ctx, nil, app)
	if err != nil || faulty.ApplicationProblemJSON422 == nil || faulty.ApplicationProblemJSON422.Errors == nil {
		t.Errorf("a faulty application: %v, %s", err, faulty.Body)
	}

	anew := client.Asterisk
	onFile := client.RegistryParty{Name: "Klient Motoren GmbH", Country: "DE"}
	put, err := api.PutPartyWithResponse(ctx, "klient-1", &client.PutPartyParams{IfNoneMatch: &anew}, onFile)
	if err != nil || put.StatusCode() != http.StatusCreated || put.JSON201 == nil {
		t.Fatalf("put: %v, %s", err, put.Body)
	}
	var party *client.GetPartyResponse
	await(t, func() bool {
		party, err = api.GetPartyWithResponse(ctx, "klient-1", nil)
		return err != nil || party.JSON200 != nil
	})
	if err != nil || party.JSON200.Party.Name != onFile.Name || party.JSON200.Seq != put.JSON201.Seq {
		t.Errorf("party: %v", err)
	}
	service.Close() // nobody counts any more
	counts.Hold(t, counts.Counts{Run: len(used), Passed: len(used)})
}
