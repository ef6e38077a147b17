package wire

import (
	"math"
	"strconv"
	"strings"
)

// Writer is the Reply that encodes RESP into a buffer. The zero value writes
// RESP2. Its owner takes the bytes from Buf and resets it.
type Writer struct {
	// Buf holds what has been written and not yet been taken.
	Buf []byte
	// RESP3 selects the protocol of the values that follow.
	RESP3 bool
}

var _ Reply = (*Writer)(nil)

// Proto returns 2 or 3.
func (w *Writer) Proto() int {
	if w.RESP3 {
		return 3
	}
	return 2
}

func (w *Writer) header(kind byte, n int64) {
	b := append(w.Buf, kind)
	if n >= 0 && n < 10 {
		w.Buf = append(b, byte('0'+n), '\r', '\n')
		return
	}
	b = strconv.AppendInt(b, n, 10)
	w.Buf = append(b, '\r', '\n')
}

// Int writes an integer.
func (w *Writer) Int(n int64) { w.header(':', n) }

// Bulk writes a bulk string.
func (w *Writer) Bulk(b []byte) {
	w.header('$', int64(len(b)))
	w.Buf = append(append(w.Buf, b...), '\r', '\n')
}

// BulkString writes a bulk string.
func (w *Writer) BulkString(s string) {
	w.header('$', int64(len(s)))
	w.Buf = append(append(w.Buf, s...), '\r', '\n')
}

// Status writes a simple string.
func (w *Writer) Status(s string) { w.line('+', s) }

// Error writes an error, without line breaks at its end.
func (w *Writer) Error(e Error) { w.line('-', strings.TrimRight(string(e), "\r\n")) }

// line writes a one-line value. Line breaks inside would split the protocol,
// so they become spaces.
func (w *Writer) line(kind byte, s string) {
	b := append(w.Buf, kind)
	from := len(b)
	b = append(b, s...)
	for i, c := range b[from:] {
		if c == '\r' || c == '\n' {
			b[from+i] = ' '
		}
	}
	w.Buf = append(b, '\r', '\n')
}

// Null writes RESP3's null or RESP2's null bulk string.
func (w *Writer) Null() {
	if w.RESP3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "$-1\r\n"...)
}

// NullArray writes RESP3's null or RESP2's null array.
func (w *Writer) NullArray() {
	if w.RESP3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Double writes a double, as a bulk string on RESP2.
func (w *Writer) Double(f float64) {
	var scratch [32]byte
	w.DoubleText(f, AppendDouble(scratch[:0], f))
}

// DoubleText writes the text as a double, or as a bulk string on RESP2.
func (w *Writer) DoubleText(_ float64, text []byte) {
	if !w.RESP3 {
		w.Bulk(text)
		return
	}
	w.Buf = append(w.Buf, ',')
	w.Buf = append(append(w.Buf, text...), '\r', '\n')
}

// Bool writes a boolean, as 1 or 0 on RESP2.
func (w *Writer) Bool(b bool) {
	switch {
	case !w.RESP3 && b:
		w.Int(1)
	case !w.RESP3:
		w.Int(0)
	case b:
		w.Buf = append(w.Buf, "#t\r\n"...)
	default:
		w.Buf = append(w.Buf, "#f\r\n"...)
	}
}

// BigNumber writes a big number, as a bulk string on RESP2.
func (w *Writer) BigNumber(s string) {
	if !w.RESP3 {
		w.BulkString(s)
		return
	}
	w.line('(', s)
}

// Verbatim writes a verbatim string, as a bulk string on RESP2.
func (w *Writer) Verbatim(format, text string) {
	if !w.RESP3 {
		w.BulkString(text)
		return
	}
	w.header('=', int64(len(text)+4))
	w.Buf = append(append(w.Buf, format...), ':')
	w.Buf = append(append(w.Buf, text...), '\r', '\n')
}

// Array announces n elements.
func (w *Writer) Array(n int) { w.header('*', int64(n)) }

// Map announces n pairs.
func (w *Writer) Map(n int) {
	if w.RESP3 {
		w.header('%', int64(n))
		return
	}
	w.header('*', int64(2*n))
}

// Set announces n members.
func (w *Writer) Set(n int) {
	if w.RESP3 {
		w.header('~', int64(n))
		return
	}
	w.header('*', int64(n))
}

// Push announces n elements of a push.
func (w *Writer) Push(n int) {
	if w.RESP3 {
		w.header('>', int64(n))
		return
	}
	w.header('*', int64(n))
}

// OpenArray begins an array of yet unknown length.
func (w *Writer) OpenArray() int { return len(w.Buf) }

// CloseArray puts the header in front of the elements written since mark.
func (w *Writer) CloseArray(mark, n int) {
	var scratch [24]byte
	head := append(strconv.AppendInt(append(scratch[:0], '*'), int64(n), 10), '\r', '\n')
	w.Buf = append(w.Buf, head...)
	copy(w.Buf[mark+len(head):], w.Buf[mark:len(w.Buf)-len(head)])
	copy(w.Buf[mark:], head)
}

// Mark returns the current end of the buffer.
func (w *Writer) Mark() int { return len(w.Buf) }

// Rewind drops what was written since mark.
func (w *Writer) Rewind(mark int) { w.Buf = w.Buf[:mark] }

// AppendDouble appends f as Redis 7.0 prints scores and doubles: integers
// plainly, other values as C's %.17g does, infinities as inf and -inf.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsNaN(f) && math.Signbit(f): // as 0/0 is on a PC
		return append(b, "-nan"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		if f == 0 && math.Signbit(f) {
			return append(b, "-0"...)
		}
		return strconv.AppendInt(b, int64(f), 10)
	}
	return strconv.AppendFloat(b, f, 'g', 17, 64)
}
