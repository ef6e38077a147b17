package spec

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

var record = flag.Bool("record", false, "write redis-server's answers into the *.spec files")

// step is one line of a spec with what is expected to follow it.
type step struct {
	line   int
	client string // "" for the first connection
	send   string // "" for "b<": only read
	want   []string
}

type specTest struct {
	title string
	steps []step
}

type specFile struct {
	path     string
	onlyKevy bool
	lines    []string
	tests    []specTest
}

func readSpec(path string) (*specFile, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	f := &specFile{path: path, lines: strings.Split(strings.TrimRight(string(text), "\n"), "\n")}
	for n, l := range f.lines {
		if err := f.add(n+1, l); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n+1, err)
		}
	}
	return f, nil
}

func (f *specFile) add(n int, l string) error {
	if strings.HasPrefix(l, "#") {
		f.onlyKevy = f.onlyKevy || strings.HasPrefix(l, "# only: kevy")
		return nil
	}
	if title, ok := strings.CutPrefix(l, "== "); ok {
		f.tests = append(f.tests, specTest{title: title})
		return nil
	}
	if strings.TrimSpace(l) == "" {
		return nil
	}
	if len(f.tests) == 0 {
		return fmt.Errorf("a line before the first title")
	}
	t := &f.tests[len(f.tests)-1]
	client, rest, isSend := cutClient(l, "> ")
	if isSend {
		t.steps = append(t.steps, step{line: n, client: client, send: rest})
		return nil
	}
	if client, _, isRead := cutClient(l+" ", "< "); isRead {
		t.steps = append(t.steps, step{line: n, client: client})
		return nil
	}
	if len(t.steps) == 0 {
		return fmt.Errorf("an answer before the first command")
	}
	s := &t.steps[len(t.steps)-1]
	s.want = append(s.want, l)
	return nil
}

// cutClient splits "b> SET k v" into the connection's name and the rest.
func cutClient(l, mark string) (client, rest string, ok bool) {
	before, after, found := strings.Cut(l, mark)
	if !found || len(before) > 1 || strings.ContainsAny(before, " \"()") {
		return "", "", false
	}
	return before, after, true
}

// peer is one connection to the server under test.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
}

type target struct {
	addr  string
	peers map[string]*peer
}

func (t *target) peer(name string) (*peer, error) {
	if p := t.peers[name]; p != nil {
		return p, nil
	}
	c, err := net.Dial("tcp", t.addr)
	if err != nil {
		return nil, err
	}
	p := &peer{conn: c, r: bufio.NewReader(c)}
	t.peers[name] = p
	return p, nil
}

func (t *target) close() {
	for _, p := range t.peers {
		p.conn.Close()
	}
	t.peers = map[string]*peer{}
}

func (p *peer) send(line string) error {
	args, ok := wire.SplitArgs(nil, []byte(line))
	if !ok {
		return fmt.Errorf("unbalanced quotes: %s", line)
	}
	var w wire.Writer
	w.Array(len(args))
	for _, a := range args {
		w.Bulk(a)
	}
	_, err := p.conn.Write(w.Buf)
	return err
}

func (p *peer) read() ([]string, error) {
	p.conn.SetReadDeadline(time.Now().Add(time.Minute))
	v, err := wire.ReadValue(p.r)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimRight(show(v, ""), "\n"), "\n"), nil
}

// play runs a test and returns what each step answered.
func (t *target) play(test *specTest) ([][]string, error) {
	defer t.close()
	p, err := t.peer("")
	if err != nil {
		return nil, err
	}
	for _, reset := range []string{"FLUSHALL", "FUNCTION FLUSH", "CONFIG SET notify-keyspace-events ''"} {
		if err := p.send(reset); err != nil {
			return nil, err
		}
		if _, err := p.read(); err != nil {
			return nil, err
		}
	}
	var got [][]string
	for _, s := range test.steps {
		p, err := t.peer(s.client)
		if err != nil {
			return nil, err
		}
		if s.send != "" {
			if err := p.send(s.send); err != nil {
				return nil, fmt.Errorf("line %d: %w", s.line, err)
			}
			if s.client != "" && len(s.want) == 0 {
				if err := t.settle(); err != nil {
					return nil, fmt.Errorf("line %d: %w", s.line, err)
				}
				got = append(got, nil)
				continue // its answer comes at "b<"
			}
		}
		lines, err := p.read()
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", s.line, err)
		}
		got = append(got, lines)
	}
	return got, nil
}

// settle waits until the server has parked the client that has just sent a
// command whose answer comes later.
func (t *target) settle() error {
	p, err := t.peer("settle")
	if err != nil {
		return err
	}
	for range 1000 {
		if err := p.send("CLIENT LIST"); err != nil {
			return err
		}
		lines, err := p.read()
		if err != nil {
			return err
		}
		if strings.Contains(strings.Join(lines, "\n"), "flags=b") {
			return nil
		}
	}
	return fmt.Errorf("no client is blocked")
}

// show prints a reply as redis-cli does.
func show(v wire.Value, indent string) string {
	switch {
	case v.IsNull():
		return "(nil)\n"
	case v.Kind == wire.KindError:
		return "(error) " + string(v.Str) + "\n"
	case v.Kind == wire.KindStatus:
		return string(v.Str) + "\n"
	case v.Kind == wire.KindInt:
		return "(integer) " + strconv.FormatInt(v.Int, 10) + "\n"
	case v.Kind == wire.KindDouble:
		return "(double) " + string(v.Str) + "\n"
	case v.Kind == wire.KindBool:
		return map[int64]string{1: "(true)\n", 0: "(false)\n"}[v.Int]
	case v.Kind == wire.KindMap:
		return showMap(v, indent)
	case v.Elems != nil || v.Kind == wire.KindArray || v.Kind == wire.KindSet || v.Kind == wire.KindPush:
		return showArray(v, indent)
	}
	return strconv.Quote(string(v.Str)) + "\n"
}

func showArray(v wire.Value, indent string) string {
	if len(v.Elems) == 0 {
		return map[wire.Kind]string{wire.KindSet: "(empty set)\n"}[v.Kind] + map[bool]string{true: "(empty array)\n"}[v.Kind != wire.KindSet]
	}
	width := len(strconv.Itoa(len(v.Elems)))
	mark := map[wire.Kind]string{wire.KindSet: "~"}[v.Kind]
	if mark == "" {
		mark = ")"
	}
	var b strings.Builder
	for i, e := range v.Elems {
		if i > 0 {
			b.WriteString(indent)
		}
		fmt.Fprintf(&b, "%*d%s %s", width, i+1, mark, show(e, indent+strings.Repeat(" ", width+2)))
	}
	return b.String()
}

func showMap(v wire.Value, indent string) string {
	if len(v.Elems) == 0 {
		return "(empty hash)\n"
	}
	width := len(strconv.Itoa(len(v.Elems) / 2))
	var b strings.Builder
	for i := 0; i+1 < len(v.Elems); i += 2 {
		if i > 0 {
			b.WriteString(indent)
		}
		pad := indent + strings.Repeat(" ", width+2)
		fmt.Fprintf(&b, "%*d# %s => %s", width, i/2+1, strings.TrimRight(show(v.Elems[i], pad), "\n"), show(v.Elems[i+1], pad))
	}
	return b.String()
}

func TestSpecs(t *testing.T) {
	paths, err := filepath.Glob("*.spec")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no specs: %v", err)
	}
	kevy, sharded := startKevy(t, 1), startKevy(t, 4)
	redis := startRedis(t)
	for _, path := range paths {
		f, err := readSpec(path)
		if err != nil {
			t.Fatal(err)
		}
		if *record && redis != nil && !f.onlyKevy {
			rewriteSpec(t, f, redis)
			continue
		}
		for i := range f.tests {
			test := &f.tests[i]
			t.Run("kevy/"+path+"/"+test.title, func(t *testing.T) { check(t, f, kevy, test) })
			t.Run("sharded/"+path+"/"+test.title, func(t *testing.T) { check(t, f, sharded, test) })
			if redis != nil && !f.onlyKevy {
				t.Run("redis/"+path+"/"+test.title, func(t *testing.T) { check(t, f, redis, test) })
			}
		}
	}
}

func check(t *testing.T, f *specFile, on *target, test *specTest) {
	got, err := on.play(test)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range test.steps {
		if s.client != "" && s.send != "" && len(s.want) == 0 {
			continue
		}
		if g, w := strings.Join(got[i], "\n"), strings.Join(s.want, "\n"); g != w {
			t.Errorf("%s:%d: %s\n--- got\n%s\n--- want\n%s", f.path, s.line, s.send, g, w)
		}
	}
}

// rewriteSpec puts the oracle's answers in the place of the expected ones.
func rewriteSpec(t *testing.T, f *specFile, oracle *target) {
	answers := map[int][]string{}
	for i := range f.tests {
		got, err := oracle.play(&f.tests[i])
		if err != nil {
			t.Fatal(err)
		}
		for j, s := range f.tests[i].steps {
			answers[s.line] = got[j]
		}
	}
	var out []string
	for n, l := range f.lines {
		_, _, isSend := cutClient(l, "> ")
		_, _, isRead := cutClient(l+" ", "< ")
		switch {
		case isSend || isRead:
			out = append(append(out, l), answers[n+1]...)
		case strings.HasPrefix(l, "#") || strings.HasPrefix(l, "== ") || strings.TrimSpace(l) == "":
			out = append(out, l)
		}
	}
	if err := os.WriteFile(f.path, []byte(strings.Join(out, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func startKevy(t *testing.T, shards int) *target {
	t.Helper()
	cfg := config.Default()
	cfg.Server.Port, cfg.Server.Bind, cfg.Server.Shards = 0, []string{"127.0.0.1"}, shards
	db, err := kevylua.Open(kevylua.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	server, err := db.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return &target{addr: server.Addrs()[0].String(), peers: map[string]*peer{}}
}

// startRedis starts the oracle, or returns nil where it is not installed.
func startRedis(t *testing.T) *target {
	t.Helper()
	bin, err := exec.LookPath("redis-server")
	if err != nil {
		t.Log("redis-server is not installed: the specs are not held against it")
		return nil
	}
	port := freePort(t)
	cmd := exec.Command(bin, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	r := &target{addr: fmt.Sprintf("127.0.0.1:%d", port), peers: map[string]*peer{}}
	waitFor(t, "redis-server listens", func() bool {
		_, err := r.peer("")
		return err == nil
	})
	return r
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

// waitFor polls for what another process does; there is nothing to wait on.
func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !cond() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
