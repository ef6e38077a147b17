package wire

import (
	"errors"
	"strings"

	"github.com/tidwall/resp"
)

// Collector is the Reply that gathers values for Go code: embedded callers and
// tests. The zero value collects RESP2 shapes. With RESP3 set, handlers see a
// RESP3 client, so that replies have RESP3's shapes (scores beside their members
// in pairs, for example), and Typed keeps the types; how Value maps them is said
// at wire.Value.Resp.
type Collector struct {
	// RESP3 selects the protocol that handlers see. It must not change
	// between the first value and the last.
	RESP3 bool

	// What was written, in order, so that Rewind is a cut. An aggregate's
	// elements follow it; their number is in n.
	tokens []token
	bytes  []byte
}

type token struct {
	kind     Kind
	null     bool
	format   string
	n        int64 // an integer, or the number of elements
	from, to int   // the text, in bytes
}

var _ Reply = (*Collector)(nil)

// ErrIncomplete is returned when an aggregate has fewer elements than it announced.
var ErrIncomplete = errors.New("wire: incomplete reply")

// Value returns the first reply as a value of tidwall/resp, null when there is
// none or it is incomplete. It stays valid after Reset.
func (c *Collector) Value() resp.Value {
	all, _ := c.All()
	if len(all) == 0 {
		return resp.NullValue()
	}
	return all[0].Resp()
}

// Typed returns the first reply with its types. The error is ErrIncomplete when
// the reply has not been written completely.
func (c *Collector) Typed() (Value, error) {
	all, err := c.All()
	switch {
	case len(all) > 0:
		return all[0], nil
	case err == nil:
		err = ErrIncomplete
	}
	return Value{}, err
}

// All returns all replies that are complete; commands such as SUBSCRIBE give
// several. The error is ErrIncomplete when the last one is not complete.
func (c *Collector) All() ([]Value, error) {
	var all []Value
	for at := 0; at < len(c.tokens); {
		v, next, ok := c.build(at)
		if !ok {
			return all, ErrIncomplete
		}
		all = append(all, v)
		at = next
	}
	return all, nil
}

// Reset makes c ready for the next command. Values taken from it stay valid.
func (c *Collector) Reset() { c.tokens, c.bytes = c.tokens[:0], nil }

// build makes the value that begins with token at.
func (c *Collector) build(at int) (v Value, next int, ok bool) {
	t := c.tokens[at]
	next = at + 1
	v = Value{Kind: t.kind, Null: t.null, Format: t.format}
	elems := int(t.n)
	switch t.kind {
	case KindInt, KindBool:
		v.Int = t.n
		return v, next, true
	case KindMap:
		elems *= 2
	case KindArray, KindSet, KindPush:
	default:
		v.Str = c.bytes[t.from:t.to:t.to]
		return v, next, true
	}
	if t.null {
		return v, next, true
	}
	if elems < 0 || elems > len(c.tokens)-next {
		return v, next, false
	}
	v.Elems = make([]Value, elems)
	for i := range v.Elems {
		if next == len(c.tokens) {
			return v, next, false
		}
		if v.Elems[i], next, ok = c.build(next); !ok {
			return v, next, false
		}
	}
	return v, next, true
}

func (c *Collector) text(kind Kind, s string) {
	from := len(c.bytes)
	c.bytes = append(c.bytes, s...)
	c.tokens = append(c.tokens, token{kind: kind, from: from, to: len(c.bytes)})
}

func (c *Collector) number(kind Kind, n int64) {
	c.tokens = append(c.tokens, token{kind: kind, n: n})
}

func (c *Collector) null(kind Kind) {
	if c.RESP3 {
		c.tokens = append(c.tokens, token{kind: KindNull})
		return
	}
	c.tokens = append(c.tokens, token{kind: kind, null: true})
}

// aggregate announces n elements, or what RESP2 has in its place.
func (c *Collector) aggregate(kind Kind, n int) {
	if !c.RESP3 && kind == KindMap {
		n *= 2
	}
	if !c.RESP3 {
		kind = KindArray
	}
	c.number(kind, int64(n))
}

// Proto returns 2 or 3.
func (c *Collector) Proto() int {
	if c.RESP3 {
		return 3
	}
	return 2
}

// Int collects an integer.
func (c *Collector) Int(n int64) { c.number(KindInt, n) }

// Bulk collects a bulk string.
func (c *Collector) Bulk(b []byte) {
	from := len(c.bytes)
	c.bytes = append(c.bytes, b...)
	c.tokens = append(c.tokens, token{kind: KindBulk, from: from, to: len(c.bytes)})
}

// BulkString collects a bulk string.
func (c *Collector) BulkString(s string) { c.text(KindBulk, s) }

// Status collects a simple string.
func (c *Collector) Status(s string) { c.text(KindStatus, oneLine(s)) }

// Error collects an error.
func (c *Collector) Error(e Error) {
	c.text(KindError, oneLine(strings.TrimRight(string(e), "\r\n")))
}

// Null collects a null.
func (c *Collector) Null() { c.null(KindBulk) }

// NullArray collects a null array.
func (c *Collector) NullArray() { c.null(KindArray) }

// Double collects a double, as a bulk string for RESP2.
func (c *Collector) Double(f float64) {
	var scratch [32]byte
	c.DoubleText(f, AppendDouble(scratch[:0], f))
}

// DoubleText collects the text as a double, or as a bulk string for RESP2.
func (c *Collector) DoubleText(_ float64, text []byte) {
	c.text(c.degrade(KindDouble, KindBulk), string(text))
}

// Bool collects a boolean, as an integer for RESP2.
func (c *Collector) Bool(b bool) {
	n := int64(0)
	if b {
		n = 1
	}
	c.number(c.degrade(KindBool, KindInt), n)
}

// BigNumber collects a big number, as a bulk string for RESP2.
func (c *Collector) BigNumber(s string) { c.text(c.degrade(KindBigNumber, KindBulk), s) }

// Verbatim collects a verbatim string, as a bulk string for RESP2.
func (c *Collector) Verbatim(format, text string) {
	c.text(c.degrade(KindVerbatim, KindBulk), text)
	if c.RESP3 {
		c.tokens[len(c.tokens)-1].format = format
	}
}

func (c *Collector) degrade(resp3, resp2 Kind) Kind {
	if c.RESP3 {
		return resp3
	}
	return resp2
}

// Array announces n elements.
func (c *Collector) Array(n int) { c.aggregate(KindArray, n) }

// Map announces n pairs.
func (c *Collector) Map(n int) { c.aggregate(KindMap, n) }

// Set announces n members.
func (c *Collector) Set(n int) { c.aggregate(KindSet, n) }

// Push announces n elements of a push.
func (c *Collector) Push(n int) { c.aggregate(KindPush, n) }

// OpenArray begins an array of yet unknown length.
func (c *Collector) OpenArray() int {
	c.number(KindArray, -1)
	return len(c.tokens) - 1
}

// CloseArray ends the array that OpenArray began.
func (c *Collector) CloseArray(mark, n int) { c.tokens[mark].n = int64(n) }

// Mark returns the number of values so far.
func (c *Collector) Mark() int { return len(c.tokens) }

// Rewind drops the values since mark.
func (c *Collector) Rewind(mark int) { c.tokens = c.tokens[:mark] }

// oneLine replaces line breaks by spaces, as the protocol's one-line types need.
func oneLine(s string) string {
	var w Writer
	w.line('+', s)
	return string(w.Buf[1 : len(w.Buf)-2])
}
