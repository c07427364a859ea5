package decision

import (
	"fmt"

	"greenchannel/server/problem"
)

// A sheet is a kind of document that is read strictly: against a schema, and against what no schema can say.
type sheet struct {
	form form
	noun string // as it stands in sentences: "application"
	more func(root any) []fault
}

// read reads one document of the kind. Everything that is wrong is told at once, each fault at its place, in the order of
// the document. A body that is too long is an error of kind TooLarge, one that is no JSON in UTF-8, is too deep or has too
// many values Malformed, and one that breaks the contract Invalid.
func (s sheet) read(body []byte) (fields map[string]any, err error) {
	if len(body) > MaxBytes {
		return nil, problem.New(problem.TooLarge, fmt.Sprintf("The %s is longer than %d bytes; split it.", s.noun, MaxBytes))
	}
	doc, err := parse(body)
	if err != nil {
		return nil, err
	}
	found := doc.faults
	for _, fault := range append(s.form.check(doc.root), s.more(doc.root)...) {
		if !doc.shunned[fault.pointer] {
			found = append(found, fault)
		}
	}
	if len(found) > 0 {
		return nil, s.refusal(body, found)
	}
	fields, _ = doc.root.(map[string]any)
	return fields, nil
}

// refusal tells every fault of a document at once.
func (s sheet) refusal(body []byte, found []fault) error {
	found = inOrder(body, found)
	detail := fmt.Sprintf("The %s has %d faults; all are listed.", s.noun, len(found))
	switch {
	case len(found) == 1:
		detail = fmt.Sprintf("The %s has one fault.", s.noun)
	case len(found) > maxFaults:
		detail = fmt.Sprintf("The %s has %d faults; the first %d are listed.", s.noun, len(found), maxFaults)
	}
	return problem.New(problem.Invalid, detail, placed(body, found)...)
}
