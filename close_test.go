package kevylua_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// deaf is a plugin whose Stop does not listen to its context.
type deaf struct{ until chan struct{} }

// Provision implements plugins.Plugin.
func (deaf) Provision(*plugins.Host) error { return nil }

// Stop implements plugins.Stopper.
func (d deaf) Stop(context.Context) error {
	<-d.until
	return nil
}

// TestCloseEnds: whatever is stuck, Close returns in time and says what it was, and
// the log has what was acknowledged.
func TestCloseEnds(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		stick      func(t *testing.T, db *kevylua.DB, fs *errfs.FS, until chan struct{})
	}{
		{"nothing", "", func(*testing.T, *kevylua.DB, *errfs.FS, chan struct{}) {}},
		{"background work", "embedder: background work", func(_ *testing.T, db *kevylua.DB, _ *errfs.FS, until chan struct{}) {
			begun := make(chan struct{})
			db.Host().Go(func(context.Context) { close(begun); <-until })
			<-begun
		}},
		{"a timer", "does not end", func(_ *testing.T, db *kevylua.DB, _ *errfs.FS, until chan struct{}) {
			begun := make(chan struct{})
			db.Host().After(0, func(context.Context) { close(begun); <-until })
			<-begun
		}},
		{"a hook", "embedder", func(t *testing.T, db *kevylua.DB, _ *errfs.FS, until chan struct{}) {
			if err := db.OnKey("", func(context.Context, *hook.Key) error { <-until; return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Do(t.Context(), "SET", "other", "v"); err != nil {
				t.Fatal(err)
			}
		}},
		{"a rewrite", "embedder/before rewrite does not end", func(t *testing.T, db *kevylua.DB, _ *errfs.FS, until chan struct{}) {
			asked := make(chan struct{})
			if err := db.Host().BeforeRewrite(func(context.Context, *hook.Rewrite) error { close(asked); <-until; return nil }); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Do(t.Context(), "SET", "large", string(make([]byte, 20_000))); err != nil {
				t.Fatal(err)
			}
			<-asked
		}},
		{"the disk", "the log does not end", func(_ *testing.T, _ *kevylua.DB, fs *errfs.FS, until chan struct{}) {
			fs.Before(func(op errfs.Op) {
				if op.Method == "sync" {
					<-until
				}
			})
		}},
		{"a plugin", "stop deaf: it does not end", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				mem := memfs.New(time.Now)
				fs, until := errfs.New(mem), make(chan struct{})
				cfg := kevylua.DefaultConfig()
				cfg.Persistence.Dir, cfg.Persistence.RewriteMaxSize = "d", 4096
				o := kevylua.Options{Config: cfg, FS: fs}
				if tt.stick == nil {
					o.Plugins = []kevylua.NamedPlugin{{Name: "deaf", Plugin: deaf{until}}}
				}
				db, err := kevylua.Open(o)
				if err != nil {
					t.Fatal(err)
				}
				if tt.stick != nil {
					tt.stick(t, db, fs, until)
				}
				if _, err := db.Do(t.Context(), "SET", "k", "v"); err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				err = db.Close()
				if took := time.Since(begin); took > 10*time.Second {
					t.Errorf("it took %s", took)
				}
				if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
					t.Errorf("Close says %v, want %q", err, tt.want)
				}
				left := mem.Crash(1)
				close(until)
				fs.Before(nil)
				synctest.Wait()
				if tt.name == "the disk" {
					return // the power cut takes it back: nothing was synced
				}
				again, err := kevylua.Open(kevylua.Options{Config: cfg, FS: left})
				if err != nil {
					t.Fatal(err)
				}
				if v, err := again.Do(t.Context(), "GET", "k"); err != nil || v.String() != "v" {
					t.Errorf("then the log has %v, %v", v, err)
				}
				if err := again.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
