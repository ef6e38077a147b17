package persist

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// store is a store of strings with just enough commands to tell a record that is missing, doubled
// or out of order.
type store struct {
	mu   sync.Mutex
	keys map[string]string // "db/key"
}

func newStore() *store { return &store{keys: map[string]string{}} }

func (m *store) apply(db int, args [][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.applyLocked(db, args)
}

func (m *store) applyLocked(db int, args [][]byte) error {
	key := ""
	if len(args) > 1 {
		key = fmt.Sprintf("%d/%s", db, args[1])
	}
	switch strings.ToUpper(string(args[0])) {
	case "SET":
		m.keys[key] = string(args[2])
	case "APPEND":
		m.keys[key] += string(args[2])
	case "DEL":
		delete(m.keys, key)
	case "INCR":
		n, _ := strconv.Atoi(m.keys[key])
		m.keys[key] = strconv.Itoa(n + 1)
	default:
		return fmt.Errorf("unknown command %q", args[0])
	}
	return nil
}

func (m *store) snapshot() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.keys)
}

// do applies a group and appends it, as the engine does: under the lock.
func (m *store) do(l *Log, group []Record) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range group {
		if err := m.applyLocked(r.DB, r.Args); err != nil {
			panic(err)
		}
	}
	return l.Append(group)
}

// Freeze makes the store a Source.
func (m *store) Freeze(_ context.Context, at func() error) (Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := at(); err != nil {
		return nil, err
	}
	return &storeView{keys: maps.Clone(m.keys)}, nil
}

type storeView struct {
	keys     map[string]string
	each     func(n int) error // called before each key
	released int
}

func (v *storeView) Dump(ctx context.Context, emit func(db int, args ...[]byte) error) (int64, error) {
	for n, key := range slices.Sorted(maps.Keys(v.keys)) {
		if v.each != nil {
			if err := v.each(n); err != nil {
				return int64(n), err
			}
		}
		db, name, _ := strings.Cut(key, "/")
		i, err := strconv.Atoi(db)
		if err != nil {
			return 0, err
		}
		if err := emit(i, []byte("SET"), []byte(name), []byte(v.keys[key])); err != nil {
			return int64(n), err
		}
	}
	return int64(len(v.keys)), nil
}

func (v *storeView) Release() { v.released++ }

func rec(db int, args ...string) Record {
	r := Record{DB: db}
	for _, a := range args {
		r.Args = append(r.Args, []byte(a))
	}
	return r
}

// step is the n-th group of the usual history: it tells how far a store has come, and shows a group
// that was applied by half, twice or out of order.
func step(n int) []Record {
	group := []Record{rec(n%3, "SET", "last", strconv.Itoa(n))}
	if n%2 == 0 {
		group = append(group, rec(0, "APPEND", "trail", strconv.Itoa(n%10)), rec(1, "INCR", "count"))
	}
	return append(group, rec(0, "SET", "seq", strconv.Itoa(n)))
}

// stateAfter is the store after steps 1 to n.
func stateAfter(n int) map[string]string {
	m := newStore()
	for i := 1; i <= n; i++ {
		for _, r := range step(i) {
			if err := m.applyLocked(r.DB, r.Args); err != nil {
				panic(err)
			}
		}
	}
	return m.keys
}

// seqOf says how many steps a store has seen, and fails unless it is exactly what they make.
func seqOf(t *testing.T, m *store) int {
	t.Helper()
	n := 0
	if s, ok := m.keys["0/seq"]; ok {
		n, _ = strconv.Atoi(s)
	}
	if want := stateAfter(n); !maps.Equal(want, m.keys) {
		t.Fatalf("the store claims %d steps, but is\n%v, want\n%v", n, m.keys, want)
	}
	return n
}

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func testFS() *memfs.FS { return memfs.New(func() time.Time { return epoch }) }

func testOptions(fsys vfs.FS) Options {
	return Options{FS: fsys, Dir: "data/appendonlydir", Policy: Always, LoadTruncated: true,
		Now: func() time.Time { return epoch }}
}

// openStore opens, replays and starts a log.
func openStore(o Options) (*Log, *store, error) {
	m := newStore()
	l, err := Open(o)
	if err != nil {
		return nil, nil, err
	}
	if _, err := l.Replay(context.Background(), m.apply); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	if err := l.Start(); err != nil {
		_ = l.Close()
		return nil, nil, err
	}
	return l, m, nil
}

func mustOpen(t *testing.T, o Options) (*Log, *store) {
	t.Helper()
	l, m, err := openStore(o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return l, m
}

func mustClose(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

// readFile returns a file's content.
func readFile(t *testing.T, fsys vfs.FS, path string) []byte {
	t.Helper()
	f, err := fsys.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	size, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, size)
	if size > 0 {
		if _, err := f.ReadAt(b, 0); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func putFile(t *testing.T, fsys vfs.FS, path string, data []byte) {
	t.Helper()
	if err := writeFile(fsys, path, data); err != nil {
		t.Fatal(err)
	}
}
