package key

import (
	"bytes"
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// lookup finds what a pattern of BY or GET says of an element: the element
// itself for #, the string at the key that results when it takes the place of
// the first *, or with "key->field" the field of that key's hash. A pattern
// without * finds nothing.
func lookup(c *command.Call, pattern, element []byte) (val []byte, found bool) {
	if string(pattern) == "#" {
		return element, true
	}
	star := bytes.IndexByte(pattern, '*')
	if star < 0 {
		return nil, false
	}
	name, field := pattern, []byte(nil)
	if arrow := bytes.Index(pattern[star+1:], []byte("->")); arrow >= 0 && star+1+arrow+2 < len(pattern) {
		name, field = pattern[:star+1+arrow], pattern[star+1+arrow+2:]
	}
	key := make([]byte, 0, len(name)+len(element))
	key = append(append(append(key, name[:star]...), element...), name[star+1:]...)
	if field == nil {
		val, found, err := c.String(key)
		return val, found && err == nil
	}
	h, err := c.Hash(key)
	if err != nil {
		return nil, false
	}
	return h.Get(field)
}

// parseScore reads a number as C's strtod does: white space in front of it is
// passed over, an empty text is 0; too large, too small or NaN is refused. A
// zero byte ends it.
func parseScore(b []byte) (float64, bool) {
	b, _, _ = bytes.Cut(b, []byte{0})
	if len(b) == 0 {
		return 0, true
	}
	f, ok := command.ParseFloat(bytes.TrimLeft(b, " \t\n\v\f\r"))
	const smallest = 0x1p-1022 // below it digits get lost
	if !ok || f != 0 && math.Abs(f) < smallest {
		return 0, false
	}
	return f, true
}
