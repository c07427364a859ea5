package sheet

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The table of columns in the README is the one in the code.
func TestReadmeNamesEveryColumn(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, c := range columns() {
		field := map[scope]string{ofItem: "`/items/-" + c.pointer + "`", ofApplication: "`" + c.pointer + "`"}[c.scope]
		switch {
		case c.name == applicationColumn:
			field = "`/id`"
		case c.scope == ofRow:
			field = "told again beside the decision"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", c.name, c.zh, strings.Join(c.also, ", "), field)
	}
	_, got, _ := strings.Cut(string(readme), "| column | in Chinese | also | field |\n| --- | --- | --- | --- |\n")
	if got != want.String() {
		t.Errorf("the table in README.md should be:\n%s", want.String())
	}
}
