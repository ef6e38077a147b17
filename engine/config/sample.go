package config

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

const sampleHeader = `# kevy-lua.toml: every parameter with its default. Lines that begin with #name are settings: take the
# # away and change the value. ` + "`kevy-lua config default`" + ` prints this file.
#
# Keys are Redis' own names where Redis has the parameter, dashes and all; underscores are as good as
# dashes, and case does not count. An unknown key is an error. The same file can be written as YAML or
# JSON. What is given on the command line (--set port=7000) comes before environment variables
# (KEVY_SERVER_PORT=7000), they come before this file, and this file comes before the defaults.
#
# Sizes: 1k is 1000, 1kb is 1024; m, mb, g, gb likewise. Yes and no may be written as true and false.
# Durations: a number has the unit that is said beside the parameter; "500ms", "10s" and "5m" work
# everywhere. The file is read again when it changes and on SIGHUP; what says "needs a restart" is
# reported then and keeps its value.
#
# Parameters of Redis that have no effect here (replication, cluster, RDB files, …) are accepted in the
# section [compat].
`

const samplePlugins = `
# Plugins that are built in, one table for each. Every key beside name and enabled is an option of the
# plugin itself.
#[[plugins]]
#name = "audit"
#enabled = true
`

// Sample returns the annotated TOML file with every parameter at its default, commented out. Inert rows
// of Compat are left out.
func Sample() []byte {
	var out bytes.Buffer
	out.WriteString(sampleHeader)
	section := ""
	for _, p := range table().rows {
		if p.Section() == compatSection {
			continue
		}
		if p.Section() != section {
			section = p.Section()
			fmt.Fprintf(&out, "\n[%s]\n", section)
		} else {
			out.WriteByte('\n')
		}
		writeComment(&out, strings.TrimSpace(p.Doc+" "+p.notes()))
		fmt.Fprintf(&out, "#%s = %s\n", p.Key(), p.toml(table().defaults))
	}
	out.WriteString(samplePlugins)
	return out.Bytes()
}

// notes says, as far as the header does not, what the value may be, its name in Redis where that is not
// the key, and when a change takes effect.
func (p *Param) notes() string {
	var notes []string
	switch {
	case p.Kind == Enum:
		notes = append(notes, strings.Join(p.Values, ", "))
	case p.Kind == Duration && p.Name != "":
		notes = append(notes, "in "+unitName(p.Unit))
	case p.expects != "":
		notes = append(notes, p.expects)
	case p.Kind == Int, p.Kind == Size, p.Kind == Duration:
		if bounds := p.bounds(); bounds != "" && (p.Min != 0 || p.Max < math.MaxInt32) {
			notes = append(notes, strings.TrimPrefix(bounds, ", "))
		}
	}
	if p.Name != "" && p.Name != p.Key() {
		notes = append(notes, "in Redis "+p.Name)
	}
	if p.Mutable == Fixed {
		notes = append(notes, "needs a restart")
	}
	if notes == nil {
		return ""
	}
	return "(" + strings.Join(notes, "; ") + ")"
}

// toml writes a value as a person would in the file.
func (p *Param) toml(c *Config) string {
	text := c.text(p)
	switch p.Kind {
	case Bool:
		return strconv.FormatBool(text == "yes")
	case Int:
		return text
	case Size:
		n, _ := ParseSize(text)
		if readable := formatSize(n); readable != text {
			return strconv.Quote(readable)
		}
		return text
	case Duration:
		if p.Name == "" {
			return strconv.Quote(formatDuration(c.value(p).(time.Duration)))
		}
		return text
	case List:
		return tomlList(c.value(p).([]string))
	case Limits:
		l := c.value(p).(OutputLimits)
		return tomlList([]string{"normal " + l.Normal.readable(), "replica " + l.Replica.readable(), "pubsub " + l.Pubsub.readable()})
	}
	return strconv.Quote(text)
}

func (l OutputLimit) readable() string {
	return fmt.Sprintf("%s %s %d", formatSize(l.Hard), formatSize(l.Soft), l.For/time.Second)
}

func tomlList(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = strconv.Quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// writeComment breaks the text into lines of at most 100 columns.
func writeComment(out *bytes.Buffer, text string) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
			column, _ = out.WriteString("# " + word)
		case column+1+len(word) > 100:
			column, _ = out.WriteString("\n# " + word)
		default:
			n, _ := out.WriteString(" " + word)
			column += n
		}
	}
	out.WriteByte('\n')
}
