package store

import "github.com/google/uuid"

// decisionID is the id of a decision, in sixteen bytes where it is a UUID as they are written here.
type decisionID struct {
	uuid  uuid.UUID
	other string // any other id
}

func decisionIDOf(text string) decisionID {
	if id, err := uuid.Parse(text); err == nil && id.String() == text {
		return decisionID{uuid: id}
	}
	return decisionID{other: text}
}

func (d decisionID) String() string {
	if d.other != "" {
		return d.other
	}
	return d.uuid.String()
}
