package config

import (
	"bytes"
	"fmt"
	"strings"
)

// Reference returns the reference page of all parameters in Markdown: a table for each section, the
// inert ones last.
func Reference() []byte {
	var out bytes.Buffer
	out.WriteString("# Parameters\n\nMade from the table of parameters; `kevy-lua config default` prints the same as a file. *At run time* a change by CONFIG SET or of " +
		"the file\ntakes effect at once (yes), or only after a restart (no). *Where supported* is yes in the server; an embedding program that does\n" +
		"not run the part in question is told by CONFIG SET that it cannot.\n")
	section := ""
	for _, p := range table().rows {
		if p.Section() != section {
			section = p.Section()
			fmt.Fprintf(&out, "\n## %s\n\n| key | Redis | default | at run time | meaning |\n|---|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s | %s |\n", code(p.Key()), p.redisNames(), code(table().defaults.text(p)), p.atRunTime(), cell(p.Doc+" Expects "+p.Expects()+"."))
	}
	return bytes.TrimLeft(out.Bytes(), "\n")
}

func (p *Param) redisNames() string {
	var names []string
	if p.Name != "" {
		names = append(names, code(p.Name))
	}
	for _, alias := range p.Aliases {
		names = append(names, code(alias))
	}
	return strings.Join(names, ", ")
}

func (p *Param) atRunTime() string {
	switch {
	case p.Protected:
		return "protected"
	case p.Mutable == Mutable:
		return "yes"
	case p.Mutable == Applied:
		return "where supported"
	}
	return "no"
}

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + cell(text) + "`"
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
