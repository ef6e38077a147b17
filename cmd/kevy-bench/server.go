//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// setting is a parameter by the name that both servers know it by.
type setting struct{ name, value string }

// side is one of the two contestants: how to start its server.
type side struct {
	name    string // redis or kevy
	command string // with the placeholders of arguments
	binary  string // what {kevy} stands for
}

// The commands that start the servers when no flag says otherwise.
const (
	redisCommand = "redis-server --port {port} --bind 127.0.0.1 --dir {dir} --daemonize no {flags}"
	kevyCommand  = "{kevy} serve --port {port} --bind 127.0.0.1 --dir {dir} {set}"
)

// quiet are the settings of every server that nothing else is asked of: no log,
// no snapshots, no rewrite on its own.
var quiet = []setting{{"save", ""}, {"appendonly", "no"}, {"auto-aof-rewrite-percentage", "0"}}

// server is a running server process. It must be stopped.
type server struct {
	side   side
	addr   loopback
	pid    int
	dir    string
	ready  time.Duration // from its start to its first PONG
	output *bytes.Buffer // complete after exited is closed
	cmd    *exec.Cmd
	exited chan struct{}
	*control
}

// arguments expands a side's command: {port}, {dir}, {kevy} (our program),
// {flags} (--name value for each setting) and {set} (--set name=value). A command with neither of the last
// two gets its settings by CONFIG SET; bySet says so.
func (s side) arguments(port int, dir string, settings []setting) (args []string, bySet bool) {
	bySet = true
	for _, word := range strings.Fields(s.command) {
		switch word {
		case "{flags}":
			bySet = false
			for _, p := range settings {
				args = append(args, "--"+p.name, p.value)
			}
		case "{set}":
			bySet = false
			for _, p := range settings {
				args = append(args, "--set", p.name+"="+p.value)
			}
		default:
			args = append(args, strings.NewReplacer("{port}", strconv.Itoa(port), "{dir}", dir, "{kevy}", s.binary).Replace(word))
		}
	}
	return args, bySet
}

// startServer starts a server in a directory of its own and waits until it
// answers PING, for at most patience. The port is one that the system had free;
// if another program takes it meanwhile, another one is tried.
func startServer(ctx context.Context, s side, dir string, settings []setting, patience time.Duration) (*server, error) {
	var err error
	for range 3 {
		var srv *server
		if srv, err = startOnce(ctx, s, dir, settings, patience); err == nil {
			return srv, nil
		}
		if !strings.Contains(strings.ToLower(err.Error()), "address already in use") {
			break
		}
	}
	return nil, err
}

func startOnce(ctx context.Context, s side, dir string, settings []setting, patience time.Duration) (*server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	args, bySet := s.arguments(port, dir, settings)
	if len(args) == 0 {
		return nil, fmt.Errorf("%s: no command to start it", s.name)
	}
	srv := &server{side: s, addr: loopback{port}, dir: dir, output: &bytes.Buffer{}, exited: make(chan struct{})}
	srv.cmd = exec.Command(args[0], args[1:]...)
	srv.cmd.Dir = dir
	srv.cmd.Stdout, srv.cmd.Stderr = srv.output, srv.output
	// A group of its own: Ctrl-C is for this program, which then stops the servers.
	srv.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	began := time.Now()
	if err := srv.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.name, err)
	}
	srv.pid = srv.cmd.Process.Pid
	go func() {
		srv.cmd.Wait()
		close(srv.exited)
	}()
	if err := srv.await(ctx, began.Add(patience)); err != nil {
		return nil, errors.Join(err, srv.stop())
	}
	srv.ready = time.Since(began)
	if bySet {
		for _, p := range settings {
			if _, err := srv.do("CONFIG", "SET", p.name, p.value); err != nil {
				return nil, errors.Join(fmt.Errorf("%s: CONFIG SET %s: %w", s.name, p.name, err), srv.stop())
			}
		}
	}
	return srv, nil
}

// freePort asks the system for a port.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// await polls until the server answers PING with PONG.
func (s *server) await(ctx context.Context, deadline time.Time) error {
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	for {
		if s.control == nil {
			if c, err := dialControl(s.addr.String()); err == nil {
				s.control = c
			}
		}
		if s.control != nil {
			v, err := s.do("PING")
			var refused serverError
			switch {
			case err == nil && v == "PONG":
				return nil
			case err != nil && !errors.As(err, &refused): // not -LOADING: the connection is gone
				s.control.close()
				s.control = nil
			}
		}
		select {
		case <-s.exited:
			return fmt.Errorf("%s ended at its start: %s", s.side.name, s.lastOutput())
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
			if time.Now().After(deadline) {
				return fmt.Errorf("%s does not answer", s.side.name)
			}
		}
	}
}

// lastOutput is the end of what the ended server printed.
func (s *server) lastOutput() string {
	text := strings.TrimSpace(s.output.String())
	if len(text) > 500 {
		text = "…" + text[len(text)-500:]
	}
	return text
}

// stopPatience is how long a server may take to end when asked to.
const stopPatience = 20 * time.Second

// stop ends the server by its process ID, at first politely.
func (s *server) stop() error {
	if s.control != nil {
		s.control.close()
	}
	select {
	case <-s.exited:
		return nil
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", s.side.name, err)
	}
	timer := time.NewTimer(stopPatience)
	defer timer.Stop()
	select {
	case <-s.exited:
		return nil
	case <-timer.C:
		s.cmd.Process.Kill()
		<-s.exited
		return fmt.Errorf("%s did not end within %s of SIGTERM and was killed", s.side.name, stopPatience)
	}
}

// resident returns the server's resident memory once it has hardly changed for three
// seconds: what is freed in the background takes a moment. A child is not counted.
func (s *server) resident(ctx context.Context) (float64, error) {
	const still = 12
	last, same := -1.0, 0
	for range 120 {
		rss, err := residentBytes(s.pid)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", s.side.name, err)
		}
		if last > 0 && math.Abs(rss-last) <= max(last*0.0005, 256<<10) {
			if same++; same == still {
				return rss, nil
			}
		} else {
			last, same = rss, 0
		}
		if err := pause(ctx, 250*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return last, nil
}

// pause waits, or returns early with the context's error.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
