package spec

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// binary builds cmd/kevy-lua once for all tests of the real process.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kevy-lua-spec-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "kevy-lua")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/kevy-lua").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := binary(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// process is the real server.
type process struct {
	cmd      *exec.Cmd
	addr     string
	out, err *lockedBuffer
	exited   chan struct{}
	waitErr  error
}

// lockedBuffer is written by the process's output and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var listening = regexp.MustCompile(`listens on (127\.0\.0\.1:\d+)`)

// startProcess runs "kevy-lua serve" with args and waits until it listens.
func startProcess(t *testing.T, args ...string) *process {
	t.Helper()
	p, err := tryProcess(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func tryProcess(t *testing.T, args ...string) (*process, error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{
		cmd: exec.Command(path, append([]string{"serve", "--port", "0"}, args...)...),
		out: &lockedBuffer{}, err: &lockedBuffer{}, exited: make(chan struct{}),
	}
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.err
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.waitErr = p.cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.kill)
	ended := false
	waitFor(t, "kevy-lua listens", func() bool {
		select {
		case <-p.exited:
			ended = true
			return true
		default:
		}
		if m := listening.FindStringSubmatch(p.out.String()); m != nil {
			p.addr = m[1]
			return true
		}
		return false
	})
	if ended {
		return nil, fmt.Errorf("the server ended: %v\n%s%s", p.waitErr, p.out, p.err)
	}
	return p, nil
}

// kill is kill -9. It returns when the process is gone.
func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.exited
}

// stop is SIGTERM, and requires an orderly end.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	<-p.exited
	if p.waitErr != nil {
		t.Fatalf("after SIGTERM: %v\n%s", p.waitErr, p.err)
	}
}

func (p *process) client(t *testing.T) *redis.Client {
	t.Helper()
	// A slow machine is no failure, and a command sent twice would be one.
	c := redis.NewClient(&redis.Options{Addr: p.addr, MaxRetries: -1, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	t.Cleanup(func() { c.Close() })
	return c
}

// run executes the binary with args and returns its output and exit code.
func run(t *testing.T, args ...string) (out string, code int) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	b, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		var exit *exec.ExitError
		if !asExit(err, &exit) {
			t.Fatal(err)
		}
		return string(b), exit.ExitCode()
	}
	return string(b), 0
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

func TestStartUpErrors(t *testing.T) {
	dir := t.TempDir()
	first := startProcess(t, "--dir", dir)
	port := first.addr[strings.LastIndexByte(first.addr, ':')+1:]
	noDir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(noDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"a port in use", []string{"serve", "--port", port, "--dir", t.TempDir()}, 1, port},
		{"a directory in use", []string{"serve", "--port", "0", "--dir", dir}, 1, "in use"},
		{"a directory that cannot be made", []string{"serve", "--port", "0", "--dir", filepath.Join(noDir, "x")}, 1, "not a directory"},
		{"a flag that does not exist", []string{"serve", "--prot", "1"}, 2, "prot"},
		{"a parameter that does not exist", []string{"serve", "--set", "apendfsync=always"}, 1, "appendfsync"},
		{"a value that does not fit", []string{"serve", "--set", "appendfsync=sometimes"}, 1, "everysec"},
		{"a configuration that is not there", []string{"serve", "--config", noDir + ".toml"}, 1, ".toml"},
		{"a command that does not exist", []string{"sevre"}, 2, "sevre"},
		{"a log that is not there", []string{"log", "check", noDir + "x"}, 1, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, code := run(t, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit %d, want %d with %q:\n%s", code, tt.code, tt.want, out)
			}
			if strings.Contains(out, "goroutine ") {
				t.Errorf("a stack trace:\n%s", out)
			}
		})
	}
	first.stop(t)
}

func TestCommandsOfTheBinary(t *testing.T) {
	p := startProcess(t, "--set", "appendonly=no")
	port := p.addr[strings.LastIndexByte(p.addr, ':')+1:]
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"version"}, "kevy-lua "},
		{[]string{"config", "default"}, "appendfsync"},
		{[]string{"config", "check"}, "good"},
		{[]string{"cli", "-p", port, "SET", "k", "v"}, "OK"},
		{[]string{"cli", "-p", port, "GET", "k"}, "v"},
		{[]string{"--help"}, "serve"},
	} {
		out, code := run(t, tt.args...)
		if code != 0 || !strings.Contains(out, tt.want) {
			t.Errorf("%v: exit %d\n%s", tt.args, code, out)
		}
	}
	if err := p.client(t).Ping(context.Background()).Err(); err != nil {
		t.Fatal(err)
	}
	p.stop(t)
}
