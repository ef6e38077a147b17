package persist

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// redis is a redis-server that a test has started.
type redis struct {
	t    *testing.T
	cmd  *exec.Cmd
	conn net.Conn
	r    *bufio.Reader
	out  bytes.Buffer
}

// startRedis starts a redis-server in dir, or skips the test when there is none.
func startRedis(t *testing.T, dir string, args ...string) *redis {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: not starting redis-server")
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().(*net.TCPAddr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r := &redis{t: t}
	r.cmd = exec.Command(path, append([]string{"--port", strconv.Itoa(addr.Port), "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--appendonly", "yes", "--enable-debug-command", "yes", "--daemonize", "no"}, args...)...)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.stop)
	for try := 0; ; try++ {
		if r.conn, err = net.Dial("tcp", addr.String()); err == nil {
			break
		}
		if try == 500 {
			t.Fatalf("redis-server does not answer: %v", err)
		}
		time.Sleep(10 * time.Millisecond) // another process: there is nothing to wait on
	}
	r.r = bufio.NewReader(r.conn)
	for strings.HasPrefix(r.do("PING"), "-LOADING") {
		time.Sleep(10 * time.Millisecond)
	}
	return r
}

// stop ends the server; a second call does nothing.
func (r *redis) stop() {
	if r.cmd.ProcessState != nil {
		return
	}
	if r.conn != nil {
		_ = r.conn.Close()
	}
	_ = r.cmd.Process.Signal(os.Interrupt)
	_ = r.cmd.Wait()
}

// do sends a command and returns its reply as text.
func (r *redis) do(args ...string) string {
	r.t.Helper()
	var bs [][]byte
	for _, a := range args {
		bs = append(bs, []byte(a))
	}
	return r.send(bs)
}

func (r *redis) send(args [][]byte) string {
	r.t.Helper()
	if _, err := r.conn.Write(appendRecord(nil, args)); err != nil {
		r.t.Fatalf("%q: %v\n%s", args, err, r.out.String())
	}
	reply, err := r.reply()
	if err != nil {
		r.t.Fatalf("%q: %v\n%s", args, err, r.out.String())
	}
	return reply
}

// must is do for what may not fail.
func (r *redis) must(args ...string) string {
	r.t.Helper()
	reply := r.do(args...)
	if strings.HasPrefix(reply, "-") {
		r.t.Fatalf("%q: %s", args, reply)
	}
	return reply
}

func (r *redis) reply() (string, error) {
	line, err := r.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '$':
		if n < 0 {
			return "(nil)", nil
		}
		b := make([]byte, n+2)
		_, err := io.ReadFull(r.r, b)
		return string(b[:n]), err
	case '*':
		var parts []string
		for range n {
			p, err := r.reply()
			if err != nil {
				return "", err
			}
			parts = append(parts, p)
		}
		return "[" + strings.Join(parts, " ") + "]", nil
	case '+':
		return line[1:], nil
	}
	return line, nil
}

// rewriteAOF runs BGREWRITEAOF and waits for it.
func (r *redis) rewriteAOF() {
	r.t.Helper()
	r.must("BGREWRITEAOF")
	for range 500 {
		info := r.must("INFO", "persistence")
		if strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_rewrite_scheduled:0") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatal("the rewrite does not end")
}

func TestRedisLoadsOurs(t *testing.T) {
	for _, rewrite := range []bool{false, true} {
		t.Run(fmt.Sprintf("rewrite=%v", rewrite), func(t *testing.T) {
			dir := t.TempDir()
			o := testOptions(vfs.OS)
			o.Dir = filepath.Join(dir, DefaultDirName)
			o.TimestampAnnotations = true
			l, m := mustOpen(t, o)
			n := 0
			steps := func(count int) {
				for range count {
					n++
					if err := l.Commit(m.do(l, step(n))); err != nil {
						t.Fatal(err)
					}
				}
			}
			steps(20)
			if rewrite {
				source := hooked{m, func() error { steps(3); return nil }}
				if err := l.Rewrite(context.Background(), source, CauseManual); err != nil {
					t.Fatal(err)
				}
				steps(10)
				// The second base is not finished: three files stay.
				source.during = func() error { steps(3); return errAborted }
				if err := l.Rewrite(context.Background(), source, CauseManual); err == nil {
					t.Fatal("no error")
				}
				steps(4)
			}
			mustClose(t, l)

			r := startRedis(t, dir)
			for key, want := range m.keys {
				db, name, _ := strings.Cut(key, "/")
				r.must("SELECT", db)
				if got := r.must("GET", name); got != want {
					t.Errorf("%s: redis-server has %q, want %q", key, got, want)
				}
			}
			// And back: what redis-server adds and rewrites is ours again.
			r.must("SELECT", "0")
			r.must("APPEND", "trail", "!")
			r.rewriteAOF()
			r.must("APPEND", "trail", "?")
			r.stop()
			l, back := mustOpen(t, o)
			if got := back.keys["0/trail"]; got != m.keys["0/trail"]+"!?" {
				t.Errorf("back from redis-server: %q", got)
			}
			mustClose(t, l)
		})
	}
}

// populate fills a redis-server with each type in each encoding.
func populate(r *redis) {
	big := strings.Repeat("compress me ", 500)
	r.must("SET", "int8", "-7")
	r.must("SET", "int16", "12345")
	r.must("SET", "int32", "-1234567890")
	r.must("SET", "int64", "1234567890123456789")
	r.must("SET", "empty", "")
	r.must("SET", "binary", "\x00\r\n\xff")
	r.must("SET", "big", big)
	r.must("SET", "with ttl", "v", "PXAT", "4102444800123")
	r.must("SET", "zeros", "007")
	list, set, ints := []string{"RPUSH", "long list"}, []string{"SADD", "long set"}, []string{"SADD", "long intset"}
	hash, zset := []string{"HSET", "long hash"}, []string{"ZADD", "long zset"}
	for i := range 700 {
		n := strconv.Itoa(i)
		list = append(list, n, "element "+n)
		set = append(set, "member "+n)
		ints = append(ints, strconv.Itoa(i*70000-3))
		hash = append(hash, "field "+n, n)
		zset = append(zset, strconv.FormatFloat(float64(i)/3, 'g', -1, 64), "member "+n)
	}
	for _, command := range [][]string{list, set, ints, hash, zset} {
		r.must(command...)
	}
	r.must("SADD", "short intset", "7", "8")
	r.must("RPUSH", "list", "", "a", "-1", "4095", "-4097", "32767", "8388607", "-2147483648", "9223372036854775807", big, strings.Repeat("m", 300))
	r.must("RPUSH", "huge node", strings.Repeat("plain", 20000), "x")
	r.must("SADD", "intset", "1", "-2", "300")
	r.must("SADD", "set", "a", "1", "")
	r.must("HSET", "hash", "f", "v", "1", "2", "", "")
	r.must("PEXPIREAT", "hash", "4102444800456")
	r.must("ZADD", "zset", "inf", "a", "-inf", "b", "0.1", "c", "-5", "d")
	r.must("PFADD", "hll", "a", "b", "c")
	r.must("SELECT", "9")
	r.must("SET", "other database", "v")
	r.must("XADD", "stream", "5-1", "f", "v", "a", "1", "f", "again")
	for i := range 300 {
		n := strconv.Itoa(i)
		ms := strconv.Itoa(100 + i*i*1000)
		r.must("XADD", "stream", ms+"-"+strconv.Itoa(i+1), "same", n, "fields", n)
		r.must("XADD", "stream", ms+"-9999999", "other"+n, strings.Repeat(n, i))
	}
	r.must("XDEL", "stream", "1100-2", "4100-3", "5-1")
	r.must("XADD", "gone", "7-7", "a", "b")
	r.must("XDEL", "gone", "7-7")
	r.must("XGROUP", "CREATE", "never", "g", "0", "MKSTREAM")
	r.must("XGROUP", "CREATE", "stream", "one", "0")
	r.must("XGROUP", "CREATE", "stream", "two", "$")
	r.must("XGROUP", "CREATECONSUMER", "stream", "two", "idle")
	r.must("XREADGROUP", "GROUP", "one", "alice", "COUNT", "5", "STREAMS", "stream", ">")
	r.must("XREADGROUP", "GROUP", "one", "bob", "COUNT", "3", "STREAMS", "stream", ">")
	r.must("XACK", "stream", "one", "100-1")
	r.must("PEXPIREAT", "stream", "4102444800789")
	r.must("FUNCTION", "LOAD", "#!lua name=lib\n--"+strings.Repeat(" padding", 50)+
		"\nredis.register_function('f', function() return 1 end)")
	r.must("SELECT", "0")
}

// describe is all that two servers with the same data must agree in. What differs by nature, how
// long ago a consumer was seen, is left out.
func describe(r *redis) string {
	var b strings.Builder
	fmt.Fprintln(&b, r.must("DEBUG", "DIGEST"))
	fmt.Fprintln(&b, r.must("FUNCTION", "LIST", "WITHCODE"))
	for _, db := range []string{"0", "9"} {
		r.must("SELECT", db)
		fmt.Fprintln(&b, db, r.must("DBSIZE"))
		for _, key := range []string{"with ttl", "hash", "stream", "big"} {
			fmt.Fprintln(&b, key, r.must("PEXPIRETIME", key))
		}
	}
	for _, key := range []string{"stream", "gone", "never"} {
		full := r.must("XINFO", "STREAM", key)
		// The radix tree's shape is no part of the data.
		head, tail, _ := strings.Cut(full, " radix-tree-keys ")
		_, tail, _ = strings.Cut(tail, " last-generated-id ")
		fmt.Fprintln(&b, key, head, tail)
		fmt.Fprintln(&b, r.must("XINFO", "GROUPS", key))
		fmt.Fprintln(&b, r.must("XRANGE", key, "-", "+"))
	}
	for _, c := range []string{"alice", "bob"} {
		for _, entry := range strings.Split(r.must("XPENDING", "stream", "one", "-", "+", "100", c), "] [") {
			words := strings.Fields(entry)
			fmt.Fprintln(&b, words[0], words[1], words[3])
		}
	}
	fmt.Fprintln(&b, strings.Count(r.must("XINFO", "CONSUMERS", "stream", "two"), "idle"))
	r.must("SELECT", "0")
	return b.String()
}

func TestOursLoadsRedis(t *testing.T) {
	for _, tt := range []struct {
		name     string
		args     []string
		preamble bool // as Redis before 7 had it: one file, RDB and AOF
	}{
		{"rdb base", nil, false},
		{"rdb base without checksum and compression", []string{"--rdbchecksum", "no", "--rdbcompression", "no"}, false},
		{"aof base", []string{"--aof-use-rdb-preamble", "no"}, false},
		{"one old file with a preamble", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			theirs := startRedis(t, dir, tt.args...)
			populate(theirs)
			theirs.rewriteAOF()
			theirs.must("APPEND", "big", "after the base")
			theirs.must("XADD", "stream2", "1-1", "a", "b")
			want := describe(theirs)
			theirs.stop()
			if tt.preamble {
				toOldFile(t, dir)
			}

			o := testOptions(vfs.OS)
			o.Dir = filepath.Join(dir, DefaultDirName)
			var report bytes.Buffer
			if !tt.preamble {
				if ok, err := Check(vfs.OS, dir, false, &report); err != nil || !ok {
					t.Errorf("check: %v\n%s", err, report.String())
				}
			}
			l, err := Open(o)
			if err != nil {
				t.Fatal(err)
			}
			ours := startRedis(t, t.TempDir())
			stats := replayInto(t, l, ours)
			if got := describe(ours); got != want {
				t.Errorf("after loading\n%s\nwant\n%s", got, want)
			}
			t.Logf("%+v", stats)
			if err := l.Start(); err != nil {
				t.Fatal(err)
			}
			mustClose(t, l)
		})
	}
}

// replayInto gives the log's commands to a server that is empty.
func replayInto(t *testing.T, l *Log, to *redis) ReplayStats {
	t.Helper()
	db := 0
	stats, err := l.Replay(context.Background(), func(in int, args [][]byte) error {
		if in != db {
			to.must("SELECT", strconv.Itoa(in))
			db = in
		}
		if reply := to.send(args); strings.HasPrefix(reply, "-") {
			return fmt.Errorf("%q: %s", args, reply)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return stats
}

// TestOursLoadsOddStreams: an RDB base may hold what no single command can make.
func TestOursLoadsOddStreams(t *testing.T) {
	dir := t.TempDir()
	theirs := startRedis(t, dir)
	for _, id := range []string{"1-0", "2-0", "3-0", "4-0"} {
		for _, key := range []string{"pending", "empty", "back"} {
			theirs.must("XADD", key, id, "f", "v")
		}
	}
	for _, key := range []string{"pending", "empty"} {
		theirs.must("XGROUP", "CREATE", key, "other", "2-0")
		theirs.must("XGROUP", "CREATE", key, "g", "0")
		theirs.must("XREADGROUP", "GROUP", "g", "alice", "COUNT", "3", "STREAMS", key, ">")
	}
	theirs.must("XDEL", "pending", "2-0") // is pending all the same
	theirs.must("XDEL", "empty", "1-0", "2-0", "3-0", "4-0")
	theirs.must("XDEL", "back", "4-0")
	theirs.must("XSETID", "back", "3-0") // before what was deleted
	theirs.rewriteAOF()
	about := func(r *redis) (all string) {
		for _, key := range []string{"pending", "empty", "back"} {
			_, tail, _ := strings.Cut(r.must("XINFO", "STREAM", key), " last-generated-id ") // the radix tree is no part of the data
			all += fmt.Sprintln(key, tail, r.must("XRANGE", key, "-", "+"))
			if key == "back" {
				continue
			}
			all += fmt.Sprintln(r.must("XINFO", "GROUPS", key))
			for _, entry := range strings.Split(r.must("XPENDING", key, "g", "-", "+", "10"), "] [") {
				words := strings.Fields(entry)
				all += fmt.Sprintln(words[0], words[1], words[3])
			}
		}
		return all
	}
	want := about(theirs)
	theirs.stop()
	o := testOptions(vfs.OS)
	o.Dir = filepath.Join(dir, DefaultDirName)
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	ours := startRedis(t, t.TempDir())
	replayInto(t, l, ours)
	if got := about(ours); got != want {
		t.Errorf("after loading\n%s\nwant\n%s", got, want)
	}
	mustClose(t, l)
}

// toOldFile joins base and increment to the single file of older versions.
func toOldFile(t *testing.T, dir string) {
	t.Helper()
	logDir := filepath.Join(dir, DefaultDirName)
	m, _, err := loadManifest(vfs.OS, logDir, DefaultName)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, f := range m.live() {
		b, err := os.ReadFile(filepath.Join(logDir, f.name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.RemoveAll(logDir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, DefaultName), all, 0o600); err != nil {
		t.Fatal(err)
	}
}
