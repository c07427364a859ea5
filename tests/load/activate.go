package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"greenchannel/server/bundle"
)

// activation is what a large bundle costs those who are served meanwhile.
type activation struct {
	Entries     int     `json:"entries"`
	ArchiveMB   float64 `json:"archive_mb"`
	KeptMS      float64 `json:"kept_ms"`
	ActivatedMS float64 `json:"activated_ms"`

	LongestBeforeMS     float64 `json:"longest_before_ms"`
	LongestKeepingMS    float64 `json:"longest_keeping_ms"`
	LongestActivatingMS float64 `json:"longest_activating_ms"`
	LateBeforeMS        float64 `json:"p99_before_ms"`
	LateKeepingMS       float64 `json:"p99_keeping_ms"`
	LateAfterMS         float64 `json:"p99_after_ms"`

	// RSS of the service before, when the bundle is in force, and the most in between.
	MemoryBeforeMB float64 `json:"rss_before_mb"`
	MemoryAfterMB  float64 `json:"rss_after_mb"`
	MemoryMostMB   float64 `json:"rss_most_mb"`

	Aims []aim `json:"aims"`
}

// activated sends the service a bundle with a long control list and puts it into force, while one connection asks for
// decisions without a pause: any wait that the activation causes falls on one of its requests.
func (h *harness) activated(ctx context.Context, taken *figures) error {
	h.say("activating a bundle of %d entries under load", h.clones)
	learnt, err := h.learn(ctx, []int{1})
	if err != nil {
		return err
	}
	archive, err := h.archive("activated", h.clones, 0)
	if err != nil {
		return err
	}
	data, err := h.emptyData()
	if err != nil {
		return err
	}
	service, err := h.serve(ctx, "the service", h.fastest(), data)
	if err != nil {
		return err
	}
	v := &variant{name: service.name, process: service, path: "/v1/dry-runs", status: 200}
	questions := learnt.questions[1]
	if err := v.verify(ctx, questions); err != nil {
		return err
	}
	under, err := v.underLoad(ctx, questions)
	if err != nil {
		return err
	}
	before := under.now()
	sleep(ctx, 5*h.round)
	had, err := v.memory()
	if err != nil {
		return errors.Join(err, under.end())
	}
	keeping := under.now()
	digest, err := v.keep(ctx, archive)
	activating := under.now()
	if err == nil {
		err = v.activate(ctx, digest)
	}
	after := under.now()
	has, unread := v.memory()
	if err == nil {
		sleep(ctx, 5*h.round)
	}
	if err := errors.Join(err, unread, under.end()); err != nil {
		return err
	}
	end := under.now()
	a := &activation{
		Entries: h.clones, ArchiveMB: float64(len(archive)) / 1e6, KeptMS: milliseconds(activating - keeping), ActivatedMS: milliseconds(after - activating),
		LongestBeforeMS: under.at(before, keeping, 1), LateBeforeMS: under.at(before, keeping, 0.99),
		LongestKeepingMS: under.at(keeping, activating, 1), LateKeepingMS: under.at(keeping, activating, 0.99),
		LongestActivatingMS: under.at(activating, after, 1), LateAfterMS: under.at(after, end, 0.99),
		MemoryBeforeMB: megabytes(had.now), MemoryAfterMB: megabytes(has.now), MemoryMostMB: megabytes(has.most),
	}
	longest := max(a.LongestKeepingMS, a.LongestActivatingMS)
	a.Aims = []aim{
		atMost("ms to put it into force", 1000, a.ActivatedMS),
		atMost("ms from archive to in force", 1000, a.KeptMS+a.ActivatedMS),
		atMost("ms more than the longest request before", 10, longest-a.LongestBeforeMS),
	}
	taken.Activation = a
	if err := v.verify(ctx, questions); err != nil { // the same decisions, by the longer list
		return err
	}
	return service.stop()
}

// archive packs a grown bundle.
func (h *harness) archive(name string, entries, parties int) ([]byte, error) {
	folder, err := grownBundle(filepath.Join(h.scratch, name), entries, parties)
	if err != nil {
		return nil, err
	}
	archive, err := bundle.Pack(folder)
	return archive, errors.Join(err, os.RemoveAll(filepath.Join(h.scratch, name)))
}

// keep sends a bundle to the service, which checks it.
func (p *process) keep(ctx context.Context, archive []byte) (digest string, err error) {
	answer, err := p.once(ctx, "/v1/bundles", "application/gzip", archive, 201)
	if err != nil {
		return "", err
	}
	var kept struct{ Digest string }
	return kept.Digest, json.Unmarshal(answer, &kept)
}

func (p *process) activate(ctx context.Context, digest string) error {
	_, err := p.once(ctx, "/v1/bundles/"+digest+"/activate", asJSON, nil, 200)
	return err
}

// once sends one request over a connection of its own.
func (p *process) once(ctx context.Context, path, mediaType string, body []byte, want int) ([]byte, error) {
	c, err := dial(ctx, p.address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	status, answer, err := c.ask(p.post(path, mediaType, body))
	if err != nil || status != want {
		return nil, errors.Join(fmt.Errorf("%s answers %s with status %d: %.2000s\n%s", p.name, path, status, answer, p.said()), err)
	}
	return answer, nil
}

// underLoad is one connection that asks without a pause, and remembers when each request began and ended.
type underLoad struct {
	began time.Time
	stop  context.CancelFunc
	done  sync.WaitGroup
	spans [][2]time.Duration
	err   error
}

func (v *variant) underLoad(ctx context.Context, questions []*question) (*underLoad, error) {
	c, err := dial(ctx, v.address)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	u := &underLoad{began: time.Now(), stop: stop}
	u.done.Go(func() {
		defer c.close()
		for i := 0; running.Err() == nil; i++ {
			q := questions[i%len(questions)]
			from := u.now()
			status, answer, err := c.ask(v.request(q))
			u.spans = append(u.spans, [2]time.Duration{from, u.now()})
			if err == nil {
				err = v.right(q, status, answer)
			}
			if err != nil {
				u.err = err
				return
			}
		}
	})
	return u, nil
}

func (u *underLoad) now() time.Duration { return time.Since(u.began) }

func (u *underLoad) end() error {
	u.stop()
	u.done.Wait()
	return u.err
}

// at is the latency, in milliseconds, that a share of the requests did not exceed which were under way in a while; 1 is the
// longest.
func (u *underLoad) at(from, to time.Duration, share float64) float64 {
	var s sample
	for _, span := range u.spans {
		if span[1] >= from && span[0] <= to {
			s.latencies = append(s.latencies, span[1]-span[0])
		}
	}
	slices.Sort(s.latencies)
	return milliseconds(s.at(share))
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1e3 }

func sleep(ctx context.Context, while time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(while):
	}
}
