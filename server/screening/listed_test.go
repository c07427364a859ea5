package screening_test

import (
	"io/fs"
	"maps"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	"greenchannel/policies"
	"greenchannel/server/screening"
)

// listedParty is what the tests need of a row of the reference data.
type listedParty struct {
	Name   string `yaml:"name"`
	NameZH string `yaml:"name_zh"`
	List   string `yaml:"list"`
}

// reference reads a document of the reference data from the policy folder.
func reference(t testing.TB, name string, into any) {
	t.Helper()
	text, err := fs.ReadFile(policies.FS(), "rareearth/reference/"+name)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func listedParties(t testing.TB) map[string]listedParty {
	var document struct{ Rows map[string]listedParty }
	reference(t, "parties/data.yaml", &document)
	if len(document.Rows) == 0 {
		t.Fatal("the reference data has no parties")
	}
	return document.Rows
}

func listedEntries(t testing.TB) []screening.Entry {
	rows := listedParties(t)
	var entries []screening.Entry
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		for _, name := range []string{rows[id].Name, rows[id].NameZH} {
			if name != "" {
				entries = append(entries, screening.Entry{Row: id, Name: name, List: rows[id].List})
			}
		}
	}
	return entries
}

// table is the folding table of the reference data.
type table struct {
	Characters   map[string]string
	LegalForms   map[string]string `yaml:"legal_forms"`
	LegalPhrases map[string]string `yaml:"legal_phrases"`
	SmallWords   map[string]string `yaml:"small_words"`
}

func folding(t testing.TB) table {
	var found table
	reference(t, "folding/data.yaml", &found)
	return found
}

func folder(t testing.TB) *screening.Folder {
	return screening.NewFolder(screening.Folding(folding(t)))
}

func settings(t testing.TB) screening.Settings {
	var document struct {
		Hit, Review struct{ Value float64 }
		Forms       []string
	}
	reference(t, "screening/data.yaml", &document)
	return screening.Settings{Hit: document.Hit.Value, Review: document.Review.Value, Forms: document.Forms}
}

func listedIndex(t testing.TB) *screening.Index {
	return screening.NewIndex(listedEntries(t), folder(t), settings(t))
}
