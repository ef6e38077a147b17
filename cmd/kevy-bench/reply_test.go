package main

import (
	"errors"
	"reflect"
	"testing"
)

var replies = []struct {
	text  string
	value any
}{
	{"+PONG\r\n", "PONG"},
	{"-ERR no\r\n", serverError("ERR no")},
	{":-12\r\n", int64(-12)},
	{"$-1\r\n", nil},
	{"$0\r\n\r\n", ""},
	{"$4\r\na\r\nb\r\n", "a\r\nb"},
	{"*-1\r\n", nil},
	{"*0\r\n", []any{}},
	{"*3\r\n$1\r\na\r\n*2\r\n:1\r\n$-1\r\n+OK\r\n", []any{"a", []any{int64(1), nil}, "OK"}},
}

// TestScanReply cuts every reply everywhere: only the whole of it is found.
func TestScanReply(t *testing.T) {
	for _, r := range replies {
		for cut := range len(r.text) {
			if n, _, err := scanReply([]byte(r.text[:cut])); n != 0 || err != nil {
				t.Errorf("%q, cut to %d bytes, has a reply of %d bytes, error %v", r.text, cut, n, err)
			}
		}
		n, isErr, err := scanReply([]byte(r.text + "+more"))
		if n != len(r.text) || isErr != (r.text[0] == '-') || err != nil {
			t.Errorf("%q: %d, %v, %v", r.text, n, isErr, err)
		}
	}
}

func TestDecodeReply(t *testing.T) {
	for _, r := range replies {
		v, rest, err := decodeReply([]byte(r.text + "+more"))
		if err != nil || !reflect.DeepEqual(v, r.value) || string(rest) != "+more" {
			t.Errorf("%q: %#v, rest %q, %v", r.text, v, rest, err)
		}
	}
}

func TestRepliesRefused(t *testing.T) {
	for _, text := range []string{"\r\n", "PONG\r\n", "+PONG\n", "$x\r\n", "$-2\r\n", "*1234567890\r\n", "%1\r\n"} {
		if _, _, err := scanReply([]byte(text)); !errors.Is(err, errProtocol) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzScanReply(f *testing.F) {
	for _, r := range replies {
		f.Add([]byte(r.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, _, err := scanReply(text)
		if err != nil || n == 0 {
			return
		}
		if n > len(text) {
			t.Fatalf("a reply of %d bytes in %d", n, len(text))
		}
		if _, rest, err := decodeReply(text[:n]); err == nil && len(rest) > 0 {
			t.Fatalf("%q is left of %q", rest, text[:n])
		}
	})
}
