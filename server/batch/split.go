package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/problem"
)

// Array takes a JSON array apart and gives the exact bytes of each element. What is inside an element is left to its
// reader, as far as it is JSON at all: names that stand twice and text that is not UTF-8 are told there. Where the array
// itself breaks off, or goes on after its end, the last item is a broken one.
func Array(in io.Reader, limits Limits) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		allowance := &allowance{in: in, left: limits.Bytes}
		s := splitter{
			limits:    limits,
			allowance: allowance,
			dec:       jsontext.NewDecoder(allowance, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		}
		s.array(yield)
	}
}

// splitter walks the elements of one array.
type splitter struct {
	limits    Limits
	allowance *allowance
	dec       *jsontext.Decoder
	next      int
}

func (s *splitter) array(yield func(Item) bool) {
	if kind := s.dec.PeekKind(); kind != jsontext.KindBeginArray {
		_, err := s.dec.ReadToken()
		yield(s.notAnArray(err))
		return
	}
	if _, err := s.dec.ReadToken(); err != nil {
		yield(s.broken(err))
		return
	}
	for {
		s.allowance.left = s.limits.Bytes
		if s.dec.PeekKind() == jsontext.KindEndArray {
			break
		}
		if s.next >= s.limits.Items {
			yield(Item{Index: s.next, Err: tooMany(s.limits), Broken: true})
			return
		}
		if item := s.element(); !yield(item) || item.Broken {
			return
		}
	}
	if _, err := s.dec.ReadToken(); err != nil {
		yield(s.broken(err))
		return
	}
	s.allowance.left = s.limits.Bytes
	if _, err := s.dec.ReadToken(); !errors.Is(err, io.EOF) {
		yield(s.broken(problem.New(problem.Malformed, "Something follows the end of the array; send one JSON array only.")))
	}
}

// element reads one element whole, or, where it is too long, over it.
func (s *splitter) element() Item {
	item := Item{Index: s.next}
	value, err := s.dec.ReadValue()
	switch {
	case errors.Is(err, errSpent):
		if err := s.skip(); err != nil {
			return s.broken(err)
		}
		item.Err = tooLong(s.limits)
	case err != nil:
		return s.broken(err)
	case len(value) > s.limits.Bytes:
		item.Err = tooLong(s.limits)
	default:
		item.Body = bytes.Clone(value) // the decoder uses its buffer again
	}
	s.next++
	return item
}

// skip reads over one element, token by token, so that no more than one token of it is held.
func (s *splitter) skip() error {
	depth := s.dec.StackDepth()
	for {
		s.allowance.left = s.limits.Bytes
		if _, err := s.dec.ReadToken(); err != nil {
			return err
		}
		if s.dec.StackDepth() == depth {
			return nil
		}
	}
}

func (s *splitter) notAnArray(err error) Item {
	if errors.Is(err, io.EOF) {
		return s.broken(problem.New(problem.Malformed, "The body is empty; send a JSON array of applications."))
	}
	if err != nil {
		return s.broken(err)
	}
	return s.broken(problem.New(problem.Malformed, "The body is not an array; send a JSON array of applications."))
}

// broken ends a batch: what follows this place cannot be told apart any more.
func (s *splitter) broken(err error) Item {
	item := Item{Index: s.next, Err: err, Broken: true}
	if known := new(problem.Error); errors.As(err, &known) {
		return item
	}
	switch syntactic := new(jsontext.SyntacticError); {
	case errors.Is(err, errSpent):
		item.Err = tooLong(s.limits)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		item.Err = problem.Wrap(err, problem.Malformed, fmt.Sprintf(
			"The array breaks off at byte %d; this item and whatever was to follow was not read.", s.dec.InputOffset()))
	case errors.As(err, &syntactic):
		item.Err = problem.Wrap(err, problem.Malformed, fmt.Sprintf(
			"The array is not JSON from byte %d on; this item and whatever follows was not read.", syntactic.ByteOffset))
	}
	return item
}

// errSpent ends a value that is longer than may be held.
var errSpent = errors.New("the allowance is spent")

// allowance is a reader that gives so many bytes, until it is told to give more.
type allowance struct {
	in   io.Reader
	left int
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		return 0, errSpent
	}
	n, err := a.in.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}

// Lines takes newline-delimited JSON apart: an application a line. Empty lines are passed over and are no items; an error
// of the stream itself makes the last item a broken one.
func Lines(in io.Reader, limits Limits) iter.Seq[Item] {
	const chunk = 64 << 10
	return func(yield func(Item) bool) {
		buffered := bufio.NewReaderSize(in, chunk)
		next := 0
		for {
			line, long, err := readLine(buffered, limits.Bytes)
			ended := errors.Is(err, io.EOF)
			if err != nil && !ended {
				yield(Item{Index: next, Err: err, Broken: true})
				return
			}
			if line = bytes.Trim(line, " \t\r\n"); len(line) > 0 || long {
				item := Item{Index: next, Body: line}
				switch {
				case next >= limits.Items:
					item = Item{Index: next, Err: tooMany(limits), Broken: true}
				case long || len(line) > limits.Bytes:
					item = Item{Index: next, Err: tooLong(limits)}
				}
				if !yield(item) || item.Broken {
					return
				}
				next++
			}
			if ended {
				return
			}
		}
	}
}

// readLine reads one line. Of one that is longer than most it keeps nothing, and says so.
func readLine(in *bufio.Reader, most int) (line []byte, long bool, err error) {
	const ending = 2 // \r\n
	for {
		part, err := in.ReadSlice('\n')
		if !long {
			line = append(line, part...)
		}
		if len(line) > most+ending {
			line, long = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, long, err
		}
	}
}

func tooLong(limits Limits) error {
	return problem.New(problem.TooLarge, fmt.Sprintf("The application is longer than %d bytes; split it.", limits.Bytes))
}

func tooMany(limits Limits) error {
	return problem.New(problem.TooLarge, fmt.Sprintf(
		"A batch has at most %d applications; this one and whatever follows was not read. Send them in another batch.", limits.Items))
}
