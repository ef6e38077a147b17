package hll

import "math"

// counts are the registers by their value.
type counts [1 << registerBits]int

// histogram counts the registers by their value; false where the sketch is broken.
func (s sketch) histogram() (h counts, ok bool) {
	if s.sparse() {
		ok = s.runs(func(_ int, r run) { h[r.v] += r.n })
		return h, ok
	}
	for i := range registers {
		h[s.get(i)]++
	}
	return h, true
}

// estimate is about how many distinct elements have led to the registers, after
// Otmar Ertl's "New cardinality estimation algorithms for HyperLogLog sketches"
// (2017), algorithm 6, which needs no correction for small or large numbers.
func (h *counts) estimate() uint64 {
	const m = float64(registers)
	z := m * tau((m-float64(h[maxRun+1]))/m)
	for v := maxRun; v >= 1; v-- {
		z = (z + float64(h[v])) / 2
	}
	z += m * sigma(float64(h[0])/m)
	return uint64(math.Round(m * m / (2 * math.Ln2) / z))
}

// sigma is the sum of x^(2^k) * 2^(k-1) for all k above 0, and x.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	sum, y := x, 1.0
	for {
		x *= x
		next := sum + x*y
		if next == sum {
			return sum
		}
		sum, y = next, y+y
	}
}

// tau is a third of 1 - x minus the sum of (1 - x^(2^-k))^2 * 2^-k for all k above 0.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	sum, y := 1-x, 1.0
	for {
		x, y = math.Sqrt(x), y/2
		next := sum - (1-x)*(1-x)*y
		if next == sum {
			return sum / 3
		}
		sum = next
	}
}

// union is registers of several sketches, each the largest among them.
type union [registers]uint8

// add takes a sketch's registers; false where it is broken.
func (u *union) add(s sketch) bool {
	if s.sparse() {
		return s.runs(func(first int, r run) {
			for i := range r.n {
				u[first+i] = max(u[first+i], r.v)
			}
		})
	}
	for i := range u {
		u[i] = max(u[i], s.get(i))
	}
	return true
}

func (u *union) estimate() uint64 {
	var h counts
	for _, v := range u {
		h[v]++
	}
	return h.estimate()
}

// sketch writes the registers, sparse where that is asked for and fits into so many bytes.
func (u *union) sketch(sparse bool, limit int) sketch {
	s := newSketch()
	if sparse {
		s = s[:headBytes]
		for i := 0; i < registers && sparse; {
			r := run{1, u[i]}
			for i++; i < registers && u[i] == r.v; i++ {
				r.n++
			}
			s = appendRun(s, r)
			sparse = r.v <= maxSparse && len(s) <= headBytes+limit
		}
	}
	if !sparse {
		s = make(sketch, denseBytes)
		copy(s, magic)
		for i, v := range u {
			s.set(i, v)
		}
	}
	s.outdate()
	return s
}
