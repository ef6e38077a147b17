package keyspace

import "sync/atomic"

// View is the whole keyspace frozen at one moment. It is handed out in slices, shard by shard, while
// writes go on. Freezing takes no time: it raises the epoch. A record that carries an older epoch has
// not been handed out; a writer that meets one saves its pre-image first and stamps it, the slices
// stamp what they copy, and new records are born stamped. So each record comes exactly once.
type View struct {
	shards []*shardView // nil: done
	keys   int64
	saved  atomic.Int64 // bytes of pre-images that wait for a slice
}

// shardView is a view's state in one shard.
type shardView struct {
	v      *View
	s      *Shard
	tables []*table // not yet walked to the end; the first is being walked
	pos    uint64   // hash from which on the first table is to be walked
	seg    *segment // the segment there when bucket was set
	bucket int
	tail   int     // entries of the spill that were walked
	saved  capture // pre-images
	spare  [][]byte
}

// Freeze returns a view of all keys as they are now, those that are due and hidden included. All
// shards' locks are held and no unit is recording for undo. There is one view at a time: Freeze
// returns nil while another has shards that are neither sliced to the end nor aborted.
func (k *Keyspace) Freeze() *View {
	if k.Viewing() {
		return nil
	}
	v := &View{shards: make([]*shardView, len(k.shards))}
	for i, s := range k.shards {
		if s.aborted >= abortedMax {
			s.stampAll()
		}
		s.epoch++
		s.aborted++
		sv := &shardView{v: v, s: s}
		for _, d := range s.dbs {
			d.t.viewDB = d.id
			if d.t.n > 0 {
				sv.tables = append(sv.tables, d.t)
				v.keys += int64(d.t.n)
			}
		}
		v.shards[i], s.view = sv, sv
		s.guard |= guardView
	}
	return v
}

// Viewing reports whether a view is being taken, so that Freeze would return nil. All shards' locks
// are held.
func (k *Keyspace) Viewing() bool {
	for _, s := range k.shards {
		if s.view != nil {
			return true
		}
	}
	return false
}

// Keys returns the number of keys in the view. It needs no lock.
func (v *View) Keys() int64 { return v.keys }

// Pending returns the bytes of pre-images that wait to be sliced, so that writers can be made to
// wait when they are too many. It needs no lock.
func (v *View) Pending() int64 { return v.saved.Load() }

// Slice appends up to max records of this shard to b, and all pre-images that writers have saved
// since the last slice, and reports whether the shard is done. That shard's lock is held. Each record
// of the view comes exactly once.
func (v *View) Slice(shard int, max int, b *Batch) (done bool) {
	sv := v.shards[shard]
	if sv == nil {
		return true
	}
	sv.spare = append(sv.spare, b.spare...)
	b.spare = b.spare[:0]
	v.saved.Add(-sv.saved.bytes)
	b.take(&sv.saved)
	if len(b.parts) == 0 || b.parts[len(b.parts)-1].n > 0 {
		b.parts = append(b.parts, capture{})
	}
	into := &b.parts[len(b.parts)-1]
	for max > 0 && len(sv.tables) > 0 {
		max -= sv.walk(into, max)
	}
	if len(sv.tables) > 0 {
		return false
	}
	sv.s.stamped()
	v.end(shard)
	return true
}

func (v *View) end(shard int) {
	s := v.shards[shard].s
	s.view = nil
	s.guard &^= guardView
	v.shards[shard] = nil
}

// save keeps the pre-image of a record that is about to change.
func (sv *shardView) save(t *table, r rec) {
	was := sv.saved.bytes
	sv.saved.add(t, t.viewDB, r, &sv.spare)
	if grown := sv.saved.bytes - was; grown != 0 {
		sv.v.saved.Add(grown)
	}
}

// walk copies up to max records of the next bucket of the first table and returns how much work that
// was. A segment that was split or merged since the last slice is walked from its beginning: the
// stamps tell what was copied.
func (sv *shardView) walk(into *capture, max int) int {
	t := sv.tables[0]
	if t.n == 0 || t.dir == nil {
		sv.nextTable()
		return 1
	}
	if sv.tail > 0 {
		return sv.walkSpill(t, into, max)
	}
	g := t.segment(sv.pos)
	if g != sv.seg {
		sv.seg, sv.bucket = g, 0
	}
	b := &g[sv.bucket]
	var sum uint64
	for j, tag := range b.tags {
		if tag != 0 {
			sum += uint64(t.at(b.refs[j])[1])
		}
	}
	t.touched += sum
	n := 0
	for j, tag := range b.tags {
		if tag == 0 {
			continue
		}
		if r := t.at(b.refs[j]); r.epoch() != sv.s.epoch {
			if n == max {
				return n // the rest of the bucket comes with the next slice
			}
			into.add(t, t.viewDB, r, &sv.spare)
			r.setEpoch(sv.s.epoch)
			n++
		}
	}
	if sv.bucket++; sv.bucket == segBuckets {
		sv.bucket, sv.seg = 0, nil
		sv.pos = endOf(sv.pos, g.depth())
		if sv.pos == 0 {
			sv.tail = 1
		}
	}
	return n + 1
}

// endOf returns the first hash behind a segment of this depth that has pos in it; 0 behind the last.
func endOf(pos uint64, depth int) uint64 {
	if depth == 0 {
		return 0
	}
	span := uint64(1) << (64 - depth)
	return pos&^(span-1) + span
}

func (sv *shardView) walkSpill(t *table, into *capture, max int) int {
	n := 0
	for _, e := range t.spill {
		if r := t.at(e.ref); r.epoch() != sv.s.epoch {
			if n == max {
				return n
			}
			into.add(t, t.viewDB, r, &sv.spare)
			r.setEpoch(sv.s.epoch)
			n++
		}
	}
	sv.nextTable()
	return n + 1
}

func (sv *shardView) nextTable() {
	sv.tables[0] = nil
	sv.tables = sv.tables[1:]
	sv.pos, sv.seg, sv.bucket, sv.tail = 0, nil, 0, 0
}

// Abort ends the view; Slice is not called afterwards. All shards' locks are held. Batches keep what
// they have. A view whose shards are all done has ended by itself; aborting it again does no harm.
func (v *View) Abort() {
	for i := range v.shards {
		v.AbortShard(i)
	}
}

// AbortShard is Abort for one shard, with that shard's lock held.
func (v *View) AbortShard(i int) {
	if sv := v.shards[i]; sv != nil {
		v.saved.Add(-sv.saved.bytes)
		sv.saved.release(&sv.spare)
		v.end(i)
	}
}

// Release is Abort.
func (v *View) Release() { v.Abort() }

// Batch owns the records that slices put into it; it is read without a lock.
type Batch struct {
	parts []capture
	spare [][]byte
}

// take moves what c has into the batch.
func (b *Batch) take(c *capture) {
	if c.n > 0 {
		b.parts = append(b.parts, *c)
		*c = capture{}
	}
}

// Range calls fn for the records until it returns false. A record is valid until Reset; Key and
// values may be kept until then, the *Frozen itself only until fn returns.
func (b *Batch) Range(fn func(f *Frozen) bool) {
	for i := range b.parts {
		if !b.parts[i].each(fn) {
			return
		}
	}
}

// Len returns the number of records in the batch.
func (b *Batch) Len() int {
	n := 0
	for i := range b.parts {
		n += b.parts[i].n
	}
	return n
}

// Reset empties the batch for its next use. It needs no lock.
func (b *Batch) Reset() {
	for i := range b.parts {
		b.parts[i].release(&b.spare)
	}
	b.parts = b.parts[:0]
}
