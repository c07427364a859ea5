package httpapi

// Source is how the server is that the bundle comes from.
type Source struct {
	Name        string `json:"name" jsonschema:"Name of the bundle in the configuration."`
	Service     string `json:"service" jsonschema:"Name of the service that it comes from."`
	Resource    string `json:"resource" jsonschema:"What is asked for there."`
	Revision    string `json:"revision,omitzero" jsonschema:"Revision of the last good bundle; absent where none ever came."`
	Digest      string `json:"digest,omitzero" jsonschema:"Its digest."`
	Active      bool   `json:"active" jsonschema:"Whether it answers now; false where somebody has activated another."`
	ConfirmedAt string `json:"confirmed_at,omitzero" jsonschema:"When the server last sent it or said that it is still the one."`
	AgeSeconds  int64  `json:"age_seconds" jsonschema:"How long ago that was, in seconds."`
	Stale       bool   `json:"stale" jsonschema:"Whether that is too long ago, by the configuration."`
	Fault       string `json:"fault,omitzero" jsonschema:"Why the last look was no success; absent where it was."`
}

// source is how the server of the bundle is; nil where the bundle comes from none.
func (a api) source() *Source {
	if a.Source == nil {
		return nil
	}
	return a.Source()
}

// warning is what a probe is told although the service is ready.
func (s *Source) warning() string {
	switch {
	case s == nil:
		return ""
	case s.Stale:
		return "STALE: the server has not confirmed the bundle " + s.Name + ", revision " + s.Revision + ", since " + s.ConfirmedAt + "."
	case s.Fault != "":
		return "The last look for a new bundle " + s.Name + " failed; revision " + s.Revision + " stays in force."
	}
	return ""
}
