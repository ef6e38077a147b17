//go:build unix

package scripting_test

import (
	"strings"
	"syscall"
	"testing"
)

// TestPipeIsNoLibrary: a reload does not wait for a pipe that nobody writes to.
func TestPipeIsNoLibrary(t *testing.T) {
	d := libraryDir{t, t.TempDir()}
	r := newRig(t, d.configured())
	if err := syscall.Mkfifo(d.path("a.lua"), 0o600); err != nil {
		t.Skipf("this file system has no named pipes: %v", err)
	}
	d.write("b.lua", "#!lua name=b\nredis.register_function('f',function() return 1 end)")
	if _, err := r.runner.Reload(); err == nil || !strings.Contains(err.Error(), "a.lua: this is not a regular file") {
		t.Error(err)
	}
	r.expect("1", "FCALL", "f", "0")
}
