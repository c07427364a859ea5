package config

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

const redacted = "REDACTED"

// String is the effective configuration as a file, with the place that each value came from beside it. Secrets are left
// out, so that it can be shown; everything else can be read again as it stands.
func (l *Loaded) String() string {
	root := &yaml.Node{Kind: yaml.MappingNode}
	sections := map[string]*yaml.Node{"": root}
	fields, _ := walk(&l.Config)
	for _, f := range fields {
		if f.raw() && f.value.IsNil() {
			continue
		}
		node := f.node()
		node.LineComment = l.sources[f.path].String()
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: f.path[strings.LastIndex(f.path, ".")+1:]}
		if node.Kind != yaml.ScalarNode && node.Style&yaml.FlowStyle == 0 {
			key.LineComment, node.LineComment = node.LineComment, ""
		}
		parent := sectionNode(sections, f.path)
		parent.Content = append(parent.Content, key, node)
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(root); err != nil {
		return err.Error() // nodes made here can always be written
	}
	return out.String()
}

// sectionNode gives the mapping that a path lies in, made where it is not there yet.
func sectionNode(sections map[string]*yaml.Node, path string) *yaml.Node {
	at := strings.LastIndex(path, ".")
	if at < 0 {
		return sections[""]
	}
	path = path[:at]
	if known := sections[path]; known != nil {
		return known
	}
	made := &yaml.Node{Kind: yaml.MappingNode}
	sections[path] = made
	parent := sectionNode(sections, path)
	parent.Content = append(parent.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: path[strings.LastIndex(path, ".")+1:]}, made)
	return made
}

// node is a value as it stands in a file.
func (f *field) node() *yaml.Node {
	var value any
	switch v := f.value.Interface().(type) {
	case time.Duration:
		value = span(v)
	case string:
		value = v
		if f.secret == "url" {
			value = withoutPassword(v)
		}
	case []string:
		value = slices.Concat([]string{}, v)
	default:
		value = v
	}
	if f.raw() {
		value = hidden(value, f.path == "keys")
	}
	node := new(yaml.Node)
	if err := node.Encode(value); err != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: err.Error()}
	}
	if _, list := value.([]string); list || node.Kind != yaml.ScalarNode && len(node.Content) == 0 {
		node.Style |= yaml.FlowStyle
	}
	return node
}

// withoutPassword hides the password of a URL; a text that is none is hidden whole, since nobody knows what is in it.
func withoutPassword(text string) string {
	at, err := url.Parse(text)
	if err != nil {
		return redacted
	}
	if _, has := at.User.Password(); has {
		at.User = url.UserPassword(at.User.Username(), redacted)
	}
	if query := at.Query(); query.Has("password") {
		query.Set("password", redacted)
		at.RawQuery = query.Encode()
	}
	return at.String()
}

// hidden takes the secrets out of a block of OPA: all that stands below credentials and headers, whatever is called after a
// secret, and passwords in URLs.
func hidden(block any, secret bool) any {
	switch value := block.(type) {
	case map[string]any:
		shown := map[string]any{}
		for name, below := range value {
			shown[name] = hidden(below, secret && !slices.Contains([]string{"algorithm", "scope"}, name) || secretName(name))
		}
		return shown
	case []any:
		shown := make([]any, 0, len(value))
		for _, below := range value {
			shown = append(shown, hidden(below, secret))
		}
		return shown
	case string:
		if secret {
			return redacted
		}
		if strings.Contains(value, "://") {
			return withoutPassword(value)
		}
		return value
	}
	if secret {
		return redacted
	}
	return block
}

func secretName(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"credential", "header", "secret", "password", "passphrase", "token", "private"}, func(word string) bool {
		return strings.Contains(name, word)
	})
}

// Reference is the reference of the configuration in Markdown.
func Reference() string {
	var out strings.Builder
	out.WriteString(`# Configuration

Written by ` + "`greenchannel config reference`" + ` from ` + "`config.go`" + `; change it there. A value is taken from a flag, else from the
environment, else from the file that ` + "`--config`" + ` or ` + "`" + configVariable + "`" + ` names, else it is the default. In the environment, lists have commas between
their words, and an empty variable states nothing. The file is YAML; a key that is not known, stands twice or has a value of
another kind is an error. Paths of files are as seen from where the service is started. ` + "`greenchannel config`" + ` prints what holds, and why.

In the blocks that have OPA's shape, ` + "`${NAME}`" + ` stands for a variable of the environment.

`)
	standard := Standard()
	fields, _ := walk(&standard)
	out.WriteString("| key | default | environment, flag | meaning |\n| --- | --- | --- | --- |\n")
	for _, f := range fields {
		set := code(f.variable())
		if f.flag != "" {
			set += "<br>" + code("--"+f.flag)
		}
		if f.raw() {
			set = "file only"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", code(f.path), code(f.text()), set, strings.ReplaceAll(f.doc, "|", `\|`))
	}
	return out.String()
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
