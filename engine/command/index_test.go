package command_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// Names that only differ where the index does not look are told apart, in any
// case, and so are those that differ from a letter by the bit of its case.
func TestLookupTellsNamesApart(t *testing.T) {
	var specs []command.Spec
	for i := range 300 {
		specs = append(specs, command.Spec{Name: fmt.Sprintf("ab%dcde%dxyz", i/10, i%10), Arity: 1, Run: nop})
	}
	for _, name := range []string{"x", "xy", "x_y", "x\x7fy", "{", "a[b", strings.Repeat("long", 40)} {
		specs = append(specs, command.Spec{Name: name, Arity: 1, Run: nop})
	}
	table := command.NewTable(specs)
	for _, want := range specs {
		for _, name := range []string{want.Name, strings.ToUpper(want.Name)} {
			got, ok := table.Lookup([]byte(name))
			if !ok || got.Name != want.Name {
				t.Errorf("%q: %v", name, got)
			}
		}
		for _, name := range []string{want.Name + "x", want.Name[1:] + "-"} {
			if got, ok := table.Lookup([]byte(name)); ok {
				t.Errorf("%q is %q", name, got.Name)
			}
		}
	}
	for _, name := range []string{"", "[", "a{b"} {
		if got, ok := table.Lookup([]byte(name)); ok {
			t.Errorf("%q is %q", name, got.Name)
		}
	}
	table.Remove("X")
	if _, ok := table.Lookup([]byte("x")); ok {
		t.Error("a removed row is found")
	}
}

func BenchmarkLookup(b *testing.B) {
	table := command.NewTable(rows())
	name := []byte("MGET")
	for b.Loop() {
		if _, ok := table.Lookup(name); !ok {
			b.Fatal("not found")
		}
	}
}
