package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Table holds the commands by name. Looking up takes no lock; adding and
// removing rows copies the table, so that plugins and script libraries can
// come and go at run time.
type Table struct {
	mu   sync.Mutex // serialises writers
	rows atomic.Pointer[rows]
}

// rows are a table's contents at one time. They never change.
type rows struct {
	byName map[string]*Spec
	index  index
}

func (t *Table) store(byName map[string]*Spec) {
	t.rows.Store(&rows{byName, newIndex(byName)})
}

// NewTable returns a table of the given groups of rows. It panics on a
// duplicate or malformed row: that is a programmer's error.
func NewTable(groups ...[]Spec) *Table {
	t := &Table{}
	t.store(map[string]*Spec{})
	for _, g := range groups {
		if err := t.Add(g...); err != nil {
			panic(err)
		}
	}
	return t
}

// Add adds rows. It is all or nothing; a name that is taken is an error.
func (t *Table) Add(specs ...Spec) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.rows.Load().byName)
	for i := range specs {
		s := specs[i]
		if err := s.check(); err != nil {
			return err
		}
		if _, taken := next[s.Name]; taken {
			return fmt.Errorf("command: %q is already registered", s.Name)
		}
		s.adopt()
		next[s.Name] = &s
	}
	t.store(next)
	return nil
}

// Remove takes rows out by name; names that are absent are passed over.
func (t *Table) Remove(names ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.rows.Load().byName)
	for _, n := range names {
		delete(next, strings.ToLower(n))
	}
	t.store(next)
}

func (s *Spec) check() error {
	switch {
	case s.Name == "" || s.Name != strings.ToLower(s.Name) || strings.ContainsAny(s.Name, " \t\r\n"):
		return fmt.Errorf("command: %q is no command name (lower case, no spaces)", s.Name)
	case s.Arity == 0:
		return fmt.Errorf("command: %q has no arity", s.Name)
	case s.Run == nil && len(s.Sub) == 0:
		return fmt.Errorf("command: %q has no handler", s.Name)
	}
	for i := range s.Sub {
		if err := s.Sub[i].check(); err != nil {
			return fmt.Errorf("%s|%w", s.Name, err)
		}
	}
	return nil
}

// adopt gives the row its counters, and its sub-commands a slice of their own
// that points back to s.
func (s *Spec) adopt() {
	s.Sub = slices.Clone(s.Sub)
	s.stats = &Stats{}
	for i := range s.Sub {
		s.Sub[i].parent = s
		s.Sub[i].stats = &Stats{}
		if s.Sub[i].Group == "" {
			s.Sub[i].Group = s.Group
		}
	}
}

// Lookup finds a command by its name in any case, without allocating. It does
// not look at sub-commands.
func (t *Table) Lookup(name []byte) (*Spec, bool) {
	s := t.rows.Load().index.find(name)
	return s, s != nil
}

// Resolve finds the row that args call, sub-commands included, and checks the
// number of arguments. The error is Redis' reply; the row comes with it where only
// the number is wrong.
func (t *Table) Resolve(args [][]byte) (*Spec, error) {
	s, ok := t.Lookup(args[0])
	if !ok {
		return nil, unknown(args)
	}
	if len(s.Sub) > 0 {
		if len(args) > 1 {
			for i := range s.Sub {
				if EqualFold(args[1], s.Sub[i].Name) {
					return arity(&s.Sub[i], len(args))
				}
			}
			if s.Run == nil {
				return nil, wire.Errorf("ERR unknown subcommand '%.128s'. Try %s HELP.", args[1], strings.ToUpper(s.Name))
			}
		}
		if s.Run == nil {
			return nil, wire.WrongArity(s.Name)
		}
	}
	return arity(s, len(args))
}

func arity(s *Spec, n int) (*Spec, error) {
	if !s.ArityOK(n) {
		return s, wire.WrongArity(s.FullName())
	}
	return s, nil
}

// unknown is Redis' answer to a name that is no command: it shows the
// arguments, up to 128 bytes of them.
func unknown(args [][]byte) error {
	var b strings.Builder
	for _, a := range args[1:] {
		if b.Len() >= 128 {
			break
		}
		fmt.Fprintf(&b, "'%.*s' ", 128-b.Len(), a)
	}
	return wire.Errorf("ERR unknown command '%.128s', with args beginning with: %s", args[0], b.String())
}

// All returns the rows sorted by name. They must not be changed.
func (t *Table) All() []*Spec {
	rows := t.rows.Load().byName
	all := make([]*Spec, 0, len(rows))
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		all = append(all, rows[name])
	}
	return all
}

// Len is the number of rows, sub-commands not counted.
func (t *Table) Len() int { return len(t.rows.Load().byName) }
