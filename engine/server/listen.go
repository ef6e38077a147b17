package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// listener is an open address.
type listener struct {
	net.Listener
	transport string // tcp or unix
	want      endpoint
	path      string // of a Unix socket
}

// endpoint is an address as the configuration names it.
type endpoint struct {
	network  string // tcp, tcp4, tcp6
	address  string
	optional bool
}

// endpoints reads bind entries. A negative port stands for one that the system chooses.
func endpoints(bind []string, port int) []endpoint {
	if port == 0 {
		return nil
	}
	var all []endpoint
	for _, host := range bind {
		e := endpoint{network: "tcp"}
		if host, e.optional = strings.CutPrefix(host, "-"); host == "" {
			continue
		}
		switch host {
		case "*":
			e.network, host = "tcp4", "0.0.0.0"
		case "::*", "::":
			e.network, host = "tcp6", "::"
		}
		e.address = net.JoinHostPort(host, strconv.Itoa(max(port, 0)))
		all = append(all, e)
	}
	return all
}

// openEach opens every address, or none.
func openEach(all []endpoint, backlog int) ([]*listener, error) {
	var opened []*listener
	for _, e := range all {
		l, err := e.open(backlog)
		if err != nil {
			closeAll(opened)
			return nil, err
		}
		if l != nil {
			opened = append(opened, l)
		}
	}
	return opened, nil
}

// open returns nil when the address is optional and this machine does not have it.
func (e endpoint) open(backlog int) (*listener, error) {
	l, err := net.Listen(e.network, e.address)
	switch {
	case err == nil:
		setBacklog(l, backlog)
		return &listener{Listener: l, transport: "tcp", want: e.on(l.Addr())}, nil
	case e.optional && notHere(err):
		return nil, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("server: listen on %s: the address is in use by another process: %w", e.address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("server: listen on %s: not permitted (ports below 1024 need privileges): %w", e.address, err)
	case notHere(err):
		return nil, fmt.Errorf("server: listen on %s: this machine has no such address: %w", e.address, err)
	}
	return nil, fmt.Errorf("server: listen on %s: %w", e.address, err)
}

// on is the endpoint with the port that the system chose for it.
func (e endpoint) on(addr net.Addr) endpoint {
	if host, port, err := net.SplitHostPort(e.address); err == nil && port == "0" {
		e.address = net.JoinHostPort(host, strconv.Itoa(addr.(*net.TCPAddr).Port))
	}
	return e
}

// notHere reports whether the machine lacks the address or its family.
func notHere(err error) bool {
	var dns *net.DNSError
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) ||
		errors.Is(err, syscall.EPROTONOSUPPORT) || errors.As(err, &dns) || isNoSuitable(err)
}

// isNoSuitable recognises what package net says without a system call: "tcp6" where the system has no IPv6.
func isNoSuitable(err error) bool {
	var addr *net.AddrError
	return errors.As(err, &addr)
}

// openUnix opens a Unix socket. A socket that a dead process has left is
// replaced; one that answers, or a file of another kind, is an error.
func openUnix(path string, perm fs.FileMode, backlog int) (*listener, error) {
	if err := removeStale(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("server: listen on unix socket %s: no permission in its folder: %w", path, err)
	case err != nil:
		return nil, fmt.Errorf("server: listen on unix socket %s: %w", path, err)
	}
	setBacklog(l, backlog)
	if perm != 0 {
		if err := os.Chmod(path, perm); err != nil {
			l.Close()
			return nil, fmt.Errorf("server: permissions of unix socket %s: %w", path, err)
		}
	}
	return &listener{Listener: l, transport: "unix", path: path}, nil
}

func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("server: unix socket %s: %w", path, err)
	case info.Mode()&fs.ModeSocket == 0:
		return fmt.Errorf("server: unix socket %s: there is a file that is no socket", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("server: unix socket %s: in use by another process", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("server: unix socket %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("server: remove the stale unix socket %s: %w", path, err)
	}
	return nil
}

func closeAll(ls []*listener) {
	for _, l := range ls {
		l.Close()
	}
}
