package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/storage"

	"greenchannel/server/decision/query"
	"greenchannel/server/problem"
)

// MostInputs is how many inputs one batch may hold.
const MostInputs = 10_000

// batch is the body of a batch: many inputs by a name of the caller's, and what is common to all.
type batch struct {
	Inputs      map[string]*any `json:"inputs"`
	CommonInput *any            `json:"common_input"`
}

// batched is the answer to a batch.
type batched struct {
	Metrics   types.MetricsV1 `json:"metrics,omitempty"`
	Responses map[string]any  `json:"responses,omitempty"`
	Warning   *types.Warning  `json:"warning,omitempty"`
}

// batchItem is one answer of a batch that did not fail.
type batchItem struct {
	dataResponse
	HTTPStatusCode string `json:"http_status_code,omitempty"`
}

// batchError is one answer of a batch that failed.
type batchError struct {
	HTTPStatusCode string  `json:"http_status_code,omitempty"`
	Code           string  `json:"code"`
	Message        string  `json:"message"`
	Errors         []error `json:"errors,omitempty"`
}

// Batch answers POST /v1/batch/data: one path, many inputs, each answered or refused for itself, on one snapshot. The
// status is 200 when none failed, 500 when all did, and 207 in between, where each answer has a status of its own.
// Enterprise OPA defined the shapes; the clients of OPA read them.
func (d *Door) Batch(ctx context.Context, q query.Question) query.Answer {
	m := meter(q.Options)
	m.Timer(metrics.ServerHandler).Start()
	m.Timer(metrics.RegoInputParse).Start()
	var asking batch
	if err := decodeBody(q, &asking); err != nil {
		return failed(invalid("%s", err.Error()))
	}
	if len(asking.Inputs) > MostInputs {
		return failed(invalid("the batch has %d inputs; send at most %d at once", len(asking.Inputs), MostInputs))
	}
	m.Timer(metrics.RegoInputParse).Stop()
	if _, _, err := pathQuery(q.Path); err != nil {
		return failed(err)
	}
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	var answers map[string]any
	var failures int
	var causes []error
	err = docs.reading(ctx, q.At, func(txn storage.Transaction) error {
		answers, failures, causes = d.each(ctx, docs, txn, q, asking)
		return nil
	})
	if err != nil {
		return failed(err)
	}
	return asking.answer(answers, failures, causes, q, m)
}

// answer gathers the answers of a batch.
func (b batch) answer(answers map[string]any, failures int, causes []error, q query.Question, m metrics.Metrics) query.Answer {
	whole := batched{Responses: answers}
	if b.Inputs == nil {
		whole.Warning = types.NewWarning(types.CodeAPIUsageWarn, "'inputs' key missing from the request")
	}
	status := statusOK
	switch {
	case failures > 0 && failures == len(answers):
		status = statusInternal
	case failures > 0:
		status = statusMixed
		for name, answer := range answers {
			switch of := answer.(type) {
			case batchItem:
				of.HTTPStatusCode = strconv.Itoa(statusOK)
				answers[name] = of
			case batchError:
				of.HTTPStatusCode = strconv.Itoa(statusInternal) // the only other one that clients know
				answers[name] = of
			}
		}
	}
	m.Timer(metrics.ServerHandler).Stop()
	if q.Metrics || q.Instrument {
		m.Counter(metrics.ServerQueryCacheHit)
		whole.Metrics = m.All()
	}
	answer, err := written(status, whole, q.Pretty)
	if err != nil {
		return failed(err)
	}
	answer.Cause = errors.Join(causes...)
	return answer
}

// each answers the inputs of a batch, on as many processors as there are.
func (d *Door) each(
	ctx context.Context, docs *documents, txn storage.Transaction, q query.Question, asking batch,
) (answers map[string]any, failures int, causes []error) {
	names := slices.Sorted(maps.Keys(asking.Inputs))
	given := make([]any, len(names))
	cause := make([]error, len(names))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(names)) {
		workers.Go(func() {
			for i := range next {
				given[i], cause[i] = d.item(ctx, docs, txn, q, merged(asking.CommonInput, asking.Inputs[names[i]]))
			}
		})
	}
	for i := range names {
		next <- i
	}
	close(next)
	workers.Wait()

	answers = make(map[string]any, len(names))
	for i, name := range names {
		answers[name] = given[i]
		if _, failed := given[i].(batchError); failed {
			failures++
		}
		if cause[i] != nil {
			causes = append(causes, fmt.Errorf("input %q: %w", name, cause[i]))
		}
	}
	return answers, failures, causes
}

// item answers one input, within the time that one evaluation may take.
func (d *Door) item(ctx context.Context, docs *documents, txn storage.Transaction, q query.Question, input any) (answer any, cause error) {
	m := meter(q.Options)
	m.Timer(metrics.ServerHandler).Start()
	read, err := askedOf(input, func() ([]byte, error) { return encode(input) })
	var response *dataResponse
	if err == nil {
		response, err = d.recorded(ctx, q, read)
	}
	if err == nil {
		err = d.limited(ctx, func(ctx context.Context) error { return docs.complete(ctx, txn, "batch", q, read, m, response) })
	}
	if err == nil {
		return batchItem{dataResponse: *response}, nil
	}
	refused := shape(err)
	answer = batchError{Code: refused.shown.Code, Message: refused.shown.Message, Errors: refused.shown.Errors}
	if refused.status < statusInternal || problem.Of(err).Kind == problem.Cancelled {
		err = nil
	}
	return answer, err
}

// merged lays an input over what is common to all, where both are objects.
func merged(common, input *any) any {
	var own any
	if input != nil {
		own = *input
	}
	if common == nil {
		return own
	}
	below, ok := (*common).(map[string]any)
	above, also := own.(map[string]any)
	if !ok || !also {
		return own
	}
	return overlaid(below, above)
}

func overlaid(below, above map[string]any) map[string]any {
	result := maps.Clone(below)
	for key, value := range above {
		inner, ok := value.(map[string]any)
		outer, also := result[key].(map[string]any)
		if ok && also {
			result[key] = overlaid(outer, inner)
			continue
		}
		result[key] = value
	}
	return result
}
