package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/tidwall/resp"
)

// show writes a value so that two of them can be compared by eye.
func show(v Value) string {
	var b strings.Builder
	if len(v.Attrs) > 0 {
		fmt.Fprintf(&b, "|%v ", showAll(v.Attrs))
	}
	b.WriteByte(byte(v.Kind))
	switch {
	case v.Null:
		b.WriteString("null")
	case v.Elems != nil:
		fmt.Fprint(&b, showAll(v.Elems))
	case v.Kind == KindInt || v.Kind == KindBool:
		fmt.Fprint(&b, v.Int)
	case v.Kind == KindVerbatim:
		fmt.Fprintf(&b, "%s:%q", v.Format, v.Str)
	default:
		fmt.Fprintf(&b, "%q", v.Str)
	}
	return b.String()
}

func showAll(vals []Value) []string {
	all := make([]string, len(vals))
	for i, v := range vals {
		all[i] = show(v)
	}
	return all
}

var replyTable = []struct{ name, in, want string }{
	{"status", "+OK\r\n", `+"OK"`},
	{"error", "-ERR no\r\n", `-"ERR no"`},
	{"integer", ":-12\r\n", ":-12"},
	{"integer with plus", ":+12\r\n", ":12"},
	{"bulk", "$5\r\na\r\nb\x00\r\n", `$"a\r\nb\x00"`},
	{"empty bulk", "$0\r\n\r\n", `$""`},
	{"null bulk", "$-1\r\n", "$null"},
	{"null array", "*-1\r\n", "*null"},
	{"null", "_\r\n", `_""`},
	{"array", "*3\r\n:1\r\n*0\r\n$-1\r\n", "*[:1 *[] $null]"},
	{"map", "%2\r\n+a\r\n:1\r\n+b\r\n~1\r\n:2\r\n", `%[+"a" :1 +"b" ~[:2]]`},
	{"push", ">2\r\n+message\r\n$1\r\nx\r\n", `>[+"message" $"x"]`},
	{"double", ",3.25\r\n", `,"3.25"`},
	{"double infinite", ",-inf\r\n", `,"-inf"`},
	{"double not a number", ",nan\r\n", `,"nan"`},
	{"double exponent", ",1.5e+300\r\n", `,"1.5e+300"`},
	{"true", "#t\r\n", "#1"},
	{"false", "#f\r\n", "#0"},
	{"big number", "(-349999999999999999999999999\r\n", `("-349999999999999999999999999"`},
	{"verbatim", "=7\r\ntxt:abc\r\n", `=txt:"abc"`},
	{"bulk error", "!5\r\nERR x\r\n", `-"ERR x"`},
	{"attribute", "|1\r\n+ttl\r\n:3\r\n$1\r\nx\r\n", `|[+"ttl" :3] $"x"`},
}

func TestReadValue(t *testing.T) {
	for _, test := range replyTable {
		t.Run(test.name, func(t *testing.T) {
			r := bufio.NewReaderSize(strings.NewReader(test.in+"+next\r\n"), 16)
			v, err := ReadValue(r)
			if err != nil || show(v) != test.want {
				t.Errorf("%s, %v; want %s", show(v), err, test.want)
			}
			if next, err := ReadValue(r); err != nil || string(next.Str) != "next" {
				t.Errorf("then %s, %v", show(next), err)
			}
			if _, err := ReadValue(r); !errors.Is(err, io.EOF) {
				t.Errorf("at the end %v", err)
			}
			for cut := 1; cut < len(test.in); cut++ {
				_, err := ReadValue(bufio.NewReader(strings.NewReader(test.in[:cut])))
				if !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("cut at %d: %v", cut, err)
				}
			}
		})
	}
}

func TestReadValueMalformed(t *testing.T) {
	for _, in := range []string{
		"\r\n", "HTTP/1.1 400\r\n", "+OK\n", ":x\r\n", ":\r\n", ":1 \r\n", "$-2\r\n", "$x\r\n", "$3\r\nabcd\r\n",
		"*-2\r\n", "*x\r\n", "#x\r\n", "#\r\n", "_x\r\n", ",\r\n", ",1_0\r\n", ",0x1p3\r\n", ",infinity\r\n", "(1_0\r\n", "(x\r\n",
		"=3\r\nabc\r\n", "%-1\r\n", "$?\r\n", "*?\r\n", strings.Repeat("*1\r\n", 600) + ":1\r\n",
		"+" + strings.Repeat("x", maxReplyLine+1) + "\r\n",
	} {
		if v, err := ReadValue(bufio.NewReader(strings.NewReader(in))); !errors.Is(err, ErrReply) {
			t.Errorf("%.40q: %.40s, %v", in, show(v), err)
		}
	}
}

// An announcement alone must not take memory.
func TestReadValueAnnouncedButAbsent(t *testing.T) {
	for _, in := range []string{"$4294967296\r\nabc", "*2147483648\r\n:1\r\n"} {
		if _, err := ReadValue(bufio.NewReader(strings.NewReader(in))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestReadValueLongBulk(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789"), 500_000)
	var w Writer
	w.Bulk(want)
	v, err := ReadValue(bufio.NewReader(bytes.NewReader(w.Buf)))
	if err != nil || !bytes.Equal(v.Str, want) {
		t.Fatalf("%d bytes, %v", len(v.Str), err)
	}
}

// FuzzReadValue checks that what was read can be written and read again, and
// that tidwall/resp agrees on the types of RESP2.
func FuzzReadValue(f *testing.F) {
	for _, test := range replyTable {
		f.Add([]byte(test.in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := ReadValue(bufio.NewReader(bytes.NewReader(in)))
		if err != nil {
			return
		}
		w := Writer{RESP3: true}
		v.Send(&w)
		again, err := ReadValue(bufio.NewReader(bytes.NewReader(w.Buf)))
		if err != nil {
			t.Fatalf("%q became %q: %v", in, w.Buf, err)
		}
		var second Writer
		second.RESP3 = true
		again.Send(&second)
		if !bytes.Equal(second.Buf, w.Buf) {
			t.Fatalf("%q became %q", w.Buf, second.Buf)
		}
		readAgainstResp(t, in, v)
	})
}

func readAgainstResp(t *testing.T, in []byte, v Value) {
	if !isRESP2(v) || bytes.ContainsAny(in, "!|") {
		return
	}
	other, _, err := resp.NewReader(bytes.NewReader(in)).ReadValue()
	if err != nil {
		return
	}
	if got := v.Resp(); !got.Equals(other) {
		t.Fatalf("%q: %v, resp read %v", in, got, other)
	}
}

func isRESP2(v Value) bool {
	switch v.Kind {
	case KindStatus, KindError:
		// resp's lines may hold line feeds; constructors replace control bytes
		return len(v.Attrs) == 0 && bytes.IndexFunc(v.Str, func(r rune) bool { return r < ' ' }) < 0
	case KindInt, KindBulk:
		return len(v.Attrs) == 0
	case KindArray:
		for _, e := range v.Elems {
			if !isRESP2(e) {
				return false
			}
		}
		return len(v.Attrs) == 0
	}
	return false
}

func TestReadValueAgainstResp(t *testing.T) {
	for _, test := range replyTable {
		v, err := ReadValue(bufio.NewReader(strings.NewReader(test.in)))
		if err != nil {
			t.Fatal(err)
		}
		readAgainstResp(t, []byte(test.in), v)
	}
}
