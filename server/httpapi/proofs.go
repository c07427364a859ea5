package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"greenchannel/server/problem"
)

// tree names the records and sizes that a proof is asked for; 0 is the present size.
type tree struct{ first, second uint64 }

// numbers decodes two numbers of the query. The first has to be stated.
func numbers(c *gin.Context, first, second string) (tree, error) {
	query, err := parameters(c, first, second)
	faults := wanted(c, first, "is missing; write a whole number from 1")
	number := func(name string) uint64 {
		n, err := strconv.ParseUint(query[name], 10, 63)
		if query[name] != "" && (err != nil || n == 0) {
			faults = append(faults, parameterFault(name, "is no number of records; write a whole number from 1"))
		}
		return n
	}
	asked := tree{number(first), number(second)}
	return asked, together(err, faults...)
}

func (a api) inclusion(c *gin.Context) (tree, error)   { return numbers(c, "seq", "size") }
func (a api) consistency(c *gin.Context) (tree, error) { return numbers(c, "old", "new") }

func (a api) proveInclusion(ctx context.Context, t tree) (Inclusion, error) {
	return a.Record.ProveInclusion(ctx, t.first, t.second)
}

func (a api) proveConsistency(ctx context.Context, t tree) (Consistency, error) {
	return a.Record.ProveConsistency(ctx, t.first, t.second)
}

// verifierKey is the public key of this node's checkpoints, in the form that sumdb/note reads.
type verifierKey struct {
	Verifier string `json:"verifier" jsonschema:"Name, hash and public key, as sumdb/note reads them."`
}

func (a api) verifierKey(context.Context, none) (verifierKey, error) {
	return verifierKey{a.Record.VerifierKey()}, nil
}

// checkpoint answers with the signed note as it is: whoever checks it needs its very bytes.
func (a api) checkpoint(c *gin.Context) {
	if _, err := parameters(c); err != nil {
		a.fail(c, err)
		return
	}
	note, err := a.Record.Checkpoint(c.Request.Context())
	if err != nil {
		a.fail(c, err)
		return
	}
	write(c, http.StatusOK, "text/plain; charset=utf-8", note)
}

// leaf answers with the canonical bytes of a record, whose hash is SHA-256 over a zero byte and these.
func (a api) leaf(c *gin.Context) {
	if _, err := parameters(c); err != nil {
		a.fail(c, err)
		return
	}
	seq, err := strconv.ParseUint(c.Param("seq"), 10, 63)
	if err != nil {
		a.fail(c, problem.Wrap(err, problem.NotFound, "There is no such record; write its number in the record."))
		return
	}
	bytes, err := a.Record.Leaf(c.Request.Context(), seq)
	if err != nil {
		a.fail(c, err)
		return
	}
	write(c, http.StatusOK, "application/octet-stream", bytes)
}
