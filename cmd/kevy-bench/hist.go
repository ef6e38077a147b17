package main

import (
	"math/bits"
	"time"
)

// A histogram has 64 buckets for each power of two of nanoseconds: a value read
// back is at most 1.6 % too high. Values below 128 ns are exact, those above
// histLimit are counted in the last bucket; Max is always exact.
const (
	histSub     = 6
	histLimit   = uint64(1) << 41 // 36 minutes
	histBuckets = (41-histSub)<<histSub + 2<<histSub
)

// histogram counts durations. It allocates nothing after its creation and is
// not safe for concurrent use: each loop has its own, merged at the end.
type histogram struct {
	counts [histBuckets]uint64
	n      uint64
	max    time.Duration
}

// bucketOf maps nanoseconds to a bucket.
func bucketOf(v uint64) int {
	if v < 2<<histSub {
		return int(v)
	}
	if v >= histLimit {
		v = histLimit - 1
	}
	e := bits.Len64(v) - histSub - 1
	return e<<histSub + int(v>>e)
}

// bucketTop is the largest value of a bucket.
func bucketTop(i int) uint64 {
	if i < 2<<histSub {
		return uint64(i)
	}
	e := i>>histSub - 1
	m := uint64(i - e<<histSub)
	return (m+1)<<e - 1
}

// add records d, n times.
func (h *histogram) add(d time.Duration, n uint64) {
	if n == 0 {
		return
	}
	if d < 0 {
		d = 0
	}
	h.counts[bucketOf(uint64(d))] += n
	h.n += n
	if d > h.max {
		h.max = d
	}
}

// merge adds what o recorded.
func (h *histogram) merge(o *histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// quantile returns the duration that a share q (0 to 1) of the recorded ones
// does not exceed, or 0 if nothing was recorded.
func (h *histogram) quantile(q float64) time.Duration {
	if h.n == 0 {
		return 0
	}
	rank := uint64(q * float64(h.n))
	var seen uint64
	for i, c := range h.counts {
		if seen += c; seen > rank {
			return min(time.Duration(bucketTop(i)), h.max)
		}
	}
	return h.max
}
