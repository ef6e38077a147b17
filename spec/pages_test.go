package spec

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// TestPages requires the pages that are made from the tables to be what the
// tables say; -record writes them.
func TestPages(t *testing.T) {
	for name, want := range map[string][]byte{
		"parameters.md": config.Reference(),
		"commands.md":   commandPage(t),
	} {
		if *record {
			must(t, os.WriteFile(name, want, 0o644))
			continue
		}
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the table says: go test ./spec -run TestPages -record (%v)", name, err)
		}
	}
}

// commandPage lists every command of the table, by group.
func commandPage(t *testing.T) []byte {
	db, err := kevylua.Open(kevylua.Options{})
	must(t, err)
	defer db.Close()
	groups := map[command.Group][]*command.Spec{}
	var order []command.Group
	for _, s := range db.Engine().Table().All() {
		if groups[s.Group] == nil {
			order = append(order, s.Group)
		}
		groups[s.Group] = append(groups[s.Group], s)
	}
	var b bytes.Buffer
	b.WriteString("# Commands\n\nMade from the command table; `COMMAND DOCS` says the same.\n")
	for _, g := range order {
		fmt.Fprintf(&b, "\n## %s\n\n", g)
		for _, s := range groups[g] {
			writeCommand(&b, strings.ToUpper(s.Name), s)
			for i := range s.Sub {
				writeCommand(&b, strings.ToUpper(s.Name+" "+s.Sub[i].Name), &s.Sub[i])
			}
		}
	}
	return b.Bytes()
}

func writeCommand(b *bytes.Buffer, name string, s *command.Spec) {
	if s.Summary == "" {
		return
	}
	fmt.Fprintf(b, "- `%s` %s.\n", strings.TrimSpace(name+" "+s.Syntax), s.Summary)
}
