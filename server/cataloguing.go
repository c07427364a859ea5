package server

import (
	"context"
	"io/fs"

	"greenchannel/server/bundle"
	"greenchannel/server/engine"
)

// Catalogue lists every rule of a policy folder with the tests of the folder that fire it. It runs them all.
func Catalogue(ctx context.Context, policies fs.FS) ([]bundle.CatalogueRow, error) {
	b, err := bundle.Load(policies)
	if err != nil {
		return nil, err
	}
	tests, err := b.Tests(policies)
	if err != nil {
		return nil, err
	}
	fired, err := engine.Fired(ctx, b, tests)
	if err != nil {
		return nil, err
	}
	return b.Rows(fired), nil
}
