package main

import (
	"os"
	"testing"

	"greenchannel/server"
	"greenchannel/server/bundle"
)

// The catalogue that lies beside the bundles is that of the policies of today; to write it anew:
// go run ./cmd/greenchannel bundle catalogue policies --output bundles/catalogue.md
func TestTheCatalogueIsFresh(t *testing.T) {
	t.Parallel()
	rows, err := server.Catalogue(t.Context(), os.DirFS("../../policies"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if len(row.Tests) == 0 || row.Title == "" || row.Effect == "" || len(row.Basis) == 0 {
			t.Errorf("the catalogue has a gap: %+v", row)
		}
	}
	kept, err := os.ReadFile("../../bundles/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != bundle.Page(rows) {
		t.Error("bundles/catalogue.md is not what the policies say; greenchannel bundle catalogue policies --output bundles/catalogue.md writes it anew")
	}
}
