package hll

// The registers of a sparse sketch are a list of runs, each one byte or two:
//
//	00nnnnnn           n+1 zeros
//	01nnnnnn nnnnnnnn  n+1 zeros
//	1vvvvvnn           n+1 times v+1
const (
	maxZeros     = 64
	maxManyZeros = registers
	maxEqual     = 4
	maxSparse    = 32 // a larger register makes the sketch dense
)

// run is a number of equal registers.
type run struct {
	n int
	v uint8
}

// nextRun reads the first run of b, and how many bytes it takes; 0 at a broken one.
func nextRun(b []byte) (r run, size int) {
	switch c := b[0]; {
	case c>>7 == 1:
		return run{int(c&3) + 1, c>>2&31 + 1}, 1
	case c>>6 == 0:
		return run{n: int(c&63) + 1}, 1
	case len(b) > 1:
		return run{n: int(c&63)<<8 | int(b[1]) + 1}, 2
	}
	return run{}, 0
}

// appendRun writes a run of any length.
func appendRun(b []byte, r run) []byte {
	for r.n > 0 {
		n := r.n
		switch {
		case r.v > 0:
			n = min(n, maxEqual)
			b = append(b, 0x80|(r.v-1)<<2|byte(n-1))
		case n <= maxZeros:
			b = append(b, byte(n-1))
		default:
			n = min(n, maxManyZeros)
			b = append(b, 0x40|byte((n-1)>>8), byte(n-1))
		}
		r.n -= n
	}
	return b
}

// runs calls fn for the runs of a sparse sketch with the register where each
// begins. It returns false where they are broken.
func (s sketch) runs(fn func(first int, r run)) bool {
	first := 0
	for at := headBytes; at < len(s); {
		r, size := nextRun(s[at:])
		if size == 0 || first+r.n > registers {
			return false
		}
		fn(first, r)
		first += r.n
		at += size
	}
	return first == registers
}

// outcome of raising a register.
type outcome uint8

const (
	unchanged outcome = iota
	changed
	outgrown // it does not fit a sparse sketch
	broken
)

// raise makes a register of a sparse sketch v, if it is less, and returns the
// sketch, which may be a new one.
func (s sketch) raise(register int, v uint8) (sketch, outcome) {
	if v > maxSparse {
		return s, outgrown
	}
	first, before := 0, -1 // where the run in front of at begins
	for at := headBytes; at < len(s); {
		r, size := nextRun(s[at:])
		if size == 0 {
			return s, broken
		}
		if register >= first+r.n {
			first, before, at = first+r.n, at, at+size
			continue
		}
		if r.v >= v {
			return s, unchanged
		}
		return s.splice(before, at, size, []run{{register - first, r.v}, {1, v}, {first + r.n - register - 1, r.v}}), changed
	}
	return s, broken
}

// splice puts runs in the place of the one at at. Its neighbours are joined with
// them where that saves bytes.
func (s sketch) splice(before, at, size int, runs []run) sketch {
	from, to := at, at+size
	var old [5]run
	list := old[:0]
	if before >= 0 {
		r, _ := nextRun(s[before:])
		list, from = append(list, r), before
	}
	list = append(list, runs...)
	if to < len(s) {
		if r, n := nextRun(s[to:]); n > 0 {
			list, to = append(list, r), to+n
		}
	}
	var buf [16]byte
	piece := buf[:0]
	for i := 0; i < len(list); {
		r := list[i]
		for i++; i < len(list) && (list[i].v == r.v || list[i].n == 0); i++ {
			r.n += list[i].n
		}
		piece = appendRun(piece, r)
	}
	out := make(sketch, 0, len(s)+len(piece)-(to-from))
	out = append(out, s[:from]...)
	out = append(out, piece...)
	return append(out, s[to:]...)
}

// dense returns the sketch with a register of its own for each; ok is false
// where a sparse one is broken.
func (s sketch) dense() (d sketch, ok bool) {
	if !s.sparse() {
		return s, true
	}
	d = make(sketch, denseBytes)
	copy(d, s[:headBytes])
	d[4] = denseForm
	ok = s.runs(func(first int, r run) {
		if r.v == 0 {
			return
		}
		for i := range r.n {
			d.set(first+i, r.v)
		}
	})
	return d, ok
}
