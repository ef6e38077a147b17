package keyspace

import (
	"cmp"
	"container/heap"
	"math"
)

// DueKey is one entry that PopDue took out of the deadline index.
type DueKey struct {
	DB       int
	Key      []byte // a copy
	Deadline int64
}

// NextDue returns the Unix milliseconds of the earliest entry in the deadline index: possibly early,
// never late; math.MaxInt64 when there is none.
func (s *Shard) NextDue() int64 {
	next := int64(math.MaxInt64)
	for _, d := range s.dbs {
		if w := d.t.wheel; w != nil {
			next = min(next, w.nextDue())
		}
		if q := d.t.requeued; len(q) > 0 {
			next = min(next, q[0].at)
		}
	}
	return next
}

// Alarm returns NextDue for who sleeps until then, or until the moment `until`. When something comes into
// the deadline index that is due before both, fn is called, once, by who has the shard's lock.
func (s *Shard) Alarm(until int64, fn func()) (next int64) {
	s.soonest = s.NextDue()
	s.alarm, s.sooner = min(s.soonest, until), fn
	return s.soonest
}

// comesDue says that something in the deadline index is due at the moment.
func (s *Shard) comesDue(at int64) {
	if at >= s.soonest {
		return
	}
	s.soonest = at
	if at < s.alarm {
		s.alarm = 0
		s.sooner()
	}
}

// DueBy reports whether a key may be due at now; when it is false there is none. Unlike NextDue, which
// looks at every database, it is for who asks before each write: nearly always it is one comparison.
func (s *Shard) DueBy(now int64) bool {
	if now < s.soonest {
		return false
	}
	s.soonest = s.NextDue()
	return s.soonest <= now
}

// Due returns about how many entries of the deadline index are due at now.
func (s *Shard) Due(now int64) (n int) {
	for _, d := range s.dbs {
		if w := d.t.wheel; w != nil && w.n > 0 {
			n += w.due(now)
		}
	}
	return n
}

// PopDue takes up to max entries that are due at now out of the deadline index and appends them to
// buf, in the order of their deadlines but for those of one millisecond, and for what a clock that was
// put back has made due again. The records stay, hidden,
// until they are deleted or Requeue puts them back. The work of a call is bounded: what is left comes
// with the next one, and NextDue stays at or before now as long as there may be more, even when a
// call was spent on sorting entries in and returned none.
func (s *Shard) PopDue(now int64, max int, buf []DueKey) []DueKey {
	for _, d := range s.dbs {
		if d.t.wheel == nil && len(d.t.requeued) == 0 {
			continue
		}
		was := len(buf)
		buf = d.t.popRequeued(now, max, buf)
		max -= len(buf) - was
		was = len(buf)
		buf = d.t.popWheel(now, max, buf)
		max -= len(buf) - was
	}
	return buf
}

// Requeue puts a due key back into the deadline index, to be popped again at `at`. Its deadline does
// not change and it stays hidden. A key without deadline, or none, is left alone.
func (s *Shard) Requeue(db int, key []byte, at int64) {
	t := s.dbs[db].t
	_, r, ok := t.find(s.hash(key), key)
	if !ok || r.deadline() == 0 {
		return
	}
	t.unindex(r)
	heap.Push(&t.requeued, requeued{at, string(key)})
	s.comesDue(at)
}

// IsDue reports whether there is a record whose deadline is not after now, and that deadline.
func (s *Shard) IsDue(db int, key []byte, now int64) (deadline int64, due bool) {
	_, r, ok := s.dbs[db].t.find(s.hash(key), key)
	if !ok {
		return 0, false
	}
	deadline = r.deadline()
	if deadline == 0 || deadline > now {
		return 0, false
	}
	return deadline, true
}

// requeued is a key that waits for another time than its deadline. It stands outside the wheel, which
// knows deadlines only; when the key changed meanwhile, it is in the wheel or gone, and this is void.
type requeued struct {
	at  int64
	key string
}

type requeueHeap []requeued

func (h requeueHeap) Len() int           { return len(h) }
func (h requeueHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h requeueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *requeueHeap) Push(x any)        { *h = append(*h, x.(requeued)) }
func (h *requeueHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = requeued{}
	*h = old[:len(old)-1]
	return e
}

func (t *table) popRequeued(now int64, max int, buf []DueKey) []DueKey {
	for ; max > 0 && len(t.requeued) > 0 && t.requeued[0].at <= now; max-- {
		e := heap.Pop(&t.requeued).(requeued)
		key := []byte(e.key)
		p, r, ok := t.find(t.s.hash(key), key)
		if !ok || r.wheelPos() != 0 || r.deadline() == 0 {
			continue
		}
		if r.deadline() > now { // moved to a later time while it waited here
			t.index(t.refAt(p), r)
			continue
		}
		buf = append(buf, DueKey{DB: t.db, Key: key, Deadline: r.deadline()})
	}
	return buf
}

// cascadeBudget is how many entries a call sorts into lower levels, when that yields none to return.
const cascadeBudget = 4096

func (t *table) popWheel(now int64, max int, buf []DueKey) []DueKey {
	w := t.wheel
	if w == nil {
		return buf
	}
	if now < w.now {
		w.rewind(now)
	}
	for budget := cascadeBudget + max; max > 0 && budget > 0; {
		if w.slots[overdue] != 0 {
			n := len(buf)
			buf = t.popOverdue(max, buf)
			max -= len(buf) - n
			budget -= blockRefs
			continue
		}
		slot, at, ok := w.next()
		if !ok || at > now {
			w.now = now
			break
		}
		if at > w.now {
			w.now = at
		}
		budget -= t.cascade(slot)
	}
	return buf
}

// touchHead reads the headers of all records of a slot's first block, so that their cache misses
// overlap.
func (t *table) touchHead(slot int) *wheelBlock {
	b := t.wheel.block(t.wheel.slots[slot])
	var sum uint64
	for _, ref := range b.refs[:b.n] {
		sum += uint64(t.at(ref)[0])
	}
	t.touched += sum
	return b
}

// cascade sorts the entries of a slot's first block in again, now that their time is nearer.
func (t *table) cascade(slot int) int {
	b := t.touchHead(slot)
	n := int(b.n)
	for i := n - 1; i >= 0; i-- {
		ref := b.refs[i]
		t.wheel.dropLast(slot)
		t.put(ref, t.at(ref))
	}
	return n
}

// popOverdue takes up to max entries of the overdue slot's first block.
func (t *table) popOverdue(max int, buf []DueKey) []DueKey {
	w := t.wheel
	b := t.touchHead(overdue)
	for i := int(b.n) - 1; i >= 0 && max > 0; i-- {
		ref := b.refs[i]
		r := t.at(ref)
		w.dropLast(overdue)
		if r.deadline() > w.now { // moved to a later time
			t.put(ref, r)
			continue
		}
		r.setWheelPos(0)
		buf = append(buf, DueKey{DB: t.db, Key: append([]byte(nil), t.key(r)...), Deadline: r.deadline()})
		max--
	}
	return buf
}

// index puts a record with a deadline into the wheel; it is not in it.
func (t *table) index(ref uint32, r rec) {
	if t.wheel == nil {
		t.wheel = newWheel()
	}
	if t.wheel.n == 0 {
		t.wheel.now = cmp.Or(t.s.now, t.s.born) // in a replay there is no now
	}
	t.put(ref, r)
}

// put is index for a record that has just been taken out of the wheel, whose time stands.
func (t *table) put(ref uint32, r rec) {
	r.setWheelPos(t.wheel.add(ref, r.deadline()))
	t.s.comesDue(r.deadline())
	t.accountWheel()
}

func (t *table) accountWheel() {
	if n := t.wheel.bytes(); n != t.wheelBytes {
		t.grow(n - t.wheelBytes)
		t.wheelBytes = n
	}
}

// unindex takes a record out of the wheel, if it is in it.
func (t *table) unindex(r rec) {
	pos := r.wheelPos()
	if pos == 0 {
		return
	}
	if moved, ok := t.wheel.remove(pos); ok {
		t.at(moved).setWheelPos(pos)
	}
	r.setWheelPos(0)
}
