package wire

import (
	"bytes"
	"math"
)

// Limits of requests that are Redis' and not configurable.
const (
	maxLine       = 64 << 10 // an inline command, or the line of a count, without its end
	maxCount      = math.MaxInt32
	noAuthCount   = 10
	noAuthBulk    = 16 << 10
	defaultBulk   = 512 << 20
	keepArguments = 1024 // a parser that has seen larger requests lets the memory go
)

// Parser cuts requests out of a stream: arrays of bulk strings, and inline
// commands (a line of words, with quotes). The zero value is ready for use. It
// allocates nothing per request, and it remembers how far an incomplete request
// has been read, so that a large one is not scanned again for each piece.
//
// Two differences from Redis 7: a NUL byte is a byte like any other in an
// inline command, and an inline command of more than 64 KiB is refused however
// its pieces arrive.
type Parser struct {
	// MaxBulk limits one argument's length; 0 means 512 MiB (proto-max-bulk-len).
	MaxBulk int64
	// MaxArgs limits the number of arguments; 0 means 2^31-1 as in Redis.
	MaxArgs int
	// NoAuth sets the tight limits of a client that must authenticate first.
	NoAuth bool

	args  [][]byte
	spans []span

	// Of the incomplete request at the start of the caller's buffer:
	pos     int // bytes understood
	scanned int // bytes searched for a line's end; at least pos
	left    int // arguments still to come; 0 before the count is known
	bulk    int // length of the argument at pos; -1 before it is known
	inline  bool
}

// span is the place of one argument in the buffer.
type span struct{ from, to int }

// Next takes one request from the start of buf. args is nil when more bytes are
// needed. n is the number of bytes to drop from the front of buf before the
// next call; it may be above 0 without a request, when only blank lines were
// there. Until then the caller may append to the buffer and move it, but not
// change it.
//
// args and the bytes they point to belong to the caller until the next call;
// they lie in buf, of which quoted inline words are decoded in place. The error
// is a ProtocolError, and the parser must not be used after one.
func (p *Parser) Next(buf []byte) (args [][]byte, n int, err error) {
	for {
		rest := buf[n:]
		if len(rest) == 0 {
			return nil, n, nil
		}
		var used int
		if p.left == 0 && rest[0] != '*' {
			args, used, err = p.line(rest)
		} else {
			args, used, err = p.array(rest)
		}
		if err != nil || len(args) > 0 || used == 0 {
			return args, n + used, err
		}
		n += used // an empty request has no answer
	}
}

// Inline reports whether the last request was an inline command.
func (p *Parser) Inline() bool { return p.inline }

// Need returns the length that the buffer must have before Next can do more,
// or 0 when one more byte may be enough.
func (p *Parser) Need() int {
	if p.left > 0 && p.bulk >= 0 {
		return p.pos + p.bulk + 2
	}
	return 0
}

// Reset forgets an incomplete request.
func (p *Parser) Reset() {
	p.pos, p.scanned, p.left, p.bulk = 0, 0, 0, -1
	p.spans = p.spans[:0]
}

// array reads a request that begins with a count. used is 0 when it is incomplete.
func (p *Parser) array(buf []byte) (args [][]byte, used int, err error) {
	p.inline = false
	if p.left == 0 {
		if err := p.count(buf); err != nil || p.pos == 0 {
			return nil, 0, err
		}
		if p.left == 0 {
			used = p.pos
			p.Reset()
			return nil, used, nil
		}
	}
	for p.left > 0 {
		if p.bulk < 0 {
			known, err := p.length(buf)
			if err != nil || !known {
				return nil, 0, err
			}
		}
		end := p.pos + p.bulk
		if len(buf)-2 < end {
			return nil, 0, nil
		}
		p.spans = append(p.spans, span{p.pos, end})
		p.pos, p.bulk = end+2, -1 // Redis does not look at the two bytes either
		p.scanned = p.pos
		p.left--
	}
	used = p.pos
	args = p.collect(buf)
	p.Reset()
	return args, used, nil
}

// count reads the first line of an array; pos stays 0 when it is incomplete.
func (p *Parser) count(buf []byte) error {
	end, ok := p.lineEnd(buf)
	switch {
	case end > maxLine:
		return ErrCountTooBig
	case !ok:
		return nil
	}
	limit := int64(maxCount)
	if p.MaxArgs > 0 {
		limit = int64(p.MaxArgs)
	}
	n, ok := ParseInt(buf[1:end])
	switch {
	case !ok || n > limit:
		return ErrCountInvalid
	case n > noAuthCount && p.NoAuth:
		return ErrCountNoAuth
	}
	p.advance(end)
	p.left, p.bulk = int(max(n, 0)), -1
	p.shrink()
	return nil
}

// shrink lets the memory of a large request go.
func (p *Parser) shrink() {
	if cap(p.args) > keepArguments {
		p.args, p.spans = nil, nil
	}
}

// length reads the line that announces the argument at pos.
func (p *Parser) length(buf []byte) (known bool, err error) {
	end, ok := p.lineEnd(buf)
	switch {
	case end-p.pos > maxLine:
		return false, ErrBulkCountTooBig
	case !ok:
		return false, nil
	}
	if c := buf[p.pos]; c != '$' {
		return false, ProtocolError(protocolErrorExpected + string([]byte{c}) + "'")
	}
	limit := p.MaxBulk
	if limit <= 0 {
		limit = defaultBulk
	}
	n, ok := ParseInt(buf[p.pos+1 : end])
	switch {
	case !ok || n < 0 || n > limit || n > math.MaxInt-int64(end)-4:
		return false, ErrBulkInvalid
	case n > noAuthBulk && p.NoAuth:
		return false, ErrBulkNoAuth
	}
	p.advance(end)
	p.bulk = int(n)
	return true, nil
}

// lineEnd finds the CR that ends the line at pos, with room for its LF. When ok
// is false the line goes on to end at least.
func (p *Parser) lineEnd(buf []byte) (end int, ok bool) {
	from := max(p.pos, p.scanned)
	i := bytes.IndexByte(buf[from:], '\r')
	if i < 0 {
		p.scanned = len(buf)
		return len(buf), false
	}
	end = from + i
	p.scanned = end
	return end, end+2 <= len(buf)
}

// advance goes behind the line that ends at end.
func (p *Parser) advance(end int) {
	p.pos = end + 2
	p.scanned = p.pos
}

// collect makes the arguments from their places, now that buf moves no more.
func (p *Parser) collect(buf []byte) [][]byte {
	args := p.args[:0]
	for _, s := range p.spans {
		args = append(args, buf[s.from:s.to:s.to])
	}
	p.args = args
	return args
}

// ParseInt reads a decimal integer the way Redis reads lengths and integer
// values: an optional '-', no sign otherwise, no leading zeros, no spaces, 64 bits.
func ParseInt(b []byte) (n int64, ok bool) {
	if len(b) == 1 && b[0] >= '0' && b[0] <= '9' {
		return int64(b[0] - '0'), true
	}
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 19 || b[0] < '1' || b[0] > '9' {
		return 0, false
	}
	var u uint64 // 19 digits always fit
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		u = u*10 + uint64(c-'0')
	}
	switch {
	case neg && u <= 1<<63:
		return -int64(u), true
	case !neg && u < 1<<63:
		return int64(u), true
	}
	return 0, false
}
