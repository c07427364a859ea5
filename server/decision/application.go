package decision

import (
	"bytes"
	"slices"
)

// Application is one licence application that was read and found sound. It keeps the very bytes that came in, since those
// are what the policies are asked about and what a record must hold. The zero Application is not a valid one; a Reader
// makes them.
type Application struct {
	id       string
	exporter string
	body     []byte
	by       *Reader
}

// ID is the applicant's own reference.
func (a Application) ID() string { return a.id }

// Exporter is the exporter's name as stated.
func (a Application) Exporter() string { return a.exporter }

// ReadBy says whether the application was read by that reader, and so against its schema.
func (a Application) ReadBy(r *Reader) bool { return a.by == r }

// Bytes returns a copy of the application exactly as it was received.
func (a Application) Bytes() []byte { return bytes.Clone(a.body) }

// Shared returns the application exactly as it was received, not copied: it must not be changed.
func (a Application) Shared() []byte { return a.body }

// Equal says whether two applications are the same, byte for byte.
func (a Application) Equal(b Application) bool {
	return a.id == b.id && a.exporter == b.exporter && slices.Equal(a.body, b.body)
}
