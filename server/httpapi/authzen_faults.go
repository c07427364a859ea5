package httpapi

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"greenchannel/server/problem"
)

// faults names the required fields that a question lacks.
func (e evaluation) faults() []problem.Fault {
	var faults []problem.Fault
	for _, entity := range []struct {
		name   string
		value  jsontext.Value
		fields []string
	}{
		{"subject", e.Subject, []string{"type", "id"}},
		{"action", e.Action, []string{"name"}},
		{"resource", e.Resource, []string{"type", "id"}},
	} {
		var stated map[string]jsontext.Value
		if len(entity.value) == 0 || json.Unmarshal(entity.value, &stated) != nil {
			faults = append(faults, problem.Fault{Pointer: "/" + entity.name, Detail: "is missing, or no object"})
			continue
		}
		for _, field := range entity.fields {
			if value := stated[field]; len(value) < len(`"x"`) || value[0] != '"' {
				faults = append(faults, problem.Fault{Pointer: "/" + entity.name + "/" + field, Detail: "is missing, or no text"})
			}
		}
		if more, there := stated["properties"]; there && more.Kind() != '{' {
			faults = append(faults, problem.Fault{Pointer: "/" + entity.name + "/properties", Detail: "is no object"})
		}
	}
	if len(e.Context) > 0 && e.Context.Kind() != '{' {
		faults = append(faults, problem.Fault{Pointer: "/context", Detail: "is no object"})
	}
	return faults
}

// refused is what a question is at fault for, at the places of the body that was sent: 400 for these clients.
func (e evaluation) refused(err error) error {
	if why := problem.Of(err); why.Kind == problem.Invalid {
		return problem.New(problem.Malformed, why.Detail, e.inBody(why.Faults)...)
	}
	return err
}

// inBody gives faults of a question the pointers of the body that it was sent in.
func (e evaluation) inBody(faults []problem.Fault) []problem.Fault {
	var placed []problem.Fault
	for _, fault := range faults {
		name, within, inside := strings.Cut(strings.TrimPrefix(fault.Pointer, "/"), "/")
		if place, elsewhere := e.parts[name]; elsewhere {
			fault.Pointer = place
			if inside {
				fault.Pointer += "/" + within
			}
		}
		placed = append(placed, fault)
	}
	return placed
}

// places are where in a question the parts of its application come from, by JSON pointers of both. The mapping of the active
// bundle tells them.
type places map[string]string

// asked makes of what is wrong with an application what is wrong with the question that it comes from. Its lines and columns
// are those of a document that the client has never seen, so they are left out.
func (p places) asked(err error) error {
	why := problem.Of(err)
	detail := why.Detail
	switch {
	case why.Kind == problem.Malformed && len(why.Faults) == 1:
		detail = "The application of the request cannot be read: " + why.Faults[0].Detail + "."
	case why.Kind != problem.Invalid:
		return err
	}
	var faults []problem.Fault
	for _, fault := range why.Faults {
		if place, known := p.of(fault.Pointer); known {
			fault.Pointer = place
		} else {
			fault.Detail += " (the place is one of the application that the policies made of the request)"
		}
		fault.Line = 0
		faults = append(faults, fault)
	}
	return problem.New(problem.Invalid, detail, faults...)
}

// of finds where in a question a place of the application is: by the nearest place around it that is told.
func (p places) of(pointer string) (string, bool) {
	for around := pointer; ; around = around[:strings.LastIndexByte(around, '/')] {
		if from, known := p[around]; known {
			return from + pointer[len(around):], true
		}
		if !strings.Contains(around, "/") {
			return "", false
		}
	}
}
