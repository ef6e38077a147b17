package keyspace

import "encoding/binary"

// capture is a list of records copied out of the keyspace, for readers without a lock. It grows by
// whole chunks: nothing is copied twice under the lock. An entry is
//
//	[0:4] length of the record   [4:8] number of its snapshot + 1   [8:10] database
//
// and the record's bytes.
type capture struct {
	chunks [][]byte
	snaps  []snapshot
	n      int
	bytes  int64
}

const (
	captureChunk = 64 << 10
	captureHead  = 10
)

// add copies a record. spare are chunks to be used again.
func (c *capture) add(t *table, db int, r rec, spare *[][]byte) {
	size := r.size()
	last := len(c.chunks) - 1
	if last < 0 || cap(c.chunks[last])-len(c.chunks[last]) < captureHead+size {
		c.chunks = append(c.chunks, takeBuffer(spare))
		last++
		c.bytes += captureChunk
	}
	var head [captureHead]byte
	binary.LittleEndian.PutUint32(head[:], uint32(size))
	binary.LittleEndian.PutUint16(head[8:], uint16(db))
	if r.has(flagLarge) {
		c.snaps = append(c.snaps, t.snapshot(r.largeNo()))
		binary.LittleEndian.PutUint32(head[4:], uint32(len(c.snaps)))
	}
	b := append(c.chunks[last], head[:]...)
	c.chunks[last] = append(b, r[:size]...)
	c.n++
}

func takeBuffer(spare *[][]byte) []byte {
	n := len(*spare)
	if n == 0 {
		return make([]byte, 0, captureChunk)
	}
	b := (*spare)[n-1]
	*spare = (*spare)[:n-1]
	return b[:0]
}

// each calls fn for the records until it returns false, and returns what fn returned last.
func (c *capture) each(fn func(f *Frozen) bool) bool {
	for _, b := range c.chunks {
		for len(b) > 0 {
			size := binary.LittleEndian.Uint32(b)
			no := binary.LittleEndian.Uint32(b[4:])
			db := binary.LittleEndian.Uint16(b[8:])
			raw := rec(b[captureHead : captureHead+size])
			b = b[captureHead+size:]
			var snap *snapshot
			if no != 0 {
				snap = &c.snaps[no-1]
			}
			f := frozenOf(int(db), raw, snap)
			if !fn(&f) {
				return false
			}
		}
	}
	return true
}

// release gives back the snapshots and hands the chunks to spare.
func (c *capture) release(spare *[][]byte) {
	for i := range c.snaps {
		c.snaps[i].release()
	}
	for _, b := range c.chunks {
		if len(*spare) < captureSpare {
			*spare = append(*spare, b)
		}
	}
	*c = capture{}
}

// captureSpare is how many chunks a batch keeps for its next use.
const captureSpare = 64
