package engine

import (
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// errClosed answers a command whose background work does not begin any more.
const errClosed wire.Error = "ERR the server is shutting down"

// tasks are goroutines that Close waits for. WaitGroup alone does not do: its
// counter must not leave zero while somebody waits, and commands may still be running
// when the engine is closed.
type tasks struct {
	mu      sync.Mutex // guards closed, and that running grows before it is set only
	closed  bool
	running sync.WaitGroup
}

// Go runs fn on a goroutine of its own and returns true; false, without fn, after close.
func (t *tasks) Go(fn func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return false
	}
	t.running.Go(fn)
	return true
}

// close lets no more tasks begin.
func (t *tasks) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
}

// Wait returns when those that have begun have ended; but for tests, after close.
func (t *tasks) Wait() { t.running.Wait() }
