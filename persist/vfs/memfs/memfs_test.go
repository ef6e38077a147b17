package memfs

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

func newFS() *FS { return New(func() time.Time { return time.Unix(1, 0) }) }

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file and syncs what it is told to.
func put(t *testing.T, fsys vfs.FS, name, content string, sync bool) {
	t.Helper()
	f, err := fsys.Create(name)
	check(t, err)
	_, err = f.Write([]byte(content))
	check(t, err)
	if sync {
		check(t, f.Sync())
	}
	check(t, f.Close())
}

// content returns a file's content, or "-" when there is no such file.
func content(t *testing.T, fsys vfs.FS, name string) string {
	t.Helper()
	f, err := fsys.Open(name)
	if err != nil {
		return "-"
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(f)
	check(t, err)
	return string(b)
}

func TestCrash(t *testing.T) {
	for _, tt := range []struct {
		name     string
		do       func(t *testing.T, fsys *FS)
		harshest string // of the file d/f, with seed 1
		may      string // all that it may be, with any seed
	}{
		{"nothing synced", func(t *testing.T, m *FS) { put(t, m, "d/f", "new", false) },
			"-", "-||n|ne|new"},
		{"only the content synced", func(t *testing.T, m *FS) { put(t, m, "d/f", "new", true) },
			"-", "-|new"},
		{"only the name synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "new", false)
			check(t, m.SyncDir("d"))
		}, "", "|n|ne|new"},
		{"both synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "new", true)
			check(t, m.SyncDir("d"))
		}, "new", "new"},
		{"renamed over, name not synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "old", true)
			check(t, m.SyncDir("d"))
			put(t, m, "d/g", "new", true)
			check(t, m.Rename("d/g", "d/f"))
		}, "old", "old|new"},
		{"removed, not synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "old", true)
			check(t, m.SyncDir("d"))
			check(t, m.Remove("d/f"))
		}, "old", "old|-"},
		{"removed and synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "old", true)
			check(t, m.Remove("d/f"))
			check(t, m.SyncDir("d"))
		}, "-", "-"},
		{"truncated, not synced", func(t *testing.T, m *FS) {
			put(t, m, "d/f", "old", true)
			check(t, m.SyncDir("d"))
			f, err := m.OpenAppend("d/f")
			check(t, err)
			check(t, f.Truncate(1))
			check(t, f.Close())
		}, "old", "old|o"},
		{"directory not synced", func(t *testing.T, m *FS) {
			check(t, m.MkdirAll("e"))
			put(t, m, "e/f", "new", true)
			check(t, m.SyncDir("e"))
			check(t, m.Rename("e/f", "d/f"))
		}, "-", "-|new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newFS()
			check(t, m.MkdirAll("d"))
			check(t, m.SyncDir("/"))
			tt.do(t, m)
			before := content(t, m, "d/f")
			if got := content(t, m.Crash(1), "d/f"); got != tt.harshest {
				t.Errorf("harshest: %q, want %q", got, tt.harshest)
			}
			if got := content(t, m.Crash(0), "d/f"); got != before {
				t.Errorf("kindest: %q, want %q", got, before)
			}
			for seed := int64(2); seed < 200; seed++ {
				got := strings.TrimRight(content(t, m.Crash(seed), "d/f"), "\x00")
				if !strings.Contains("|"+tt.may+"|", "|"+got+"|") {
					t.Fatalf("seed %d: %q is none of %s", seed, got, tt.may)
				}
				if again := strings.TrimRight(content(t, m.Crash(seed), "d/f"), "\x00"); again != got {
					t.Fatalf("seed %d: %q, then %q", seed, got, again)
				}
			}
			if content(t, m, "d/f") != before {
				t.Error("the crash changed the original")
			}
		})
	}
}

// The crashed copy is a file system of its own, without the locks.
func TestCrashedCopy(t *testing.T) {
	m := newFS()
	put(t, m, "f", "synced", true)
	check(t, m.SyncDir("/"))
	_, err := m.Lock("lock")
	check(t, err)
	c := m.Crash(1)
	if _, err := c.Lock("lock"); err != nil {
		t.Errorf("the lock survived: %v", err)
	}
	put(t, c, "f", "other", true)
	if got := content(t, m, "f"); got != "synced" {
		t.Errorf("the original has %q", got)
	}
	if got := content(t, c.Crash(1), "f"); got != "other" {
		t.Errorf("crashed again: %q", got)
	}
}
