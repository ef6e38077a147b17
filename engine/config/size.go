package config

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// sizeUnits are Redis' suffixes; with a b the unit is a power of 1024, without one a power of 1000.
var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1000, "kb": 1 << 10,
	"m": 1000 * 1000, "mb": 1 << 20,
	"g": 1000 * 1000 * 1000, "gb": 1 << 30,
}

// ParseSize reads a number of bytes with one of Redis' suffixes, in either case: 64mb, 1g, 100. The
// empty text is 0, as in Redis. What does not fit in 63 bits is an error; Redis wraps around.
func ParseSize(text string) (int64, error) {
	end := 0
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	unit, ok := sizeUnits[strings.ToLower(text[end:])]
	if !ok || (end == 0 && text != "") {
		return 0, errMemory
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text[:end], 10, 64)
	if err != nil || n > math.MaxInt64/unit {
		return 0, errMemory
	}
	return n * unit, nil
}

// formatSize writes a size for people to read: the largest unit that divides it.
func formatSize(n int64) string {
	for _, suffix := range []string{"gb", "mb", "kb"} {
		if unit := sizeUnits[suffix]; n != 0 && n%unit == 0 {
			return strconv.FormatInt(n/unit, 10) + suffix
		}
	}
	return strconv.FormatInt(n, 10)
}

// formatDuration is time.Duration's text without its empty parts: 1m, not 1m0s.
func formatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func unitName(unit time.Duration) string {
	switch unit {
	case time.Second:
		return "seconds"
	case time.Millisecond:
		return "milliseconds"
	case time.Microsecond:
		return "microseconds"
	}
	return "units of " + formatDuration(unit)
}
