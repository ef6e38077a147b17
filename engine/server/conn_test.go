package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

func request(args ...string) string {
	var w wire.Writer
	w.Array(len(args))
	for _, a := range args {
		w.BulkString(a)
	}
	return string(w.Buf)
}

func bulk(s string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(s), s) }

var talks = []struct {
	name, send, want string
	end              bool
}{
	{name: "one", send: request("PING"), want: "+PONG\r\n"},
	{name: "inline", send: "PING\r\n\r\necho 'a b'\n", want: "+PONG\r\n$3\r\na b\r\n"},
	{name: "three at once", send: request("PING") + request("ECHO", "x") + request("PING"), want: "+PONG\r\n$1\r\nx\r\n+PONG\r\n"},
	{name: "binary", send: request("ECHO", "\r\n\x00*1"), want: bulk("\r\n\x00*1")},
	{name: "200 kB", send: request("ECHO", strings.Repeat("*1\r\n$4\r\nQUIT\r\n", 15000)) + request("PING"),
		want: bulk(strings.Repeat("*1\r\n$4\r\nQUIT\r\n", 15000)) + "+PONG\r\n"},
	{name: "many", send: strings.Repeat(request("ECHO", "abc"), 5000), want: strings.Repeat(bulk("abc"), 5000)},
	{name: "unknown", send: request("NOPE") + request("PING"), want: "-ERR unknown command\r\n+PONG\r\n"},
	{name: "protocol error", send: request("PING") + "*1\r\n$x\r\n" + request("PING"), want: "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n", end: true},
	{name: "unbalanced", send: "ECHO \"a\r\n", want: "-ERR Protocol error: unbalanced quotes in request\r\n", end: true},
	{name: "quit", send: request("PING") + request("QUIT") + request("PING"), want: "+PONG\r\n+OK\r\n", end: true},
	{name: "post", send: "POST / HTTP/1.1\r\nHost: x\r\n\r\n", end: true},
	{name: "host", send: "PING\r\nhost: x\r\nPING\r\n", want: "+PONG\r\n", end: true},
	{name: "large reply", send: request("BIG", "3000000") + request("PING"), want: bulk(strings.Repeat("x", 3000000)) + "+PONG\r\n"},
	{name: "early answer", send: request("EARLY") + request("PING"), want: "+early\r\n+PONG\r\n"},
}

func TestTalks(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		for _, talk := range talks {
			t.Run(talk.name, func(t *testing.T) {
				p := dialTo(t, "tcp", h.addr)
				p.send(talk.send)
				p.expect(talk.want)
				if talk.end {
					p.expectEnd()
					return
				}
				p.ask(request("PING"), "+PONG\r\n")
			})
		}
	})
}

// Requests may come in any pieces.
func TestPieces(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		stream := request("ECHO", "a\r\nb") + "PING\r\n" + request("ECHO", strings.Repeat("y", 300)) + request("PING")
		want := bulk("a\r\nb") + "+PONG\r\n" + bulk(strings.Repeat("y", 300)) + "+PONG\r\n"
		p := h.dial()
		for size := 1; size < 40; size++ {
			for rest := stream; rest != ""; {
				n := min(size, len(rest))
				p.send(rest[:n])
				rest = rest[n:]
			}
			p.expect(want)
		}
	})
}

func TestLargeArgument(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		p := h.dial()
		p.ask(request("LEN", strings.Repeat("z", 20<<20))+request("PING"), fmt.Sprintf(":%d\r\n+PONG\r\n", 20<<20))
	})
}

func TestBlocked(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		a, b := h.dial(), h.dial()
		a.send(request("PING") + request("BLOCK", "k") + request("ECHO", "after"))
		a.expect("+PONG\r\n")
		h.until(t, "a is blocked", func() bool { return h.blocked["k"] != nil })
		a.send(request("ECHO", "later"))
		b.ask(request("WAKE", "k"), ":1\r\n")
		a.expect("+woken\r\n" + bulk("after") + bulk("later"))

		a.send(request("BLOCK", "k"))
		h.until(t, "a is blocked again", func() bool { return h.blocked["k"] != nil })
		a.nc.Close()
		h.until(t, "the session of a is closed", func() bool { return len(h.sessions) == 1 })
		b.ask(request("WAKE", "k"), ":0\r\n")
	})
}

// Clients of one loop block, wake and message each other in one turn.
func TestMessages(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		const count = 2000
		sub := h.dial()
		sub.ask(request("SUB"), "+OK\r\n")
		self := h.dial()
		self.ask(request("SUB")+request("PUB", "mine")+request("PING"), "+OK\r\n+OK\r\n")
		var group sync.WaitGroup
		for who := range 3 {
			p := h.dial()
			group.Go(func() {
				for i := range count {
					p.send(request("PUB", fmt.Sprintf("%d:%d", who, i)))
					p.expect("+OK\r\n")
				}
			})
		}
		sub.expect(bulk("mine"))
		var next [3]int
		for range 3 * count {
			v, err := wire.ReadValue(sub.r)
			if err != nil {
				t.Fatal(err)
			}
			var who, i int
			if _, err := fmt.Sscanf(string(v.Str), "%d:%d", &who, &i); err != nil || i != next[who] {
				t.Fatalf("message %q, want number %d", v.Str, next[who])
			}
			next[who]++
		}
		group.Wait()
	})
}

func TestKill(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		a, b, blocked := h.dial(), h.dial(), h.dial()
		a.ask(request("PING"), "+PONG\r\n")
		blocked.send(request("BLOCK", "k"))
		h.until(t, "blocked", func() bool { return h.blocked["k"] != nil })
		b.ask(request("KILL"), "+OK\r\n")
		a.expectEnd()
		blocked.expectEnd()
		b.ask(request("PING"), "+PONG\r\n")
	})
}

func TestMaxClients(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, func(c *config.Config) { c.Server.MaxClients = 1 })
		a := h.dial()
		a.ask(request("PING"), "+PONG\r\n")
		b := h.dial()
		b.expect("-ERR max number of clients reached\r\n")
		b.expectEnd()
		a.ask(request("PING"), "+PONG\r\n")
		a.nc.Close()
		h.until(t, "the first is gone", func() bool { return len(h.sessions) == 0 })
		h.dial().ask(request("PING"), "+PONG\r\n")
	})
}

func TestAddresses(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		p := h.dial()
		p.ask(request("ADDR"), bulk(p.nc.LocalAddr().String()+" tcp"))
	})
}

func TestStrangers(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, func(c *config.Config) { c.Security.RequirePass = "secret" })
		p := h.dial()
		p.send("*11\r\n")
		p.expect("-ERR Protocol error: unauthenticated multibulk length\r\n")
		p.expectEnd()
		long := make([]string, 11)
		long[0] = "PING"
		h.dial().ask(request("AUTH", "secret")+request(long...), "+OK\r\n+PONG\r\n")
	})
}

func TestQueryBufferLimit(t *testing.T) {
	eachFront(t, func(t *testing.T, front string) {
		h := serve(t, front, func(c *config.Config) { c.Server.ClientQueryBufferLimit = 1 << 20 })
		p := h.dial()
		io.WriteString(p.nc, "*2\r\n$3\r\nLEN\r\n$3000000\r\n"+strings.Repeat("x", 2<<20)) // may fail: the other side closes
		p.expectEnd()
		h.dial().ask(request("PING"), "+PONG\r\n")
	})
}

// A subscriber that does not read is dropped; others are not troubled.
func TestHardLimit(t *testing.T) {
	eachFront(t, func(t *testing.T, front string) {
		h := serve(t, front, func(c *config.Config) {
			c.Server.ClientOutputBufferLimit.Pubsub = config.OutputLimit{Hard: 1 << 20}
		})
		slow, p := h.dial(), h.dial()
		slow.ask(request("SUB"), "+OK\r\n")
		message := request("PUB", strings.Repeat("m", 100_000))
		for range 400 {
			p.ask(message, "+OK\r\n")
		}
		h.until(t, "the slow one is gone", func() bool { return len(h.sessions) == 1 })
		p.ask(request("PING"), "+PONG\r\n")
	})
}

// The time limits are looked at once a second; the tests say which second it is.
func TestTimeLimits(t *testing.T) {
	eachFront(t, func(t *testing.T, front string) {
		h := serve(t, front, func(c *config.Config) {
			c.Server.Timeout = 30 * time.Second
			c.Server.ClientOutputBufferLimit.Pubsub = config.OutputLimit{Soft: 1 << 20, For: 10 * time.Second}
		})
		now := h.srv.now()
		idle, blocked, sub, slow := h.dial(), h.dial(), h.dial(), h.dial()
		idle.ask(request("PING"), "+PONG\r\n")
		sub.ask(request("SUB"), "+OK\r\n")
		slow.ask(request("SUB"), "+OK\r\n")
		blocked.send(request("BLOCK", "k"))
		h.until(t, "blocked", func() bool { return h.blocked["k"] != nil })

		h.srv.front.tick(now.Add(20 * time.Second))
		idle.ask(request("PING"), "+PONG\r\n")
		message := strings.Repeat("m", 100_000)
		for range 300 {
			idle.ask(request("PUB", message), "+OK\r\n")
			sub.expect(bulk(message)) // it has read all before its limits are looked at
		}
		h.srv.front.tick(now.Add(21 * time.Second)) // above the soft limit from here
		h.srv.front.tick(now.Add(29 * time.Second))
		idle.ask(request("PING"), "+PONG\r\n")
		h.mu.Lock()
		all := len(h.sessions)
		h.mu.Unlock()
		if all != 4 {
			t.Fatalf("%d sessions, want 4", all)
		}
		later := h.srv.now().Add(31*time.Second + time.Millisecond) // the messages above take a while on a busy machine
		h.until(t, "the slow one and the idle one are gone", func() bool {
			if len(h.sessions) == 2 {
				return true
			}
			h.srv.front.tick(later) // a client that is busy at that moment is looked at by the next tick
			go h.nudge()
			return false
		})
		h.dial().ask(request("WAKE", "k"), ":1\r\n")
		blocked.expect("+woken\r\n")
	})
}

// A client that closes its sending side gets its replies.
func TestHalfClose(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		p := h.dial()
		p.send(request("BIG", "5000000") + request("PING"))
		if err := p.nc.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		p.expect(bulk(strings.Repeat("x", 5000000)) + "+PONG\r\n")
		p.expectEnd()
	})
}

// TestLargeReplies: who sends requests for more than one turn's output gets all
// of it, also when nothing comes behind them but the end.
func TestLargeReplies(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		const n, each = 40, 400_000
		h := serve(t, io, nil)
		p := h.dial()
		go func() {
			p.send(strings.Repeat(request("BIG", strconv.Itoa(each)), n) + request("PING"))
			p.nc.(*net.TCPConn).CloseWrite()
		}()
		for range n {
			p.expect(bulk(strings.Repeat("x", each)))
		}
		p.expect("+PONG\r\n")
		p.expectEnd()
	})
}

// TestLongFeed: what is behind a long output waits for the next turn.
func TestLongFeed(t *testing.T) {
	h := newHarness(t, "goroutines", nil)
	t.Cleanup(func() { h.srv.Close() })
	c := client{live: h.live, yields: true, ahead: new(wire.Ahead), log: slog.New(slog.DiscardHandler)}
	c.open(&fakeSession{core: h.fakeCore}, time.Time{})
	one := request("BIG", strconv.Itoa(longFeed/2))
	in := []byte(strings.Repeat(one, 5))
	for _, n := range []int{2, 2, 1} {
		used := c.feed(in)
		in = in[used:]
		if used != n*len(one) || c.more != (len(in) > 0) {
			t.Errorf("%d bytes used, more %v; want %d requests", used, c.more, n)
		}
	}
}

func TestManyClients(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, func(c *config.Config) { c.Server.Loops = 3 })
		var group sync.WaitGroup
		for i := range 50 {
			group.Go(func() {
				p := dialTo(t, "tcp", h.addr)
				text := strings.Repeat(string(rune('a'+i%26)), 1+i*50)
				for range 20 {
					p.ask(strings.Repeat(request("ECHO", text), 10), strings.Repeat(bulk(text), 10))
				}
			})
		}
		group.Wait()
	})
}

// Replies wait for Commit, and a failed Commit sends none.
func TestCommit(t *testing.T) {
	for _, waits := range []bool{false, true} {
		t.Run(fmt.Sprintf("waits=%v", waits), func(t *testing.T) {
			eachFront(t, func(t *testing.T, front string) {
				h := newHarness(t, front, nil)
				h.waits.Store(waits)
				turn, verdict := h.commitByHand()
				h.start()
				p := h.dial()
				p.send(request("PING"))
				<-turn
				if p.nc.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); true {
					var timeout net.Error
					if _, err := p.r.Peek(1); !errors.As(err, &timeout) || !timeout.Timeout() {
						t.Fatalf("a reply before its Commit, or %v", err)
					}
					p.nc.SetReadDeadline(time.Now().Add(patience))
				}
				verdict <- nil
				p.expect("+PONG\r\n")

				failure := errors.New("disk full")
				p.send(request("PING"))
				<-turn
				verdict <- failure
				p.expectEnd()

				// The failure lasts: the engine refuses writes now, so that replies are true.
				q := h.dial()
				q.send(request("PING"))
				<-turn
				verdict <- failure
				if front == "epoll" {
					q.expect("+PONG\r\n")
				} else {
					q.expectEnd() // a connection of its own sees the failure for the first time
				}
			})
		})
	}
}

// While a Commit waits for the disk the loop executes what else arrives, and
// the next Commit covers all of it.
func TestGroupCommit(t *testing.T) {
	if !haveLoops {
		t.Skip("there are no event loops on this system")
	}
	h := newHarness(t, "epoll", nil)
	h.waits.Store(true)
	turn, verdict := h.commitByHand()
	h.start()
	first := h.dial()
	first.send(request("ECHO", "0"))
	<-turn
	var others []*peer
	for range 10 {
		p := h.dial()
		p.send(request("BLOCK", fmt.Sprint(len(others))))
		h.until(t, "executed", func() bool { return h.blocked[fmt.Sprint(len(others))] != nil })
		others = append(others, p)
	}
	first.send(request("ECHO", "1"))
	for i := range others {
		w := h.dial()
		w.send(request("WAKE", fmt.Sprint(i)))
		h.until(t, "woken", func() bool { return h.blocked[fmt.Sprint(i)] == nil })
	}
	var commits atomic.Int32
	go func() {
		verdict <- nil
		for range turn {
			commits.Add(1)
			verdict <- nil
		}
	}()
	first.expect(bulk("0"))
	for _, p := range others {
		p.expect("+woken\r\n")
	}
	first.expect(bulk("1"))
	// The turn of the last reply may have been at its end when the first Commit was over.
	if n := commits.Load(); n > 2 {
		t.Errorf("%d Commits for what arrived during one", n)
	}
}

// A command that runs long does not stop the other clients of its loop.
func TestGiveAway(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, func(c *config.Config) { c.Server.Loops = 1 })
		others := []*peer{h.dial(), h.dial()}
		long := []*peer{h.dial(), h.dial(), h.dial()}
		for i, p := range long {
			p.send(request("PING") + request("LONG", fmt.Sprint(i)) + request("ECHO", "behind") + request("BLOCK", fmt.Sprint(i)) + "*1\r\n")
		}
		for range 3 {
			for _, p := range others {
				p.ask(request("ECHO", "x"), bulk("x"))
			}
		}
		long[0].send("$4\r\nPING\r\n")
		long[2].nc.Close()
		close(h.long)
		for i, p := range long[:2] {
			p.expect("+PONG\r\n" + bulk(fmt.Sprint(i)) + bulk("behind"))
		}
		others[0].ask(request("PING"), "+PONG\r\n")
		h.until(t, "the one that hung up is gone", func() bool { return len(h.sessions) == 4 })
		others[0].ask(request("WAKE", "0"), ":1\r\n")
		long[0].expect("+woken\r\n+PONG\r\n")
	})
}

// What a blocked client has sent meanwhile may be much, and is used a turn's output at a time.
func TestUsedInputIsMovedOnce(t *testing.T) {
	const n, piece = 1 << 20, 1 << 12
	b, moved := make([]byte, n), 0
	for i := range b {
		b[i] = byte(i / piece)
	}
	for turn := 0; len(b) > 0; turn++ {
		if b[0] != byte(turn) {
			t.Fatalf("turn %d begins with %d", turn, b[0])
		}
		first := &b[0]
		if b = without(b, piece); len(b) > 0 && &b[0] == first {
			moved += len(b)
		}
	}
	if moved > n {
		t.Errorf("%d bytes are moved, of %d", moved, n)
	}
}
