package server

import "time"

// gather decides when the next Commit begins. The clients whose replies have
// just been sent are about to send their next commands; were the next Commit to
// begin at once, it would leave them out, and each fsync would serve about half
// of the clients. So it waits for as many connections as took part in the one
// before, but for a small part only of what an fsync takes; when they do not come,
// it is not waited for them again for a while.
type gather struct {
	want   int           // connections that took part in the Commit before
	took   time.Duration // how long that was
	open   bool          // a Commit is being put off
	no     int           // of the putting off, so that an old alarm is known
	misses int           // in a row
	rest   int           // Commits that begin at once
}

const (
	// gatherFrom is what a Commit must take for the next one to be put off; what takes less was no fsync.
	gatherFrom = 300 * time.Microsecond
	// gatherPart of it, and gatherMost, bound the putting off.
	gatherPart = 4
	gatherMost = time.Millisecond
	// gatherRest is the longest rest.
	gatherRest = 256
)

// puts says whether the Commit for n connections is to be put off. The alarm
// is called after the time that this may last.
func (g *gather) puts(n int, alarm func(no int)) bool {
	if g.open {
		if n < g.want {
			return true
		}
		g.open, g.misses = false, 0
		return false
	}
	if g.rest > 0 {
		g.rest--
		return false
	}
	if n >= g.want || g.took < gatherFrom {
		return false
	}
	g.open = true
	g.no++
	no := g.no
	time.AfterFunc(min(g.took/gatherPart, gatherMost), func() { alarm(no) })
	return true
}

// missed ends a putting off that was in vain; false when it has ended before.
func (g *gather) missed(no int) bool {
	if !g.open || no != g.no {
		return false
	}
	g.open = false
	g.want = 0 // the Commit begins now
	g.misses++
	g.rest = min(1<<min(g.misses, 8)-1, gatherRest)
	return true
}

// ended notes a Commit: how many connections it was for, together with those
// who came meanwhile, and how long it took.
func (g *gather) ended(conns int, took time.Duration) { g.want, g.took = conns, took }
