package cli

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What the client prints is what redis-cli prints. The test needs redis-server
// and redis-cli, and is skipped without them.
func TestLikeRedisCLI(t *testing.T) {
	server, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	redisCLI, err := exec.LookPath("redis-cli")
	if err != nil {
		t.Skip("redis-cli is not installed")
	}
	t.Setenv("REDISCLI_AUTH", "") // to have it put back
	os.Unsetenv("REDISCLI_AUTH")
	socket := filepath.Join(t.TempDir(), "s")
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, server, "--port", "0", "--unixsocket", socket, "--save", "", "--daemonize", "no")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	defer func() {
		cancel()
		cmd.Wait()
	}()
	waitFor(t, socket)

	for _, args := range [][]string{
		{"SET", "k", "a\"b\\\n\t\r\a\b\x01\xff é"}, {"RPUSH", "l", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"},
		{"HSET", "h", "f", "1"}, {"SADD", "s", "1"}, {"ZADD", "z", "1", "a", "2.5", "b"}, {"XADD", "x", "1-1", "f", "v"},
	} {
		if code := Main(append([]string{"-s", socket}, args...), nil, io.Discard, os.Stderr); code != 0 {
			t.Fatalf("%q: code %d", args, code)
		}
	}
	maps := `redis.setresp(3); return {{map={a={1}}},{map={a={1,2}}},{map={a={map={b=1}}}},{map={a={map={b={1,2}}}}},{map={a={}}},{map={a={{1,2}}}},{set={a=true}}}`
	lua := `return {1,{2,{'a',{}},3},'x',false,{err='My error'},{ok='fine'}}`
	for _, args := range [][]string{
		{"PING"}, {"SET", "other", "v"}, {"GET", "k"}, {"GET", "none"}, {"NOPE"}, {"EXISTS", "k"}, {"EVAL", maps, "0"}, {"INFO", "keyspace"},
		{"LRANGE", "l", "0", "-1"}, {"LRANGE", "none", "0", "-1"},
		{"HGETALL", "h"}, {"HGETALL", "none"}, {"SMEMBERS", "s"}, {"SMEMBERS", "none"},
		{"ZRANGE", "z", "0", "-1", "WITHSCORES"}, {"EVAL", lua, "0"}, {"CLIENT", "NO-EVICT"},
		{"CONFIG", "GET", "maxmemory*"}, {"XRANGE", "x", "-", "+"}, {"XINFO", "STREAM", "x"},
		{"BLPOP", "none", "0.01"}, {"COMMAND", "INFO", "get"}, {"LATENCY", "DOCTOR"}, {"CLUSTER", "INFO"}, {"GET", "-1"},
	} {
		for _, options := range [][]string{{"--no-raw"}, {"--raw"}, {"--no-raw", "-3"}, {"--raw", "-3"}, {"-e", "--no-raw"}, {"-n", "99"}} {
			all := append(append([]string{"-s", socket}, options...), args...)
			compare(t, redisCLI, all, "")
		}
	}
	for _, in := range []string{
		"set a 1\nget a\n\nbad \"quote\nselect 2\nget a\nmulti\nget a\nexec\n2 ping\nget a",
		"echo 'x y' \necho \"\\x41\\n\"\nnope\nquit\nping\n",
	} {
		for _, option := range []string{"--no-raw", "--raw"} {
			compare(t, redisCLI, []string{"-s", socket, option}, in)
		}
	}
}

func waitFor(t *testing.T, socket string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		nc, err := net.Dial("unix", socket)
		if err == nil {
			nc.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond) // another process: there is nothing to wait on
	}
}

func compare(t *testing.T, redisCLI string, args []string, in string) {
	t.Helper()
	var want, wantErr strings.Builder
	other := exec.Command(redisCLI, args...)
	other.Stdin, other.Stdout, other.Stderr = strings.NewReader(in), &want, &wantErr
	err := other.Run()
	if _, ran := err.(*exec.ExitError); err != nil && !ran {
		t.Fatal(err)
	}
	var got, gotErr strings.Builder
	code := Main(args, strings.NewReader(in), &got, &gotErr)
	if code != other.ProcessState.ExitCode() || got.String() != want.String() || gotErr.String() != wantErr.String() {
		t.Errorf("%q:\n%d %q %q\nredis-cli:\n%d %q %q", args[2:], code, got.String(), gotErr.String(),
			other.ProcessState.ExitCode(), want.String(), wantErr.String())
	}
}
