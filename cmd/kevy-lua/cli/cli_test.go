package cli

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// fakeServer answers requests from a table; what is not in it is an error.
type fakeServer struct {
	l       net.Listener
	answers map[string]string

	mu   sync.Mutex
	seen []string
}

func newFakeServer(t *testing.T, answers map[string]string) *fakeServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fakeServer{l: l, answers: answers}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { s.serve(nc) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		group.Wait()
	})
	return s
}

func (s *fakeServer) serve(nc net.Conn) {
	defer nc.Close()
	r := bufio.NewReader(nc)
	for {
		v, err := wire.ReadValue(r)
		if err != nil {
			return
		}
		var words []string
		for _, e := range v.Elems {
			words = append(words, string(e.Str))
		}
		line := strings.Join(words, " ")
		s.mu.Lock()
		s.seen = append(s.seen, line)
		s.mu.Unlock()
		answer, ok := s.answers[line]
		switch {
		case !ok:
			answer = "-ERR unknown\r\n"
		case answer == "close":
			return
		}
		nc.Write([]byte(answer))
	}
}

func (s *fakeServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.seen...)
}

func (s *fakeServer) port() string {
	_, port, _ := net.SplitHostPort(s.l.Addr().String())
	return port
}

// run calls Main with the fake server's port in front.
func (s *fakeServer) run(in string, args ...string) (code int, out, errOut string) {
	var o, e strings.Builder
	code = Main(append([]string{"-p", s.port()}, args...), strings.NewReader(in), &o, &e)
	return code, o.String(), e.String()
}

func TestMainOptions(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "")
	script := filepath.Join(t.TempDir(), "s.lua")
	if err := os.WriteFile(script, []byte("return 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newFakeServer(t, map[string]string{
		"EVAL return 1 2 a b -1 ,": ":1\r\n", "EVAL return 1 0": ":2\r\n",
		"PING": "+PONG\r\n", "SELECT 3": "+OK\r\n", "SELECT 99": "-ERR DB index is out of range\r\n",
		"AUTH pw": "+OK\r\n", "AUTH ann pw": "+OK\r\n", "AUTH bad": "-WRONGPASS no\r\n", "HELLO 3": "%0\r\n",
		"SET k some\ntext": "+OK\r\n", "GET none": "$-1\r\n", "HGETALL h": "%1\r\n$1\r\na\r\n:1\r\n", "SHUTDOWN": "close", "GET -1": "$1\r\nm\r\n",
	})
	for _, test := range []struct {
		name     string
		in       string
		args     []string
		code     int
		out, err string
		seen     string
	}{
		{name: "command", args: []string{"PING"}, out: "PONG\n", seen: "PING"},
		{name: "no terminal", args: []string{"GET", "none"}, out: "\n", seen: "GET none"},
		{name: "no raw", args: []string{"--no-raw", "GET", "none"}, out: "(nil)\n", seen: "GET none"},
		{name: "argument like an option", args: []string{"GET", "-1"}, out: "m\n", seen: "GET -1"},
		{name: "database", args: []string{"-n", "3", "PING"}, out: "PONG\n", seen: "SELECT 3|PING"},
		{name: "no such database", args: []string{"-n", "99", "PING"}, out: "PONG\n", err: "SELECT 99 failed: ERR DB index is out of range\n", seen: "SELECT 99|PING"},
		{name: "password", args: []string{"--no-auth-warning", "-a", "pw", "PING"}, out: "PONG\n", seen: "AUTH pw|PING"},
		{name: "user", args: []string{"--no-auth-warning", "--user", "ann", "--pass", "pw", "PING"}, out: "PONG\n", seen: "AUTH ann pw|PING"},
		{name: "wrong password", args: []string{"-a", "bad", "PING"}, out: "PONG\n",
			err:  "Warning: other users of this machine can see a password that is given on the command line.\nAUTH failed: WRONGPASS no\n",
			seen: "AUTH bad|PING"},
		{name: "RESP3", args: []string{"-3", "--no-raw", "HGETALL", "h"}, out: "1# \"a\" => (integer) 1\n", seen: "HELLO 3|HGETALL h"},
		{name: "last argument from input", in: "some\ntext", args: []string{"-x", "SET", "k"}, out: "OK\n", seen: "SET k some\ntext"},
		{name: "a script", args: []string{"--eval", script, "a", "b", ",", "-1", ","}, out: "1\n", seen: "EVAL return 1 2 a b -1 ,"},
		{name: "a script without keys", args: []string{"--eval", script}, out: "2\n", seen: "EVAL return 1 0"},
		{name: "no script", args: []string{"--eval", "nosuch.lua"}, code: 2, err: "kevy-lua cli: open nosuch.lua: no such file or directory\nTry 'kevy-lua cli --help'.\n"},
		{name: "repeat", args: []string{"-r", "3", "PING"}, out: "PONG\nPONG\nPONG\n", seen: "PING|PING|PING"},
		{name: "error", args: []string{"NOPE"}, out: "ERR unknown\n\n", seen: "NOPE"},
		{name: "error counts", args: []string{"-e", "NOPE"}, code: 1, err: "ERR unknown\n", seen: "NOPE"},
		{name: "shutdown", args: []string{"SHUTDOWN"}, seen: "SHUTDOWN"},
		{name: "lines", in: "PING\n\n \nSELECT 3\n2 PING\nECHO \"a\nquit\nPING\n", out: "PONG\nOK\nPONG\nPONG\nInvalid argument(s)\n", seen: "PING|SELECT 3|PING|PING"},
		{name: "last line without end", in: "PING", out: "PONG\n", seen: "PING"},
		{name: "lines, error counts", in: "PING\nNOPE\nPING\n", args: []string{"-e"}, code: 1, out: "PONG\n", err: "ERR unknown\n", seen: "PING|NOPE"},
		{name: "unknown option", args: []string{"--nope"}, code: 2, err: "kevy-lua cli: flag provided but not defined: -nope\nTry 'kevy-lua cli --help'.\n"},
		{name: "both raw", args: []string{"--raw", "--no-raw"}, code: 2, err: "kevy-lua cli: --raw and --no-raw exclude each other\nTry 'kevy-lua cli --help'.\n"},
		{name: "bad port", args: []string{"-p", "0"}, code: 2, err: "kevy-lua cli: port 0 is not between 1 and 65535\nTry 'kevy-lua cli --help'.\n"},
		{name: "-x alone", args: []string{"-x"}, code: 2, err: "kevy-lua cli: -x needs a command\nTry 'kevy-lua cli --help'.\n"},
		{name: "help", args: []string{"--help"}, out: usage},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.requests())
			code, out, errOut := s.run(test.in, test.args...)
			if code != test.code || out != test.out || errOut != test.err {
				t.Errorf("code %d, out %q, err %q; want %d, %q, %q", code, out, errOut, test.code, test.out, test.err)
			}
			if seen := strings.Join(s.requests()[before:], "|"); seen != test.seen {
				t.Errorf("sent %q, want %q", seen, test.seen)
			}
		})
	}
}

func TestPasswordFromEnvironment(t *testing.T) {
	t.Setenv("REDISCLI_AUTH", "pw")
	s := newFakeServer(t, map[string]string{"AUTH pw": "+OK\r\n", "PING": "+PONG\r\n"})
	if code, out, errOut := s.run("", "PING"); code != 0 || out != "PONG\n" || errOut != "" {
		t.Errorf("%d, %q, %q", code, out, errOut)
	}
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(addr)
	socket := filepath.Join(t.TempDir(), "none.sock")
	for _, test := range []struct {
		args []string
		in   string
		want string
	}{
		{[]string{"-p", port, "PING"}, "", addr + ": connection refused\n"},
		{[]string{"-p", port}, "PING\n", addr + ": connection refused\n"},
		{[]string{"-s", socket, "PING"}, "", socket + ": no such file or directory\n"},
	} {
		var out, errOut strings.Builder
		code := Main(test.args, strings.NewReader(test.in), &out, &errOut)
		if want := "Error: could not connect to the server at " + test.want; code != 1 || errOut.String() != want {
			t.Errorf("%v: %d, %q; want %q", test.args, code, errOut.String(), want)
		}
	}
}

// A lost connection costs the command that met it, no other, and is opened again
// with its database.
func TestReconnect(t *testing.T) {
	s := newFakeServer(t, map[string]string{"PING": "+PONG\r\n", "SELECT 3": "+OK\r\n", "DIE": "close"})
	code, out, errOut := s.run("SELECT 3\nDIE\nPING\n")
	if code != 0 || out != "OK\nPONG\n" || errOut != "Error: the server closed the connection\n" {
		t.Errorf("%d, %q, %q", code, out, errOut)
	}
	if want := []string{"SELECT 3", "DIE", "SELECT 3", "PING"}; !reflect.DeepEqual(s.requests(), want) {
		t.Errorf("sent %q", s.requests())
	}
}

// A connection that has died since is found out before anything is sent.
func TestReconnectBeforeSending(t *testing.T) {
	s := newFakeServer(t, map[string]string{"PING": "+PONG\r\n"})
	o, err := parse([]string{"-p", s.port()})
	if err != nil {
		t.Fatal(err)
	}
	var out, errOut strings.Builder
	c := &client{o: o, out: &out, err: &errOut, raw: true}
	defer c.close()
	if err := c.execute([]string{"PING"}); err != nil {
		t.Fatal(err)
	}
	c.link.nc.(*net.TCPConn).CloseWrite() // the server closes in turn
	c.link.r.Peek(1)
	c.link.used = time.Time{}
	if err := c.execute([]string{"PING"}); err != nil || out.String() != "PONG\nPONG\n" {
		t.Errorf("%v, %q, %q", err, out.String(), errOut.String())
	}
}

func TestStream(t *testing.T) {
	s := newFakeServer(t, map[string]string{
		"SUBSCRIBE a b": "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n",
		"SUBSCRIBE":     "-ERR wrong number\r\n", "MONITOR": "+OK\r\n+1.5 [0 x] \"ping\"\r\n", "PING": "+PONG\r\n",
	})
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"SUBSCRIBE", "a", "b"}, "Reading messages... (press Ctrl-C to quit)\n" +
			"1) \"subscribe\"\n2) \"a\"\n3) (integer) 1\n1) \"subscribe\"\n2) \"b\"\n3) (integer) 2\n"},
		{[]string{"MONITOR"}, "OK\n1.5 [0 x] \"ping\"\n"},
	} {
		out := &signalWriter{want: test.want, full: make(chan struct{})}
		var errOut strings.Builder
		o, err := parse([]string{"-p", s.port(), "--no-raw"})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{o: o, out: out, err: &errOut, interrupts: make(chan os.Signal, 1)}
		done := make(chan error, 1)
		go func() { done <- c.execute(test.args) }()
		<-out.full
		c.interrupts <- os.Interrupt
		if err := <-done; err != nil || errOut.String() != "" {
			t.Errorf("%v: %v, %q", test.args, err, errOut.String())
		}
		if err := c.execute([]string{"PING"}); err != nil || out.String() != test.want+"PONG\n" {
			t.Errorf("%v: afterwards %v, %q", test.args, err, out.String())
		}
		c.close()
	}
	if code, out, _ := s.run("SUBSCRIBE\nPING\n", "--no-raw"); code != 0 || !strings.HasSuffix(out, "(error) ERR wrong number\nPONG\n") {
		t.Errorf("%d, %q", code, out)
	}
}

// signalWriter closes full when it holds what is wanted.
type signalWriter struct {
	want string
	full chan struct{}
	mu   sync.Mutex
	b    strings.Builder
}

func (w *signalWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(p)
	if w.b.String() == w.want {
		close(w.full)
	}
	return len(p), nil
}

func (w *signalWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

func TestPromptAndState(t *testing.T) {
	s := newFakeServer(t, map[string]string{
		"SELECT 2": "+OK\r\n", "MULTI": "+OK\r\n", "SELECT 5": "+QUEUED\r\n", "EXEC": "*1\r\n+OK\r\n", "DISCARD": "+OK\r\n",
		"RESET": "+RESET\r\n", "SELECT 77": "-ERR DB index is out of range\r\n", "CLIENT REPLY ON": "+OK\r\n", "PING": "+PONG\r\n",
		"CLIENT REPLY OFF": "", "CLIENT REPLY SKIP": "", "SET a 1": "",
	})
	var out strings.Builder
	c := &client{o: options{host: "127.0.0.1", repeat: 1}, out: &out, err: &out, raw: true}
	c.o.port, _ = strconv.Atoi(s.port())
	defer c.close()
	if c.prompt() != "not connected> " {
		t.Errorf("prompt %q", c.prompt())
	}
	base := "127.0.0.1:" + s.port()
	for _, step := range []struct{ line, prompt string }{
		{"SELECT 77", "> "}, {"SELECT 2", "[2]> "}, {"MULTI", "[2](TX)> "}, {"SELECT 5", "[2](TX)> "}, {"EXEC", "[5]> "},
		{"MULTI", "[5](TX)> "}, {"DISCARD", "[5]> "}, {"RESET", "> "},
		{"CLIENT REPLY OFF", "> "}, {"SET a 1", "> "}, {"CLIENT REPLY ON", "> "}, {"CLIENT REPLY SKIP", "> "}, {"SET a 1", "> "}, {"PING", "> "},
	} {
		if err := c.execute(strings.Fields(step.line)); err != nil {
			t.Fatalf("%s: %v", step.line, err)
		}
		if got := c.prompt(); got != base+step.prompt {
			t.Errorf("after %s: %q, want %q", step.line, got, base+step.prompt)
		}
	}
}

func TestSecrets(t *testing.T) {
	for line, want := range map[string]bool{
		"AUTH x": true, "auth u p": true, "3 AUTH x": true, "HELLO 3 AUTH u p": true, "HELLO 3": false, "SET auth x": false,
		"ACL SETUSER u >pw": true, "ACL LIST": false, "config set requirepass x": true, "CONFIG SET maxmemory 1 requirepass x": true,
		"CONFIG GET requirepass": false, "MIGRATE h 1 k 0 1 AUTH x": true, "MIGRATE h 1 k 0 1": false, "GET k": false,
	} {
		if got := secret(strings.Fields(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

func TestHelpAndCompletion(t *testing.T) {
	docs := "*2\r\n$3\r\nget\r\n*4\r\n$7\r\nsummary\r\n$12\r\nRead a value\r\n$5\r\nsince\r\n$5\r\n1.0.0\r\n"
	s := newFakeServer(t, map[string]string{
		"COMMAND DOCS get": docs, "COMMAND DOCS nope": "*0\r\n",
		"COMMAND LIST": "*4\r\n$3\r\nset\r\n$3\r\nget\r\n$6\r\ngetdel\r\n$10\r\nconfig|get\r\n", "PING": "+PONG\r\n",
	})
	if _, out, _ := s.run("help\nhelp get\n? nope\n"); out != replHelp+"\n  GET\n  summary: Read a value\n  since: 1.0.0\n\nThe server has no documentation of NOPE.\n" {
		t.Errorf("%q", out)
	}
	var out strings.Builder
	c := &client{o: options{host: "127.0.0.1"}, out: &out, err: &out, raw: true}
	c.o.port, _ = strconv.Atoi(s.port())
	defer c.close()
	comp := &completer{client: c}
	if more, _ := comp.Do([]rune("g"), 1); len(more) > 0 {
		t.Errorf("completed %q without a connection", more)
	}
	if err := c.execute([]string{"PING"}); err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{"g": "[et  etdel ]", "GE": "[T  TDEL ]", "getd": "[el ]", "x": "[]", "get ": "[]", "": "[]"} {
		more, _ := comp.Do([]rune(typed), len(typed))
		var words []string
		for _, m := range more {
			words = append(words, string(m))
		}
		if got := fmt.Sprint(words); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

func TestHistoryFile(t *testing.T) {
	t.Setenv("HOME", "/home/ann")
	os.Unsetenv("KEVYCLI_HISTFILE")
	if got := historyFile(); got != "/home/ann/.kevylua_history" {
		t.Errorf("%q", got)
	}
	t.Setenv("KEVYCLI_HISTFILE", os.DevNull)
	if got := historyFile(); got != "" {
		t.Errorf("%q", got)
	}
	t.Setenv("KEVYCLI_HISTFILE", "/elsewhere")
	if got := historyFile(); got != "/elsewhere" {
		t.Errorf("%q", got)
	}
}

func TestCommandExit(t *testing.T) {
	c := Command()
	c.SetArgs([]string{"--nope"})
	var exit Exit
	if err := c.Execute(); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		t.Errorf("%v", err)
	}
}
