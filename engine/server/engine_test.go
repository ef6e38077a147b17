package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/list"
	"github.com/kevy-lua/kevy-lua/engine/command/str"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// serveEngine serves a real engine with strings and lists.
func serveEngine(t *testing.T, io string, edit func(*config.Config)) (*Server, func() *peer) {
	t.Helper()
	cfg := config.Default()
	cfg.Server.IO, cfg.Server.Shards = io, 4
	if edit != nil {
		edit(cfg)
	}
	quiet := slog.New(slog.DiscardHandler)
	e := engine.New(engine.Options{Live: config.NewLive(cfg), Log: quiet, Groups: [][]command.Spec{str.Table(), list.Table()}})
	s := New(e, quiet)
	if err := s.Listen([]string{"127.0.0.1"}, -1, "", 0); err != nil {
		t.Fatal(err)
	}
	run := make(chan error, 1)
	go func() { run <- s.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-run; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := e.Close(context.Background()); err != nil {
			t.Errorf("engine: %v", err)
		}
	})
	return s, func() *peer { return dialTo(t, "tcp", s.Addrs()[0].String()) }
}

func TestEngineTalks(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		_, dial := serveEngine(t, io, nil)
		p := dial()
		for _, talk := range []struct{ send, want string }{
			{request("SET", "k", "v") + request("GET", "k") + request("GET", "none"), "+OK\r\n$1\r\nv\r\n$-1\r\n"},
			{request("MULTI") + request("INCR", "n") + request("GET", "k") + request("EXEC"), "+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n:1\r\n$1\r\nv\r\n"},
			{request("GET"), "-ERR wrong number of arguments for 'get' command\r\n"},
			{request("SUBSCRIBE", "c") + request("PING"), "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n*2\r\n$4\r\npong\r\n$0\r\n\r\n"},
			{request("UNSUBSCRIBE", "c") + request("PING"), "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n+PONG\r\n"},
			{request("CLIENT", "SETNAME", "me") + request("CLIENT", "GETNAME"), "+OK\r\n$2\r\nme\r\n"},
			{request("QUIT"), "+OK\r\n"},
		} {
			p.ask(talk.send, talk.want)
		}
		p.expectEnd()
	})
}

func TestEngineBlocking(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		_, dial := serveEngine(t, io, nil)
		a, b := dial(), dial()
		for range 200 {
			a.send(request("BLPOP", "q", "0") + request("PING"))
			b.ask(request("RPUSH", "q", "x"), ":1\r\n")
			a.expect("*2\r\n$1\r\nq\r\n$1\r\nx\r\n+PONG\r\n")
		}
		a.ask(request("BLPOP", "q", "0.01")+request("PING"), "*-1\r\n+PONG\r\n")
	})
}

func TestEngineMessages(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		_, dial := serveEngine(t, io, nil)
		var subs []*peer
		for range 5 {
			p := dial()
			p.ask(request("SUBSCRIBE", "c"), "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
			subs = append(subs, p)
		}
		p := dial()
		var all, want strings.Builder
		for i := range 500 {
			all.WriteString(request("PUBLISH", "c", fmt.Sprint(i)))
			want.WriteString(request("message", "c", fmt.Sprint(i)))
		}
		p.ask(all.String(), strings.Repeat(":5\r\n", 500))
		for _, s := range subs {
			s.expect(want.String())
		}
	})
}

func TestEngineCounters(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		_, dial := serveEngine(t, io, func(c *config.Config) { c.Server.Loops = 2 })
		var group sync.WaitGroup
		for range 20 {
			p := dial()
			group.Go(func() {
				p.send(strings.Repeat(request("INCR", "n"), 1000))
				for range 1000 {
					if v, err := wire.ReadValue(p.r); err != nil || v.Kind != wire.KindInt {
						t.Errorf("%v, %v", v, err)
						return
					}
				}
			})
		}
		group.Wait()
		dial().ask(request("GET", "n"), "$5\r\n20000\r\n")
	})
}

func TestEngineKillAndLimits(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		_, dial := serveEngine(t, io, func(c *config.Config) { c.Server.MaxClients = 2 })
		a, b := dial(), dial()
		a.ask(request("PING"), "+PONG\r\n")
		b.send(request("BLPOP", "q", "0"))
		for { // b may not have been accepted yet
			a.send(request("CLIENT", "LIST"))
			v, err := wire.ReadValue(a.r)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(v.Str), " flags=b ") {
				break
			}
		}
		c := dial()
		c.expect("-ERR max number of clients reached\r\n")
		c.expectEnd()
		a.ask(request("CLIENT", "KILL", "ADDR", b.nc.LocalAddr().String()), ":1\r\n")
		b.expectEnd()
	})
}

// CONFIG SET port is a command: it moves the listeners from inside a loop.
func TestEngineConfigSetPort(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		s, dial := serveEngine(t, io, nil)
		p := dial()
		port := fmt.Sprint(freePort(t))
		p.ask(request("CONFIG", "SET", "port", port), "+OK\r\n")
		dialTo(t, "tcp", "127.0.0.1:"+port).ask(request("PING"), "+PONG\r\n")
		p.send(request("CONFIG", "SET", "bind", "192.0.2.7"))
		if v, err := wire.ReadValue(p.r); err != nil || v.Err() == nil || !strings.Contains(v.Err().Error(), "192.0.2.7") {
			t.Errorf("%q, %v", v.Str, err)
		}
		dialTo(t, "tcp", s.Addrs()[0].String()).ask(request("PING"), "+PONG\r\n")
	})
}

func TestEngineShutdownWithBlocked(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		s, dial := serveEngine(t, io, nil)
		a, b := dial(), dial()
		a.ask(request("SET", "k", "v")+request("GET", "k"), "+OK\r\n$1\r\nv\r\n")
		b.send(request("BLPOP", "q", "0"))
		b.nc.SetDeadline(time.Now().Add(patience))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		a.expectEnd()
		b.expectEnd()
	})
}
