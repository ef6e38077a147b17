package wire

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// parseAhead reads a stream as parseAll does, in one piece, with Ahead. Of the
// requests that Ahead has cut, take says how many are used before it is asked
// again; n is how many there are.
func parseAhead(p *Parser, stream string, take func(n int) int) (requests []string, err error) {
	var a Ahead
	for buf := []byte(stream); ; {
		p.Ahead(&a, buf)
		if n := len(a.Requests); n > 0 {
			n = take(n)
			for _, args := range a.Requests[:n] {
				requests = append(requests, fmt.Sprintf("%q", args))
			}
			buf = buf[a.Ends[n-1]:]
			continue
		}
		args, n, err := p.Next(buf)
		if err != nil || args == nil {
			return requests, err
		}
		requests = append(requests, fmt.Sprintf("%q", args))
		buf = buf[n:]
	}
}

func againstNext(t *testing.T, p Parser, in string, take func(n int) int) {
	t.Helper()
	next := p
	want, wantErr := parseAll(&next, in)
	got, err := parseAhead(&p, in, take)
	check(t, got, err, want, wantErr)
}

func all(n int) int { return n }
func one(int) int   { return 1 }

func TestAheadCutsWhatNextCuts(t *testing.T) {
	long := strings.Repeat("x", 70000)
	streams := []string{
		"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "*1\rx$4\ryPING\r\n", "*01\r\n$4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*1\r\n$0\r\n\r\n",
		"*1\r\n$000000004\r\nPING\r\n", "*1\r\n$100000000\r\n", "*\r\n", "*1\r\n$\r\n", "*1\r\n:1\r\n", "*1", "*1\r", "*1\r\n$4\r\nPIN", "*1\r\n$4\r\nPING\r",
		"*0\r\n*1\r\n$4\r\nPING\r\n", "PING\r\n*1\r\n$4\r\nPING\r\n\r\nPING\r\n", fmt.Sprintf("*2\r\n$4\r\nECHO\r\n$70000\r\n%s\r\n", long),
		"*2000\r\n" + strings.Repeat("$1\r\nx\r\n", 2000), strings.Repeat("*3\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n", 1000), "*1\r\n$11\r\n01234567890\r\n", "*1\r\n$-1\r\n",
	}
	for _, row := range requestTable {
		streams = append(streams, row.in)
	}
	for _, p := range []Parser{{}, {MaxBulk: 10, MaxArgs: 2}, {NoAuth: true}} {
		for _, in := range streams {
			againstNext(t, p, in, all)
			againstNext(t, p, in, one)
			againstNext(t, p, "*1\r\n$4\r\nPING\r\n"+in, all)
		}
	}
}

// A request that Next has begun to read is not cut again.
func TestAheadLeavesTheBegunToNext(t *testing.T) {
	buf := []byte("*2\r\n$4\r\nECHO\r\n$2\r\nhi\r\n")
	for cut := range len(buf) - 1 {
		var p Parser
		var a Ahead
		if args, _, err := p.Next(buf[:cut+1]); args != nil || err != nil {
			t.Fatal(args, err)
		}
		p.Ahead(&a, buf)
		args, n, err := p.Next(buf)
		if len(a.Requests) != 0 || len(args) != 2 || n != len(buf) || err != nil {
			t.Errorf("cut at %d: %d requests ahead, then %q %d %v", cut+1, len(a.Requests), args, n, err)
		}
	}
}

func TestAheadAllocatesNothing(t *testing.T) {
	var p Parser
	var a Ahead
	buf := []byte(strings.Repeat("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n", 100))
	p.Ahead(&a, buf)
	if n := testing.AllocsPerRun(100, func() {
		if p.Ahead(&a, buf); len(a.Requests) != maxAhead {
			t.Fatal(len(a.Requests))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAhead(f *testing.F) {
	for _, row := range requestTable {
		if len(row.in) < 200 {
			f.Add([]byte(row.in), uint64(3))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		againstNext(t, Parser{}, string(in), func(n int) int { return 1 + rng.IntN(n) })
		againstNext(t, Parser{MaxBulk: 100, MaxArgs: 3}, string(in), all)
	})
}

func BenchmarkAheadPipeline(b *testing.B) {
	var p Parser
	var a Ahead
	one := "*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$16\r\nxxxxxxxxxxxxxxxx\r\n"
	buf := []byte(strings.Repeat(one, 100))
	b.SetBytes(int64(len(buf)))
	for b.Loop() {
		for rest := buf; len(rest) > 0; {
			p.Ahead(&a, rest)
			rest = rest[a.Ends[len(a.Ends)-1]:]
		}
	}
}
