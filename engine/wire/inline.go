package wire

import "bytes"

// line reads an inline command. used is 0 when its end is not there yet, and
// args is empty for a blank line.
func (p *Parser) line(buf []byte) (args [][]byte, used int, err error) {
	p.inline = true
	i := bytes.IndexByte(buf[p.scanned:], '\n')
	end := p.scanned + i
	if i < 0 {
		end, p.scanned = len(buf), len(buf)
	}
	if end > maxLine {
		return nil, 0, ErrInlineTooBig
	}
	if i < 0 {
		return nil, 0, nil
	}
	p.Reset()
	p.shrink()
	used = end + 1
	if end > 0 && buf[end-1] == '\r' {
		end--
	}
	args, ok := SplitArgs(p.args[:0], buf[:end:end])
	if !ok {
		return nil, used, ErrUnbalancedQuotes
	}
	p.args = args
	return args, used, nil
}

// SplitArgs appends the words of line to args: separated by white space, with
// "double quotes" that know the escapes \n \r \t \b \a \xHH and \ before any other
// character, and 'single quotes' that know \' only. A closing quote must end its
// word. ok is false when quotes are unbalanced. Words lie in line, which is
// decoded in place: a word never grows.
func SplitArgs(args [][]byte, line []byte) (_ [][]byte, ok bool) {
	at := 0
	for {
		for at < len(line) && isSpace(line[at]) {
			at++
		}
		if at == len(line) {
			return args, true
		}
		from := at
		to, next, ok := splitWord(line, at)
		if !ok {
			return args, false
		}
		args = append(args, line[from:to:to])
		at = next
	}
}

// splitWord decodes the word at from in place; it ends before to, and the rest
// of the line begins at next.
func splitWord(line []byte, from int) (to, next int, ok bool) {
	at := from
	to = from
	for at < len(line) {
		switch c := line[at]; c {
		case ' ', '\t', '\r', '\n':
			return to, at, true
		case '"', '\'':
			if to, at, ok = splitQuoted(line, to, at+1, c); !ok {
				return 0, 0, false
			}
			return to, at, true
		default:
			line[to] = c
			to++
			at++
		}
	}
	return to, at, true
}

// splitQuoted decodes from at to the closing quote, writing at to.
func splitQuoted(line []byte, to, at int, quote byte) (_, next int, ok bool) {
	for at < len(line) {
		c := line[at]
		switch {
		case c == quote:
			at++
			return to, at, at == len(line) || isSpace(line[at])
		case c == '\\' && quote == '\'' && at+1 < len(line) && line[at+1] == '\'':
			c = '\''
			at += 2
		case c == '\\' && quote == '"' && at+1 < len(line):
			c, at = unescape(line, at+1)
		default:
			at++
		}
		line[to] = c
		to++
	}
	return 0, 0, false
}

// unescape reads what follows a backslash in double quotes.
func unescape(line []byte, at int) (c byte, next int) {
	switch c = line[at]; c {
	case 'x':
		if at+2 < len(line) {
			high, okHigh := hexDigit(line[at+1])
			low, okLow := hexDigit(line[at+2])
			if okHigh && okLow {
				return high<<4 | low, at + 3
			}
		}
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'b':
		c = '\b'
	case 'a':
		c = '\a'
	}
	return c, at + 1
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
