package persist

import (
	"errors"
	"testing"

	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
)

// What a failed fsync was for is written again by the recovery that succeeds, and until then
// it is not safe: also when somebody has changed the policy to no meanwhile, which is what one
// does when a disk is in trouble.
func TestPolicyChangesWhileTheDiskFails(t *testing.T) {
	fsys := errfs.New(testFS())
	l, m := mustOpen(t, testOptions(fsys))
	if err := l.Commit(m.do(l, step(1))); err != nil {
		t.Fatal(err)
	}
	fsys.Set(errfs.Plan{Nth: 1, Forever: true, Match: func(op errfs.Op) bool { return op.Method == "sync" }})
	lost := m.do(l, step(2))
	if err := l.Commit(lost); !errors.Is(err, errfs.ErrInjected) {
		t.Fatalf("commit without fsync: %v", err)
	}
	m.do(l, step(3)) // an expiry, say
	l.SetPolicy(No)
	l.Recover()
	l.SetPolicy(Always)
	if err := l.Commit(lost); !errors.Is(err, errfs.ErrInjected) {
		t.Errorf("what no fsync has ended well for is safe: %v", err)
	}
	if s := l.Status(); l.held != s.Unsynced {
		t.Errorf("%d bytes can be written again, of %d", l.held, s.Unsynced)
	}
	fsys.Set(errfs.Plan{})
	l.Recover()
	if err := l.Commit(lost); err != nil || l.held != 0 {
		t.Errorf("after the recovery: %v, %d bytes are kept", err, l.held)
	}
	mustClose(t, l)
}
