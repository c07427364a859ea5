package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// seedDoors gives the fuzzer what is good: every example of the document, every application of the cases at each door that
// takes one, and requests of OPA and AuthZEN clients; and some of what is odd. Of these it gets those of its group.
func seedDoors(f *testing.F, group doorGroup) {
	f.Helper()
	all := fuzzedDoors()
	behind := func(method, target string) (door, string) {
		best := -1
		for i, d := range all {
			if d.method == method && strings.HasPrefix(target, d.start) && (best < 0 || len(d.start) > len(all[best].start)) {
				best = i
			}
		}
		if best < 0 {
			f.Fatalf("%s %s is behind no door: add it", method, target)
		}
		return all[best], target[len(all[best].start):]
	}
	add := func(method, target, body string, marked uint8, header ...string) {
		d, rest := behind(method, target)
		if d.group != group {
			return
		}
		var lines strings.Builder
		for i := 0; i+1 < len(header); i += 2 {
			fmt.Fprintf(&lines, "%s: %s\n", header[i], header[i+1])
		}
		f.Add(uint8(slices.Index(doorsOf(group), d)), rest, lines.String(), []byte(body), marked, []byte(nil))
	}
	const asJSON, asLines = "application/json", "application/x-ndjson"
	for _, o := range conforming(f).description.Operations {
		for _, e := range o.Examples {
			path, query, header := o.Template(), url.Values{}, []string{"Content-Type", asJSON}
			if e.MediaType != "" {
				header[1] = e.MediaType
			}
			for name, value := range e.Path {
				path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
			}
			for _, pair := range e.Query {
				query.Set(pair.Name, pair.Value)
			}
			if len(query) > 0 {
				path += "?" + query.Encode()
			}
			for _, pair := range e.Header {
				header = append(header, pair.Name, pair.Value)
			}
			add(o.Method, path, string(e.Body), 0, header...)
		}
	}
	files, err := filepath.Glob("../../tests/cases/applications/*.json")
	if err != nil || len(files) < 10 {
		f.Fatalf("%d applications, %v", len(files), err)
	}
	for i, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			f.Fatal(err)
		}
		app := compact.String()
		switch i % 5 {
		case 0:
			add("POST", "/v1/decisions", app, 0, "Content-Type", asJSON, "Idempotency-Key", "key", "Accept-Language", "zh")
		case 1:
			add("POST", "/v1/dry-runs?as_of=2026-01-15", app, 0, "Content-Type", asJSON)
		case 2:
			add("POST", "/v1/decisions/batch", "["+app+","+app+"]", 0, "Content-Type", asJSON)
		case 3:
			add("POST", "/v1/decisions/batch", app+"\n{}\n"+app+"\n", 0, "Content-Type", asLines, "Idempotency-Key", `"k"`)
		case 4:
			add("POST", "/v1/data/greenchannel/decision?pretty&metrics&provenance", `{"input":`+app+`}`, 0, "Content-Type", asJSON)
		}
	}
	zen := question(f, "FUZZ-1")
	add("POST", "/access/v1/evaluation", written(f, zen), 0, "Content-Type", asJSON, "X-Request-ID", "zen")
	zen["evaluations"] = []any{map[string]any{}, permitted(f, "FUZZ-2"), map[string]any{"action": map[string]any{"name": "read"}}}
	for _, semantic := range []string{"execute_all", "deny_on_first_deny", "permit_on_first_permit"} {
		zen["options"] = map[string]any{"evaluations_semantic": semantic}
		add("POST", "/access/v1/evaluations", written(f, zen), 0, "Content-Type", asJSON)
	}
	for i, target := range []string{
		"/v1/data?pretty=true", "/v1/data/greenchannel/decision?input={\"a\":1}", "/v1/data/greenchannel/a%2Fb/%2e%2e?explain=full", "/v1/query?q=x=1",
		"/v1/policies/x?pretty", "/health?bundles&plugins", "/health/x", "/docs/", "/docs?x=1", "/livez/", "//docs", "/v1/journal/records/1/leaf",
		"/v1/journal/inclusion?seq=1&size=1", "/v1/journal/inclusion?seq=18446744073709551616", "/v1/journal/consistency?old=1&new=1", "/v1/parties?name=Wassenaar&country=NL",
		"/v1/decisions?limit=1&cursor=AAAA", "/v1/controls?element=Dy&hs_code=2846&form=magnet", "/v1/registry/parties?name=%E6%B1%9F%E8%A5%BF",
	} {
		for _, marked := range []uint8{0, uint8(i%4) + 1} {
			add("GET", target, "", marked, "Accept", "text/html", "Accept-Encoding", "gzip", "If-None-Match", "*")
		}
	}
	add("PUT", "/v1/registry/parties/fuzzed", party, 0, "Content-Type", asJSON, "If-None-Match", "*")
	add("PUT", "/v1/registry/parties/fuzzed", party, 0, "Content-Type", asJSON, "If-Match", `"1"`)
	add("PATCH", "/v1/data/x", `[{"op":"add","path":"/","value":1}]`, 0, "Content-Type", "application/json-patch+json")
	add("POST", "/v1/batch/data/greenchannel/decision", `{"inputs":{"a":{},"b":1}}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/query", `{"query":"x := data.greenchannel.decision","input":{}}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/compile", `{"query":"input.x = 1","unknowns":["input"]}`, 0, "Content-Type", asJSON)
	add("POST", "/v1/data/greenchannel/decision", "input:\n  id: &a [1]", 0, "Content-Type", "application/x-yaml")
	add("POST", "/v0/data/greenchannel/decision", "{}", 3, "Content-Type", asJSON, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	add("POST", "/v1/dry-runs", "", 4, "Content-Type", "text/html; charset=gb18030", "Content-Encoding", "gzip")
	add("GET", "/", "", 1)
	add("HEAD", "/", "", 1)
	add("OPTIONS", "/", "", 1)
	add("DELETE", "/", "", 1)
	add("POST", "/", "{}", 0, "Content-Type", asJSON)
}

// odd are values that stand where others are meant.
func odd() []any {
	return []any{
		nil, true, 0, -1, 1e300, 0.1, json.Number("1.0000000000000000001"), json.Number("1e999"), "", " ", markup, "\u0000", "\u202e", "\ufeff", "９", "é", "e\u0301",
		"2026-02-30", "9999-12-31", "0000-01-01", "2026-11-23T09:00:00+08:00", "CN", "ZZ", "none", strings.Repeat("x", 5000), strings.Repeat("有限公司", 100),
		[]any{}, []any{nil}, map[string]any{}, map[string]any{"": nil}, map[string]any{"a/b~c": []any{}}, make([]any, 300),
	}
}

// edited is a JSON document in which values were replaced: each pair of edits is a place and what is put there. A blind
// change of bytes seldom leaves JSON, and never reaches far behind the reading of it.
func edited(text, edits []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if len(edits) < 2 || len(edits) > 16 || decoder.Decode(&value) != nil || decoder.More() {
		return text
	}
	for pair := range slices.Chunk(edits, 2) {
		if len(pair) < 2 {
			break
		}
		var places []func(any)
		placed(value, &places)
		if len(places) > 0 {
			values := odd() // made anew each time: a list that was put into itself would have no end
			places[int(pair[0])%len(places)](values[int(pair[1])%len(values)])
		}
	}
	changed, err := json.Marshal(value)
	if err != nil {
		return text // a number that is none
	}
	return changed
}

// placed gathers a setter for each value within a value, in a fixed order.
func placed(value any, places *[]func(any)) {
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			*places = append(*places, func(with any) { v[name] = with })
			placed(v[name], places)
		}
	case []any:
		for i := range v {
			*places = append(*places, func(with any) { v[i] = with })
			placed(v[i], places)
		}
	}
}
