package journal

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
)

// Event is one record in the form in which Export writes it as NDJSON.
type Event struct {
	Seq  uint64
	JSON []byte
}

// Events gives the event of every record after a place, in order, and then of each one as it is recorded, as Tail does:
// an error is not the end. Of the options only labels and path count.
func (j *Journal) Events(ctx context.Context, after uint64, options ExportOptions) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var kept []BundleUse // asked for when a record names one that is not among them: a bundle is there before its records
		for record, err := range j.Tail(ctx, after) {
			if err == nil && record.Bundle != "" && !slices.ContainsFunc(kept, func(b BundleUse) bool { return b.Digest == record.Bundle }) {
				kept, err = j.Bundles(ctx)
			}
			var text []byte
			if err == nil {
				text, err = json.Marshal(eventOf(record, kept, options))
			}
			if err != nil {
				if !yield(Event{}, err) {
					return
				}
				if record == nil {
					continue
				}
				// Tail goes on with the next record, and this one must not be left out.
				for event, err := range j.Events(ctx, record.Seq-1, options) {
					if !yield(event, err) {
						return
					}
				}
				return
			}
			if !yield(Event{record.Seq, text}, nil) {
				return
			}
		}
	}
}
