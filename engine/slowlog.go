package engine

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// slowlog holds the latest slow commands, the newest first.
type slowlog struct {
	mu      sync.Mutex
	nextID  int64
	entries []slowEntry
}

type slowEntry struct {
	id         int64
	at         time.Time
	took       time.Duration
	args       [][]byte
	addr, name string
}

func (l *slowlog) add(en slowEntry, limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	en.id = l.nextID
	l.nextID++
	l.entries = slices.Insert(l.entries, 0, en)
	l.entries = l.entries[:min(len(l.entries), max(limit, 0))]
}

// newest returns the n newest entries; all when n is negative.
func (l *slowlog) newest(n int) []slowEntry {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n < 0 || n > len(l.entries) {
		n = len(l.entries)
	}
	return slices.Clone(l.entries[:n])
}

func (l *slowlog) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.entries)
}

func (l *slowlog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = nil
}

// What SLOWLOG keeps of a command, as in Redis: 32 arguments, 128 bytes each.
const (
	slowArgs  = 32
	slowBytes = 128
)

// shorten copies the arguments as the slow log shows them.
func shorten(args [][]byte) [][]byte {
	n := min(len(args), slowArgs)
	out := make([][]byte, 0, n)
	for i := range n {
		a := args[i]
		switch {
		case i == slowArgs-1 && len(args) > slowArgs:
			a = fmt.Appendf(nil, "... (%d more arguments)", len(args)-slowArgs+1)
		case len(a) > slowBytes:
			a = fmt.Appendf(slices.Clone(a[:slowBytes]), "... (%d more bytes)", len(a)-slowBytes)
		default:
			a = slices.Clone(a)
		}
		out = append(out, a)
	}
	return out
}
