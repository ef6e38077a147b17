package str

import (
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// lcsOptions are the words behind LCS key1 key2.
type lcsOptions struct {
	length, ranges bool
	withLen        bool
	minLen         int64
}

func readLCSOptions(c *command.Call) (o lcsOptions, err error) {
	for i := 3; i < len(c.Args); i++ {
		switch {
		case c.Is(i, "idx"):
			o.ranges = true
		case c.Is(i, "len"):
			o.length = true
		case c.Is(i, "withmatchlen"):
			o.withLen = true
		case c.Is(i, "minmatchlen") && i+1 < len(c.Args):
			i++
			if o.minLen, err = c.Int(i); err != nil {
				return o, err
			}
			o.minLen = max(o.minLen, 0)
		default:
			return o, wire.ErrSyntax
		}
	}
	if o.length && o.ranges {
		return o, wire.Error("ERR If you want both the length and indexes, please just use IDX.")
	}
	return o, nil
}

func lcs(c *command.Call) error {
	a, _, err1 := c.String(c.Args[1])
	b, _, err2 := c.String(c.Args[2])
	if err1 != nil || err2 != nil {
		return wire.Error("ERR The specified keys must contain string values")
	}
	o, err := readLCSOptions(c)
	if err != nil {
		return err
	}
	t, err := newLCSTable(c, a, b)
	if err != nil {
		return err
	}
	switch {
	case o.length:
		c.Reply.Int(int64(t.at(len(a), len(b))))
	case o.ranges:
		t.replyRanges(c.Reply, &o)
	default:
		c.Reply.Bulk(t.subsequence())
	}
	return nil
}

// lcsTable holds the length of the longest common subsequence of each pair of
// prefixes of a and b.
type lcsTable struct {
	a, b []byte
	lens []uint32
}

// newLCSTable fills the table. Its size is bounded by proto-max-bulk-len, as
// in Redis: a small command must not take gigabytes.
func newLCSTable(c *command.Call, a, b []byte) (*lcsTable, error) {
	if uint64(len(a)) >= math.MaxUint32-1 || uint64(len(b)) >= math.MaxUint32-1 {
		return nil, wire.Error("ERR String too long for LCS")
	}
	limit := uint64(max(c.Config.Server.ProtoMaxBulkLen, 0)) / 4
	rows, columns := uint64(len(a)+1), uint64(len(b)+1)
	if columns > limit/rows {
		return nil, wire.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
	}
	t := &lcsTable{a: a, b: b, lens: make([]uint32, rows*columns)}
	for i := 1; i <= len(a); i++ {
		above := t.lens[(i-1)*len(b)+i-1:][:len(b)+1]
		row := t.lens[i*len(b)+i:][:len(b)+1]
		for j := 1; j <= len(b); j++ {
			if a[i-1] == b[j-1] {
				row[j] = above[j-1] + 1
			} else {
				row[j] = max(above[j], row[j-1])
			}
		}
	}
	return t, nil
}

func (t *lcsTable) at(i, j int) uint32 { return t.lens[i*(len(t.b)+1)+j] }

// walk follows one longest subsequence from the ends of a and b to their
// beginnings and calls match for the positions of each of its bytes.
func (t *lcsTable) walk(match func(i, j int)) {
	for i, j := len(t.a), len(t.b); i > 0 && j > 0; {
		switch {
		case t.a[i-1] == t.b[j-1]:
			i, j = i-1, j-1
			match(i, j)
		case t.at(i-1, j) > t.at(i, j-1):
			i--
		default:
			j--
		}
	}
}

func (t *lcsTable) subsequence() []byte {
	s := make([]byte, t.at(len(t.a), len(t.b)))
	n := len(s)
	t.walk(func(i, _ int) {
		n--
		s[n] = t.a[i]
	})
	return s
}

// replyRanges replies where the subsequence lies, the last range first.
func (t *lcsTable) replyRanges(r wire.Reply, o *lcsOptions) {
	r.Map(2)
	r.BulkString("matches")
	mark, n := r.OpenArray(), 0
	first, second, length := 0, 0, 0 // the range that is being gathered: where it begins in a and b
	emit := func() {
		if length > 0 && int64(length) >= o.minLen {
			n++
			t.replyRange(r, first, second, length, o.withLen)
		}
		length = 0
	}
	t.walk(func(i, j int) {
		if length > 0 && (i != first-1 || j != second-1) {
			emit()
		}
		first, second, length = i, j, length+1
	})
	emit()
	r.CloseArray(mark, n)
	r.BulkString("len")
	r.Int(int64(t.at(len(t.a), len(t.b))))
}

func (t *lcsTable) replyRange(r wire.Reply, first, second, length int, withLen bool) {
	if withLen {
		r.Array(3)
	} else {
		r.Array(2)
	}
	for _, begin := range []int{first, second} {
		r.Array(2)
		r.Int(int64(begin))
		r.Int(int64(begin + length - 1))
	}
	if withLen {
		r.Int(int64(length))
	}
}
