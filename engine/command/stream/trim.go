package stream

import (
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errTwoBounds   wire.Error = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
	errMaxLen      wire.Error = "ERR The MAXLEN argument must be >= 0."
	errLimit       wire.Error = "ERR The LIMIT argument must be >= 0."
	errLimitAlone  wire.Error = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
	errLimitExact  wire.Error = "ERR syntax error, LIMIT cannot be used without the special ~ option"
	errNoStrategy  wire.Error = "ERR syntax error, XTRIM must be called with a trimming strategy"
	defaultLimit              = 10_000
	maxLimit                  = 1_000_000
	blocksPerLimit            = 100
)

// trimming is what the options MAXLEN, MINID and LIMIT ask for.
type trimming struct {
	wanted bool
	stream.Bound
	approx  bool
	limit   int64
	limited bool
}

// option reads the option at argument i, if it is one of trimming, and returns
// where the next one is.
func (t *trimming) option(c *command.Call, i int) (next int, err error) {
	more := len(c.Args) - 1 - i
	switch {
	case more >= 1 && (c.Is(i, "maxlen") || c.Is(i, "minid")):
		if t.wanted {
			return i, errTwoBounds
		}
		t.wanted, t.ByID = true, c.Is(i, "minid")
		i++
		if more >= 2 && (string(c.Args[i]) == "~" || string(c.Args[i]) == "=") {
			t.approx = c.Args[i][0] == '~'
			i++
		}
		return i + 1, t.threshold(c, i)
	case more >= 1 && c.Is(i, "limit"):
		if t.limit, err = c.Int(i + 1); err == nil && t.limit < 0 {
			err = errLimit
		}
		t.limited = true
		return i + 2, err
	}
	return i, nil
}

func (t *trimming) threshold(c *command.Call, i int) (err error) {
	if t.ByID {
		t.MinID, err = parseID(c.Args[i], 0)
		return err
	}
	n, err := c.Int(i)
	if err == nil && n < 0 {
		err = errMaxLen
	}
	t.MaxLen = uint64(n)
	return err
}

// check looks at the options as a whole and sets the limit that holds when
// none is given: approximate trimming takes bounded time.
func (t *trimming) check(c *command.Call) error {
	switch {
	case t.limit != 0 && !t.wanted:
		return errLimitAlone
	case t.limited && !t.approx:
		return errLimitExact
	case t.approx && !t.limited:
		t.limit = blocksPerLimit * c.Config.Memory.StreamNodeMaxEntries
		if t.limit <= 0 {
			t.limit = defaultLimit
		}
		t.limit = min(t.limit, maxLimit)
	}
	return nil
}

// done returns the options with which the log repeats what happened: exact
// ones.
func (t *trimming) done(s *stream.Content) [][]byte {
	bound := t.Bound
	if t.approx {
		bound.MaxLen = uint64(s.Len())
		bound.MinID = s.First()
		if s.Len() == 0 {
			bound.MinID = stream.MaxID
		}
	}
	if t.ByID {
		return [][]byte{[]byte("MINID"), []byte("="), bound.MinID.Append(nil)}
	}
	return [][]byte{[]byte("MAXLEN"), []byte("="), strconv.AppendUint(nil, bound.MaxLen, 10)}
}

// run trims and announces it.
func (t *trimming) run(c *command.Call, key []byte, h *keyspace.StreamHandle) (removed int) {
	h.Write(func(s *stream.Stream) { removed = s.Trim(t.Bound, t.approx, t.limit) })
	if removed > 0 {
		c.Changed(key, hook.Stream, "xtrim")
	}
	return removed
}

func xtrim(c *command.Call) error {
	var t trimming
	for i := 2; i < len(c.Args); {
		next, err := t.option(c, i)
		if err != nil {
			return err
		}
		if next == i {
			return wire.ErrSyntax
		}
		i = next
	}
	if !t.wanted && t.limit == 0 {
		return errNoStrategy
	}
	if err := t.check(c); err != nil {
		return err
	}
	key := c.Args[1]
	h, err := c.Stream(key)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.Int(0)
		return nil
	}
	removed := t.run(c, key, &h)
	if removed > 0 {
		c.Log(append([][]byte{[]byte("XTRIM"), key}, t.done(h.Read())...)...)
	}
	c.Reply.Int(int64(removed))
	return nil
}
