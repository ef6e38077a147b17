package wire

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/resp"
)

// parseAll feeds stream in pieces of the given lengths (the rest as one piece),
// moving the buffer each time, and returns the requests as text and the error.
func parseAll(p *Parser, stream string, pieces ...int) (requests []string, err error) {
	var buf []byte
	rest := stream
	for {
		for {
			args, n, err := p.Next(buf)
			if err != nil {
				return requests, err
			}
			if args != nil {
				requests = append(requests, fmt.Sprintf("%q", args))
			}
			moved := make([]byte, len(buf)-n)
			copy(moved, buf[n:])
			buf = moved
			if args == nil {
				break
			}
		}
		if rest == "" {
			return requests, nil
		}
		take := len(rest)
		if len(pieces) > 0 {
			take, pieces = min(pieces[0], take), pieces[1:]
		}
		buf = append(buf, rest[:take]...)
		rest = rest[take:]
	}
}

// The answers of this table were asked from redis-server 7.0.15.
var requestTable = []struct {
	name, in string
	noAuth   bool
	want     []string
	err      error
}{
	{name: "array", in: "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", want: []string{`["GET" "k"]`}},
	{name: "empty argument", in: "*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", want: []string{`["ECHO" ""]`}},
	{name: "binary argument", in: "*2\r\n$4\r\nECHO\r\n$5\r\n\r\n\x00*1\r\n", want: []string{`["ECHO" "\r\n\x00*1"]`}},
	{name: "two", in: "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n", want: []string{`["PING"]`, `["QUIT"]`}},
	{name: "no arguments", in: "*0\r\n*-1\r\n*-10\r\n\r\nPING\r\n", want: []string{`["PING"]`}},
	{name: "payload end is not looked at", in: "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", want: []string{`["PING"]`, `["PING"]`}},
	{name: "second byte of a line end is not looked at", in: "*1\rx$4\rxPING\r\n", want: []string{`["PING"]`}},
	{name: "line feeds alone end no line", in: "*1\n$4\nPING\n"},
	{name: "largest count", in: "*2147483647\r\n"},
	{name: "largest bulk", in: "*1\r\n$536870912\r\n"},
	{name: "count too large", in: "*2147483648\r\n", err: ErrCountInvalid},
	{name: "count not a number", in: "*abc\r\n", err: ErrCountInvalid},
	{name: "count with plus", in: "*+1\r\n", err: ErrCountInvalid},
	{name: "count with leading zero", in: "*01\r\n", err: ErrCountInvalid},
	{name: "count negative zero", in: "*-0\r\n", err: ErrCountInvalid},
	{name: "count with space", in: "* 1\r\n", err: ErrCountInvalid},
	{name: "count missing", in: "*\r\n", err: ErrCountInvalid},
	{name: "count line at its limit", in: "*" + strings.Repeat("1", 65535)},
	{name: "count line too long", in: "*" + strings.Repeat("1", 65536), err: ErrCountTooBig},
	{name: "no dollar", in: "*1\r\nPING\r\n", err: ProtocolError("expected '$', got 'P'")},
	{name: "no dollar, high byte", in: "*1\r\n\xffPING\r\n", err: ProtocolError("expected '$', got '\xff'")},
	{name: "simple string", in: "*1\r\n+PING\r\n", err: ProtocolError("expected '$', got '+'")},
	{name: "bulk negative", in: "*1\r\n$-1\r\n", err: ErrBulkInvalid},
	{name: "bulk not a number", in: "*1\r\n$a\r\n", err: ErrBulkInvalid},
	{name: "bulk with plus", in: "*1\r\n$+4\r\n", err: ErrBulkInvalid},
	{name: "bulk missing", in: "*1\r\n$\r\n", err: ErrBulkInvalid},
	{name: "bulk too large", in: "*1\r\n$536870913\r\n", err: ErrBulkInvalid},
	{name: "bulk beyond 64 bits", in: "*1\r\n$99999999999999999999\r\n", err: ErrBulkInvalid},
	{name: "bulk line too long", in: "*1\r\n$" + strings.Repeat("1", 65536), err: ErrBulkCountTooBig},
	{name: "error behind a good request", in: "PING\r\n*1\r\n$-4\r\nPING\r\n", want: []string{`["PING"]`}, err: ErrBulkInvalid},
	{name: "count of a stranger", in: "*11\r\n", noAuth: true, err: ErrCountNoAuth},
	{name: "largest count of a stranger", in: "*10\r\n", noAuth: true},
	{name: "bulk of a stranger", in: "*1\r\n$16385\r\n", noAuth: true, err: ErrBulkNoAuth},
	{name: "largest bulk of a stranger", in: "*1\r\n$16384\r\n", noAuth: true},

	{name: "inline", in: "PING\nPING\r\n  PING  hi \r\n\r\n\nPING\r\n", want: []string{`["PING"]`, `["PING"]`, `["PING" "hi"]`, `["PING"]`}},
	{name: "inline double quotes", in: "ECHO \"a\\x41\\n\\t\\q b\\r\\a\\b\"\r\n", want: []string{`["ECHO" "aA\n\tq b\r\a\b"]`}},
	{name: "inline hexadecimal", in: "ECHO \"\\xFf\\xg1\\x4\"\r\n", want: []string{`["ECHO" "\xffxg1x4"]`}},
	{name: "inline single quotes", in: "ECHO 'a\\'b\\n\"'\r\n", want: []string{`["ECHO" "a'b\\n\""]`}},
	{name: "inline empty quotes", in: "ECHO \"\" ''\r\n", want: []string{`["ECHO" "" ""]`}},
	{name: "inline quote inside a word", in: "ECHO a\"b c\"\r\n", want: []string{`["ECHO" "ab c"]`}},
	{name: "inline quoted name", in: "\"PING\"\r\n'PING'\r\n", want: []string{`["PING"]`, `["PING"]`}},
	{name: "inline white space", in: "ECHO\t\x0b\x0ca\r\n", want: []string{`["ECHO" "a"]`}},
	{name: "inline carriage returns", in: "ECHO a\rb\r\r\n", want: []string{`["ECHO" "a" "b"]`}},
	{name: "inline high bytes", in: "ECHO \xff\xfe\r\n", want: []string{`["ECHO" "\xff\xfe"]`}},
	{name: "inline open double quote", in: "ECHO \"a\r\nPING\r\n", err: ErrUnbalancedQuotes},
	{name: "inline open single quote", in: "ECHO 'a\r\nPING\r\n", err: ErrUnbalancedQuotes},
	{name: "inline escaped end", in: "ECHO \"a\\\"\r\n", err: ErrUnbalancedQuotes},
	{name: "inline text behind quotes", in: "ECHO \"a\"b\r\n", err: ErrUnbalancedQuotes},
	{name: "inline text behind inner quotes", in: "ECHO a'b c'd\r\n", err: ErrUnbalancedQuotes},
	{name: "inline at its limit", in: strings.Repeat("E", 65536)},
	{name: "inline too long", in: strings.Repeat("E", 65537), err: ErrInlineTooBig},
}

func TestParserTable(t *testing.T) {
	for _, test := range requestTable {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseAll(&Parser{NoAuth: test.noAuth}, test.in)
			check(t, got, err, test.want, test.err)
		})
	}
}

func check(t *testing.T, got []string, err error, want []string, wantErr error) {
	t.Helper()
	if !errors.Is(err, wantErr) {
		t.Errorf("error %v, want %v", err, wantErr)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

// Whatever the pieces are in which a stream arrives, the requests are the same.
func TestParserEverySplit(t *testing.T) {
	for _, test := range requestTable {
		if len(test.in) > 200 {
			continue
		}
		for first := 0; first <= len(test.in); first++ {
			for _, second := range []int{1, 2, len(test.in)} {
				got, err := parseAll(&Parser{NoAuth: test.noAuth}, test.in, first, second)
				check(t, got, err, test.want, test.err)
				if t.Failed() {
					t.Fatalf("%s: in pieces of %d, %d and the rest", test.name, first, second)
				}
			}
		}
		ones := make([]int, len(test.in))
		for i := range ones {
			ones[i] = 1
		}
		got, err := parseAll(&Parser{NoAuth: test.noAuth}, test.in, ones...)
		check(t, got, err, test.want, test.err)
		if t.Failed() {
			t.Fatalf("%s: byte by byte", test.name)
		}
	}
}

func TestParserRandomPieces(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		var stream strings.Builder
		var want []string
		for range 1 + rnd.IntN(20) {
			args := make([][]byte, 1+rnd.IntN(5))
			fmt.Fprintf(&stream, "*%d\r\n", len(args))
			for i := range args {
				args[i] = bytes.Repeat([]byte{byte(rnd.IntN(256))}, rnd.IntN(1<<rnd.IntN(14)))
				fmt.Fprintf(&stream, "$%d\r\n%s\r\n", len(args[i]), args[i])
			}
			want = append(want, fmt.Sprintf("%q", args))
		}
		pieces := make([]int, 200)
		for i := range pieces {
			pieces[i] = 1 + rnd.IntN(1<<rnd.IntN(16))
		}
		got, err := parseAll(&Parser{}, stream.String(), pieces...)
		check(t, got, err, want, nil)
	}
}

// A large argument that arrives in many pieces is not read again for each.
func TestParserLargeArgumentScansOnce(t *testing.T) {
	const size = 4 << 20
	p := &Parser{}
	buf := append([]byte("*2\r\n$3\r\nSET\r\n$4194304\r\n"), make([]byte, size+2)...)
	start := len(buf) - size - 2
	for at := start; at < len(buf); at += 1000 {
		if args, n, err := p.Next(buf[:at]); args != nil || n != 0 || err != nil {
			t.Fatalf("at %d: %d arguments, %d bytes, %v", at, len(args), n, err)
		}
		if at > start && p.Need() != len(buf) {
			t.Fatalf("needs %d, want %d", p.Need(), len(buf))
		}
	}
	args, n, err := p.Next(buf)
	if len(args) != 2 || n != len(buf) || err != nil {
		t.Fatalf("%d arguments, %d bytes, %v", len(args), n, err)
	}
}

func TestParserLimits(t *testing.T) {
	p := &Parser{MaxBulk: 10, MaxArgs: 2}
	if _, err := parseAll(p, "*2\r\n$10\r\n0123456789\r\n$11\r\n"); !errors.Is(err, ErrBulkInvalid) {
		t.Errorf("bulk: %v", err)
	}
	p = &Parser{MaxArgs: 2}
	if _, err := parseAll(p, "*3\r\n"); !errors.Is(err, ErrCountInvalid) {
		t.Errorf("count: %v", err)
	}
	if got := ErrCountInvalid.Reply(); got != "ERR Protocol error: invalid multibulk length" {
		t.Errorf("reply %q", got)
	}
}

// An argument must not be able to grow into its neighbour.
func TestParserArgumentsAreClipped(t *testing.T) {
	for _, in := range []string{"*2\r\n$1\r\na\r\n$1\r\nb\r\n", "a b\r\n"} {
		args, _, err := new(Parser).Next([]byte(in))
		if err != nil {
			t.Fatal(err)
		}
		_ = append(args[0], "XXXXXXXX"...)
		if string(args[1]) != "b" {
			t.Errorf("%q: second argument became %q", in, args[1])
		}
	}
}

func TestParserAllocatesNothing(t *testing.T) {
	p := &Parser{}
	buf := []byte("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n")
	line := []byte("SET key value\r\n")
	if n := testing.AllocsPerRun(100, func() {
		if args, _, err := p.Next(buf); len(args) != 3 || err != nil {
			t.Fatal(args, err)
		}
		if args, _, err := p.Next(line); len(args) != 3 || err != nil {
			t.Fatal(args, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParser checks that pieces make no difference, and that tidwall/resp reads
// the same requests where it reads them at all.
func FuzzParser(f *testing.F) {
	for _, test := range requestTable {
		if len(test.in) < 200 {
			f.Add([]byte(test.in), uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint8) {
		whole, errWhole := parseAll(&Parser{}, string(in))
		pieces := make([]int, len(in))
		for i := range pieces {
			pieces[i] = 1 + int(piece)%7
		}
		parts, errParts := parseAll(&Parser{}, string(in), pieces...)
		check(t, parts, errParts, whole, errWhole)
		againstResp(t, in)
	})
}

// againstResp compares requests as long as both parsers accept well-formed
// arrays. resp wants CR LF behind each payload and line; Redis does not look.
func againstResp(t *testing.T, in []byte) {
	reader := resp.NewReader(bytes.NewReader(in))
	p := &Parser{MaxArgs: 1 << 20}
	for len(in) > 0 && in[0] == '*' {
		args, n, err := p.Next(in)
		if err != nil || args == nil {
			return
		}
		// An empty or inline request in front, or a line that only Redis would accept.
		if !bytes.Equal(in[:n], encodeRequest(args)) {
			return
		}
		v, _, size, err := reader.ReadMultiBulk()
		if err != nil {
			return
		}
		if size != n {
			t.Fatalf("%q: %d bytes, resp took %d", in, n, size)
		}
		for i, a := range v.Array() {
			if !bytes.Equal(a.Bytes(), args[i]) {
				t.Fatalf("%q: argument %d is %q, resp read %q", in, i, args[i], a.Bytes())
			}
		}
		in = in[n:]
	}
}

func encodeRequest(args [][]byte) []byte {
	var w Writer
	w.Array(len(args))
	for _, a := range args {
		w.Bulk(a)
	}
	return w.Buf
}

func TestParserAgainstResp(t *testing.T) {
	for _, test := range requestTable {
		againstResp(t, []byte(test.in))
	}
}

func TestParseInt(t *testing.T) {
	good := map[string]int64{"0": 0, "7": 7, "-1": -1, "9223372036854775807": 1<<63 - 1, "-9223372036854775808": -1 << 63, "10": 10}
	for text, want := range good {
		if n, ok := ParseInt([]byte(text)); !ok || n != want {
			t.Errorf("%q: %d, %v", text, n, ok)
		}
	}
	for _, text := range []string{"", "-", "+1", "01", "-0", "00", " 1", "1 ", "1a", "9223372036854775808", "-9223372036854775809", "99999999999999999999", "0x1"} {
		if n, ok := ParseInt([]byte(text)); ok {
			t.Errorf("%q: %d", text, n)
		}
	}
}

func BenchmarkParserPipeline(b *testing.B) {
	p := &Parser{}
	one := "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$16\r\nxxxxxxxxxxxxxxxx\r\n"
	buf := []byte(strings.Repeat(one, 100))
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		for rest := buf; len(rest) > 0; {
			_, n, err := p.Next(rest)
			if err != nil {
				b.Fatal(err)
			}
			rest = rest[n:]
		}
	}
}
