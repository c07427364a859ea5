package batch

import "io"

// Form is how the values of a batch are put together.
type Form int

// The forms of a batch.
const (
	// JSONArray is one JSON array.
	JSONArray Form = iota
	// NDJSON is a value a line.
	NDJSON
)

// Writer puts JSON values together, one by one.
type Writer struct {
	out   io.Writer
	form  Form
	begun bool
}

// NewWriter returns a writer of values in a form.
func NewWriter(out io.Writer, form Form) *Writer { return &Writer{out: out, form: form} }

// Write adds one value. It must be JSON without a newline outside of escapes, as encoders write it.
func (w *Writer) Write(value []byte) error {
	before := ""
	switch {
	case w.form == NDJSON:
	case w.begun:
		before = ",\n"
	default:
		before = "[\n"
	}
	w.begun = true
	if _, err := io.WriteString(w.out, before); err != nil {
		return err
	}
	if _, err := w.out.Write(value); err != nil {
		return err
	}
	if w.form == NDJSON {
		_, err := io.WriteString(w.out, "\n")
		return err
	}
	return nil
}

// Close ends the last value. Without it an array is not whole, so that a reader notices one that was cut off.
func (w *Writer) Close() error {
	end := "\n]\n"
	switch {
	case w.form == NDJSON:
		return nil
	case !w.begun:
		end = "[]\n"
	}
	_, err := io.WriteString(w.out, end)
	return err
}
