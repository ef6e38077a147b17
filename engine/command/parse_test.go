package command_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

func TestParseInt(t *testing.T) {
	for s, want := range map[string]int64{
		"0": 0, "1": 1, "-1": -1, "42": 42, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64,
	} {
		if n, ok := command.ParseInt([]byte(s)); !ok || n != want {
			t.Errorf("ParseInt(%q) = %d, %v", s, n, ok)
		}
	}
	for _, s := range []string{
		"", "-", "+1", "01", "-0", "-01", " 1", "1 ", "1.0", "1e3", "0x1", "a", "9223372036854775808", "-9223372036854775809",
		"18446744073709551616", "99999999999999999999", "123456789012345678901", "1\x00", "--1",
	} {
		if n, ok := command.ParseInt([]byte(s)); ok {
			t.Errorf("ParseInt(%q) = %d", s, n)
		}
	}
}

func FuzzParseInt(f *testing.F) {
	f.Add([]byte("-9223372036854775808"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, ok := command.ParseInt(b)
		want, err := strconv.ParseInt(string(b), 10, 64)
		canonical := err == nil && strconv.FormatInt(want, 10) == string(b)
		if ok != canonical || ok && n != want {
			t.Errorf("ParseInt(%q) = %d, %v", b, n, ok)
		}
	})
}

func TestParseFloat(t *testing.T) {
	for s, want := range map[string]float64{
		"0": 0, "1.5": 1.5, "-1.5e3": -1500, "+2": 2, ".5": 0.5, "5.": 5, "inf": math.Inf(1), "-inf": math.Inf(-1),
		"+Infinity": math.Inf(1), "0x1p3": 8, "0x10": 16, "0e-400": 0,
	} {
		if f, ok := command.ParseFloat([]byte(s)); !ok || f != want {
			t.Errorf("ParseFloat(%q) = %v, %v", s, f, ok)
		}
	}
	for _, s := range []string{"", " 1", "1 ", "nan", "-NaN", "1_0", "x", "1e400", "-1e400", "1e-400", ".", "1e", strings.Repeat("1", 310)} {
		if f, ok := command.ParseFloat([]byte(s)); ok {
			t.Errorf("ParseFloat(%q) = %v", s, f)
		}
	}
}

func TestEqualFold(t *testing.T) {
	for _, tc := range []struct {
		b, s string
		want bool
	}{{"GET", "get", true}, {"gEt", "get", true}, {"ge", "get", false}, {"", "", true}, {"GET\x00", "get", false}, {"@", "`", false}, {"[", "{", false}} {
		if got := command.EqualFold([]byte(tc.b), tc.s); got != tc.want {
			t.Errorf("EqualFold(%q, %q) = %v", tc.b, tc.s, got)
		}
	}
}

func TestExtended(t *testing.T) {
	for _, tc := range []struct{ a, b, want string }{
		{"10.50", "0.1", "10.6"}, {"3.0e3", "200", "3200"}, {"0.1", "0.2", "0.3"}, {"1", "-1", "0"}, {"-0", "-0", "0"}, {"1e18", "0.5", "1000000000000000000.5"},
		{"0x10", "0x.8", "16.5"}, {"9223372036854775807", "1", "9223372036854775808"}, {"1e-17", "0", "0.00000000000000001"}, {"-1e-18", "0", "0"}, {"1e25", "1", "10000000000000000000000000"},
	} {
		a, ok1 := command.ParseExtended([]byte(tc.a))
		b, ok2 := command.ParseExtended([]byte(tc.b))
		if !ok1 || !ok2 {
			t.Errorf("%s or %s is not read", tc.a, tc.b)
			continue
		}
		sum, ok := command.AddExtended(a, b)
		if !ok {
			t.Errorf("%s + %s is not finite", tc.a, tc.b)
		} else if got := string(command.FormatExtended(sum)); got != tc.want {
			t.Errorf("%s + %s = %s, want %s", tc.a, tc.b, got, tc.want)
		}
	}
	for _, s := range []string{"", "nan", "1 ", " 1", "1_0", "0b1", "1e", "--1", "1e5000", "1e-5000", "1e-99999999", "x", ".", "0x", "0x.p1", "1p3", "1e9999999999"} {
		if f, ok := command.ParseExtended([]byte(s)); ok {
			t.Errorf("ParseExtended(%q) = %v", s, f)
		}
	}
}

func TestExtendedIsFinite(t *testing.T) {
	for _, tc := range [][2]string{{"inf", "1"}, {"1", "-inf"}, {"inf", "-inf"}, {"1e4932", "1e4932"}} {
		a, ok1 := command.ParseExtended([]byte(tc[0]))
		b, ok2 := command.ParseExtended([]byte(tc[1]))
		if !ok1 || !ok2 {
			t.Fatalf("%v is not read", tc)
		}
		if sum, ok := command.AddExtended(a, b); ok {
			t.Errorf("%v: %v", tc, sum)
		}
	}
}

// FuzzParseExtended: whatever is read can be added to, printed and read again.
func FuzzParseExtended(f *testing.F) {
	for _, s := range []string{"1.5", "0x1.8p-3", "-inf", "1e4932", "00.10e-02"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, ok := command.ParseExtended(b)
		if !ok || x.IsInf() {
			return
		}
		sum, ok := command.AddExtended(x, x)
		if !ok {
			return
		}
		text := command.FormatExtended(sum)
		if _, ok := command.ParseExtended(text); !ok {
			t.Errorf("%q + %q is printed as %q", b, b, text)
		}
	})
}
