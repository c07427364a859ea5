package engine

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/topdown/lineage"
)

// An explanation repeats the input with almost every step, so that one of a large document can be a thousand times as
// long as the answer. OPA has no bound; here a longer one is refused.
const (
	mostSteps          = 200_000
	longestExplanation = 8 << 20 // bytes
	stepsAtOnce        = 64
)

// steps gathers what an explanation is made of, up to mostSteps.
type steps struct {
	topdown.BufferTracer
	tooMany bool
}

// TraceEvent keeps one step.
func (s *steps) TraceEvent(event topdown.Event) {
	if len(s.BufferTracer) >= mostSteps {
		s.tooMany = true
		return
	}
	s.BufferTracer.TraceEvent(event)
}

// tracer gathers the steps of an evaluation; nil where no explanation is wanted.
func tracer(explain string) *steps {
	switch types.ExplainModeV1(explain) {
	case types.ExplainNotesV1, types.ExplainFailsV1, types.ExplainFullV1, types.ExplainDebugV1:
		return &steps{}
	default:
		return nil
	}
}

// explanation tells the steps that a mode asks for.
func explanation(ctx context.Context, mode string, traced *steps, pretty bool) (types.TraceV1, error) {
	if traced.tooMany {
		return nil, tooLong(fmt.Sprintf("%d steps", mostSteps))
	}
	var chosen []*topdown.Event
	switch types.ExplainModeV1(mode) {
	case types.ExplainNotesV1:
		chosen = lineage.Notes(traced.BufferTracer)
	case types.ExplainFailsV1:
		chosen = lineage.Fails(traced.BufferTracer)
	case types.ExplainFullV1:
		chosen = lineage.Full(traced.BufferTracer)
	case types.ExplainDebugV1:
		chosen = lineage.Debug(traced.BufferTracer)
	default: // none
	}
	if pretty {
		told, err := types.NewTraceV1(chosen, true)
		if err == nil && len(told) > longestExplanation {
			err = tooLong(fmt.Sprintf("%d bytes", longestExplanation))
		}
		return told, err
	}
	return listed(ctx, chosen)
}

// listed writes steps a few at a time, so that an explanation that is too long is noticed before it fills the memory.
func listed(ctx context.Context, chosen []*topdown.Event) (types.TraceV1, error) {
	var told bytes.Buffer
	told.WriteByte('[')
	for some := range slices.Chunk(chosen, stepsAtOnce) {
		part, err := types.NewTraceV1(some, false)
		if err == nil {
			err = ctx.Err() // writing takes as long as evaluating
		}
		if err != nil {
			return nil, err
		}
		if told.Len()+len(part) > longestExplanation {
			return nil, tooLong(fmt.Sprintf("%d bytes", longestExplanation))
		}
		if told.Len() > 1 {
			told.WriteByte(',')
		}
		told.Write(bytes.TrimSuffix(bytes.TrimPrefix(part, []byte("[")), []byte("]")))
	}
	told.WriteByte(']')
	return told.Bytes(), nil
}

func tooLong(than string) error {
	return invalid("the explanation is longer than %s; ask for explain=notes, or about a document with less behind it", than)
}
