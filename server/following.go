package server

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"sync"
	"time"

	"greenchannel/server/bundle"
	"greenchannel/server/config"
	"greenchannel/server/httpapi"
	"greenchannel/server/identity"
	"greenchannel/server/journal"
	"greenchannel/server/metrics"
	"greenchannel/server/problem"
	"greenchannel/server/remote"
)

// DecisionPath is the entry point that decides, as decision logs name it.
const DecisionPath = "rareearth/decision"

// Following is what goes on beside the requests: a bundle that is fetched or watched, or activated by another node, and
// records that are sent away.
type Following struct {
	// Remote says from where, and to where; nothing unless set.
	Remote config.Remote
	// Source says when a fetched bundle is stale.
	Source config.Freshness
	// Labels tell this instance from others in the events that are sent.
	Labels map[string]string
	// Watch is a folder of policies that is put into force as soon as it is saved; none unless set.
	Watch string
	// WatchKept is how many editions of it that decided nothing are kept; 0 keeps all.
	WatchKept int
	// Terminal is told what is wrong with what was saved. It must be set where Watch is.
	Terminal io.Writer
}

// followers are those that go on until stop.
type followers struct {
	source  *remote.Source  // nil: no bundle is fetched
	shipper *remote.Shipper // nil: no record is sent
	stop    func()
}

// follow begins what goes on beside the requests. It refuses a watched folder that cannot decide.
func (r *Rooms) follow(ctx context.Context, settings Config) (err error) {
	f := &followers{}
	going, end := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	f.stop = func() { end(); tasks.Wait() }
	r.followers = f
	if settings.Following.Watch != "" {
		watching, err := r.watched(going, settings)
		if err != nil {
			return err
		}
		tasks.Go(func() { watching(going) })
	}
	if settings.Following.Remote.Bundle != nil {
		if f.source, err = r.fetched(going, settings); err != nil {
			return err
		}
		tasks.Go(func() { f.source.Follow(going) })
	}
	if settings.Following.Watch == "" && f.source == nil {
		tasks.Go(func() { r.heeding.follow(going) })
	}
	logs := settings.Following.Remote.DecisionLogs
	if logs == nil {
		return nil
	}
	options := r.eventOptions(settings.Following.Labels)
	if logs.ConsoleLogs {
		head, err := r.record.journal.Head(ctx)
		if err != nil {
			return err
		}
		tasks.Go(func() { r.console(going, settings.Log, head.Size, options) })
	}
	if logs.Service == "" {
		return nil
	}
	f.shipper, err = remote.OpenShipper(settings.Following.Remote, remote.ShipperOptions{
		Folder: settings.Record.Data, Journal: r.record.journal.Origin(), Log: settings.Log,
		Events: func(ctx context.Context, after uint64) iter.Seq2[remote.Event, error] {
			return func(yield func(remote.Event, error) bool) {
				for event, err := range r.record.journal.Events(ctx, after, options) {
					if !yield(remote.Event(event), err) {
						return
					}
				}
			}
		},
	})
	if err == nil {
		tasks.Go(func() { f.shipper.Follow(going) })
	}
	return err
}

// eventOptions are those of `journal export`, with the labels of the configuration.
func (r *Rooms) eventOptions(labels map[string]string) journal.ExportOptions {
	all := map[string]string{"id": r.record.journal.Origin()}
	maps.Copy(all, labels)
	return journal.ExportOptions{Path: DecisionPath, Labels: all}
}

// console logs each record from now on.
func (r *Rooms) console(ctx context.Context, log *slog.Logger, after uint64, options journal.ExportOptions) {
	for event, err := range r.record.journal.Events(ctx, after, options) {
		if err != nil {
			log.Error("a record could not be read to be logged", "err", err)
			continue
		}
		log.Info("Decision Log", "event", string(event.JSON)) // the words of OPA
	}
}

// entrance is where fetched bundles come in: by the same checks as those that are uploaded.
type entrance struct {
	shelf  *shelf
	caller identity.Caller
}

// Pass checks, keeps and activates.
func (e entrance) Pass(ctx context.Context, archive []byte) (remote.Held, error) {
	ctx = identity.With(ctx, e.caller)
	kept, _, err := e.shelf.Keep(ctx, archive)
	if err != nil {
		return remote.Held{}, err
	}
	active, err := e.shelf.Activate(ctx, kept.Digest)
	return remote.Held{Name: active.Name, Revision: active.Revision, Digest: active.Digest}, err
}

// Check tells all that is wrong.
func (e entrance) Check(ctx context.Context, archive []byte) error {
	folder, err := bundle.Unpack(archive)
	if err == nil {
		_, err = e.shelf.examine(ctx, folder)
	}
	if err != nil {
		return refused(err)
	}
	return nil
}

// fetched prepares the source of the configuration, and puts the bundle into force that it had last: the server may not be
// there.
func (r *Rooms) fetched(ctx context.Context, settings Config) (*remote.Source, error) {
	from := settings.Following.Remote
	caller := identity.Caller{Name: "source " + from.BundleName, Method: identity.ByNothing}
	source, err := remote.OpenSource(from, remote.SourceOptions{
		Folder: settings.Record.Data, StaleAfter: settings.Following.Source.StaleAfter,
		Gate: entrance{r.shelf, caller}, Log: settings.Log, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	last := source.State().Held
	if last.Digest == "" {
		return source, nil
	}
	if err := r.resumeFetched(identity.With(ctx, caller), last.Digest); err != nil {
		settings.Log.Error("the bundle that was fetched last cannot be put into force; it is fetched again", "revision", last.Revision, "err", err)
		source.Forget()
	}
	return source, nil
}

// longestFault bounds what a probe is told; the log has the whole.
const longestFault = 500

// sourceState is how the source of the active bundle is; nil where none is configured.
func (r *Rooms) sourceState() *httpapi.Source {
	if r.followers == nil || r.followers.source == nil {
		return nil
	}
	state := r.followers.source.State()
	active, _ := r.Engine.Active()
	told := &httpapi.Source{
		Name: state.Name, Service: state.Service, Resource: state.Resource,
		Revision: state.Held.Revision, Digest: state.Held.Digest, Active: state.Held.Digest != "" && state.Held.Digest == active.Digest,
		AgeSeconds: int64(state.Age / time.Second), Stale: state.Stale, Fault: state.Fault,
	}
	if len(told.Fault) > longestFault {
		told.Fault = told.Fault[:longestFault] + "…"
	}
	if !state.CheckedAt.IsZero() {
		told.ConfirmedAt = state.CheckedAt.UTC().Format(time.RFC3339)
	}
	return told
}

// sourceReady says why a source keeps the service from being ready, if it does.
func (r *Rooms) sourceReady(failWhenStale bool) error {
	state := r.sourceState()
	switch {
	case state == nil:
		return nil
	case state.Digest == "":
		return problem.New(problem.NotReady, fmt.Sprintf("The bundle %s has not come from its server yet.%s", state.Name, faultOf(state)))
	case state.Stale && failWhenStale:
		return problem.New(problem.NotReady, fmt.Sprintf("The bundle %s, revision %s, is stale: its server last confirmed it at %s.%s",
			state.Name, state.Revision, state.ConfirmedAt, faultOf(state)))
	}
	return nil
}

func faultOf(state *httpapi.Source) string {
	if state.Fault == "" {
		return ""
	}
	return " The last look failed: " + state.Fault
}

// figures shows what follows in the metrics.
func (f *followers) figures(m *metrics.Metrics, records func() uint64) {
	if f.source != nil {
		m.Fetching(func() metrics.Fetching {
			state := f.source.State()
			return metrics.Fetching{
				Activated: state.Activated, Unchanged: state.Unchanged, Refused: state.Refused, Failed: state.Failed,
				Confirmed: state.CheckedAt, Stale: state.Stale,
			}
		})
	}
	if f.shipper != nil {
		m.Shipping(func() metrics.Shipping {
			seq, uploads, failures := f.shipper.Shipped()
			return metrics.Shipping{Records: records(), Shipped: seq, Uploads: uploads, Failures: failures}
		})
	}
}
