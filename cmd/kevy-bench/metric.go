package main

import (
	"fmt"
	"math"
	"slices"
)

// unit says how a figure is written.
type unit int

const (
	perSecond unit = iota // written 846k
	seconds               // written in s, ms or µs
	bytesUnit             // written 1.2 MB
	count
)

// metric is one figure that a suite measures.
type metric struct {
	name   string // its key in values and its heading
	unit   unit
	higher bool // whether more is better
	ratio  bool // whether the table has the ratio and its spread
}

// format writes a figure in its unit with three significant digits.
func (m metric) format(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	switch m.unit {
	case perSecond:
		return scaled(v, 1000, "", "k", "M", "G")
	case bytesUnit:
		return scaled(v, 1000, " B", " kB", " MB", " GB")
	case seconds:
		switch {
		case v < 1e-3:
			return three(v*1e6) + " µs"
		case v < 1:
			return three(v*1e3) + " ms"
		}
		return three(v) + " s"
	}
	return three(v)
}

func scaled(v, step float64, units ...string) string {
	i := 0
	for math.Abs(v) >= step && i < len(units)-1 {
		v /= step
		i++
	}
	return three(v) + units[i]
}

// three writes a number with about three significant digits, never in
// exponents.
func three(v float64) string {
	switch a := math.Abs(v); {
	case a == math.Trunc(a) || a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// gain is how much better ours is: above 1 is in our favour. It is NaN where
// there is nothing to compare.
func (m metric) gain(redis, kevy float64) float64 {
	if !m.higher {
		redis, kevy = kevy, redis
	}
	if !(redis > 0) || !(kevy >= 0) {
		return math.NaN()
	}
	return kevy / redis
}

// spread is a median with the extremes beside it.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf summarises figures; those that are NaN do not count. ok is false
// when none is left.
func spreadOf(v []float64) (s spread, ok bool) {
	v = slices.DeleteFunc(slices.Clone(v), math.IsNaN)
	if len(v) == 0 {
		return spread{}, false
	}
	slices.Sort(v)
	mid := len(v) / 2
	s = spread{Median: v[mid], Min: v[0], Max: v[len(v)-1]}
	if len(v)%2 == 0 {
		s.Median = (v[mid-1] + v[mid]) / 2
	}
	return s, true
}
