package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/engine"
)

// Evaluation says how policies are evaluated.
type Evaluation struct {
	// Evaluator is engine.Executor, unless it is engine.Topdown.
	Evaluator string
	// Checked is the share of decisions, from 0 to 1, that topdown makes again beside the requests.
	Checked float64
}

// Evidence of decisions on which the evaluators did not agree stands beside the record.
const (
	evidenceFolder = "differences"
	// mostEvidence is how many are kept: each holds an application, and the first says as much as the hundredth.
	mostEvidence = 20
)

// evidence is one difference, as it is kept. The application stands there as it was received.
type evidence struct {
	FoundAt string             `json:"found_at"`
	Clock   time.Time          `json:"clock"`
	Policy  decision.PolicyRef `json:"policy"`
	Input   string             `json:"input"`
	Failure string             `json:"failure,omitzero"`

	Executor      jsontext.Value `json:"executor"`
	Topdown       jsontext.Value `json:"topdown,omitzero"`
	ExecutorReads jsontext.Value `json:"executor_reads"`
	TopdownReads  jsontext.Value `json:"topdown_reads"`
}

// evaluating lets the engine evaluate as it is set, and has decisions checked until stop is called. A bundle of which there
// is evidence in the data folder is topdown's from the start.
func (r *Rooms) evaluating(settings Config) (stop func()) {
	if settings.Evaluation.Evaluator == engine.Topdown {
		r.Engine.UseTopdown()
		return func() {}
	}
	folder := filepath.Join(settings.Record.Data, evidenceFolder)
	r.distrust(folder, settings.Log)
	if settings.Evaluation.Checked <= 0 {
		return func() {}
	}
	return r.Engine.Check(settings.Evaluation.Checked, func(d engine.Difference) {
		place, err := keepEvidence(folder, d, time.Now())
		settings.Log.Error("the executor decided otherwise than topdown, which serves the bundle from now on; decisions of this bundle before now may be wrong: replay them",
			"digest", d.Policy.Digest, "clock", d.Clock, "evidence", place, "err", err)
	})
}

// distrust hands over to topdown the bundles of which there is evidence.
func (r *Rooms) distrust(folder string, log *slog.Logger) {
	files, err := os.ReadDir(folder)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Error("evidence against the executor cannot be listed", "folder", folder, "err", err)
		}
		return
	}
	for _, file := range files {
		place := filepath.Join(folder, file.Name())
		var kept evidence
		text, err := os.ReadFile(place)
		if err == nil {
			err = json.Unmarshal(text, &kept)
		}
		if err != nil {
			log.Error("evidence against the executor cannot be read", "file", place, "err", err)
			continue
		}
		r.Engine.Distrust(kept.Policy.Digest, fmt.Sprintf(
			"The executor decided an application otherwise than topdown on %s; what each decided is kept as %s in the data folder, and topdown serves this bundle as long as it stands there.",
			kept.FoundAt, filepath.Join(evidenceFolder, file.Name())))
		log.Error("the executor once decided otherwise than topdown, which serves the bundle; move the file away once that is mended",
			"digest", kept.Policy.Digest, "found_at", kept.FoundAt, "file", place)
	}
}

// keepEvidence writes a difference where it outlives the process; no place where enough are kept already.
func keepEvidence(folder string, d engine.Difference, now time.Time) (place string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	files, err := os.ReadDir(folder)
	if err != nil || len(files) >= mostEvidence {
		return "", err
	}
	text, err := json.Marshal(evidence{
		FoundAt: decision.Instant(now), Clock: d.Clock.UTC(), Policy: d.Policy, Input: string(d.Input), Failure: d.Failure,
		Executor: d.Executor, Topdown: d.Topdown, ExecutorReads: d.Reads, TopdownReads: d.TopdownReads,
	}, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return "", err
	}
	fresh, err := os.CreateTemp(folder, fmt.Sprintf("%s-%.12s-*.json", now.UTC().Format("20060102T150405"), strings.TrimPrefix(d.Policy.Digest, "sha256:")))
	if err != nil {
		return "", err
	}
	_, err = fresh.Write(append(text, '\n'))
	return fresh.Name(), errors.Join(err, fresh.Sync(), fresh.Close(), synced(folder))
}

// synced makes the names in a folder as durable as what they name.
func synced(folder string) error {
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}

// serving names who evaluates, and why it is not the executor.
func (r *Rooms) serving() (evaluator, reason string) {
	s, _ := r.Engine.Serving()
	return s.Evaluator, s.Reason
}

// tellServing says in the log who evaluates the active bundle: as a warning where it is slower than it could be.
func (r *Rooms) tellServing(ctx context.Context, log *slog.Logger) {
	s, active := r.Engine.Serving()
	switch {
	case !active:
	case s.Evaluator == engine.Executor:
		log.InfoContext(ctx, "evaluator", "name", s.Evaluator)
	default:
		log.WarnContext(ctx, "evaluator", "name", s.Evaluator, "reason", s.Reason)
	}
}
