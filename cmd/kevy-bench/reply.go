package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// errProtocol is returned for bytes that are not RESP2.
var errProtocol = errors.New("the server's answer is not RESP2")

// scanReply finds the end of the first reply in buf without decoding it: n is
// its length, 0 if buf does not hold all of it yet. isErr says that the reply is
// an error. It accepts every RESP2 type, nested to any depth: pending counts the
// replies still to come instead of recursing.
func scanReply(buf []byte) (n int, isErr bool, err error) {
	isErr = len(buf) > 0 && buf[0] == '-'
	for pending := 1; pending > 0; pending-- {
		line := bytes.IndexByte(buf[n:], '\n')
		if line < 0 {
			return 0, false, nil
		}
		if line < 2 || buf[n+line-1] != '\r' {
			return 0, false, errProtocol
		}
		kind, text := buf[n], buf[n+1:n+line-1]
		n += line + 1
		switch kind {
		case '+', '-', ':':
			continue
		case '$', '*':
		default:
			return 0, false, errProtocol
		}
		size, ok := length(text)
		switch {
		case !ok:
			return 0, false, errProtocol
		case size < 0:
		case kind == '*':
			pending += size
		case len(buf)-n < size+2:
			return 0, false, nil
		default:
			n += size + 2
		}
	}
	return n, isErr, nil
}

// length reads the count of a bulk or array header: -1 or a number of at most
// nine digits.
func length(text []byte) (n int, ok bool) {
	if len(text) == 2 && text[0] == '-' && text[1] == '1' {
		return -1, true
	}
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// serverError is an error reply.
type serverError string

func (e serverError) Error() string { return string(e) }

// decodeReply decodes the first reply of buf, which scanReply found to be whole:
// a string, an int64, a []any, nil or a serverError. It returns what follows.
func decodeReply(buf []byte) (v any, rest []byte, err error) {
	end := bytes.Index(buf, []byte("\r\n"))
	if end < 1 {
		return nil, nil, errProtocol
	}
	kind, text := buf[0], string(buf[1:end])
	rest = buf[end+2:]
	switch kind {
	case '+':
		return text, rest, nil
	case '-':
		return serverError(text), rest, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %q", errProtocol, text)
	}
	switch {
	case kind == ':':
		return n, rest, nil
	case n < 0:
		return nil, rest, nil
	case kind == '$':
		if int64(len(rest)) < n+2 {
			return nil, nil, errProtocol
		}
		return string(rest[:n]), rest[n+2:], nil
	}
	list := []any{}
	for range n {
		if v, rest, err = decodeReply(rest); err != nil {
			return nil, nil, err
		}
		list = append(list, v)
	}
	return list, rest, nil
}
