package decision

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"greenchannel/server/problem"
)

// Party is what is known of one party beyond any application: what verification came to, which certificates were seen. It
// was read and found sound; a PartyReader makes them.
type Party struct {
	names []string
	body  []byte
}

// PartyReader reads parties against one schema. It may be used by many goroutines at once.
type PartyReader struct{ sheet sheet }

// NewPartyReader compiles the schema of parties on file, once.
func NewPartyReader(schema []byte) (*PartyReader, error) {
	form, err := compileForm("registry_party", schema)
	if err != nil {
		return nil, err
	}
	return &PartyReader{sheet{form: form, noun: "party", more: func(any) []fault { return nil }}}, nil
}

// Read reads one party as strictly as an application is read.
func (r *PartyReader) Read(body []byte) (Party, error) {
	root, err := r.sheet.read(body)
	if err != nil {
		return Party{}, err
	}
	party := Party{body: body}
	for _, field := range []string{"name", "name_local"} {
		if name, stated := root[field].(string); stated {
			party.names = append(party.names, name)
		}
	}
	return party, nil
}

// File answers what is on file.
type File interface {
	// PartySeq gives the number of the record by which the party of an id became what it is, 0 for none, and the number
	// of the last record that the file holds.
	PartySeq(id string) (seq, seen uint64, err error)
}

// Registrar puts parties on file. Each change is a record of the journal, as durable as a decision.
type Registrar struct {
	File    File
	Journal Recorder
	Now     func() time.Time
	NewID   func() string
}

// PutParty is a party on its way to the file.
type PutParty struct {
	ID    string
	Party Party
	// Replaces is the number of the record that is to be replaced: 0 where the party must be new. Blind says that the
	// caller named no state at all; that will do for a new party only.
	Replaces uint64
	Blind    bool
	Caller   string
}

// longestPartyID is the longest id of a party, in bytes.
const longestPartyID = 64

// Put records a party and says whether its id is new. An error of kind PreconditionRequired or PreconditionFailed says that
// the state that the caller knows is not the present one.
func (r *Registrar) Put(ctx context.Context, put PutParty) (record Record, created bool, err error) {
	if err := plainPartyID(put.ID); err != nil {
		return Record{}, false, err
	}
	for range mostTries {
		present, seen, err := r.File.PartySeq(put.ID)
		if err != nil {
			return Record{}, false, err
		}
		if err := put.allowed(present); err != nil {
			return Record{}, false, err
		}
		draft, err := r.drafted(put)
		if err != nil {
			return Record{}, false, err
		}
		record, err := r.Journal.Append(ctx, draft, seen, put.touchedBy)
		if err == nil || problem.Of(err).Kind != problem.Stale {
			return record, present == 0, err
		}
	}
	return Record{}, false, problem.New(problem.Stale, "Others put the same party on file at this moment; nothing was changed. Send it again in a moment.")
}

// allowed holds what the caller knows against what is there.
func (p PutParty) allowed(present uint64) error {
	switch {
	case present == 0 && p.Replaces == 0:
		return nil
	case p.Blind:
		return problem.New(problem.PreconditionRequired, fmt.Sprintf(
			"There is a party on file under %q; state in If-Match the ETag of the state that you change, so that nobody's change is lost.", p.ID))
	case present != p.Replaces:
		return problem.New(problem.PreconditionFailed, fmt.Sprintf(
			"The party under %q is not in the state that you name; read it again, and change that.", p.ID))
	}
	return nil
}

// PartyFacts is what is remembered of a party on file: the facts of its record.
type PartyFacts struct {
	Party string   `json:"party"`
	Names []string `json:"names"`
}

func (p PutParty) touchedBy(later Record) bool {
	var facts PartyFacts
	return later.Kind == KindParty && (json.Unmarshal(later.Facts, &facts) != nil || facts.Party == p.ID)
}

func (r *Registrar) drafted(put PutParty) (Record, error) {
	facts, err := json.Marshal(PartyFacts{put.ID, put.Party.names}, json.Deterministic(true))
	if err != nil {
		return Record{}, fmt.Errorf("write what is remembered of a party: %w", err)
	}
	return Record{
		ID: r.NewID(), Kind: KindParty, Clock: r.Now().UTC(), Input: put.Party.body, Facts: facts, Reads: []byte("[]"),
		Result: put.Party.body, Caller: put.Caller,
	}, nil
}

// plainPartyID refuses an id that could be mistaken: it stands in URLs, logs and evidence.
func plainPartyID(id string) error {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.' {
			id = ""
		}
	}
	if id == "" || len(id) > longestPartyID || id[0] == '.' {
		return problem.New(problem.Invalid, fmt.Sprintf(
			"The id of a party is 1 to %d letters, digits, dashes, underscores and dots, and begins with no dot.", longestPartyID))
	}
	return nil
}
