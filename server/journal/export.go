package journal

import (
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"greenchannel/server/problem"
)

// Format is how a journal is written for others.
type Format string

// The formats of an export.
const (
	// NDJSON is one JSON object a line, in the form of OPA's decision-log events: input and result whole.
	NDJSON Format = "ndjson"
	// CSV is one line a record for a spreadsheet: what it was about, without input and result.
	CSV Format = "csv"
)

// ExportOptions say what is exported, and what the events name that the journal does not know.
type ExportOptions struct {
	// First and Last are the first and the last record; 0 means from the beginning and to the end.
	First, Last uint64
	// Labels stand in each event, as OPA's own do (id, version).
	Labels map[string]string
	// Path is the entry point that decided, such as rareearth/decision.
	Path string
}

// What stands as the path of an event that is no decision.
const (
	partyPath      = "registry/parties" // an entry of the registry was put
	activationPath = "bundles"          // a bundle was kept, refused, or put into force
)

// Export writes records, in order. It ends at the first that cannot be read or is not what was recorded, with its error.
func (j *Journal) Export(ctx context.Context, w io.Writer, format Format, options ExportOptions) error {
	var write func(*Record) error
	flush := func() error { return nil }
	switch format {
	case NDJSON:
		lines := json.NewEncoder(w)
		lines.SetEscapeHTML(false)
		kept, err := j.Bundles(ctx)
		if err != nil {
			return err
		}
		write = func(r *Record) error { return lines.Encode(eventOf(r, kept, options)) }
	case CSV:
		table := csv.NewWriter(w)
		if err := table.Write(csvHeader()); err != nil {
			return err
		}
		write = func(r *Record) error { return table.Write(csvLine(r)) }
		flush = func() error { table.Flush(); return table.Error() }
	default:
		return problem.New(problem.Invalid, fmt.Sprintf("%.40q is no format; choose %s or %s.", format, NDJSON, CSV))
	}
	for r, err := range j.Range(ctx, options.First, options.Last) {
		if err != nil {
			return joinFlush(err, flush)
		}
		if err := write(r); err != nil {
			return err
		}
	}
	return flush()
}

// joinFlush gives out what was written before an error.
func joinFlush(err error, flush func() error) error {
	if lost := flush(); lost != nil {
		return fmt.Errorf("%w (and the lines before it could not be written: %w)", err, lost)
	}
	return err
}

// LogEvent is a decision-log event of OPA (EventV1), as far as a record has what it holds; custom is what only we have.
type LogEvent struct {
	Labels      map[string]string         `json:"labels" jsonschema:"What names the journal."`
	DecisionID  string                    `json:"decision_id" jsonschema:"Id of the record."`
	Bundles     map[string]LogEventBundle `json:"bundles,omitempty" jsonschema:"The policies that decided, by name."`
	Path        string                    `json:"path,omitempty" jsonschema:"The entry point that decided; registry/parties or bundles for what is no decision."`
	Input       json.RawMessage           `json:"input,omitempty" jsonschema:"What came in, such as the application."`
	Result      json.RawMessage           `json:"result,omitempty" jsonschema:"What was answered, such as the decision."`
	RequestedBy string                    `json:"requested_by,omitempty" jsonschema:"Who asked."`
	Timestamp   time.Time                 `json:"timestamp" jsonschema:"When it was recorded."`
	Custom      LogEventCustom            `json:"custom" jsonschema:"What the record holds beyond OPA's events."`
}

// LogEventBundle names the policies that decided.
type LogEventBundle struct {
	Revision string `json:"revision,omitempty" jsonschema:"Beginning of the digest, for short."`
}

// LogEventCustom is what a record holds beyond OPA's events.
type LogEventCustom struct {
	Seq            uint64          `json:"seq" jsonschema:"Number of the record."`
	Hash           string          `json:"hash" jsonschema:"Its hash, a leaf of the tree."`
	Kind           Kind            `json:"kind" jsonschema:"What is recorded."`
	Clock          time.Time       `json:"clock" jsonschema:"The instant that the rules were asked about."`
	Bundle         string          `json:"bundle,omitempty" jsonschema:"Digest of the policies."`
	Reads          json.RawMessage `json:"reads,omitempty" jsonschema:"Live and computed rows that were read."`
	Facts          json.RawMessage `json:"facts,omitempty" jsonschema:"What the policies want remembered."`
	IdempotencyKey string          `json:"idempotency_key,omitempty" jsonschema:"Word under which it was asked."`
	RequestHash    string          `json:"request_hash" jsonschema:"SHA-256 of the input."`
	ApplicationID  string          `json:"application_id,omitempty" jsonschema:"Reference of the application."`
	Exporter       string          `json:"exporter,omitempty" jsonschema:"Name of the exporter."`
	Outcome        string          `json:"outcome,omitempty" jsonschema:"The outcome, or what became of a bundle."`
}

func eventOf(r *Record, kept []BundleUse, options ExportOptions) LogEvent {
	e := LogEvent{
		Labels: options.Labels, DecisionID: r.ID, Path: options.Path,
		Input: asJSON(r.Input), Result: asJSON(r.Result), RequestedBy: r.Caller, Timestamp: r.At,
		Custom: LogEventCustom{
			Seq: r.Seq, Hash: r.Hash().String(), Kind: r.Kind, Clock: r.Clock, Bundle: r.Bundle, Reads: asJSON(r.Reads), Facts: asJSON(r.Facts),
			IdempotencyKey: r.IdempotencyKey, RequestHash: hex.EncodeToString(r.RequestHash[:]),
			ApplicationID: r.ApplicationID, Exporter: r.Exporter, Outcome: r.Outcome,
		},
	}
	if e.Labels == nil {
		e.Labels = map[string]string{} // OPA's events always have some
	}
	switch r.Kind {
	case Party:
		e.Path = partyPath
	case Activation:
		e.Path = activationPath
	case Decision:
	}
	for _, b := range kept {
		if b.Digest == r.Bundle {
			e.Bundles = map[string]LogEventBundle{b.Name: {b.Revision}}
		}
	}
	return e
}

// asJSON gives bytes as they are where they are JSON, and as a text where they are not; the encoder takes out the space
// between tokens, so that an event stays on its line.
func asJSON(b []byte) json.RawMessage {
	if len(b) == 0 || json.Valid(b) {
		return b
	}
	text, err := json.Marshal(string(b))
	if err != nil {
		panic(err) // a text is always JSON
	}
	return text
}

func csvHeader() []string {
	return []string{
		"seq", "id", "kind", "at", "clock", "outcome", "application_id", "exporter", "caller", "idempotency_key", "bundle",
		"request_hash", "leaf_hash",
	}
}

func csvLine(r *Record) []string {
	leaf := r.Hash()
	line := []string{
		strconv.FormatUint(r.Seq, 10), r.ID, string(r.Kind), r.At.Format(time.RFC3339Nano), r.Clock.Format(time.RFC3339Nano),
		r.Outcome, r.ApplicationID, r.Exporter, r.Caller, r.IdempotencyKey, r.Bundle,
		hex.EncodeToString(r.RequestHash[:]), hex.EncodeToString(leaf[:]),
	}
	for i := range line {
		line[i] = harmless(line[i])
	}
	return line
}

// harmless keeps a spreadsheet from taking a text for a formula: an apostrophe before it makes it text. Programs that read
// the file take one apostrophe away where such a character follows.
func harmless(text string) string {
	const formula = "=+-@|%\t\r\n＝＋－＠"
	first := strings.TrimLeft(text, " \u00a0\u3000'")
	if first != "" && strings.ContainsRune(formula, []rune(first)[0]) {
		return "'" + text
	}
	return text
}
