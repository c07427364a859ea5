package server

import (
	"context"

	"greenchannel/server/journal"
)

// OpenJournal opens the journal of a record alone: to verify, prove, export and prune it. Where it is only read, nothing
// is changed, and the service may be running; otherwise the service must be stopped, unless the journal is in PostgreSQL.
// Trust lists the public keys whose checkpoints are believed; when empty, those that the journal itself names.
func OpenJournal(ctx context.Context, config RecordConfig, readOnly bool, trust ...string) (*journal.Journal, error) {
	place, err := config.journalURL()
	if err != nil {
		return nil, err
	}
	return journal.Open(ctx, place, journal.Options{Folder: config.Data, Log: config.Log, ReadOnly: readOnly, Trust: trust})
}
