package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"greenchannel/policies"
	"greenchannel/server/bundle"
	"greenchannel/server/journal"
)

// growthCell is how much longer a decision takes because a table is longer.
type growthCell struct {
	Name        string `json:"name"`
	From        int    `json:"from"`
	To          int    `json:"to"`
	Connections int    `json:"connections"`
	Small       spread `json:"small_p50_us"`
	Big         spread `json:"big_p50_us"`

	Ratio          spread  `json:"p50_ratio"`
	LateRatio      spread  `json:"p99_ratio"`
	ProcessorRatio spread  `json:"cpu_ratio"`
	RSS            float64 `json:"rss_big_mb"`
	Note           string  `json:"note,omitempty"`
	Aims           []aim   `json:"aims"`
}

// The sizes of the lists that are shipped; a test holds them to the policies.
const (
	shippedEntries = 156
	shippedParties = 274
)

// grown measures what a service with a long table needs, in turns with one on the shipped data. The decisions are the same.
func (h *harness) grown(ctx context.Context, taken *figures) error {
	learnt, err := h.learn(ctx, []int{1})
	if err != nil {
		return err
	}
	questions := learnt.questions[1]
	data, err := h.emptyData()
	if err != nil {
		return err
	}
	small, err := h.asked(ctx, "shipped data", data, questions)
	if err != nil {
		return err
	}
	for _, table := range []struct {
		name     string
		from, to int
		service  func(context.Context, []*question) (*variant, string, error)
	}{
		{"control list, entries", shippedEntries, shippedEntries + h.entries, h.withEntries},
		{"listed parties", shippedParties, shippedParties + h.parties, h.withParties},
		{"decisions in the live history", 0, h.history, h.withHistory},
	} {
		if table.to == table.from {
			continue
		}
		h.say("%s: %d", table.name, table.to)
		big, note, err := table.service(ctx, questions)
		if err != nil {
			return err
		}
		for _, connections := range []int{1, min(8, h.distinct)} {
			samples, err := h.inTurns(ctx, []*variant{small, big}, questions, connections)
			if err != nil {
				return err
			}
			c := growthCell{
				Name: table.name, From: table.from, To: table.to, Connections: connections, Note: note,
				Small: over(samples[small], median), Big: over(samples[big], median),
				Ratio: ratios(samples[big], samples[small], median), LateRatio: ratios(samples[big], samples[small], late),
				ProcessorRatio: ratios(samples[big], samples[small], processorPer),
			}
			has, err := big.memory()
			if err != nil {
				return err
			}
			c.RSS = megabytes(has.now)
			c.Aims = []aim{atMost("p50, times the small", 1.3, c.Ratio.Median)}
			h.say("%s, %d connections: %s", table.name, connections, c.Ratio)
			taken.Growth = append(taken.Growth, c)
			note = "" // is told once
		}
		if err := big.stop(); err != nil {
			return err
		}
	}
	return small.stop()
}

// asked starts the service with the evaluator that the aims are about, to be asked for dry runs.
func (h *harness) asked(ctx context.Context, name, data string, questions []*question) (*variant, error) {
	service, err := h.serve(ctx, name, h.fastest(), data)
	if err != nil {
		return nil, err
	}
	v := &variant{name: name, process: service, path: "/v1/dry-runs", status: 200}
	return v, v.verify(ctx, questions)
}

func (h *harness) withEntries(ctx context.Context, questions []*question) (*variant, string, error) {
	return h.withBundle(ctx, questions, h.entries, 0)
}

func (h *harness) withParties(ctx context.Context, questions []*question) (*variant, string, error) {
	return h.withBundle(ctx, questions, 0, h.parties)
}

// withBundle starts the service and puts a grown bundle into force, as an operator does.
func (h *harness) withBundle(ctx context.Context, questions []*question, entries, parties int) (*variant, string, error) {
	archive, err := h.archive("grown", entries, parties)
	if err != nil {
		return nil, "", err
	}
	data, err := h.emptyData()
	if err != nil {
		return nil, "", err
	}
	v, err := h.asked(ctx, fmt.Sprintf("%d entries and %d parties more", entries, parties), data, questions)
	if err != nil {
		return nil, "", err
	}
	began := time.Now()
	digest, err := v.keep(ctx, archive)
	kept := time.Now()
	if err == nil {
		err = v.activate(ctx, digest)
	}
	activated := time.Now()
	if err == nil {
		err = v.verify(ctx, questions[:1])
	}
	if err != nil {
		return nil, "", err
	}
	first := time.Since(activated)
	note := fmt.Sprintf("archive of %.1f MB, kept after %.0f ms, put into force after %.0f ms more; the first decision took %.0f ms",
		float64(len(archive))/1e6, milliseconds(kept.Sub(began)), milliseconds(activated.Sub(kept)), milliseconds(first))
	return v, note, v.verify(ctx, questions)
}

// withHistory starts the service on a record that is there already.
func (h *harness) withHistory(ctx context.Context, questions []*question) (*variant, string, error) {
	data, err := h.emptyData()
	if err != nil {
		return nil, "", err
	}
	began := time.Now()
	if err := fillRecord(ctx, data, h.history); err != nil {
		return nil, "", err
	}
	filled := time.Since(began)
	v, err := h.asked(ctx, fmt.Sprintf("%d decisions in the record", h.history), data, questions)
	if err != nil {
		return nil, "", err
	}
	return v, fmt.Sprintf("recorded in %.0f s; the start that read them took %.1f s", filled.Seconds(), v.readyAt.Seconds()), nil
}

// fillRecord puts decisions into an empty record, through the journal itself. They are short, but what the live tables
// remember of them is what they remember of any: exporters with a hundred applications each, over their end users, of two
// elements, one certificate, five parties and eight rules.
func fillRecord(ctx context.Context, data string, many int) (err error) {
	place := &url.URL{Scheme: "sqlite", Path: filepath.ToSlash(data)}
	j, err := journal.Open(ctx, place.String(), journal.Options{Folder: data, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	loaded, err := bundle.Load(policies.FS())
	if err != nil {
		return err
	}
	archive, err := bundle.Pack(policies.FS())
	if err != nil {
		return err
	}
	if err := j.KeepBundle(ctx, journal.KeptBundle{Digest: loaded.Digest, Name: loaded.Name, Revision: loaded.Revision, Archive: archive}); err != nil {
		return err
	}
	const writers = 256 // they share commits
	faults := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for n := w; n < many && faults[w] == nil && ctx.Err() == nil; n += writers {
				_, faults[w] = j.Append(ctx, past(n, many, loaded.Digest))
			}
		})
	}
	all.Wait()
	return errors.Join(errors.Join(faults...), context.Cause(ctx))
}

// past is a decision of the past.
func past(n, many int, digest string) journal.Entry {
	exporter := n * 7919 % max(many/100, 20)
	user := exporter*3 + n%3
	facts := fmt.Appendf(nil, `{"exporter":"9135020000%08d","orders":[{"end_user":"End User %d Motor Works GmbH","element":"Dy","kg":%d.%03d},`+
		`{"end_user":"End User %[2]d Motor Works GmbH","element":"Tb","kg":0.5}],`+
		`"certificates":[{"party":"End User %[2]d Motor Works GmbH","issued_on":"2026-01-%02[5]d","type":"end_user_certificate","contract":"C-%[6]d"}],`+
		`"parties":["Exporter %[1]d Magnetics Co., Ltd.","End User %[2]d Motor Works GmbH","Consignee %[7]d","Forwarder %[8]d","Owner %[1]d"],`+
		`"rules":["RF-%[9]d","ANN-2025-18","GC-P01","GC-P02","GC-P03","RF-12","GC-F04","GC-F02"]}`,
		exporter, user, n%50, n%1000, n%28+1, n, n%997, n%31, n%23)
	id := fmt.Sprintf("APP-%d", n)
	return journal.Entry{
		ID: uuid.Must(uuid.NewV7()).String(), Kind: journal.Decision, Clock: time.Now(), Bundle: digest,
		Input: fmt.Appendf(nil, `{"id":%q}`, id), Reads: []byte("[]"), Facts: facts, Result: fmt.Appendf(nil, `{"application_id":%q}`, id),
		Caller: "load", ApplicationID: id, Exporter: fmt.Sprintf("9135020000%08d", exporter), Outcome: "standard_review",
	}
}
