package command

import (
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// ErrCursor is the answer of SCAN and its kin to a cursor that is no number.
const ErrCursor wire.Error = "ERR invalid cursor"

// Cursor reads argument i as a cursor, in the way of C's strtoul: an empty one
// is 0, and a minus sign wraps around.
func (c *Call) Cursor(i int) (uint64, error) {
	digits, _, _ := strings.Cut(string(c.Args[i]), "\x00") // where C's strings end
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	} else if digits == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, ErrCursor
	}
	if negative {
		n = -n
	}
	return n, nil
}

// ScanOptions are the options behind the cursor of SCAN and its kin.
type ScanOptions struct {
	Count   int
	Pattern []byte // nil: everything matches
	Type    []byte // nil: any type; SCAN only
}

// ScanOptions reads the options from argument i on. typed allows TYPE.
func (c *Call) ScanOptions(i int, typed bool) (o ScanOptions, err error) {
	o.Count = 10
	for ; i < len(c.Args); i += 2 {
		switch {
		case i+1 == len(c.Args):
			return o, wire.ErrSyntax
		case c.Is(i, "count"):
			n, err := c.Int(i + 1)
			if err != nil {
				return o, err
			}
			if n < 1 {
				return o, wire.ErrSyntax
			}
			o.Count = int(n)
		case c.Is(i, "match"):
			if o.Pattern = c.Args[i+1]; string(o.Pattern) == "*" {
				o.Pattern = nil
			}
		case typed && c.Is(i, "type"):
			o.Type = c.Args[i+1]
		default:
			return o, wire.ErrSyntax
		}
	}
	return o, nil
}

// Match reports whether b matches the pattern.
func (o *ScanOptions) Match(b []byte) bool {
	return o.Pattern == nil || glob.Match(o.Pattern, b, false)
}

// ReplyScan writes the reply of SCAN and its kin: the cursor to go on with and
// what was found.
func (c *Call) ReplyScan(next uint64, found [][]byte) {
	c.Reply.Array(2)
	c.Reply.BulkString(strconv.FormatUint(next, 10))
	c.Reply.Array(len(found))
	for _, b := range found {
		c.Reply.Bulk(b)
	}
}
