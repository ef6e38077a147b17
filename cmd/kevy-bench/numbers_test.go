package main

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogramBuckets(t *testing.T) {
	last := -1
	for _, v := range []uint64{0, 1, 127, 128, 129, 255, 256, 1000, 12345, 1e6, 1e9, 1e12, histLimit - 1} {
		i := bucketOf(v)
		if i < last {
			t.Errorf("%d lies in bucket %d, below that of a smaller value", v, i)
		}
		last = i
		if top := bucketTop(i); top < v || float64(top) > float64(v)*1.016 {
			t.Errorf("%d is read back as %d", v, top)
		}
	}
	if i := bucketOf(math.MaxUint64); i >= histBuckets {
		t.Errorf("the largest value lies in bucket %d of %d", i, histBuckets)
	}
}

func TestHistogramQuantiles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var a, b histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(rng.ExpFloat64() * 1e6)
		all = append(all, d)
		if i%2 == 0 {
			a.add(d, 1)
		} else {
			b.add(d, 1)
		}
	}
	a.merge(&b)
	slices.Sort(all)
	for _, q := range []float64{0, 0.5, 0.99, 0.999} {
		want, got := all[int(q*10_000)], a.quantile(q)
		if got < want || float64(got) > float64(want)*1.016+1 {
			t.Errorf("quantile %g is %s, not %s", q, got, want)
		}
	}
	if a.quantile(1) != all[len(all)-1] || a.max != all[len(all)-1] {
		t.Errorf("the longest is %s and %s, not %s", a.quantile(1), a.max, all[len(all)-1])
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("the median of nothing is %s", got)
	}
}

func TestNumbers(t *testing.T) {
	got, err := numbers("-keys", "1, 16,300k,5M")
	if err != nil || !slices.Equal(got, []uint64{1, 16, 300_000, 5_000_000}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, text := range []string{"", "0", "-1", "k", "1kM", "1.5", "1,", "5000000000"} {
		if got, err := numbers("-keys", text); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
	for n, want := range map[uint64]string{0: "0", 7: "7", 1500: "1500", 2000: "2k", 300_000: "300k", 5_000_000: "5M"} {
		if got := short(n); got != want {
			t.Errorf("%d is written %s", n, got)
		}
	}
}

func TestMetricFormat(t *testing.T) {
	tests := []struct {
		unit  unit
		value float64
		want  string
	}{
		{perSecond, 846_123, "846k"},
		{perSecond, 1_234_000, "1.23M"},
		{seconds, 1.17e-6, "1.17 µs"},
		{seconds, 0.00066, "660 µs"},
		{seconds, 0.0185, "18.5 ms"},
		{seconds, 20, "20 s"},
		{bytesUnit, 51, "51 B"},
		{bytesUnit, 1.5e9, "1.50 GB"},
		{count, 2000, "2000"},
		{count, math.NaN(), "-"},
	}
	for _, test := range tests {
		if got := (metric{unit: test.unit}).format(test.value); got != test.want {
			t.Errorf("%g is written %q, not %q", test.value, got, test.want)
		}
	}
}

func TestGain(t *testing.T) {
	more, less := metric{higher: true}, metric{}
	if g := more.gain(100, 150); g != 1.5 {
		t.Errorf("half as much again is a gain of %g", g)
	}
	if g := less.gain(150, 100); g != 1.5 {
		t.Errorf("two thirds of the cost are a gain of %g", g)
	}
	for _, g := range []float64{more.gain(0, 5), less.gain(5, 0), more.gain(math.NaN(), 5)} {
		if !math.IsNaN(g) {
			t.Errorf("nothing to compare with is a gain of %g", g)
		}
	}
}

func TestSpread(t *testing.T) {
	if s, ok := spreadOf([]float64{3, math.NaN(), 1, 2, 10}); !ok || s != (spread{Median: 2.5, Min: 1, Max: 10}) {
		t.Errorf("%v, %v", s, ok)
	}
	if _, ok := spreadOf([]float64{math.NaN()}); ok {
		t.Error("nothing has a spread")
	}
}

func TestRequest(t *testing.T) {
	r := words("SET key:{s} {x{r}")
	want := "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000000\r\n$14\r\n{x000000000000\r\n"
	if string(r.encoded) != want {
		t.Fatalf("%q", r.encoded)
	}
	buf := r.repeat(3)
	r.fill(buf, 3, rand.NewPCG(1, 1), 1, 41)
	for _, key := range []string{"key:000000000041", "key:000000000042", "key:000000000043"} {
		if !bytes.Contains(buf, []byte(key)) {
			t.Errorf("no %s in %q", key, buf)
		}
	}
	pool := words("RPUSH l {s} {s}")
	buf = pool.repeat(1)
	pool.fill(buf, 1, rand.NewPCG(1, 1), 1, 2) // the third request begins at 4
	if want := "*4\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$12\r\n000000000004\r\n$12\r\n000000000005\r\n"; string(buf) != want {
		t.Errorf("%q", buf)
	}
}

func TestRandomFieldsStayBelow(t *testing.T) {
	rng := rand.NewPCG(1, 1)
	seen := map[uint64]bool{}
	for range 1000 {
		v := below(rng, 10)
		if v >= 10 {
			t.Fatalf("%d is not below 10", v)
		}
		seen[v] = true
	}
	if len(seen) != 10 {
		t.Errorf("1000 random numbers below 10 have %d values", len(seen))
	}
}

func TestHistogramOfNothing(t *testing.T) {
	var h histogram
	h.add(time.Hour, 0)
	if h.n != 0 || h.max != 0 {
		t.Errorf("%d values, at most %v, after none", h.n, h.max)
	}
}
