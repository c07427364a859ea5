package batch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"greenchannel/server/problem"
)

var small = Limits{Items: 5, Bytes: 40}

// told writes items so that a test can compare them: the body, or the kind of the error, and ! where the stream ends.
func told(items iter.Seq[Item]) []string {
	var all []string
	for item := range items {
		text := string(item.Body)
		if item.Err != nil {
			text = string(problem.Of(item.Err).Kind)
		}
		if item.Broken {
			text += "!"
		}
		all = append(all, fmt.Sprintf("%d %s", item.Index, text))
	}
	return all
}

func TestArray(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", 40) + `"}`
	many := `{"a":[` + strings.Repeat("1,", 400) + `1]}`
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"empty", `[]`, nil},
		{"exact bytes", " [ {\"a\" : 1.50 ,\n \"a\":2}\t, [ ] ,\"\\u0061\" ] \n", []string{"0 {\"a\" : 1.50 ,\n \"a\":2}", "1 [ ]", `2 "\u0061"`}},
		{"not UTF-8 inside", "[\"\xff\",1]", []string{"0 \"\xff\"", "1 1"}},
		{"one too long", `[1,` + long + `,3]`, []string{"0 1", "1 too-large", "2 3"}},
		{"one far too long", `[1,` + many + `,3]`, []string{"0 1", "1 too-large", "2 3"}},
		{"the last too long", `[` + many + `]`, []string{"0 too-large"}},
		{"a word too long to be passed over", `["` + strings.Repeat("x", 400) + `",2]`, []string{"0 too-large!"}},
		{"space without end", `[1,` + strings.Repeat(" ", 400) + `2]`, []string{"0 1", "1 too-large!"}},
		{"too many", `[1,2,3,4,5,6,7]`, []string{"0 1", "1 2", "2 3", "3 4", "4 5", "5 too-large!"}},
		{"as many as may be", `[1,2,3,4,5]`, []string{"0 1", "1 2", "2 3", "3 4", "4 5"}},
		{"no body", ``, []string{"0 malformed!"}},
		{"space only", " \n", []string{"0 malformed!"}},
		{"an object", `{"id":1}`, []string{"0 malformed!"}},
		{"lines", "{\"id\":1}\n{\"id\":2}", []string{"0 malformed!"}},
		{"no JSON", `applications`, []string{"0 malformed!"}},
		{"byte-order mark", "\ufeff[1]", []string{"0 malformed!"}},
		{"not closed", `[1,2`, []string{"0 1", "1 2", "2 malformed!"}},
		{"breaks off", `[1,{"a":`, []string{"0 1", "1 malformed!"}},
		{"comma at the end", `[1,]`, []string{"0 1", "1 malformed!"}},
		{"no comma", `[1 2]`, []string{"0 1", "1 malformed!"}},
		{"no JSON inside", `[1,{"a":nul},3]`, []string{"0 1", "1 malformed!"}},
		{"something follows", `[1] [2]`, []string{"0 1", "1 malformed!"}},
		{"rubbish follows", `[1]]`, []string{"0 1", "1 malformed!"}},
	} {
		for _, in := range []io.Reader{strings.NewReader(tc.body), iotest.OneByteReader(strings.NewReader(tc.body))} {
			if diff := cmp.Diff(tc.want, told(Array(in, small))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		}
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 41)
	for _, tc := range []struct {
		name, body string
		want       []string
	}{
		{"empty", "", nil},
		{"exact bytes", "{\"a\" : 1}\n{\"b\":2}\n", []string{`0 {"a" : 1}`, `1 {"b":2}`}},
		{"the last without an end", "1\n2", []string{"0 1", "1 2"}},
		{"ends of other systems", "1\r\n2\r\n", []string{"0 1", "1 2"}},
		{"empty lines", "\n1\n \n\n2\n\n", []string{"0 1", "1 2"}},
		{"a bad line spoils itself alone", "{\n2\n", []string{"0 {", "1 2"}},
		{"one too long", "1\n" + long + "\n3\n", []string{"0 1", "1 too-large", "2 3"}},
		{"one far too long", "1\n" + strings.Repeat("x", 200_000) + "\n3", []string{"0 1", "1 too-large", "2 3"}},
		{"the last far too long", strings.Repeat("x", 200_000), []string{"0 too-large"}},
		{"as long as may be", long[1:] + "\r\n", []string{"0 " + long[1:]}},
		{"too many", "1\n2\n3\n4\n5\n6\n7", []string{"0 1", "1 2", "2 3", "3 4", "4 5", "5 too-large!"}},
	} {
		if diff := cmp.Diff(tc.want, told(Lines(strings.NewReader(tc.body), small))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

// An error of the connection is told as it is, so that the transport can say what it means.
func TestSplittersKeepTheErrorOfTheStream(t *testing.T) {
	t.Parallel()
	gone := errors.New("the client is gone")
	for name, split := range map[string]func(io.Reader, Limits) iter.Seq[Item]{"array": Array, "lines": Lines} {
		for _, body := range []string{"", "[", "[1,\n2"} {
			items := slices.Collect(split(io.MultiReader(strings.NewReader(body), iotest.ErrReader(gone)), small))
			last := items[len(items)-1]
			if !last.Broken || !errors.Is(last.Err, gone) {
				t.Errorf("%s of %q ends with %+v", name, body, last)
			}
		}
	}
}

// A splitter can be left in the middle.
func TestSplittersStopWhenToldTo(t *testing.T) {
	t.Parallel()
	for name, items := range map[string]iter.Seq[Item]{
		"array": Array(strings.NewReader(`[1,2,3]`), small), "lines": Lines(strings.NewReader("1\n2\n3"), small),
		"no array": Array(strings.NewReader(`1`), small),
	} {
		taken := 0
		for range items {
			taken++
			break
		}
		if taken != 1 {
			t.Errorf("%s: %d taken", name, taken)
		}
	}
}

// Whatever the body: what another decoder takes apart is taken apart alike, byte for byte; what it refuses ends with a
// broken item; and indexes count up.
func FuzzArray(f *testing.F) {
	for _, body := range []string{
		`[]`, `[1,"a",{"b":[null,true]},[]]`, ` [ {"a":1,"a":2} ] `, `[1,]`, `[1 2]`, `[`, `[[[[`, `{}`, `[1]x`, "[\"\xff\"]", `["\ud800"]`,
		`[{"a":"` + strings.Repeat("x", 50) + `"},2]`, "[1,\n\t2\r]", `[-0,1e400,0.1E-5]`, `[1,2,3,4,5,6]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		limits := Limits{Items: 1 << 20, Bytes: 1 << 20}
		items := slices.Collect(Array(bytes.NewReader(body), limits))
		var got [][]byte
		broken := false
		for i, item := range items {
			if item.Index != i {
				t.Fatalf("item %d has the index %d", i, item.Index)
			}
			if broken {
				t.Fatalf("item %d comes after the end", i)
			}
			broken = item.Broken
			if item.Err == nil {
				got = append(got, item.Body)
			}
		}
		var want []json.RawMessage
		err := json.Unmarshal(body, &want)
		if err == nil && body != nil && bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("[")) {
			if broken || len(got) != len(want) {
				t.Fatalf("%q: %d items (broken %v), want %d", body, len(got), broken, len(want))
			}
			for i := range want {
				if !bytes.Equal(got[i], want[i]) {
					t.Fatalf("%q: item %d is %q, want %q", body, i, got[i], want[i])
				}
			}
		} else if !broken {
			t.Fatalf("%q is no array (%v), and no item says so", body, err)
		}
		for item := range Array(bytes.NewReader(body), Limits{Items: 3, Bytes: 8}) { // tight limits: no panic, nothing past them
			if len(item.Body) > 8 || item.Index > 3 {
				t.Fatalf("past the limits: %+v", item)
			}
		}
	})
}

// FuzzLines holds the same for lines.
func FuzzLines(f *testing.F) {
	for _, body := range []string{"", "1\n2", "\n\n", "1\r\n", "{\n}\n", strings.Repeat("x", 50) + "\n1"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		want := 0
		for line := range bytes.SplitSeq(body, []byte("\n")) {
			if len(bytes.Trim(line, " \t\r")) > 0 {
				want++
			}
		}
		got := 0
		for item := range Lines(bytes.NewReader(body), Limits{Items: 1 << 20, Bytes: 16}) {
			if item.Index != got || item.Broken || len(item.Body) > 16 {
				t.Fatalf("%q: %+v at %d", body, item, got)
			}
			got++
		}
		// A line of space alone is empty, unless it is too long to be looked at.
		if blank := strings.Count(string(body), " "); got < want || got > want+blank+bytes.Count(body, []byte("\t"))+bytes.Count(body, []byte("\r")) {
			t.Fatalf("%q: %d items, want %d", body, got, want)
		}
	})
}
