package server

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

func TestListenErrors(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	used := filepath.Join(dir, "used")
	other, err := net.Listen("unix", used)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for _, test := range []struct {
		name string
		bind []string
		port int
		unix string
		want []string
	}{
		{"port in use", []string{"127.0.0.1"}, port, "", []string{taken.Addr().String(), "in use"}},
		{"no such address", []string{"192.0.2.7"}, -1, "", []string{"192.0.2.7", "no such address"}},
		{"nothing", nil, 0, "", []string{"nothing to listen on"}},
		{"unix socket in use", nil, 0, used, []string{used, "in use"}},
		{"unix socket is a file", nil, 0, file, []string{file, "no socket"}},
		{"unix socket without folder", nil, 0, filepath.Join(dir, "none", "s"), []string{filepath.Join(dir, "none", "s")}},
		{"one of two", []string{"127.0.0.1", "192.0.2.7"}, -1, "", []string{"192.0.2.7"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			core := &fakeCore{live: config.NewLive(config.Default())}
			s := newServer(core, nil)
			defer s.Close()
			err := s.Listen(test.bind, test.port, test.unix, 0)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if len(s.Addrs()) > 0 {
				t.Errorf("listens on %v", s.Addrs())
			}
		})
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file became %q, %v", b, err)
	}
}

func TestOptionalAddress(t *testing.T) {
	s := newServer(&fakeCore{live: config.NewLive(config.Default())}, nil)
	defer s.Close()
	if err := s.Listen([]string{"-192.0.2.7", "127.0.0.1"}, -1, "", 0); err != nil || len(s.Addrs()) != 1 {
		t.Errorf("%v, %v", s.Addrs(), err)
	}
}

func TestUnixSocket(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		path := filepath.Join(t.TempDir(), "s.sock")
		stale, err := net.Listen("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		stale.(*net.UnixListener).SetUnlinkOnClose(false)
		stale.Close()
		h := newHarness(t, io, nil)
		if err := h.srv.Listen(nil, 0, path, 0o700); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		h.start()
		p := dialTo(t, "unix", path)
		p.ask(request("ADDR"), bulk(path+":0 unix"))
		if err := h.srv.Close(); err != nil {
			t.Fatal(err)
		}
		p.expectEnd()
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
}

func TestShutdown(t *testing.T) {
	eachFront(t, func(t *testing.T, front string) {
		h := newHarness(t, front, nil)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go func() { h.run <- h.srv.Run(ctx) }()
		reader, blocked, quiet := h.dial(), h.dial(), h.dial()
		quiet.ask(request("PING"), "+PONG\r\n")
		reader.send(request("BIG", "30000000") + request("BLOCK", "r"))
		blocked.send(request("BLOCK", "b"))
		if front == "epoll" { // the other front writes before it goes on
			h.until(t, "both are blocked", func() bool { return len(h.blocked) == 2 })
		} else {
			reader.expect("$30000000\r\n")
		}
		cancel()
		blocked.expectEnd()
		quiet.expectEnd()
		if front == "epoll" {
			reader.expect("$30000000\r\n")
		}
		reader.expect(strings.Repeat("x", 30000000) + "\r\n")
		reader.expectEnd()
		if err := <-h.run; err != nil {
			t.Errorf("Run: %v", err)
		}
		if len(h.sessions) > 0 {
			t.Errorf("%d sessions were not closed", len(h.sessions))
		}
		if nc, err := net.Dial("tcp", h.addr); err == nil {
			nc.Close()
			t.Error("still listening")
		}
		if err := h.srv.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := h.srv.Run(ctx); !errors.Is(err, ErrClosed) {
			t.Errorf("Run again: %v", err)
		}
	})
}

// A command that does not end does not keep the server from ending.
func TestShutdownWhileExecuting(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := newHarness(t, io, func(c *config.Config) { c.Server.ShutdownTimeout = 0 })
		go func() { h.run <- h.srv.Run(context.Background()) }()
		p := h.dial()
		p.send(request("LONG", "x"))
		h.dial().ask(request("PING"), "+PONG\r\n")
		h.until(t, "both are there", func() bool { return len(h.sessions) == 2 })
		if err := h.srv.Close(); err == nil || !strings.Contains(err.Error(), "still executing") {
			t.Errorf("Close: %v", err)
		}
		close(h.long)
		h.until(t, "the session is closed", func() bool { return len(h.sessions) == 0 })
	})
}

func TestCloseWithoutRun(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := newHarness(t, io, nil)
		if err := h.srv.Close(); err != nil {
			t.Error(err)
		}
		if err := h.srv.Close(); err != nil {
			t.Error(err)
		}
		if err := h.srv.Listen([]string{"127.0.0.1"}, -1, "", 0); !errors.Is(err, ErrClosed) {
			t.Errorf("Listen: %v", err)
		}
		if err := newServer(h.fakeCore, nil).Run(context.Background()); err == nil {
			t.Error("Run without Listen")
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestRebind(t *testing.T) {
	eachFront(t, func(t *testing.T, io string) {
		h := serve(t, io, nil)
		p := h.dial()
		p.ask(request("PING"), "+PONG\r\n")
		next := h.live.Get().Clone()
		next.Server.Bind, next.Server.Port = []string{"127.0.0.1"}, freePort(t)
		if err := h.srv.rebind(next); err != nil {
			t.Fatal(err)
		}
		addr := h.srv.Addrs()[0].String()
		dialTo(t, "tcp", addr).ask(request("PING"), "+PONG\r\n")
		p.ask(request("PING"), "+PONG\r\n") // who is connected stays
		if nc, err := net.Dial("tcp", h.addr); err == nil {
			nc.Close()
			t.Error("the old address is still open")
		}

		wide := next.Clone()
		wide.Server.Bind = []string{"*"} // the same port, an address that contains the old one
		if err := h.srv.rebind(wide); err != nil {
			t.Fatal(err)
		}
		dialTo(t, "tcp", addr).ask(request("PING"), "+PONG\r\n")

		bad := wide.Clone()
		bad.Server.Bind = []string{"192.0.2.7"}
		if err := h.srv.rebind(bad); err == nil || !strings.Contains(err.Error(), "192.0.2.7") {
			t.Errorf("rebind: %v", err)
		}
		dialTo(t, "tcp", addr).ask(request("PING"), "+PONG\r\n")
	})
}

func TestProtectedMode(t *testing.T) {
	for _, test := range []struct {
		name   string
		edit   func(*config.Config)
		ip     string
		denied bool
	}{
		{"stranger", nil, "192.0.2.1", true},
		{"loopback", nil, "127.0.0.1", false},
		{"loopback, version 6", nil, "::1", false},
		{"switched off", func(c *config.Config) { c.Security.ProtectedMode = false }, "192.0.2.1", false},
		{"password", func(c *config.Config) { c.Security.RequirePass = "x" }, "192.0.2.1", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHarness(t, "goroutines", test.edit)
			defer h.srv.Close()
			var c client
			o := engine.SessionOptions{Transport: "tcp", Outbox: nil}
			err := h.srv.admit(&c, o, net.ParseIP(test.ip))
			if (err != nil) != test.denied {
				t.Errorf("%v", err)
			}
			if err != nil && !strings.HasPrefix(string(refusal(err)), "-DENIED ") {
				t.Errorf("%q", refusal(err))
			}
		})
	}
}
