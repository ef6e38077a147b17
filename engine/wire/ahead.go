package wire

// maxAhead is how many requests are cut ahead at a time, and maxAheadArgs
// about how many arguments they have in all.
const (
	maxAhead     = 64
	maxAheadArgs = 1024
)

// Ahead holds requests that lie complete in one buffer, cut before the first
// of them is executed. The zero value is ready for use; it keeps its memory.
type Ahead struct {
	// Requests are the arguments of each request. They lie in the buffer.
	Requests [][][]byte
	// Ends says where in the buffer each request ends.
	Ends []int

	args [][]byte
}

// Ahead cuts the complete requests at the start of buf into a, as many as are
// to be had without a doubt: it stops, also before the first, at whatever needs
// Next to judge it (an inline command, a mistake, an incomplete request, one of a
// client that must authenticate). What it cuts Next would cut the same. The
// parser's state does not change, so that the caller may take fewer of the
// requests than there are, and go on with Next behind the last one taken. The
// requests are valid until the next call with a, or until buf changes.
func (p *Parser) Ahead(a *Ahead, buf []byte) {
	a.Requests, a.Ends, a.args = a.Requests[:0], a.Ends[:0], a.args[:0]
	if p.left > 0 || p.scanned > 0 || p.NoAuth {
		return
	}
	if cap(a.args) > 4*maxAheadArgs {
		a.args = nil
	}
	limit := int64(defaultBulk)
	if p.MaxBulk > 0 {
		limit = p.MaxBulk
	}
	most := maxAheadArgs
	if p.MaxArgs > 0 {
		most = min(most, p.MaxArgs)
	}
	for at := 0; at < len(buf) && len(a.Requests) < maxAhead && len(a.args) < maxAheadArgs; {
		first := len(a.args)
		if at = a.cut(buf, at, most, limit); at < 0 {
			a.args = a.args[:first]
			return
		}
		a.Requests = append(a.Requests, a.args[first:len(a.args):len(a.args)])
		a.Ends = append(a.Ends, at)
	}
}

// cut takes the request at buf[at:] and returns where it ends, or -1. Its
// arguments are then at the end of a.args.
func (a *Ahead) cut(buf []byte, at, most int, limit int64) int {
	count, at := plainLine(buf, at, '*')
	if at < 0 || count == 0 || count > most {
		return -1
	}
	for range count {
		var n int
		if n, at = plainLine(buf, at, '$'); at < 0 || int64(n) > limit {
			return -1
		}
		end := at + n
		if end+2 > len(buf) {
			return -1
		}
		a.args = append(a.args, buf[at:end:end])
		at = end + 2 // what these two bytes are does not matter to Next either
	}
	return at
}

// plainLine reads a line of kind, a decimal number of at most eight digits
// without a leading zero, and CR with any byte behind it, and returns what
// follows, or next -1.
func plainLine(buf []byte, at int, kind byte) (n, next int) {
	if at >= len(buf) || buf[at] != kind {
		return 0, -1
	}
	if b := buf[at:]; len(b) > 4 { // nearly all have one digit or two
		d, e := uint(b[1]-'0'), uint(b[2]-'0')
		switch {
		case d > 9:
			return 0, -1
		case b[2] == '\r':
			return int(d), at + 4
		case e <= 9 && d > 0 && b[3] == '\r':
			return int(10*d + e), at + 5
		}
	}
	line := buf[at+1 : min(at+11, len(buf))]
	for i, c := range line {
		if d := c - '0'; d <= 9 && i < 8 {
			n = n*10 + int(d)
			continue
		}
		if c != '\r' || i == 0 || i+1 >= len(line) || i > 1 && line[0] == '0' {
			return 0, -1
		}
		return n, at + i + 3
	}
	return 0, -1
}
