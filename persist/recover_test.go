package persist

import (
	"errors"
	"sync"
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

func TestPolicyChangesDuringTheSyncThatFails(t *testing.T) {
	fsys := errfs.New(testFS())
	o := testOptions(fsys)
	o.Policy = EverySec
	l, m := mustOpen(t, o)
	if err := l.Commit(m.do(l, step(1))); err != nil {
		t.Fatal(err)
	}
	begun, hold, failed := make(chan struct{}), make(chan struct{}), make(chan struct{})
	syncs := func(op errfs.Op) bool { return op.Method == "sync" }
	fsys.Set(errfs.Plan{Nth: 1, Forever: true, Match: syncs})
	var once sync.Once
	fsys.Before(func(op errfs.Op) {
		if syncs(op) {
			once.Do(func() { close(begun); <-hold })
		}
	})
	go func() {
		defer close(failed)
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sync(nil)
	}()
	<-begun
	l.SetPolicy(No)
	if err := l.Commit(m.do(l, step(2))); err != nil {
		t.Fatal(err)
	}
	close(hold)
	<-failed
	if l.Err() == nil {
		t.Error("the sync has not failed")
	}
	l.mu.Lock()
	if unsynced := l.written - l.safe; unsynced == 0 || l.held != unsynced {
		t.Errorf("%d bytes can be written again, of %d", l.held, unsynced)
	}
	l.mu.Unlock()
	fsys.Set(errfs.Plan{})
	l.Recover()
	l.mu.Lock()
	if l.Err() != nil || l.held != 0 {
		t.Errorf("after the recovery: %v, %d bytes are kept", l.Err(), l.held)
	}
	l.mu.Unlock()
	mustClose(t, l)
}
