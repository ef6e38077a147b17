package engine

import "runtime"

// compactStep is how many records a step of compaction moves under a shard's
// lock, and compactSteps how many steps a call of Compact takes at most.
const (
	compactStep  = 64
	compactSteps = 32
)

// Compact gives memory back that deletions have left half-empty, in steps of a
// few dozen microseconds, and reports whether there is more to do. The background
// calls it four times a second, and oftener while there is. It must not be called
// at the same time as itself.
func (e *Engine) Compact() (more bool) {
	for _, s := range e.shards {
		more = s.compactSteps() || more
	}
	e.collect()
	return more
}

func (s *shard) compactSteps() (more bool) {
	for range compactSteps {
		s.giveWay()
		s.mustLock()
		moved := s.Compact(compactStep)
		s.unlock()
		if moved == 0 {
			return false
		}
	}
	return true
}

// collection is what was there at the last collection of garbage, or the most
// since then.
type collection struct {
	cycles int64
	data   int64
}

// collectFrom is how many bytes fewer make a collection worth its cost.
const collectFrom = 64 << 20

// collect runs the collector when a good part of the data is gone since it last
// ran. What large values took goes back to the system only after a collection,
// and where nobody writes there is none for minutes.
func (e *Engine) collect() {
	m, _ := e.measure()
	c := &e.collected
	if m.cycles != c.cycles || m.data > c.data {
		c.cycles, c.data = m.cycles, m.data
		return
	}
	if gone := c.data - m.data; gone > collectFrom && gone > c.data/4 {
		c.data = m.data
		runtime.GC()
	}
}
