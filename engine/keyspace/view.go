package keyspace

// View is the whole keyspace frozen at one moment. It is handed out in slices, shard by shard.
type View struct {
	shards [][]Frozen
	keys   int64
}

// Freeze returns a view of all keys as they are now, those that are due and hidden included. All
// shards' locks are held and no undo log is recording.
func (k *Keyspace) Freeze() *View {
	v := &View{shards: make([][]Frozen, len(k.shards))}
	for i, s := range k.shards {
		for _, d := range s.dbs {
			for _, m := range d.t.segs {
				for _, r := range m {
					v.shards[i] = append(v.shards[i], freeze(d.id, r))
				}
			}
		}
		v.keys += int64(len(v.shards[i]))
	}
	return v
}

// Keys returns the number of keys in the view.
func (v *View) Keys() int64 { return v.keys }

// Slice appends up to max records of this shard to b and reports whether the shard is done. That
// shard's lock is held. Each record of the view comes exactly once.
func (v *View) Slice(shard int, max int, b *Batch) (done bool) {
	n := min(max, len(v.shards[shard]))
	b.records = append(b.records, v.shards[shard][:n]...)
	v.shards[shard] = v.shards[shard][n:]
	return len(v.shards[shard]) == 0
}

// Abort ends the view; Slice is not called afterwards. All shards' locks are held. Batches keep what
// they have. A view whose shards are all done has ended by itself; aborting it again does no harm.
func (v *View) Abort() { clear(v.shards) }

// Release is Abort.
func (v *View) Release() { v.Abort() }

// Batch owns the records that a Slice put into it; it is read without a lock.
type Batch struct{ records []Frozen }

// Range calls fn for the records until it returns false. A record is valid until Reset.
func (b *Batch) Range(fn func(f *Frozen) bool) {
	for i := range b.records {
		if !fn(&b.records[i]) {
			return
		}
	}
}

// Len returns the number of records in the batch.
func (b *Batch) Len() int { return len(b.records) }

// Reset empties the batch for its next use. It needs no lock.
func (b *Batch) Reset() {
	for i := range b.records {
		b.records[i].Release()
	}
	clear(b.records)
	b.records = b.records[:0]
}
