package keyspace

import "math/rand/v2"

// The access field of a record is 24 bits wide, as in Redis: seconds since the epoch, or with LFU
// minutes (16 bits) above a logarithmic counter (8 bits).
const (
	accessMask  = 1<<24 - 1
	lfuInit     = 5
	lfuLog      = 10
	lfuDecayMin = 1
)

// access counts an access at the shard's time; time 0 (replay) is none.
func (s *Shard) access(r rec) {
	old := r.access()
	if a := s.nextAccess(old); a != old {
		r.setAccess(a)
	}
}

func (s *Shard) nextAccess(old uint32) uint32 {
	if !s.limits.LFU {
		if s.now == 0 {
			return old
		}
		return uint32(s.now/1000) & accessMask
	}
	counter := lfuCounter(old, s.now)
	if old == 0 {
		counter = lfuInit
	} else {
		counter = lfuGrow(counter, s.rng)
	}
	return uint32(s.now/60000)&0xffff<<8 | uint32(counter)
}

// lfuCounter returns the counter after its decay of one for each minute without access.
func lfuCounter(access uint32, now int64) uint8 {
	minutes := uint16(now/60000) - uint16(access>>8)
	c := uint8(access)
	if d := minutes / lfuDecayMin; d < uint16(c) {
		return c - uint8(d)
	}
	return 0
}

// lfuGrow raises the counter with a probability that falls as it grows.
func lfuGrow(c uint8, rng *rand.Rand) uint8 {
	if c == 255 {
		return c
	}
	base := max(int(c)-lfuInit, 0)
	if rng.Float64() < 1/float64(base*lfuLog+1) {
		c++
	}
	return c
}

// Touch counts an access and reports whether the key is there.
func (d *DB) Touch(key []byte) bool { return d.lookup(key).r != nil }

// Idle returns the seconds since the last access, without counting one. It says nothing useful while
// Limits.LFU is set.
func (d *DB) Idle(key []byte) (seconds int64, ok bool) {
	r := d.peek(key).r
	if r == nil {
		return 0, false
	}
	if d.s.now == 0 {
		return 0, true
	}
	last := r.access()
	if last == 0 { // not since it was loaded
		last = uint32(d.s.born / 1000)
	}
	return int64(uint32(d.s.now/1000)-last) & accessMask, true
}

// Freq returns the logarithmic access counter, without counting an access. It says nothing useful
// while Limits.LFU is not set.
func (d *DB) Freq(key []byte) (counter int, ok bool) {
	r := d.peek(key).r
	if r == nil {
		return 0, false
	}
	return int(lfuCounter(r.access(), d.s.now)), true
}
