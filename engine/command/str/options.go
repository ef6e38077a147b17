package str

import (
	"math"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// options are the words behind SET key value and GETEX key.
type options struct {
	nx, xx, get      bool
	keepTTL, persist bool
	expire           int // the argument that holds the deadline; 0: none
	unit             unit
}

// unit says how a deadline argument is meant.
type unit struct {
	perMs    int64 // milliseconds in one: 1000 or 1
	absolute bool  // Unix time, not from now on
}

var (
	seconds      = unit{1000, false}
	milliseconds = unit{1, false}
	unixSeconds  = unit{1000, true}
	unixMs       = unit{1, true}
)

// units are the words that a deadline follows.
var units = []struct {
	word string
	unit unit
}{{"ex", seconds}, {"px", milliseconds}, {"exat", unixSeconds}, {"pxat", unixMs}}

// setOptions reads SET's options from argument 3 on.
func setOptions(c *command.Call) (o options, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "nx") && !o.xx:
			o.nx = true
		case c.Is(i, "xx") && !o.nx:
			o.xx = true
		case c.Is(i, "get"):
			o.get = true
		case c.Is(i, "keepttl") && o.expire == 0:
			o.keepTTL = true
		case !o.keepTTL && o.deadlineAt(c, i):
			i++
		default:
			return o, wire.ErrSyntax
		}
	}
	return o, nil
}

// getexOptions reads GETEX's options from argument 2 on.
func getexOptions(c *command.Call) (o options, err error) {
	for i := 2; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "persist") && o.expire == 0:
			o.persist = true
		case !o.persist && o.deadlineAt(c, i):
			i++
		default:
			return o, wire.ErrSyntax
		}
	}
	return o, nil
}

// deadlineAt reads a deadline's word at argument i. The same word may come
// again, another one not.
func (o *options) deadlineAt(c *command.Call, i int) bool {
	if i+1 >= len(c.Args) {
		return false
	}
	for _, u := range units {
		if c.Is(i, u.word) && (o.expire == 0 || o.unit == u.unit) {
			o.expire, o.unit = i+1, u.unit
			return true
		}
	}
	return false
}

// deadline turns argument i into Unix milliseconds, above 0.
func (u unit) deadline(c *command.Call, i int) (atMs int64, err error) {
	n, err := c.Int(i)
	if err != nil {
		return 0, err
	}
	if n <= 0 || n > math.MaxInt64/u.perMs {
		return 0, invalidExpire(c)
	}
	n *= u.perMs
	if !u.absolute {
		if n > math.MaxInt64-c.NowMs() {
			return 0, invalidExpire(c)
		}
		n += c.NowMs()
	}
	return n, nil
}

func invalidExpire(c *command.Call) error {
	return wire.Errorf("ERR invalid expire time in '%s' command", c.Spec.FullName())
}

// decimal prints n.
func decimal(n int64) []byte { return strconv.AppendInt(nil, n, 10) }
