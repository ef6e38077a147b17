package engine

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// While a snapshot is dumped, who changes a record that has not been dumped
// saves its pre-image first. The dump takes those with its next slice, which
// may be late when its disk is slow. So that they do not pile up, clients'
// writes wait when there are too many: the connection's loop is given away, and
// the others are served. Expiry and hooks do not wait, nor does a unit under way.

const (
	// roomShare: pre-images that wait to be taken may have this part of the
	// data's size, and those that are being written as much again, which is a
	// tenth of the data.
	roomShare = 20
	// roomFloor in bytes is allowed even where that is less.
	roomFloor = 4 << 20
)

// room is what pre-images may have of the memory.
type room struct {
	limit int64
	mu    sync.Mutex
	more  chan struct{} // closed when there may be room; nil when nobody waits
	over  bool
}

// made says that pre-images have been taken away.
func (r *room) made() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more != nil {
		close(r.more)
		r.more = nil
	}
}

// end says that no more pre-images are saved.
func (r *room) end() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.made()
}

// next is closed when there may be more room; nil when nobody needs to wait any more.
func (r *room) next() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.over:
		return nil
	case r.more == nil:
		r.more = make(chan struct{})
	}
	return r.more
}

// dumpState is what the engine knows of snapshots: the one that is being
// dumped, and figures for INFO.
type dumpState struct {
	running atomic.Pointer[Snapshot]
	frozen  atomic.Int64 // ns that the last Freeze held all locks
	longest atomic.Int64 // ns: the longest slice of the last dump
	most    atomic.Int64 // bytes of pre-images at the most, in the last dump
	waits   atomic.Int64 // writes that had to wait for room
	waited  atomic.Int64 // ns that they waited together
	queued  atomic.Int64 // who waits for the running one to end
}

func (d *dumpState) begin(s *Snapshot) {
	d.longest.Store(0)
	d.most.Store(0)
	d.running.Store(s)
}

// wait waits for the end of the snapshot that is being dumped, or of ctx.
func (d *dumpState) wait(ctx context.Context) error {
	s := d.running.Load()
	if s == nil {
		return ctx.Err()
	}
	d.queued.Add(1)
	defer d.queued.Add(-1)
	select {
	case <-s.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dumpState) peak(bytes int64) { raise(&d.most, bytes) }

func (d *dumpState) slice(took time.Duration) { raise(&d.longest, int64(took)) }

// raise is called by the one who dumps, so that nobody else raises meanwhile.
func raise(to *atomic.Int64, n int64) {
	if n > to.Load() {
		to.Store(n)
	}
}

// full reports whether writes have to wait for room.
func (d *dumpState) full() bool {
	s := d.running.Load()
	return s != nil && s.view.Pending() > s.room.limit
}

// waitForRoom holds a session's goroutine until pre-images have room again. The
// connection's loop is given away meanwhile.
func (s *Session) waitForRoom(spec *command.Spec, args [][]byte) {
	d := &s.engine.dumps
	if !s.writes(spec, args) {
		return
	}
	start := time.Now()
	d.waits.Add(1)
	s.outbox.GiveAway()
	defer func() { d.waited.Add(int64(time.Since(start))) }()
	for d.full() {
		snap := d.running.Load()
		if snap == nil {
			return
		}
		more := snap.room.next()
		if more == nil {
			return
		}
		if !d.full() {
			return // taken before there was somebody to tell
		}
		select {
		case <-more:
		case <-s.ctx.Done():
			return
		}
	}
}

// DumpStats are figures of the snapshots.
type DumpStats struct {
	// PreImages is what the pre-images that wait to be dumped take in bytes,
	// Limit what they may take; 0 when nothing is dumped. MostPreImages is
	// the most that there were in the last dump.
	PreImages, Limit, MostPreImages int64
	// Waits counts the writes that had to wait for room since the start, Waited
	// is for how long together.
	Waits  int64
	Waited time.Duration
	// Queued says that another snapshot, for a rewrite, waits for the end of this one.
	Queued bool
	// Frozen is how long the last Freeze held all locks, LongestSlice how much
	// processor time a slice of the last dump has taken at most with a shard's
	// lock held.
	Frozen, LongestSlice time.Duration
}

// DumpStats returns the figures of the snapshots.
func (e *Engine) DumpStats() DumpStats {
	d := &e.dumps
	st := DumpStats{
		MostPreImages: d.most.Load(), Waits: d.waits.Load(), Waited: time.Duration(d.waited.Load()), Queued: d.queued.Load() > 0,
		Frozen: time.Duration(d.frozen.Load()), LongestSlice: time.Duration(d.longest.Load()),
	}
	if s := d.running.Load(); s != nil {
		st.PreImages, st.Limit = s.view.Pending(), s.room.limit
	}
	return st
}

// pace decides how many records a slice has, so that it takes a few dozen
// microseconds of processor time: records differ in size, and in how far from
// the processor they are.
type pace struct {
	records int
	start   time.Time
	thread  time.Duration
}

const (
	paceMin, paceStart, paceMax = 8, 64, 1024
	paceShort, paceLong         = 20 * time.Microsecond, 40 * time.Microsecond
)

func newPace() pace { return pace{records: paceStart} }

func (p *pace) begin() { p.start, p.thread = time.Now(), threadTime() }

// end returns what the slice took. The thread's own time leaves out what the
// system did in its midst; it is no use when the goroutine changed threads.
func (p *pace) end() time.Duration {
	took := time.Since(p.start)
	if own := threadTime() - p.thread; p.thread > 0 && own > 0 {
		took = min(took, own)
	}
	switch {
	case took > paceLong:
		p.records = max(p.records*3/4, paceMin)
	case took < paceShort:
		p.records = min(p.records+p.records/8+1, paceMax)
	}
	return took
}

// breaks are what a dump makes where the machine has no processor to spare: it can
// wait, and clients cannot. Without them it took one of two processors, and the longest
// waits of clients were twice as long.
type breaks struct {
	start  time.Time
	thread time.Duration
}

// breakAfter is after how much work a dump makes a break, and how long that is.
const breakAfter = 500 * time.Microsecond

func (b *breaks) begin() { b.start, b.thread = time.Now(), threadTime() }

// take rests if the work since the last time had to wait for a processor, a lock or the
// disk for more than an eighth of its time. In a hurry it does not.
func (b *breaks) take(hurry bool) {
	took := time.Since(b.start)
	if took < breakAfter {
		return
	}
	if own := threadTime() - b.thread; b.thread > 0 && !hurry && took-own > took/8 {
		time.Sleep(breakAfter)
	}
	b.begin()
}

// makeWay lets those go first who wait for the lock that was just given back:
// without it, who takes it again and again gets it before they have woken up.
func (s *shard) makeWay() {
	for i := 0; i < 64 && s.waiting.Load() > 0; i++ {
		runtime.Gosched()
	}
}
