package config

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oracle is a redis-server of our own, asked over its protocol.
type oracle struct {
	conn net.Conn
	in   *bufio.Reader
}

// startOracle skips the test where redis-server 7.0 is not installed.
func startOracle(t *testing.T) *oracle {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	if version, err := exec.Command(binary, "--version").Output(); err != nil || !strings.Contains(string(version), "v=7.0.") {
		t.Skipf("redis-server is not 7.0: %s %v", version, err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", t.TempDir(), "--daemonize", "no")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	// The server says nothing when it is ready; connecting is the question.
	for deadline := time.Now().Add(10 * time.Second); ; {
		conn, err := net.DialTimeout("tcp", "127.0.0.1:"+port, time.Second)
		if err == nil {
			t.Cleanup(func() { _ = conn.Close() })
			return &oracle{conn: conn, in: bufio.NewReader(conn)}
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// do sends one command and returns the reply as a list of strings; an error or a status is one string.
func (o *oracle) do(t *testing.T, words ...string) []string {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, "*%d\r\n", len(words))
	for _, word := range words {
		fmt.Fprintf(&out, "$%d\r\n%s\r\n", len(word), word)
	}
	if _, err := io.WriteString(o.conn, out.String()); err != nil {
		t.Fatal(err)
	}
	reply, err := o.read()
	if err != nil {
		t.Fatal(err)
	}
	return reply
}

func (o *oracle) read() ([]string, error) {
	line, err := o.in.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSuffix(line, "\r\n")
	switch line[0] {
	case '*':
		n, err := strconv.Atoi(line[1:])
		var all []string
		for range n {
			item, err := o.read()
			if err != nil {
				return nil, err
			}
			all = append(all, item...)
		}
		return all, err
	case '$':
		n, err := strconv.Atoi(line[1:])
		if err != nil {
			return nil, err
		}
		buf := make([]byte, n+2)
		_, err = io.ReadFull(o.in, buf)
		return []string{string(buf[:n])}, err
	}
	return []string{line[1:]}, nil
}

// ourDefaults are the defaults that differ from Redis' on purpose (or, for the first ones, because the
// oracle was started with them).
var ourDefaults = map[string]string{
	"port": "6379", "dir": "", "bind": "127.0.0.1",
	"appendonly":           "yes", // an engine with a data directory keeps its data
	"aof-use-rdb-preamble": "no",  // the base of the log is in the protocol's format
}

func TestOracleNamesAndDefaults(t *testing.T) {
	o := startOracle(t)
	theirs := map[string]string{}
	reply := o.do(t, "CONFIG", "GET", "*")
	for i := 0; i+1 < len(reply); i += 2 {
		theirs[reply[i]] = reply[i+1]
	}
	if len(theirs) < 150 {
		t.Fatalf("only %d parameters", len(theirs))
	}
	for _, pair := range Default().GetMatching([]string{"*"}) {
		want, known := theirs[pair.Name]
		delete(theirs, pair.Name)
		if ours, differs := ourDefaults[pair.Name]; differs {
			want = ours
		}
		if !known && !strings.Contains(pair.Name, ".") {
			t.Errorf("%s: Redis has no such parameter", pair.Name)
		}
		if known && pair.Value != want {
			t.Errorf("%s: %q here, %q in Redis", pair.Name, pair.Value, want)
		}
	}
	for name, value := range theirs {
		t.Errorf("%s (%q) is missing", name, value)
	}
}

func TestOracleSet(t *testing.T) {
	o := startOracle(t)
	live := NewLive(Default())
	live.OnApply(func(*Config) error { return nil }, "appendonly", "bind", "port")
	for _, line := range []string{
		"nope|1", "timeout|1|nope|1", "MAXMEMORY|1mb", "maxmemory|1XB", "maxmemory|-1", "maxmemory|", "maxmemory| 1", "maxmemory|1.5mb",
		"maxmemory|1k", "maxmemory|1K", "maxmemory|2Gb", "maxmemory|0", "databases|4", "timeout|x|databases|16", "databases|x|nope|16",
		"dir|/tmp", "dbfilename|a/b", "appendonly|maybe", "appendonly|1", "appendonly|NO", "appendfsync|sometimes", "appendfsync|ALWAYS",
		"hz|0", "hz|1000", "hz|-1", "hz|abc", "hz|01", "hz|+1", "hz|10", "timeout|-1", "timeout|", "timeout| 1", "timeout|1 2", "timeout|2147483648",
		"maxclients|0", "maxclients|4294967296", "lua-time-limit|1|busy-reply-threshold|2", "lua-time-limit|x", "Lua-Time-Limit|-1",
		"timeout|1|TIMEOUT|2", "notify-keyspace-events|Q", "notify-keyspace-events|KEgmnd", "notify-keyspace-events|AKE", "notify-keyspace-events|mxE", "notify-keyspace-events|",
		"save|10", "save|3600 1 300 100", "save|0 1", "save|1 -1", "save|x 1", "save|3600  1", "save|",
		"client-output-buffer-limit|normal 1mb 2kb 60", "client-output-buffer-limit|replica 1 2 60 pubsub 1 2 3", "client-output-buffer-limit|SLAVE 5 6 7",
		"client-output-buffer-limit|normal 1 2", "client-output-buffer-limit|foo 1 2 3", "client-output-buffer-limit|master 1 2 3",
		"client-output-buffer-limit|normal a 2 3", "client-output-buffer-limit|normal 1 2 -3", "client-output-buffer-limit|normal 1 2 60  pubsub 1 2 3",
		"client-output-buffer-limit|", "maxmemory-clients|10%", "maxmemory-clients|110%", "maxmemory-clients|-10", "maxmemory-clients|x", "maxmemory-clients|5mb", "maxmemory-clients|0%",
		"unixsocketperm|700", "port|abc", "port|70000", "slowlog-log-slower-than|-2", "slowlog-log-slower-than|-1", "slowlog-max-len|-1",
		"proto-max-bulk-len|1", "client-query-buffer-limit|1", "oom-score-adj-values|1 2", "oom-score-adj-values|1 2 3000", "oom-score-adj|maybe",
		"latency-tracking-info-percentiles|50 101", "latency-tracking-info-percentiles|50.0 99.90", "latency-tracking-info-percentiles|x", "latency-tracking-info-percentiles|",
		"timeout |1", "shutdown-on-sigterm|now SAVE", "shutdown-on-sigterm|save nosave", "shutdown-on-sigterm|never", "shutdown-on-sigterm|default",
		"repl-backlog-size|0", "replicaof|a 1", "loglevel|nope", "loglevel|DEBUG", "tcp-keepalive|0", "appendfilename|x", "enable-debug-command|yes",
		"maxmemory-policy|foo", "maxmemory-policy|Allkeys-LRU", "hash-max-ziplist-value|1k", "hash-max-listpack-value|x", "list-max-listpack-size|99999999999", "list-max-listpack-size|-99",
		"maxmemory-samples|0", "watchdog-period|-1", "auto-aof-rewrite-min-size|-5", "auto-aof-rewrite-percentage|100%", "min-slaves-to-write|1|min-replicas-to-write|0",
		"activerehashing|YES", "sanitize-dump-payload|clients", "tls-auth-clients|what", "acl-pubsub-default|x", "repl-diskless-load|swapdb",
		"tracking-table-max-keys|5", "stream-node-max-bytes|4k", "lfu-decay-time|-1", "requirepass|", "masteruser|x", "enable-module-command|no",
	} {
		words := strings.Split(line, "|")
		want := o.do(t, append([]string{"CONFIG", "SET"}, words...)...)[0]
		got := "OK"
		if _, err := live.Set(pairs(words...), "test"); err != nil {
			got = "ERR " + err.Error()
		}
		if got != want {
			t.Errorf("CONFIG SET %q\n  ours  %s\n  Redis %s", words, got, want)
		}
		for i := 0; i < len(words); i += 2 {
			theirs := o.do(t, "CONFIG", "GET", words[i])
			var ours []string
			for _, pair := range live.GetMatching([]string{words[i]}) {
				ours = append(ours, pair.Name, pair.Value)
			}
			if _, differs := ourDefaults[strings.ToLower(words[i])]; !differs && strings.Join(ours, "|") != strings.Join(theirs, "|") {
				t.Errorf("CONFIG SET %q, then GET %s\n  ours  %q\n  Redis %q", words, words[i], ours, theirs)
			}
		}
	}
}
