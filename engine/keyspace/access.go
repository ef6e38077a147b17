package keyspace

import "math/rand/v2"

// The access field of a record is 24 bits wide, as in Redis: seconds since the epoch, or with LFU
// minutes (16 bits) above a logarithmic counter (8 bits).
const (
	accessMask = 1<<24 - 1
	lfuInit    = 5
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
	counter := s.lfuCounter(old)
	if old == 0 {
		counter = lfuInit
	} else {
		counter = lfuGrow(counter, s.limits.LFULog, s.rng)
	}
	return uint32(s.now/60000)&0xffff<<8 | uint32(counter)
}

// lfuCounter returns the counter after its decay of one for each so many minutes without access.
func (s *Shard) lfuCounter(access uint32) uint8 {
	c := uint8(access)
	if s.limits.LFUDecay <= 0 {
		return c
	}
	minutes := uint16(s.now/60000) - uint16(access>>8)
	if d := int(minutes) / s.limits.LFUDecay; d < int(c) {
		return c - uint8(d)
	}
	return 0
}

// lfuGrow raises the counter with a probability that falls as it grows.
func lfuGrow(c uint8, log int, rng *rand.Rand) uint8 {
	if c == 255 {
		return c
	}
	base := max(int(c)-lfuInit, 0)
	if rng.Float64() < 1/float64(base*log+1) {
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
	return d.idle(r), true
}

func (d *DB) idle(r rec) (seconds int64) {
	if d.s.now == 0 {
		return 0
	}
	last := r.access()
	if last == 0 { // not since it was loaded
		last = uint32(d.s.born / 1000)
	}
	return int64(uint32(d.s.now/1000)-last) & accessMask
}

// Freq returns the logarithmic access counter, without counting an access. It says nothing useful
// while Limits.LFU is not set.
func (d *DB) Freq(key []byte) (counter int, ok bool) {
	r := d.peek(key).r
	if r == nil {
		return 0, false
	}
	return int(d.s.lfuCounter(r.access())), true
}

// SetIdle makes the key one that was last accessed so many seconds ago. It does nothing while
// Limits.LFU is set.
func (d *DB) SetIdle(key []byte, seconds int64) {
	if r := d.peek(key).r; r != nil && !d.s.limits.LFU && d.s.now != 0 {
		r.setAccess(uint32(d.s.now/1000-seconds) & accessMask)
	}
}

// SetFreq sets the key's access counter. It does nothing while Limits.LFU is not set.
func (d *DB) SetFreq(key []byte, counter uint8) {
	if r := d.peek(key).r; r != nil && d.s.limits.LFU {
		r.setAccess(uint32(d.s.now/60000)&0xffff<<8 | uint32(counter))
	}
}
