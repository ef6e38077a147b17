package zset

import (
	"math"
	"testing"
)

func FuzzBounds(f *testing.F) {
	for _, s := range []string{"", "(", "((1", "1", "(1.5", " 1", "1 ", "-inf", "(+Infinity", "nan", "0x10", "0x1p-2", "1e999", "1_0", "[a", "(a", "-", "+", "-a", "1e", "."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, ok := parseScoreEnd(b); ok {
			if math.IsNaN(e.score) {
				t.Errorf("%q is NaN", b)
			}
			if e.excluded != (len(b) > 0 && b[0] == '(') {
				t.Errorf("%q: excluded is %v", b, e.excluded)
			}
		}
		if e, ok := parseLexEnd(b); ok && e.infinite == 0 && string(e.member) != string(b[1:]) {
			t.Errorf("%q is member %q", b, e.member)
		}
	})
}
