package config

import (
	"math"
	"reflect"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for _, test := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"", 0, true}, {"100", 100, true}, {"1b", 1, true}, {"1k", 1000, true}, {"1kb", 1024, true},
		{"1M", 1000000, true}, {"1Mb", 1 << 20, true}, {"2g", 2000000000, true}, {"2GB", 2 << 30, true}, {"007", 7, true},
		{"9223372036854775807", math.MaxInt64, true}, {"9223372036854775808", 0, false}, {"9223372036854775807k", 0, false},
		{"8589934592gb", 0, false}, {"-1", 0, false}, {"+1", 0, false}, {" 1", 0, false}, {"1 kb", 0, false}, {"1.5mb", 0, false},
		{"mb", 0, false}, {"1tb", 0, false}, {"0x10", 0, false},
	} {
		got, err := ParseSize(test.text)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("ParseSize(%q) = %d, %v", test.text, got, err)
		}
	}
}

func TestDurations(t *testing.T) {
	redis, _ := Lookup("timeout")
	ours, _ := Lookup("hooks.time-budget")
	off, _ := Lookup("slowlog-log-slower-than")
	for _, test := range []struct {
		row  *Param
		text string
		want time.Duration
		err  string
	}{
		{redis, "10", 10 * time.Second, ""}, {redis, "10s", 10 * time.Second, ""}, {redis, "2m", 2 * time.Minute, ""},
		{redis, "1500ms", 0, "argument must be a whole number of seconds"}, {redis, "-1", 0, "argument must be between 0 and 2147483647 inclusive"},
		{redis, "-1s", 0, "argument must be between 0 and 2147483647 inclusive"}, {redis, "x", 0, "argument couldn't be parsed into an integer"},
		{redis, "01", 0, "argument couldn't be parsed into an integer"},
		{ours, "1m", time.Minute, ""}, {ours, "5", 0, "argument must have a unit, such as 5ms or 5s"}, {ours, "x", 0, "argument must be a duration such as 500ms or 10s"},
		{ours, "0s", 0, "argument must be between 1ms and 8760h"}, {ours, "1us", 0, "argument must be a whole number of milliseconds"},
		{off, "-1", -time.Microsecond, ""}, {off, "9223372036854775807", math.MaxInt64 / 1000 * 1000, ""},
	} {
		got, err := test.row.Parse(Default(), test.text)
		if test.err != "" {
			if err == nil || err.Error() != test.err {
				t.Errorf("%s %q: got %v, %v; want error %q", test.row.Path, test.text, got, err, test.err)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s %q: got %v, %v; want %v", test.row.Path, test.text, got, err, test.want)
		}
	}
}

func FuzzParseSize(f *testing.F) {
	for _, seed := range []string{"64mb", "1k", "0", "", "-1", "9223372036854775807gb", "007b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseSize(text)
		if err != nil {
			return
		}
		if n < 0 {
			t.Fatalf("%q is %d", text, n)
		}
		if back, err := ParseSize(formatSize(n)); err != nil || back != n {
			t.Fatalf("%q: %d is written as %q and read as %d", text, n, formatSize(n), back)
		}
	})
}

// FuzzRows: whatever a row accepts, it prints so that it reads back as the same.
func FuzzRows(f *testing.F) {
	for i, p := range Params() {
		f.Add(uint8(i), p.Default)
	}
	for _, text := range []string{"1h30m", "1.5s", "-1us", "normal 1 2 3", "slave 1kb 2 3 replica 1 1 1", "3600 1 300 100", "50 99.99", "10%", "save now", "0777", "a,b", "AKEm", "2562047h47m16s"} {
		for i := range Params() {
			f.Add(uint8(i), text)
		}
	}
	rows := Params()
	now := Default()
	f.Fuzz(func(t *testing.T, row uint8, text string) {
		p := &rows[int(row)%len(rows)]
		value, err := p.Parse(now, text)
		if err != nil {
			return
		}
		c := now.Clone()
		c.setValue(p, value)
		back, err := p.Parse(now, c.text(p))
		if err != nil || !reflect.DeepEqual(back, value) {
			t.Fatalf("%s: %q is %#v, printed as %q, read as %#v, %v", p.Path, text, value, c.text(p), back, err)
		}
		if err := c.validateRow(p); err != nil {
			t.Fatal(err)
		}
	})
}
