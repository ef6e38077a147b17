package commandtest

import (
	"bufio"
	"bytes"
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

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Redis is a redis-server 7.0 of the test's own, ended with the test.
type Redis struct {
	t    testing.TB
	path string
	conn *conn
}

type conn struct {
	net.Conn
	got bytes.Buffer // what was read since the last request
	r   *bufio.Reader
}

// StartRedis starts a redis-server on a socket file. When none of version 7.0
// is installed it skips the test, or returns nil when the test is not required to have one.
func StartRedis(t testing.TB, required bool) *Redis {
	t.Helper()
	return startRedis(t, "", required)
}

// StartRedisDebug is StartRedis for a server that allows DEBUG.
func StartRedisDebug(t testing.TB) *Redis {
	t.Helper()
	return startRedis(t, "", true, "--enable-debug-command", "yes")
}

// StartRedisIn is StartRedis for a server that loads the dump.rdb in dir.
func StartRedisIn(t testing.TB, dir string) *Redis {
	t.Helper()
	return startRedis(t, dir, true)
}

func startRedis(t testing.TB, data string, required bool, more ...string) *Redis {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err == nil {
		var version []byte
		if version, err = exec.Command(program, "--version").Output(); err == nil && !bytes.Contains(version, []byte(" v=7.0.")) {
			err = fmt.Errorf("it is not of version 7.0: %s", version)
		}
	}
	if err != nil {
		if required {
			t.Skipf("no redis-server to compare with: %v", err)
		}
		t.Logf("not compared with redis-server: %v", err)
		return nil
	}
	dir, err := os.MkdirTemp("", "oracle") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if data == "" {
		data = dir
	}
	r := &Redis{t: t, path: filepath.Join(dir, "redis.sock")}
	args := []string{"--port", "0", "--unixsocket", r.path, "--save", "", "--dir", data}
	r.start(exec.Command(program, append(args, more...)...))
	r.conn = r.dial()
	return r
}

// start starts the server and returns when it says that it listens.
func (r *Redis) start(cmd *exec.Cmd) {
	r.t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		r.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	listening, ended := make(chan struct{}, 1), make(chan struct{})
	go func() { // ends with the server
		defer close(ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.Contains(lines.Text(), "eady to accept connections") {
				listening <- struct{}{}
				break
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = cmd.Wait() // the error says that it was killed
	})
	select {
	case <-listening:
	case <-ended:
		r.t.Fatal("redis-server ended instead of listening")
	case <-time.After(10 * time.Second):
		r.t.Fatal("redis-server does not listen")
	}
}

func (r *Redis) dial() *conn {
	r.t.Helper()
	nc, err := net.Dial("unix", r.path)
	if err != nil {
		r.t.Fatal(err)
	}
	c := &conn{Conn: nc}
	c.r = bufio.NewReader(io.TeeReader(nc, &c.got))
	r.t.Cleanup(func() { _ = nc.Close() })
	return c
}

// Raw executes a command and returns the bytes of its reply.
func (r *Redis) Raw(args ...string) []byte {
	r.t.Helper()
	_, raw := r.conn.do(r.t, args)
	return raw
}

// Do executes a command and returns its reply.
func (r *Redis) Do(args ...string) wire.Value {
	r.t.Helper()
	v, _ := r.conn.do(r.t, args)
	return v
}

// Hello begins anew: a fresh connection with protocol 2 or 3, no keys.
func (r *Redis) Hello(proto int) {
	r.t.Helper()
	r.reconnect(proto)
	r.Do("FLUSHALL")
}

func (r *Redis) reconnect(proto int) {
	r.t.Helper()
	_ = r.conn.Close()
	r.conn = r.dial()
	if proto == 3 {
		r.Do("HELLO", "3")
	}
}

func (c *conn) do(t testing.TB, args []string) (wire.Value, []byte) {
	t.Helper()
	var b []byte
	b = fmt.Appendf(b, "*%d\r\n", len(args))
	for _, a := range args {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(a), a)
	}
	c.got.Reset()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(b); err != nil {
		t.Fatalf("%s: %v", Line(args), err)
	}
	v, err := wire.ReadValue(c.r)
	if err != nil {
		t.Fatalf("reply to %s: %v", short(Line(args)), err)
	}
	return v, bytes.Clone(c.got.Bytes())
}

// load executes records, in their databases.
func (r *Redis) load(records []record) {
	r.t.Helper()
	r.Hello(2)
	db := 0
	for _, rec := range records {
		if rec.db != db {
			r.Do("SELECT", strconv.Itoa(rec.db))
			db = rec.db
		}
		if err := r.Do(rec.args...).Err(); err != nil {
			r.t.Fatalf("redis-server does not load %s: %v", short(Line(rec.args)), err)
		}
	}
}

// dump is Server.Dump of a redis-server, without the keys whose deadline is
// not after now.
func (r *Redis) dump(now int64) map[string]string {
	r.t.Helper()
	r.reconnect(2)
	dump := map[string]string{}
	for db := range 16 {
		r.Do("SELECT", strconv.Itoa(db))
		for _, k := range r.Do("KEYS", "*").Elems {
			key := string(k.Str)
			deadline := r.Do("PEXPIRETIME", key).Int
			if deadline != -1 && deadline <= now {
				continue
			}
			typ := string(r.Do("TYPE", key).Str)
			dump[fmt.Sprintf("%d/%s", db, key)] = entry(typ, deadline, r.content(typ, key))
		}
	}
	return dump
}

func (r *Redis) content(typ, key string) (value []string) {
	r.t.Helper()
	if typ == "stream" {
		return redisStream(r.Do("XINFO", "STREAM", key, "FULL", "COUNT", "0"))
	}
	read := map[string][]string{
		"string": {"GET", key}, "hash": {"HGETALL", key}, "list": {"LRANGE", key, "0", "-1"},
		"set": {"SMEMBERS", key}, "zset": {"ZRANGE", key, "0", "-1", "WITHSCORES"},
	}[typ]
	if read == nil {
		return []string{"a value of type " + typ}
	}
	v := r.Do(read...)
	if typ == "string" {
		return []string{string(v.Str)}
	}
	for i, e := range v.Elems {
		s := string(e.Str)
		if typ == "zset" && i%2 == 1 { // Redis prints 17 digits, as content does, but inf without sign
			s = strings.TrimPrefix(s, "+")
			if s == "inf" {
				s = "+Inf"
			} else if s == "-inf" {
				s = "-Inf"
			}
		}
		value = append(value, s)
	}
	return value
}

// redisStream is streamContent of what XINFO STREAM FULL replies.
func redisStream(info wire.Value) (value []string) {
	f := fields(info)
	number := func(v wire.Value) string {
		if v.IsNull() {
			return "-1"
		}
		return strconv.FormatInt(v.Int, 10)
	}
	value = append(value, string(f["last-generated-id"].Str), string(f["max-deleted-entry-id"].Str), number(f["entries-added"]))
	for _, e := range f["entries"].Elems {
		value = append(value, string(e.Elems[0].Str))
		for _, v := range e.Elems[1].Elems {
			value = append(value, string(v.Str))
		}
	}
	for _, group := range f["groups"].Elems {
		g := fields(group)
		value = append(value, "group", string(g["name"].Str), string(g["last-delivered-id"].Str), number(g["entries-read"]))
		for _, p := range g["pending"].Elems {
			value = append(value, string(p.Elems[0].Str), string(p.Elems[1].Str), number(p.Elems[3]))
		}
		for _, consumer := range g["consumers"].Elems {
			c := fields(consumer)
			value = append(value, "consumer", string(c["name"].Str), number(c["pel-count"]))
		}
	}
	return value
}
