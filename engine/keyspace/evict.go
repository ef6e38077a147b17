package keyspace

import "math"

// Choice says which keys are the first to go when memory is used up.
type Choice uint8

const (
	// AnyKey takes whichever is drawn.
	AnyKey Choice = iota
	// LeastRecent takes the one whose last access is longest ago.
	LeastRecent
	// LeastFrequent takes the one with the lowest counter; Limits.LFU is set.
	LeastFrequent
	// SoonestDue takes the one with the nearest deadline.
	SoonestDue
)

// volatileTries bounds the draws of a key with a deadline: a block of the deadline index holds one entry
// at least, and a draw hits it with a chance of one to blockRefs.
const volatileTries = 8 * blockRefs

// Victim draws so many visible keys, of all or of those with a deadline, and returns the one that goes
// first, valid until the next write, with how urgent that is: more for less use or a nearer deadline.
func (d *DB) Victim(by Choice, volatile bool, samples int) (key []byte, urgency uint64, ok bool) {
	for tries := samples + randomTries; samples > 0 && tries > 0; tries-- {
		r := d.draw(volatile)
		if r == nil {
			break
		}
		if d.s.hidden(r.deadline()) {
			continue
		}
		samples--
		if u := d.urgency(r, by); !ok || u > urgency {
			key, urgency, ok = d.t.key(r), u, true
		}
	}
	return key, urgency, ok
}

// draw returns a record at random, nil when there is none that fits.
func (d *DB) draw(volatile bool) rec {
	t := d.t
	if t.n == 0 {
		return nil
	}
	if volatile {
		return t.drawVolatile()
	}
	if n := len(t.spill); n > 0 && d.s.rng.IntN(t.n) < n {
		return t.at(t.spill[d.s.rng.IntN(n)].ref)
	}
	for range randomTries {
		if r := t.drawRecord(d.s.rng.Uint64()); r != nil {
			return r
		}
	}
	var any rec
	t.eachRecord(func(r rec) bool { any = r; return false })
	return any
}

// drawVolatile returns a record of the deadline index at random.
func (t *table) drawVolatile() rec {
	w := t.wheel
	if w == nil || w.n == 0 {
		return nil
	}
	for range volatileTries {
		b := w.block(1 + uint32(t.s.rng.IntN(int(w.made))))
		if i := t.s.rng.IntN(blockRefs); i < int(b.n) {
			return t.at(b.refs[i])
		}
	}
	for no := uint32(1); no <= w.made; no++ {
		if b := w.block(no); b.n > 0 {
			return t.at(b.refs[0])
		}
	}
	return nil
}

// urgency orders records by how soon they are to go.
func (d *DB) urgency(r rec, by Choice) uint64 {
	switch by {
	case LeastRecent:
		return uint64(d.idle(r))
	case LeastFrequent:
		return math.MaxUint8 - uint64(d.s.lfuCounter(r.access()))
	case SoonestDue:
		return math.MaxInt64 - uint64(r.deadline())
	}
	return 0
}
