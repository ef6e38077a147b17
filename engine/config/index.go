package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// compatSection is the section of the inert rows: Config.Compat.
const compatSection = "compat"

// index is the table with its ways in. It is built once and never changes.
type index struct {
	rows     []*Param
	byName   map[string]named // Redis names, aliases and paths, in lower case
	byKey    map[string]*Param
	byEnv    map[string]*Param
	sections []string
	defaults *Config
}

// named is what a name leads to. CONFIG SET sees an alias as a parameter of its own, so the name under
// which the row was found is kept.
type named struct {
	row  *Param
	name string
}

var table = sync.OnceValue(build)

// build ties rows to fields. It panics on a row without a field and on a field without a row: both are
// mistakes of whoever edits the table, and every test meets them.
func build() *index {
	x := &index{byName: map[string]named{}, byKey: map[string]*Param{}, byEnv: map[string]*Param{}}
	fields := configFields()
	for _, rows := range [][]Param{
		serverRows(), persistenceRows(), memoryRows(), reaperRows(), scriptingRows(), hooksRows(),
		notificationsRows(), metricsRows(), logRows(), securityRows(), inertRows(),
	} {
		for i := range rows {
			x.add(&rows[i], fields)
		}
	}
	for path := range fields {
		if _, ok := x.byName[path]; !ok {
			panic("config: field without a row: " + path)
		}
	}
	x.defaults = x.buildDefaults()
	return x
}

func (x *index) add(p *Param, fields map[string][]int) {
	if p.Section() != compatSection {
		field, ok := fields[p.Path]
		if !ok {
			panic("config: row without a field: " + p.Path)
		}
		p.field = field
	}
	x.rows = append(x.rows, p)
	if !slices.Contains(x.sections, p.Section()) {
		x.sections = append(x.sections, p.Section())
	}
	x.name(p, p.Path, p.ConfigName())
	if p.Name != "" {
		x.name(p, p.Name, p.Name)
	}
	for _, alias := range p.Aliases {
		x.name(p, alias, alias)
	}
	for _, key := range append([]string{p.Key(), p.Name}, p.Aliases...) {
		if key != "" {
			x.byKey[p.Section()+"."+fold(key)] = p
		}
	}
	x.byEnv[p.Env()] = p
}

func (x *index) name(p *Param, text, name string) {
	text = strings.ToLower(text)
	if _, twice := x.byName[text]; twice {
		panic("config: two rows named " + text)
	}
	x.byName[text] = named{row: p, name: name}
}

func (x *index) buildDefaults() *Config {
	c := &Config{Compat: map[string]string{}}
	for _, p := range x.rows {
		value, err := p.Parse(c, p.Default)
		if err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", p.Path, err))
		}
		c.setValue(p, value)
	}
	return c
}

// configFields maps "section.key", by the tags, to the index of the field.
func configFields() map[string][]int {
	fields := map[string][]int{}
	root := reflect.TypeFor[Config]()
	for i := range root.NumField() {
		section := root.Field(i)
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		for j := range section.Type.NumField() {
			path := section.Tag.Get("mapstructure") + "." + section.Type.Field(j).Tag.Get("mapstructure")
			fields[path] = []int{i, j}
		}
	}
	return fields
}

// fold makes keys of files comparable: lower case, and underscores count as dashes.
func fold(key string) string {
	return strings.ReplaceAll(strings.ToLower(key), "_", "-")
}

// Params returns all rows, in the order of the sample file, the inert ones last.
func Params() []Param {
	rows := table().rows
	out := make([]Param, len(rows))
	for i, p := range rows {
		out[i] = *p
	}
	return out
}

// Lookup finds a row by path, Redis name or alias, without regard to case.
func Lookup(name string) (*Param, bool) {
	found, ok := table().byName[strings.ToLower(name)]
	return found.row, ok
}

// LookupKey finds a row by a section and a key of a file: the key of the path, the Redis name or an
// alias, without regard to case, underscores as good as dashes.
func LookupKey(section, key string) (*Param, bool) {
	p, ok := table().byKey[strings.ToLower(section)+"."+fold(key)]
	return p, ok
}

// LookupEnv finds a row by the name of its environment variable.
func LookupEnv(name string) (*Param, bool) {
	p, ok := table().byEnv[name]
	return p, ok
}

// Sections returns the names of the sections, in the order of the sample file, "compat" last.
func Sections() []string { return slices.Clone(table().sections) }

// value returns the field's value, in the field's type; for an inert row the text.
func (c *Config) value(p *Param) any {
	if p.field == nil {
		return c.Compat[p.Key()]
	}
	return reflect.ValueOf(c).Elem().FieldByIndex(p.field).Interface()
}

// setValue stores what Parse or value returned.
func (c *Config) setValue(p *Param, value any) {
	if p.field == nil {
		c.Compat[p.Key()] = value.(string)
		return
	}
	reflect.ValueOf(c).Elem().FieldByIndex(p.field).Set(reflect.ValueOf(value))
}

// Value returns the value of a row in the type of its field, a string for rows of Compat. Slices are
// shared with the configuration and must not be changed.
func (c *Config) Value(p *Param) any { return c.value(p) }

// Text returns a parameter's value as CONFIG GET prints it, and whether there is such a parameter.
func (c *Config) Text(name string) (string, bool) {
	p, ok := Lookup(name)
	if !ok {
		return "", false
	}
	return c.text(p), true
}

func (c *Config) text(p *Param) string {
	if p.field == nil {
		return c.Compat[p.Key()]
	}
	return p.print(p.fromField(c.value(p)))
}
