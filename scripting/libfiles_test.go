package scripting_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// until runs a command again until its answer is wanted.
func (r *rig) until(want string, args ...string) {
	r.t.Helper()
	r.await(func(got string) bool { return got == want }, args...)
}

func (r *rig) await(good func(reply string) bool, args ...string) {
	r.t.Helper()
	got := ""
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if got = text(r.do(args...)); good(got) {
			return
		}
	}
	r.t.Fatalf("%q\n got %s", args, got)
}

// libraryDir is a folder of libraries that replaces them as editors do.
type libraryDir struct {
	t   *testing.T
	dir string
}

func (d libraryDir) path(name string) string { return filepath.Join(d.dir, name) }

func (d libraryDir) write(name, code string) {
	d.t.Helper()
	if err := os.WriteFile(d.path(name+".new"), []byte(code), 0o600); err != nil {
		d.t.Fatal(err)
	}
	if err := os.Rename(d.path(name+".new"), d.path(name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d libraryDir) remove(name string) {
	d.t.Helper()
	if err := os.Remove(d.path(name)); err != nil {
		d.t.Fatal(err)
	}
}

func (d libraryDir) configured() option {
	return with(func(c *config.Config) { c.Scripting.Libraries = []string{d.path("*.lua")} })
}

// TestFilesReloadByThemselves: a library that is saved is loaded; one that is
// bad leaves the one before it running, and says so.
func TestFilesReloadByThemselves(t *testing.T) {
	d := libraryDir{t, t.TempDir()}
	r := newRig(t, d.configured())
	d.write("a.lua", "#!lua name=a\nredis.register_function('f',function() return 1 end)")
	r.until("1", "FCALL", "f", "0")
	d.write("a.lua", "#!lua name=a\nredis.register_function('f',function() return 2 end")
	r.await(func(info string) bool {
		return strings.Contains(info, "library_last_error:Error compiling function: "+d.path("a.lua")+":2: ")
	}, "INFO", "scripting")
	if !strings.Contains(r.logged.String(), "what ran before goes on") {
		t.Errorf("no word in the log: %s", r.logged)
	}
	r.expect("1", "FCALL", "f", "0")
	d.write("a_test.lua", "library 'a.lua'")                                               // is no library, and not looked at
	d.write("a.lua", "#!lua name=a\nredis.register_function('f',function() return 1 end)") // as it was: nothing is loaded
	r.await(func(string) bool { return strings.Contains(r.logged.String(), "are good again") }, "PING")
	d.write("a.lua", "#!lua name=a\nredis.register_function('f',function() return 3 end)")
	r.until("3", "FCALL", "f", "0")
	r.await(func(info string) bool { return strings.Contains(info, "library_last_error:\r\n") }, "INFO", "scripting")
	d.remove("a.lua")
	r.until("-ERR Function not found", "FCALL", "f", "0")
	if log := r.logged.String(); !strings.Contains(log, "script library loaded") || !strings.Contains(log, "registered=functions=1") && !strings.Contains(log, `registered="functions=1"`) || !strings.Contains(log, "taken out") {
		t.Errorf("the log does not tell what was loaded: %s", log)
	}
}

// TestFileErrorsNameTheLine: of a file that does not compile, registers something
// wrong, or fails when a hook runs.
func TestFileErrorsNameTheLine(t *testing.T) {
	d := libraryDir{t, t.TempDir()}
	t.Chdir(d.dir)
	r := newRig(t, with(func(c *config.Config) { c.Scripting.Libraries = []string{"a.lua"} }), func(c *config.Config, _ *engine.Options) {
		if err := os.WriteFile("a.lua", []byte("#!lua name=a\nredis.register_function('f', function() end)"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	for _, tt := range []struct{ code, want string }{
		{"local x = = 1", "scripting: load libraries: Error compiling function: a.lua:3: "},
		{"kevy.register_hook{ event='expird', callback=function() end }", "scripting: load libraries: Error registering functions: a.lua:3: kevy.register_hook: event must be one of"},
		{"kevy.register_hook{ event='key', macth='x', callback=function() end }", "a.lua:3: kevy.register_hook: unknown argument macth"},
		{"kevy.register_timer{ callback=function() end }", "a.lua:3: kevy.register_timer: one of every, at and cron must be given"},
		{"kevy.register_command{ name='get', callback=function() end }", "scripting: load libraries: a.lua: Error registering commands"},
	} {
		d.write("a.lua", "#!lua name=a\n\n"+tt.code)
		if _, err := r.runner.Reload(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.code, err, tt.want)
		}
	}
	d.write("a.lua", "#!lua name=a\nkevy.register_hook{ event='key', callback=function()\n  error('oops')\nend }\nredis.register_function('f', function() return nil + 1 end)")
	if _, err := r.runner.Reload(); err != nil {
		t.Fatal(err)
	}
	r.do("SET", "k", "v")
	r.flush()
	if got := r.Bus().Hooks()[0].Stats().LastError; !strings.Contains(got, "a.lua:3: oops") {
		t.Errorf("last error: %s", got)
	}
	if got := text(r.do("FCALL", "f", "0")); !strings.Contains(got, "a.lua:5: ") || strings.Contains(got, "user_function") {
		t.Errorf("FCALL: %s", got)
	}
}

// TestFileRenamesItsLibrary: what a file held under another name before is gone.
func TestFileRenamesItsLibrary(t *testing.T) {
	d := libraryDir{t, t.TempDir()}
	d.write("a.lua", "#!lua name=old\nredis.register_function('f',function() return 1 end)")
	r := newRig(t, d.configured())
	r.expect("1", "FCALL", "f", "0")
	d.write("a.lua", "#!lua name=new\nredis.register_function('f',function() return 2 end)")
	names, err := r.runner.Reload()
	if err != nil || strings.Join(names, " ") != "new" {
		t.Errorf("%q, %v", names, err)
	}
	r.expect("2", "FCALL", "f", "0")
	r.expect("[]", "FUNCTION", "LIST", "LIBRARYNAME", "old")
}

// TestReloadMissesNoEvent: every change of a key is seen by the old hook or by
// the new one, and by one only, while the library is replaced again and again.
func TestReloadMissesNoEvent(t *testing.T) {
	d := libraryDir{t, t.TempDir()}
	code := func(i int) string {
		return "#!lua name=a\n-- " + strings.Repeat("x", i) + `
kevy.register_hook{ event='key', match='k', mode='atomic', callback=function(ev) redis.call('INCR', 'seen') end }`
	}
	d.write("a.lua", code(0))
	r := newRig(t, d.configured(), shards(4))
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				done <- n
				return
			default:
				r.do("SET", "k", "v")
				n++
			}
		}
	}()
	for i := range 20 {
		d.write("a.lua", code(i+1))
		if _, err := r.runner.Reload(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	n := <-done
	if seen := text(r.do("GET", "seen")); seen != strconv.Itoa(n) {
		t.Errorf("%s of %d changes were seen", seen, n)
	}
}
