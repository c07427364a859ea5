package cases

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"greenchannel/server/casefile"
)

var update = flag.Bool("update", false, "write the corpus of the service anew")

// corpus is the file from which the service decides every case under a bundle that comes in.
const corpus = "../../server/corpus/cases.ndjson"

// The service checks a bundle that comes in on the cases of today: all that it can decide by its own tables.
func TestTheCorpusIsFresh(t *testing.T) {
	t.Parallel()
	cases, err := casefile.Load(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	lines := json.NewEncoder(&want)
	lines.SetEscapeHTML(false)
	for _, c := range cases {
		if c.Tables.Given {
			continue
		}
		body, err := c.Body(os.DirFS("."))
		if err != nil {
			t.Fatalf("%s: %v", c.Place, err)
		}
		var days []string
		for _, day := range c.Days {
			days = append(days, day.AsOf)
		}
		if err := lines.Encode(map[string]any{"case": c.Name, "as_of": days, "application": json.RawMessage(body)}); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(corpus); err == nil && bytes.Equal(got, want.Bytes()) {
		return
	}
	if !*update {
		t.Fatalf("%s is not made of the cases of today; go test ./tests/cases -run Corpus -update writes it anew", corpus)
	}
	if err := os.WriteFile(corpus, want.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
