package kevylua_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// tape is a connection that keeps what it is sent until it is closed.
type tape struct {
	mu    sync.Mutex
	got   []byte
	ended chan struct{}
}

func (o *tape) Deliver(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, b...)
}
func (*tape) Resume()          {}
func (o *tape) Close()         { close(o.ended) }
func (*tape) GiveAway()        {}
func (*tape) OutputBytes() int { return 0 }

// Give implements hook.Giver.
func (*tape) Give() {}

// copyOf asks for a snapshot as a backup tool does.
func copyOf(t *testing.T, db *kevylua.DB) string {
	t.Helper()
	o := &tape{ended: make(chan struct{})}
	s, err := db.Engine().NewSession(engine.SessionOptions{Addr: "test", Outbox: o})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var w wire.Writer
	s.Do([][]byte{[]byte("REPLCONF"), []byte("rdb-only"), []byte("1")}, &w)
	s.Do([][]byte{[]byte("SYNC")}, &w)
	<-o.ended
	return string(o.got)
}

// TestCopyLeavesNothing: the snapshot for a client goes through the store's file
// system and is gone afterwards, and what a crash has left is gone at the next start.
func TestCopyLeavesNothing(t *testing.T) {
	mem := memfs.New(time.Now)
	fs := errfs.New(mem)
	if err := mem.MkdirAll("d"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"d/temp-copy-7-1.rdb", "d/temp-77.rdb", "d/dump.rdb"} {
		if _, err := mem.Create(name); err != nil {
			t.Fatal(err)
		}
	}
	db, err := kevylua.Open(kevylua.Options{Dir: "d", FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want := []string{"appendonlydir", "dump.rdb", "temp-77.rdb"} // the others are not ours
	check := func() {
		t.Helper()
		if names, err := mem.ReadDir("d"); err != nil || !slices.Equal(names, want) {
			t.Fatalf("the data directory has %q, %v; want %q", names, err, want)
		}
	}
	check()
	if _, err := db.Do(t.Context(), "SET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	if got := copyOf(t, db); !strings.Contains(got, "REDIS") {
		t.Fatalf("got %q", got)
	}
	check()
	broken := errors.New("the disk is broken")
	spools := func(op errfs.Op) bool { return strings.Contains(op.Path, "temp-copy-") }
	failed := 0
	for nth := 1; ; nth++ {
		fs.Set(errfs.Plan{Nth: nth, Match: spools, Err: broken})
		got := copyOf(t, db)
		if _, hit := fs.Calls(); hit == 0 {
			break
		}
		if strings.HasPrefix(got, "-") && strings.Contains(got, "the disk is broken") {
			failed++
		}
		check()
	}
	if failed < 2 {
		t.Errorf("%d of the calls on the temporary file were answered by an error", failed)
	}
}

var _ hook.Giver = (*tape)(nil)

// TestSnapshotThatIsNotLoaded: where nothing else keeps the data, a start says that a snapshot of before
// is in danger.
func TestSnapshotThatIsNotLoaded(t *testing.T) {
	fs := memfs.New(time.Now)
	for _, said := range []bool{false, true} {
		var out strings.Builder
		cfg := config.Default()
		cfg.Persistence.Dir, cfg.Persistence.AppendOnly = "d", false
		db, err := kevylua.Open(kevylua.Options{Config: cfg, FS: fs, Log: slog.New(slog.NewTextHandler(&out, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Do(t.Context(), "SAVE"); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if strings.Contains(out.String(), "it is not loaded") != said {
			t.Errorf("said %v is wrong: %s", said, out.String())
		}
	}
}
