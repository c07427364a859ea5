package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/server/types"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/util"
	"github.com/open-policy-agent/opa/v1/version"

	"greenchannel/server/decision/query"
)

// asked is an input that was read: as a value for the policies, and in the very bytes for the record.
type asked struct {
	value ast.Value // nil: there is no input
	raw   []byte
}

// Data answers GET and POST /v1/data.
func (d *Door) Data(ctx context.Context, q query.Question) query.Answer {
	m := meter(q.Options)
	m.Timer(metrics.ServerHandler).Start()
	m.Timer(metrics.RegoInputParse).Start()
	kind, input, err := "get", asked{}, error(nil)
	if q.Body != nil {
		kind = "post"
		input, err = inputOf(q)
	} else if q.Input != nil {
		input, err = parameterInput(*q.Input)
	}
	if err != nil {
		return failed(invalid("%s", err.Error()))
	}
	m.Timer(metrics.RegoInputParse).Stop()
	response, err := d.recorded(ctx, q, input)
	if err != nil {
		return failed(err)
	}
	return d.answering(ctx, q.At, func(ctx context.Context, docs *documents, txn storage.Transaction) (query.Answer, error) {
		if err := docs.complete(ctx, txn, kind, q, input, m, response); err != nil {
			return query.Answer{}, err
		}
		if q.Body != nil && input.value == nil {
			response.Warning = types.NewWarning(types.CodeAPIUsageWarn, types.MsgInputKeyMissing)
		}
		return written(statusOK, response, q.Pretty)
	})
}

// Default answers POST /: the default decision, which is the entry point, on the body as its input.
func (d *Door) Default(ctx context.Context, q query.Question) query.Answer {
	docs, err := d.active()
	if err != nil {
		return failed(err)
	}
	q.Path = segments(docs.entry)
	return d.Document(ctx, q)
}

// Document answers POST /v0/data: the document alone, on the body as its input.
func (d *Door) Document(ctx context.Context, q query.Question) query.Answer {
	input, err := bodyInput(q)
	if err != nil {
		return failed(invalid("unexpected parse error for input: %s", err.Error()))
	}
	q.Options = query.Options{Pretty: q.Pretty}
	response, err := d.recorded(ctx, q, input)
	if err != nil {
		return failed(err)
	}
	return d.answering(ctx, q.At, func(ctx context.Context, docs *documents, txn storage.Transaction) (query.Answer, error) {
		if err := docs.complete(ctx, txn, "v0", q, input, meter(q.Options), response); err != nil {
			return query.Answer{}, err
		}
		if response.Result == nil {
			return query.Answer{}, docs.undefined(q.Path)
		}
		return written(statusOK, *response.Result, q.Pretty)
	})
}

// undefined says that a path leads nowhere, or to rules that gave nothing.
func (d *documents) undefined(path []string) error {
	ref, err := dataRef(path)
	if err != nil {
		return invalid("invalid path: %v", err)
	}
	message := types.MsgMissingError
	if len(d.compiler.GetRulesForVirtualDocument(ref)) > 0 {
		message = types.MsgFoundUndefinedError
	}
	return refusal{statusNotFound, types.NewErrorV1(types.CodeUndefinedDocument, "%v: %v", message, ref)}
}

// recorded has an application decided and recorded when the path is the entry point, and begins OPA's answer with what
// came of it. It stands outside of the time limit of one evaluation: deciding has its own, and recording is not called off.
func (d *Door) recorded(ctx context.Context, q query.Question, input asked) (*dataResponse, error) {
	response := &dataResponse{}
	if q.Recorded == nil || input.raw == nil {
		return response, nil
	}
	docs, err := d.active()
	if err != nil {
		return nil, err
	}
	ref, err := dataRef(q.Path)
	if err != nil || !ref.Equal(docs.entry) {
		return response, nil //nolint:nilerr // what cannot be asked for is told when it is asked for
	}
	result, id, err := q.Recorded(ctx, input.raw)
	if err != nil {
		return nil, err
	}
	var document any = json.RawMessage(result)
	response.Result, response.DecisionID = &document, id
	return response, nil
}

// complete evaluates a path, unless its answer was recorded already, and adds what was asked about the evaluation.
func (d *documents) complete(
	ctx context.Context, txn storage.Transaction, kind string, q query.Question, input asked, m metrics.Metrics, response *dataResponse,
) error {
	_, body, err := pathQuery(q.Path)
	if err != nil {
		return err
	}
	recorded := response.Result != nil
	if !recorded || q.Explain != "" || q.Metrics || q.Instrument || q.RuleLabels {
		err := d.evaluated(ctx, txn, kind, body, q, input.value, m, response)
		if err != nil && !recorded { // a decision that was given is worth more than its explanation
			return err
		}
	}
	m.Timer(metrics.ServerHandler).Stop()
	if q.Metrics || q.Instrument {
		response.Metrics = m.All()
	}
	if q.Provenance {
		response.Provenance = d.provenance()
	}
	return nil
}

// evaluated evaluates a path and puts what came of it, and what was asked about the evaluation, into an answer. A result
// that the answer has already, because it was recorded, stays.
func (d *documents) evaluated(
	ctx context.Context, txn storage.Transaction, kind string, body ast.Body, q query.Question, input ast.Value,
	m metrics.Metrics, into *dataResponse,
) error {
	prepared, err := d.prepare(ctx, txn, kind, q, body, m)
	if err != nil {
		return err
	}
	tracker := &topdown.EvaluatedRuleTracker{}
	options := []rego.EvalOption{
		rego.EvalTransaction(txn),
		rego.EvalParsedInput(input),
		rego.EvalTime(q.At),
		rego.EvalMetrics(m),
		rego.EvalInstrument(q.Instrument),
		rego.EvalInterQueryBuiltinValueCache(d.values),
		rego.EvalEvaluatedRuleTracker(tracker),
	}
	trace := tracer(q.Explain)
	if trace != nil {
		options = append(options, rego.EvalQueryTracer(trace))
	}
	results, err := prepared.Eval(ctx, options...)
	if err != nil {
		return err
	}
	m.Timer(metrics.ServerHandler).Stop()
	if len(results) > 0 {
		if into.Result == nil {
			into.Result = &results[0].Expressions[0].Value
		}
		if q.RuleLabels {
			into.RuleLabels = tracker.Labels
		}
	}
	if trace != nil && (len(results) > 0 || q.Explain == string(types.ExplainFullV1)) { // as OPA has it
		into.Explanation, err = explanation(ctx, q.Explain, trace, q.Pretty)
	}
	return err
}

// dataResponse is OPA's answer about a document.
type dataResponse struct {
	DecisionID  string           `json:"decision_id,omitempty"`
	Provenance  *provenance      `json:"provenance,omitempty"`
	Explanation types.TraceV1    `json:"explanation,omitempty"`
	Metrics     types.MetricsV1  `json:"metrics,omitempty"`
	Result      *any             `json:"result,omitempty"`
	RuleLabels  []map[string]any `json:"rule_labels,omitempty"`
	Warning     *types.Warning   `json:"warning,omitempty"`
}

// provenance is OPA's, but for a time of building that is not known: clients expect a time or nothing.
type provenance struct {
	Version   string                              `json:"version"`
	Commit    string                              `json:"build_commit"`
	Timestamp string                              `json:"build_timestamp,omitempty"`
	Hostname  string                              `json:"build_hostname"`
	Bundles   map[string]types.ProvenanceBundleV1 `json:"bundles,omitempty"`
}

func (d *documents) provenance() *provenance {
	told := &provenance{Version: version.Version, Commit: version.Vcs, Timestamp: version.Timestamp, Hostname: version.Hostname}
	if d.policy.Name != "" {
		told.Bundles = map[string]types.ProvenanceBundleV1{d.policy.Name: {Revision: d.policy.Revision}}
	}
	return told
}

// meter measures only where somebody wants to know.
func meter(o query.Options) metrics.Metrics {
	if o.Metrics || o.Instrument {
		return metrics.New()
	}
	return metrics.NoOp()
}

// inputOf reads the input that stands under its key in a body.
func inputOf(q query.Question) (asked, error) {
	var request types.DataRequestV1
	if err := decodeBody(q, &request); err != nil {
		return asked{}, err
	}
	if request.Input == nil {
		return asked{}, nil
	}
	return askedOf(*request.Input, func() ([]byte, error) {
		if q.YAML {
			return encode(*request.Input)
		}
		var exact struct {
			Input json.RawMessage `json:"input"`
		}
		err := json.NewDecoder(bytes.NewReader(q.Body)).Decode(&exact)
		return exact.Input, err
	})
}

// bodyInput reads a body that is the input itself; an empty one is null, as OPA has it.
func bodyInput(q query.Question) (asked, error) {
	var input any
	if err := decodeBody(q, &input); err != nil {
		return asked{}, err
	}
	if len(bytes.TrimSpace(q.Body)) == 0 {
		return asked{value: ast.NullValue}, nil
	}
	return askedOf(input, func() ([]byte, error) {
		if q.YAML {
			return encode(input)
		}
		var exact json.RawMessage
		err := json.NewDecoder(bytes.NewReader(q.Body)).Decode(&exact)
		return exact, err
	})
}

// parameterInput reads the input that a GET has in its query.
func parameterInput(text string) (asked, error) {
	var input any
	if err := util.UnmarshalJSON([]byte(text), &input); err != nil {
		return asked{}, fmt.Errorf("parameter contains malformed input document: %w", err)
	}
	return askedOf(input, func() ([]byte, error) { return []byte(text), nil })
}

func askedOf(input any, raw func() ([]byte, error)) (asked, error) {
	value, err := ast.InterfaceToValue(input)
	if err != nil {
		return asked{}, err
	}
	exact, err := raw()
	return asked{value: value, raw: exact}, err
}

// decodeBody reads a body as OPA does: YAML where it is declared, else the first JSON value; nothing is no value.
func decodeBody(q query.Question, into any) error {
	var err error
	if q.YAML {
		if len(q.Body) > 0 {
			err = util.Unmarshal(q.Body, into)
		}
	} else if err = util.NewJSONDecoder(bytes.NewReader(q.Body)).Decode(into); errors.Is(err, io.EOF) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("body contains malformed input document: %w", err)
	}
	return nil
}

// written is an answer that holds a document.
func written(status int, document any, pretty bool) (query.Answer, error) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	if pretty {
		encoder.SetIndent("", "  ")
	}
	if err := encoder.Encode(document); err != nil {
		return query.Answer{}, fmt.Errorf("write the answer: %w", err)
	}
	return query.Answer{Status: status, Body: body.Bytes()}, nil
}
