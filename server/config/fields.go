package config

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EnvironmentPrefix begins the name of every environment variable that sets something.
const EnvironmentPrefix = "GREENCHANNEL_"

// field is one value of the configuration.
type field struct {
	path   string // as in the file, with dots
	flag   string // without dashes; empty where there is none
	arg    string
	doc    string
	secret string
	value  reflect.Value
}

// section is a struct of the configuration, and the keys that it knows.
type section struct {
	path string
	keys []string
}

// walk lists the fields of a configuration in order, and its sections by path.
func walk(c *Config) (fields []*field, sections map[string]section) {
	sections = map[string]section{}
	var visit func(prefix string, value reflect.Value)
	visit = func(prefix string, value reflect.Value) {
		known := section{path: prefix}
		for i := range value.NumField() {
			tag := value.Type().Field(i).Tag
			key := tag.Get("key")
			path := strings.TrimPrefix(prefix+"."+key, ".")
			known.keys = append(known.keys, key)
			if value.Field(i).Kind() == reflect.Struct {
				visit(path, value.Field(i))
				continue
			}
			fields = append(fields, &field{
				path: path, flag: tag.Get("flag"), arg: tag.Get("arg"), doc: tag.Get("doc"), secret: tag.Get("secret"), value: value.Field(i),
			})
		}
		sections[prefix] = known
	}
	visit("", reflect.ValueOf(c).Elem())
	return fields, sections
}

// raw says whether a field keeps whatever shape it is given.
func (f *field) raw() bool { return f.value.Kind() == reflect.Interface }

// variable is the environment variable of a field; empty for one that only the file can set.
func (f *field) variable() string {
	if f.raw() {
		return ""
	}
	name := f.flag
	if name == "" {
		name = f.path
	}
	return EnvironmentPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(name))
}

// wants says what a value has to be, as the end of a sentence.
func (f *field) wants() string {
	switch f.value.Interface().(type) {
	case time.Duration:
		return "a time, such as 500ms, 2s or 10m"
	case bool:
		return "true or false"
	case int:
		return "a whole number"
	case float64:
		return "a number"
	case []string:
		return "a list of words"
	case map[string]string:
		return "names with a text each"
	}
	return "a text"
}

// setText sets a field from one text, as flags and the environment have it: lists with commas, names with = and commas.
func (f *field) setText(text string) error {
	var value any
	var err error
	switch f.value.Interface().(type) {
	case string:
		value = text
	case time.Duration:
		value, err = time.ParseDuration(text)
	case bool:
		value, err = strconv.ParseBool(text)
	case int:
		value, err = strconv.Atoi(text)
	case float64:
		value, err = number(text)
	case []string:
		value = words(text)
	case map[string]string:
		value, err = pairs(text)
	default:
		return fmt.Errorf("can be set in a file only")
	}
	if err != nil {
		return fmt.Errorf("%.60q is not %s", text, f.wants())
	}
	f.value.Set(reflect.ValueOf(value))
	return nil
}

func number(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(value) || math.IsInf(value, 0)) {
		err = strconv.ErrRange
	}
	return value, err
}

func words(text string) []string {
	var all []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			all = append(all, word)
		}
	}
	return all
}

func pairs(text string) (map[string]string, error) {
	all := map[string]string{}
	for _, pair := range words(text) {
		name, value, found := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !found || name == "" {
			return nil, strconv.ErrSyntax
		}
		all[name] = strings.TrimSpace(value)
	}
	return all, nil
}

// text writes a value as flags and the environment take it.
func (f *field) text() string {
	switch value := f.value.Interface().(type) {
	case []string:
		return strings.Join(value, ",")
	case map[string]string:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(value)) {
			all = append(all, name+"="+value[name])
		}
		return strings.Join(all, ",")
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	case time.Duration:
		return span(value)
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

// span writes a time without the zeros that Go puts behind it.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Flag is a setting that has a flag on the command line.
type Flag struct {
	Name    string
	Arg     string // the word for its value
	Usage   string
	Default string
	// Check says whether a text can be its value.
	Check func(text string) error
}

// Flags lists them.
func Flags() []Flag {
	standard := Standard()
	fields, _ := walk(&standard)
	var all []Flag
	for _, f := range fields {
		if f.flag == "" {
			continue
		}
		usage, _, _ := strings.Cut(f.doc, ". ")
		usage = strings.TrimSuffix(usage, ".")
		if second := usage[1]; second >= 'a' && second <= 'z' { // but for URL and the like
			usage = strings.ToLower(usage[:1]) + usage[1:]
		}
		all = append(all, Flag{
			Name: f.flag, Arg: f.arg, Usage: usage, Default: f.text(),
			Check: func(text string) error {
				scratch := reflect.New(f.value.Type()).Elem()
				return (&field{value: scratch}).setText(text)
			},
		})
	}
	return all
}

// Variables lists the environment variables that set something.
func Variables() []string {
	standard := Standard()
	fields, _ := walk(&standard)
	names := []string{configVariable}
	for _, f := range fields {
		if name := f.variable(); name != "" {
			names = append(names, name)
		}
	}
	return names
}
