package keyspace

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// encodingCases are done on a keyspace and on redis-server; the key is always k.
var encodingCases = []struct {
	name  string
	redis []string // commands; x<n> stands for n times the letter x
	ours  func(d *DB, k []byte)
	want  string
}{
	{"int", []string{"SET k 123"}, func(d *DB, k []byte) { d.SetString(k, []byte("123"), 0) }, "int"},
	{"smallest int", []string{"SET k -9223372036854775808"}, func(d *DB, k []byte) { d.SetString(k, []byte("-9223372036854775808"), 0) }, "int"},
	{"above the largest int", []string{"SET k 9223372036854775808"}, func(d *DB, k []byte) { d.SetString(k, []byte("9223372036854775808"), 0) }, "embstr"},
	{"leading zero", []string{"SET k 0123"}, func(d *DB, k []byte) { d.SetString(k, []byte("0123"), 0) }, "embstr"},
	{"minus zero", []string{"SET k -0"}, func(d *DB, k []byte) { d.SetString(k, []byte("-0"), 0) }, "embstr"},
	{"plus", []string{"SET k +1"}, func(d *DB, k []byte) { d.SetString(k, []byte("+1"), 0) }, "embstr"},
	{"44 bytes", []string{"SET k x44"}, func(d *DB, k []byte) { d.SetString(k, xs(44), 0) }, "embstr"},
	{"45 bytes", []string{"SET k x45"}, func(d *DB, k []byte) { d.SetString(k, xs(45), 0) }, "raw"},
	{"append to nothing", []string{"APPEND k 12"}, func(d *DB, k []byte) { d.AppendString(k, []byte("12")) }, "int"},
	{"append", []string{"SET k 1", "APPEND k 2"}, func(d *DB, k []byte) {
		d.SetString(k, []byte("1"), 0)
		d.AppendString(k, []byte("2"))
	}, "raw"},
	{"setrange", []string{"SETRANGE k 0 ab"}, func(d *DB, k []byte) { d.SetRange(k, 0, []byte("ab")) }, "raw"},
	{"set after append", []string{"SET k 1", "APPEND k 2", "SET k a"}, func(d *DB, k []byte) {
		d.SetString(k, []byte("1"), 0)
		d.AppendString(k, []byte("2"))
		d.SetString(k, []byte("a"), 0)
	}, "embstr"},
	{"raw is renamed and copied", []string{"SET a 1", "APPEND a 2", "RENAME a b", "COPY b k"}, func(d *DB, k []byte) {
		d.SetString([]byte("a"), []byte("1"), 0)
		d.AppendString([]byte("a"), []byte("2"))
		d.Rename([]byte("a"), d, []byte("b"))
		d.Copy([]byte("b"), d, k)
	}, "raw"},
	{"list", []string{"RPUSH k a"}, func(d *DB, k []byte) {
		h, _ := d.List(k)
		h.PushBack([]byte("a"))
	}, "quicklist"},
	{"intset", []string{"SADD k 1 -2"}, func(d *DB, k []byte) { addAll(d, k, "1", "-2") }, "intset"},
	{"not an integer", []string{"SADD k 1 01"}, func(d *DB, k []byte) { addAll(d, k, "1", "01") }, "hashtable"},
	{"stays a hashtable", []string{"SADD k 1 a", "SREM k a"}, func(d *DB, k []byte) {
		addAll(d, k, "1", "a")
		h, _ := d.Set(k)
		h.Remove([]byte("a"))
	}, "hashtable"},
	{"intset at its limit", []string{"SADD k 1 2 3 4"}, func(d *DB, k []byte) { addAll(d, k, "1", "2", "3", "4") }, "intset"},
	{"intset above its limit", []string{"SADD k 1 2 3 4 5"}, func(d *DB, k []byte) { addAll(d, k, "1", "2", "3", "4", "5") }, "hashtable"},
	{"hash at its limit", []string{"HSET k 1 a 2 a 3 a"}, func(d *DB, k []byte) { setFields(d, k, "1", "2", "3") }, "listpack"},
	{"hash above its limit", []string{"HSET k 1 a 2 a 3 a 4 a", "HDEL k 4"}, func(d *DB, k []byte) {
		setFields(d, k, "1", "2", "3", "4")
		h, _ := d.Hash(k)
		h.Delete([]byte("4"))
	}, "hashtable"},
	{"long field", []string{"HSET k x11 a"}, func(d *DB, k []byte) { setFields(d, k, string(xs(11))) }, "hashtable"},
	{"long value of an old field", []string{"HSET k f a", "HSET k f x11", "HSET k f a"}, func(d *DB, k []byte) {
		h, _ := d.Hash(k)
		h.Set([]byte("f"), []byte("a"))
		h.Set([]byte("f"), xs(11))
		h.Set([]byte("f"), []byte("a"))
	}, "hashtable"},
	{"deleted and made anew", []string{"HSET k f x11", "HDEL k f", "HSET k f a"}, func(d *DB, k []byte) {
		h, _ := d.Hash(k)
		h.Set([]byte("f"), xs(11))
		h.Delete([]byte("f"))
		h.Set([]byte("f"), []byte("a"))
	}, "listpack"},
	{"zset at its limit", []string{"ZADD k 1 a 2 b 3 c", "ZADD k 5 a"}, func(d *DB, k []byte) { setScores(d, k, "a", "b", "c", "a") }, "listpack"},
	{"zset above its limit", []string{"ZADD k 1 a 2 b 3 c 4 d"}, func(d *DB, k []byte) { setScores(d, k, "a", "b", "c", "d") }, "skiplist"},
	{"zset with a long member", []string{"ZADD k 1 x11"}, func(d *DB, k []byte) { setScores(d, k, string(xs(11))) }, "skiplist"},
}

func xs(n int) []byte { return []byte(strings.Repeat("x", n)) }

func addAll(d *DB, k []byte, members ...string) {
	h, _ := d.Set(k)
	for _, m := range members {
		h.Add([]byte(m))
	}
}

func setFields(d *DB, k []byte, fields ...string) {
	h, _ := d.Hash(k)
	for _, f := range fields {
		h.Set([]byte(f), []byte("a"))
	}
}

func setScores(d *DB, k []byte, members ...string) {
	h, _ := d.ZSet(k)
	for i, m := range members {
		h.Set([]byte(m), float64(i))
	}
}

func TestEncodings(t *testing.T) {
	limits := Limits{HashEntries: 3, HashValue: 10, ListSize: -2, SetIntset: 4, ZSetEntries: 3, ZSetValue: 10}
	for _, test := range encodingCases {
		t.Run(test.name, func(t *testing.T) {
			d := New(Options{Limits: limits}).Shard(0).DB(0)
			test.ours(d, []byte("k"))
			if got := d.Encoding([]byte("k")); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

// TestEncodingsOracle asks redis-server whether the expectations above are right.
func TestEncodingsOracle(t *testing.T) {
	do := oracle(t)
	for _, c := range []string{"hash-max-listpack-entries 3", "hash-max-listpack-value 10", "set-max-intset-entries 4",
		"zset-max-listpack-entries 3", "zset-max-listpack-value 10"} {
		do("CONFIG SET " + c)
	}
	for _, test := range encodingCases {
		do("FLUSHALL")
		for _, c := range test.redis {
			words := strings.Fields(c)
			for i, w := range words {
				if n, err := strconv.Atoi(strings.TrimPrefix(w, "x")); err == nil && w[0] == 'x' {
					words[i] = string(xs(n))
				}
			}
			do(strings.Join(words, " "))
		}
		if got := do("OBJECT ENCODING k"); got != test.want {
			t.Errorf("%s: redis-server says %s, want %s", test.name, got, test.want)
		}
	}
}

// oracle starts a redis-server of its own and returns a function that sends it a command of plain
// words. The test is skipped where there is none.
func oracle(t *testing.T) (do func(command string) string) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed: no oracle")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.Command(path, "--port", strconv.Itoa(port), "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skipf("redis-server does not start: %v", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	ready := false
	for !ready && lines.Scan() {
		ready = strings.Contains(lines.Text(), "Ready to accept connections")
	}
	if !ready {
		t.Skip("redis-server does not start here")
	}
	go io.Copy(io.Discard, out) // ends with the process
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	in := bufio.NewReader(conn)
	return func(command string) string {
		fmt.Fprintf(conn, "%s\r\n", command)
		line, err := in.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "-") {
			t.Fatalf("%s: %s", command, line)
		}
		if strings.HasPrefix(line, "$") {
			line, err = in.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
		}
		return strings.TrimSpace(line)
	}
}
