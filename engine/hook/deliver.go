package hook

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// runs is the part of a queue that runs the observer. Most fields are its
// goroutine's.
//
// Two readings of the clock and a context of its own cost more than what most
// observers do with an event. So short runs share them: after one that nobody saw
// look at its context, the next has the same; and while runs take a microsecond
// or two, up to maxShare of them are measured together, as in the engine's
// batches. A long one among them counts as one.
type runs struct {
	fn     Observer
	parent context.Context
	made   []runContext // for the next runs
	ctx    *runContext  // of the present run, or for the next
	start  time.Duration
	debt   time.Duration // rest that failed runs have made due
	open   int           // runs since start
	share  int           // runs that may be measured together

	// Read by others.
	taken     atomic.Int64 // events that were taken from the queue so far
	turn      atomic.Int64 // those of them whose run has begun
	began     atomic.Int64 // bus.elapsed when the present run, or an earlier one that is measured with it, began; 0 between runs
	beganTurn atomic.Int64 // turn then
	watch     atomic.Bool  // a timer looks at the present run
	seenTurn  atomic.Int64 // the turn that look has last found with an unknown begin,
	seenAt    atomic.Int64 // and when
}

const (
	maxShare = 16
	briefRun = 2 * time.Microsecond

	// dozen is how many contexts are made at a time.
	dozen = 32
)

// deliver runs the observer for each event, unless its hook has been switched off
// meanwhile.
func (q *queue) deliver(batch []item) {
	q.start = q.bus.elapsed()
	for i := range batch {
		it := &batch[i]
		for n := it.len(); n > 0; n-- {
			q.turn.Add(1)
			if h := q.hook; h.off.Load() && !h.armed() {
				h.drops.Add(1)
				continue
			}
			q.runFor(it.first())
		}
		*it = item{}
	}
	if q.open > 0 {
		q.settle(nil)
	}
	q.drop()
}

func (q *queue) runFor(ev Event) {
	h := q.hook
	run := q.context(ev.Depth()+1, h.o.Load().Budget)
	if q.open == 0 {
		q.beganTurn.Store(q.turn.Load())
		q.began.Store(int64(max(q.start, 1)))
	}
	if !q.watch.Load() {
		q.guard(run.budget)
	}
	err := protect(func() error { return q.fn(run, ev) })
	q.open++
	if err != nil || q.open >= q.share || run.used.Load() || h.failing.Load() {
		q.settle(err)
	}
}

// context is the context of the run that begins.
func (q *queue) context(depth int, budget time.Duration) *runContext {
	c := q.ctx
	if c == nil || c.depth != depth || c.budget != budget {
		q.drop()
		if len(q.made) == 0 {
			q.made = make([]runContext, dozen)
		}
		c = &q.made[0]
		q.made = q.made[1:]
		c.parent, c.depth, c.budget = q.parent, depth, budget
		q.ctx = c
	}
	switch begun := c.begun.Load(); {
	case q.open == 0:
		c.begun.Store(q.bus.base.Add(q.start).UnixNano())
	case begun != 0:
		c.begun.Store(0)
	}
	return c
}

// drop ends the context that the next run would have had.
func (q *queue) drop() {
	if q.ctx != nil {
		q.ctx.end(context.Canceled)
		q.ctx = nil
	}
}

// settle takes the runs since the last reading of the clock into account; err is
// what the last one ended with.
func (q *queue) settle(err error) {
	h, n := q.hook, q.open
	q.began.Store(0)
	now := q.bus.elapsed()
	took := now - q.start
	q.start, q.open = now, 0
	used := q.ctx.used.Load()
	if used || err != nil {
		q.drop()
	}
	switch {
	case used || err != nil || took > time.Duration(n)*briefRun:
		q.share = 1
	case q.share < maxShare:
		q.share = max(2*q.share, 1)
	}
	if h.stuck.Load() && h.stuck.Swap(false) { // it has been counted as a failure already
		h.count(n, took)
		h.say(slog.LevelWarn, "hook that was stuck has ended", "elapsed", took)
	} else {
		h.record(n, took, err)
	}
	q.rest(took)
}

// What rests are worth while, and possible.
const (
	leastRest = time.Millisecond
	mostRest  = 10 * time.Second
)

// rest keeps a hook that fails from taking more than its share of a core: the
// machine may be busy with clients, and what runs into its budgets takes a lot
// until it trips. It rests in proportion to what the failed runs took, and until a
// run has done well nobody waits for it: what its queue has no room for is dropped.
func (q *queue) rest(took time.Duration) {
	h := q.hook
	share := time.Duration(h.o.Load().Share)
	switch {
	case !h.failing.Load():
		q.debt = 0
		if h.resting.Load() {
			h.resting.Store(false)
		}
		return
	case h.off.Load() || share <= 0:
		return
	}
	if q.debt += took * (100 - min(share, 100)) / share; q.debt < leastRest {
		return
	}
	pause := min(q.debt, mostRest)
	q.debt = 0
	if !q.unattended() {
		return
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-t.C:
	case <-q.hurry:
	}
	q.start = q.bus.elapsed()
}

// unattended lets those who wait for room go, from now on, unless the queue is closed.
func (q *queue) unattended() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.hurry:
	default:
	}
	if q.closed {
		return false
	}
	q.hook.resting.Store(true)
	q.room.Broadcast()
	return true
}

// hasten ends the present rest.
func (q *queue) hasten() {
	select {
	case q.hurry <- struct{}{}:
	default:
	}
}

// guard sees to it that somebody looks after the present run when its budget is over.
func (q *queue) guard(after time.Duration) {
	if q.watch.CompareAndSwap(false, true) {
		time.AfterFunc(after+grace(after), q.look)
	}
}

// grace is what a run may take beyond its budget before it counts as stuck: Lua
// is ended at its budget, and needs a moment for that.
func grace(budget time.Duration) time.Duration { return budget/4 + 100*time.Millisecond }

// look finds out whether the present run is stuck. Go code cannot be ended from
// outside: from here on nobody waits for it.
func (q *queue) look() {
	q.watch.Store(false)
	began, turn := q.began.Load(), q.turn.Load()
	if began == 0 {
		return // the next run is guarded again
	}
	budget := q.hook.o.Load().Budget
	limit := budget + grace(budget)
	if age := q.age(began, turn); age < limit {
		if q.watch.CompareAndSwap(false, true) {
			time.AfterFunc(limit-age, q.look)
		}
		return
	}
	q.hook.stuck.Store(true)
	if q.began.Load() != began || q.turn.Load() != turn { // it ended just now
		q.hook.stuck.Store(false)
		return
	}
	q.hook.failed(fmt.Errorf("still running after its time budget of %s", budget), true)
	q.nudge()
}

// age is how long the run of a turn has lasted at least: one that is not the first
// since a reading of the clock is as old as look has known it.
func (q *queue) age(began, turn int64) time.Duration {
	now := q.bus.elapsed()
	switch turn {
	case q.beganTurn.Load():
		return now - time.Duration(began)
	case q.seenTurn.Load():
		return now - time.Duration(q.seenAt.Load())
	}
	q.seenTurn.Store(turn)
	q.seenAt.Store(int64(now))
	return 0
}
