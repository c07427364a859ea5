package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/decision"
	"greenchannel/server/identity"
	"greenchannel/server/problem"
)

// Registry reads the parties on file.
type Registry interface {
	Party(ctx context.Context, id string) (Party, error)
	PartiesNamed(ctx context.Context, name string) ([]Party, error)
}

// Registrar puts parties on file.
type Registrar interface {
	Put(ctx context.Context, put decision.PutParty) (record decision.Record, created bool, err error)
}

// Party is a party on file, as it is answered.
type Party struct {
	ID string `json:"id" jsonschema:"Id of the party."`
	// Seq is the number of the record by which the party became what it is; its ETag.
	Seq   uint64         `json:"seq" jsonschema:"Number of the record by which the party became what it is."`
	Party jsontext.Value `json:"party" jsonschema:"What is known of it."`

	created bool
}

func (p Party) status() int {
	if p.created {
		return http.StatusCreated
	}
	return http.StatusOK
}

func (p Party) headers() map[string]string { return map[string]string{"ETag": etag(p.Seq)} }

func etag(seq uint64) string { return `"` + strconv.FormatUint(seq, 10) + `"` }

// put decodes a party that is to be put on file, and the state that the caller knows of it.
func (a api) put(c *gin.Context) (decision.PutParty, error) {
	if _, err := parameters(c); err != nil {
		return decision.PutParty{}, err
	}
	put := decision.PutParty{ID: c.Param("id"), Caller: identity.Name(c.Request.Context())}
	if err := known(c.Request.Header, &put); err != nil {
		return decision.PutParty{}, err
	}
	body, err := readBody(c)
	if err != nil {
		return decision.PutParty{}, err
	}
	put.Party, err = a.ReadParty(body)
	return put, err
}

// known reads which state of the party the caller changes.
func known(header http.Header, put *decision.PutParty) error {
	match, stated := header["If-Match"]
	none := header.Get("If-None-Match")
	switch {
	case stated && none != "", len(match) > 1, none != "" && none != "*":
		return problem.New(problem.Malformed, "State one ETag in If-Match to change a party, or If-None-Match: * to put a new one.")
	case !stated:
		put.Blind = none == ""
		return nil
	}
	seq, err := strconv.ParseUint(strings.Trim(match[0], `"`), 10, 63)
	if err != nil || seq == 0 || match[0] != etag(seq) {
		// Whatever it is, it is no state that the party ever had.
		return problem.New(problem.PreconditionFailed, fmt.Sprintf("%.40q is the ETag of no state of a party; read it again, and change that.", match[0]))
	}
	put.Replaces = seq
	return nil
}

func (a api) putParty(ctx context.Context, put decision.PutParty) (Party, error) {
	record, created, err := a.Registrar.Put(ctx, put)
	if err != nil {
		return Party{}, err
	}
	return Party{ID: put.ID, Seq: record.Seq, Party: record.Result, created: created}, nil
}

func (a api) partyID(c *gin.Context) (string, error) {
	_, err := parameters(c)
	return c.Param("id"), err
}

func (a api) oneParty(ctx context.Context, id string) (Party, error) {
	return a.Registry.Party(ctx, id)
}

// parties are those on file under a name.
type parties struct {
	Name    string  `json:"name" jsonschema:"The name that was asked for."`
	Parties []Party `json:"parties" jsonschema:"The parties."`
}

func (a api) partyName(c *gin.Context) (string, error) {
	query, err := parameters(c, "name")
	return query["name"], together(err, wanted(c, "name", "is missing; whose entries are asked for?")...)
}

func (a api) partiesNamed(ctx context.Context, name string) (parties, error) {
	found, err := a.Registry.PartiesNamed(ctx, name)
	return parties{Name: name, Parties: found}, err
}
