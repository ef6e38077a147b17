package errfs

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

func TestPlan(t *testing.T) {
	other := errors.New("other")
	onlyWrites := func(op Op) bool { return op.Method == "write" && op.Path == "f" }
	for _, tt := range []struct {
		name    string
		plan    Plan
		want    []bool // does write n fail
		wantErr error
		calls   int
	}{
		{"none", Plan{}, []bool{false, false, false}, nil, 3},
		{"second once", Plan{Nth: 2}, []bool{false, true, false}, ErrInjected, 3},
		{"from the second on", Plan{Nth: 2, Forever: true}, []bool{false, true, true}, ErrInjected, 3},
		{"matching", Plan{Nth: 1, Match: onlyWrites, Err: other}, []bool{true, false, false}, other, 3},
		{"not matching", Plan{Nth: 1, Match: func(op Op) bool { return op.Method == "sync" }}, []bool{false, false, false}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := New(memfs.New(time.Now))
			f, err := e.Create("f")
			if err != nil {
				t.Fatal(err)
			}
			e.Set(tt.plan)
			failures := 0
			for i, want := range tt.want {
				n, err := f.Write([]byte("1234"))
				if (err != nil) != want || err != nil && !errors.Is(err, tt.wantErr) {
					t.Errorf("write %d: %v", i+1, err)
				}
				if err != nil {
					failures++
					if n != 2 {
						t.Errorf("write %d: %d bytes, want half", i+1, n)
					}
				}
			}
			if calls, failed := e.Calls(); calls != tt.calls || failed != failures {
				t.Errorf("%d calls, %d failed", calls, failed)
			}
		})
	}
}

// Each method counts, tells Before, and fails.
func TestEachMethod(t *testing.T) {
	e := New(memfs.New(time.Now))
	f, err := e.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	e.Before(func(op Op) { told[op.Method] = true })
	e.Set(Plan{Nth: 1, Forever: true})
	errOf := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"open": errOf(e.Open("f")), "create": errOf(e.Create("f")), "openappend": errOf(e.OpenAppend("f")),
		"rename": e.Rename("f", "g"), "remove": e.Remove("f"), "readdir": errOf(e.ReadDir("/")),
		"stat": errOf(e.Stat("f")), "mkdirall": e.MkdirAll("d"), "syncdir": e.SyncDir("/"), "lock": errOf(e.Lock("l")),
		"read": errOf(f.Read(nil)), "readat": errOf(f.ReadAt(nil, 0)), "write": errOf(f.Write(nil)),
		"seek": errOf(f.Seek(0, io.SeekStart)), "truncate": f.Truncate(0), "sync": f.Sync(), "size": errOf(f.Size()),
		"close": f.Close(),
	} {
		if !errors.Is(err, ErrInjected) || !told[name] {
			t.Errorf("%s: %v, told %v", name, err, told[name])
		}
	}
	e.Set(Plan{})
	if _, err := e.Stat("f"); err != nil {
		t.Errorf("after all the failures: %v", err)
	}
}
