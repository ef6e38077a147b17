package wire

import (
	"math"
	"testing"
)

// The texts are redis-server 7.0.15's for scores.
func TestAppendDouble(t *testing.T) {
	for want, f := range map[string]float64{
		"0.10000000000000001": 0.1, "1e+20": 1e20, "10000000000000000": 1e16, "1.2345678901234568e+17": 123456789012345680,
		"1.0000000000000001e-05": 1e-5, "0.0001": 1e-4, "0.29999999999999999": 0.3, "3.1415899999999999": 3.14159,
		"1.5000000000000001e+300": 1.5e300, "1000000000000000": 1e15, "12345678.9": 12345678.9, "4.4999999999999998e-07": 4.5e-7,
		"inf": math.Inf(1), "-inf": math.Inf(-1), "0": 0, "-0": math.Copysign(0, -1), "-3": -3, "1.5": 1.5,
	} {
		if got := string(AppendDouble(nil, f)); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}
