package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// errClosed means that the server has ended the connection.
var errClosed = errors.New("the server closed the connection")

// link is a connection to a server.
type link struct {
	nc   net.Conn
	r    *bufio.Reader
	used time.Time // when the last reply came
}

// target is where the options point, as the prompt shows it.
func (o options) target() string {
	if o.socket != "" {
		return o.socket
	}
	return net.JoinHostPort(o.host, strconv.Itoa(o.port))
}

func dial(o options) (*link, error) {
	network := "tcp"
	if o.socket != "" {
		network = "unix"
	}
	nc, err := net.Dial(network, o.target())
	if err != nil {
		return nil, fmt.Errorf("could not connect to the server at %s: %w", o.target(), cause(err))
	}
	return &link{nc: nc, r: bufio.NewReaderSize(nc, 64<<10)}, nil
}

// cause takes the addresses out of an error of package net: they are known.
func cause(err error) error {
	var sys *os.SyscallError
	var dns *net.DNSError
	switch {
	case errors.As(err, &sys):
		return sys.Err
	case errors.As(err, &dns):
		return errors.New(dns.Err)
	}
	return err
}

func (l *link) close() { l.nc.Close() }

// restPeriod is how long a connection may have been quiet to be taken for alive
// without a look.
const restPeriod = 100 * time.Millisecond

// alive reports whether the server still holds the connection, so that a
// command is not sent into one that is dead. Data that has come without being asked
// for is a sign of life.
func (l *link) alive() bool {
	if l.r.Buffered() > 0 || time.Since(l.used) < restPeriod {
		return true
	}
	l.nc.SetReadDeadline(time.Now().Add(time.Millisecond))
	defer l.nc.SetReadDeadline(time.Time{})
	_, err := l.r.Peek(1)
	return err == nil || errors.Is(err, os.ErrDeadlineExceeded)
}

func (l *link) send(args []string) error {
	var w wire.Writer
	w.Array(len(args))
	for _, a := range args {
		w.BulkString(a)
	}
	if _, err := l.nc.Write(w.Buf); err != nil {
		return ended(err)
	}
	return nil
}

func (l *link) read() (wire.Value, error) {
	v, err := wire.ReadValue(l.r)
	if err != nil {
		return v, ended(err)
	}
	l.used = time.Now()
	return v, nil
}

// ended gives the many forms of a connection's end one name.
func ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return errClosed
	}
	return err
}
