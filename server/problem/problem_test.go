package problem_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"greenchannel/server/problem"
)

func TestOfKeepsWhatIsOurs(t *testing.T) {
	t.Parallel()
	ours := problem.New(problem.Invalid, "The application cannot be used.", problem.Fault{Pointer: "/items", Detail: "empty"})
	got := problem.Of(fmt.Errorf("decide: %w", ours))
	if got != ours {
		t.Errorf("Of(wrapped) = %v, want the very error that was wrapped", got)
	}
}

func TestOfHidesWhatIsNot(t *testing.T) {
	t.Parallel()
	got := problem.Of(fmt.Errorf("open secret-place: %w", io.ErrUnexpectedEOF))
	if got.Kind != problem.Internal {
		t.Errorf("kind = %q, want %q", got.Kind, problem.Internal)
	}
	if strings.Contains(got.Detail, "secret-place") {
		t.Errorf("detail %q gives the cause away", got.Detail)
	}
	if !errors.Is(got, io.ErrUnexpectedEOF) || !strings.Contains(got.Error(), "secret-place") {
		t.Errorf("the operator lost the cause: %v", got)
	}
	if problem.Of(nil) != nil {
		t.Error("Of(nil) is an error")
	}
}

func TestErrorNamesEveryFault(t *testing.T) {
	t.Parallel()
	text := problem.New(problem.Invalid, "Two things are wrong.",
		problem.Fault{Pointer: "/items/0/form", Detail: "not a form", Line: 7},
		problem.Fault{Pointer: "", Detail: "not an object"},
	).Error()
	for _, want := range []string{"invalid: Two things", "line 7: /items/0/form: not a form", "(whole document): not an object"} {
		if !strings.Contains(text, want) {
			t.Errorf("Error() = %q, want it to contain %q", text, want)
		}
	}
}

func TestKindsAreDistinct(t *testing.T) {
	t.Parallel()
	seen := map[problem.Kind]bool{}
	for _, kind := range problem.Kinds() {
		if kind == "" || seen[kind] {
			t.Errorf("kind %q is empty or stands twice", kind)
		}
		seen[kind] = true
	}
}
