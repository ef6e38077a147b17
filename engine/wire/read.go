package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// What a reply may not exceed, so that a peer that is no Redis server cannot
// exhaust the reader.
const (
	maxReplyDepth = 512
	maxReplyLine  = 1 << 20
	maxReplyBulk  = 4 << 30
	maxReplyElems = 1 << 31
	readChunk     = 1 << 20 // memory follows the bytes that arrive, not the announcement
)

// ErrReply is wrapped by the errors of ReadValue that mean the peer does not
// speak RESP, or not correctly.
var ErrReply = errors.New("wire: malformed reply")

// ReadValue reads one reply of RESP2 or RESP3. The error is io.EOF when the
// stream ends before the reply begins, io.ErrUnexpectedEOF when it ends inside
// it. RESP3's streamed types, which Redis never sends, are refused.
func ReadValue(r *bufio.Reader) (Value, error) { return readValue(r, 0) }

func readValue(r *bufio.Reader, depth int) (v Value, err error) {
	if depth > maxReplyDepth {
		return Value{}, malformed("more than %d levels", maxReplyDepth)
	}
	line, err := readLine(r)
	if err != nil {
		if depth > 0 || !errors.Is(err, io.EOF) {
			err = unexpected(err)
		}
		return Value{}, err
	}
	if len(line) == 0 {
		return Value{}, malformed("an empty line")
	}
	kind, text := line[0], line[1:]
	switch Kind(kind) {
	case KindStatus, KindError:
		return Value{Kind: Kind(kind), Str: text}, nil
	case KindInt, KindDouble, KindBool, KindBigNumber, KindNull:
		return scalar(Kind(kind), text)
	case KindBulk, KindVerbatim, '!':
		return readBulk(r, kind, text)
	case KindArray, KindSet, KindPush, KindMap:
		return readElems(r, Kind(kind), text, depth)
	case '|':
		attrs, err := readElems(r, KindMap, text, depth)
		if err != nil {
			return Value{}, err
		}
		if v, err = readValue(r, depth+1); err != nil {
			return Value{}, err
		}
		v.Attrs = append(attrs.Elems, v.Attrs...)
		return v, nil
	}
	return Value{}, malformed("unknown type %q", kind)
}

// scalar makes a value that is one line and no string.
func scalar(kind Kind, text []byte) (Value, error) {
	v := Value{Kind: kind, Str: text}
	ok := false
	switch kind {
	case KindInt:
		v.Str = nil
		if len(text) > 0 && text[0] == '+' {
			text = text[1:]
		}
		v.Int, ok = ParseInt(text)
	case KindDouble:
		_, ok = parseDouble(string(text))
	case KindBool:
		v.Str = nil
		ok = len(text) == 1 && (text[0] == 't' || text[0] == 'f')
		if ok && text[0] == 't' {
			v.Int = 1
		}
	case KindBigNumber:
		ok = validBigNumber(string(text))
	case KindNull:
		v.Str = nil
		ok = len(text) == 0
	}
	if !ok {
		return Value{}, malformed("%q after type %q", text, byte(kind))
	}
	return v, nil
}

// readBulk reads the payload of a bulk string, verbatim string or bulk error.
func readBulk(r *bufio.Reader, kind byte, text []byte) (Value, error) {
	n, ok := ParseInt(text)
	if ok && n == -1 && kind == '$' {
		return Value{Kind: KindBulk, Null: true}, nil
	}
	if !ok || n < 0 || n > maxReplyBulk {
		return Value{}, malformed("length %q", text)
	}
	data, err := readPayload(r, int(n))
	if err != nil {
		return Value{}, err
	}
	switch Kind(kind) {
	case '!':
		return Value{Kind: KindError, Str: data}, nil
	case KindVerbatim:
		if len(data) < 4 || data[3] != ':' {
			return Value{}, malformed("a verbatim string without format")
		}
		return Value{Kind: KindVerbatim, Format: string(data[:3]), Str: data[4:]}, nil
	}
	return Value{Kind: KindBulk, Str: data}, nil
}

// readPayload reads n bytes and the line end behind them.
func readPayload(r *bufio.Reader, n int) ([]byte, error) {
	data := make([]byte, 0, min(n, readChunk))
	for len(data) < n {
		from := len(data)
		step := min(n-from, max(from, readChunk))
		data = append(data, make([]byte, step)...)
		if _, err := io.ReadFull(r, data[from:]); err != nil {
			return nil, unexpected(err)
		}
	}
	var end [2]byte
	if _, err := io.ReadFull(r, end[:]); err != nil {
		return nil, unexpected(err)
	}
	if end != [2]byte{'\r', '\n'} {
		return nil, malformed("a string that is longer than announced")
	}
	return data, nil
}

// readElems reads the elements of an aggregate.
func readElems(r *bufio.Reader, kind Kind, text []byte, depth int) (Value, error) {
	n, ok := ParseInt(text)
	if ok && n == -1 && kind == KindArray {
		return Value{Kind: KindArray, Null: true}, nil
	}
	if !ok || n < 0 || n > maxReplyElems {
		return Value{}, malformed("length %q", text)
	}
	if kind == KindMap {
		n *= 2
	}
	v := Value{Kind: kind, Elems: make([]Value, 0, min(n, 1024))}
	for range n {
		e, err := readValue(r, depth+1)
		if err != nil {
			return Value{}, err
		}
		v.Elems = append(v.Elems, e)
	}
	return v, nil
}

// readLine returns a line without its end, as memory of its own.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxReplyLine:
			return nil, malformed("a line of more than %d bytes", maxReplyLine)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && len(line) > 0:
			return nil, unexpected(err)
		case err != nil:
			return nil, err
		case len(line) < 2 || line[len(line)-2] != '\r':
			return nil, malformed("a line that ends without a carriage return")
		}
		return line[:len(line)-2], nil
	}
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrReply, fmt.Sprintf(format, args...))
}

// unexpected makes the end of the stream inside a reply recognisable.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
