package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// control is a plain connection for everything that is not measured: setting up,
// asking INFO, starting a rewrite. It is not safe for concurrent use.
type control struct {
	conn net.Conn
	in   []byte // bytes received and not yet decoded
}

// controlTimeout bounds one command; a loading or dumping server may be slow.
const controlTimeout = 5 * time.Minute

func dialControl(addr string) (*control, error) {
	c, err := net.DialTimeout("tcp", addr, 10*time.Second)
	if err != nil {
		return nil, err
	}
	return &control{conn: c}, nil
}

func (c *control) close() error { return c.conn.Close() }

// do sends one command and returns its decoded reply. An error reply is
// returned as an error.
func (c *control) do(args ...string) (any, error) {
	if err := c.send(args...); err != nil {
		return nil, err
	}
	v, err := c.receive(controlTimeout)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", strings.ToUpper(args[0]), err)
	}
	return v, nil
}

// send writes one command and does not wait for its reply.
func (c *control) send(args ...string) error {
	out := fmt.Appendf(nil, "*%d\r\n", len(args))
	for _, a := range args {
		out = fmt.Appendf(out, "$%d\r\n%s\r\n", len(a), a)
	}
	_, err := c.conn.Write(out)
	return err
}

// receive waits for one reply or pushed message.
func (c *control) receive(timeout time.Duration) (any, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return nil, err
	}
	var chunk [16 << 10]byte
	for {
		n, _, err := scanReply(c.in)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			v, _, err := decodeReply(c.in[:n])
			c.in = c.in[n:]
			if err != nil {
				return nil, err
			}
			if e, ok := v.(serverError); ok {
				return nil, e
			}
			return v, nil
		}
		got, err := c.conn.Read(chunk[:])
		c.in = append(c.in, chunk[:got]...)
		if err != nil {
			return nil, err
		}
	}
}

// number runs a command whose reply is an integer.
func (c *control) number(args ...string) (int64, error) {
	v, err := c.do(args...)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok {
		return 0, fmt.Errorf("%s: %v is not an integer", args[0], v)
	}
	return n, nil
}

// info returns the fields of one section of INFO.
func (c *control) info(section string) (map[string]string, error) {
	v, err := c.do("INFO", section)
	if err != nil {
		return nil, err
	}
	text, ok := v.(string)
	if !ok {
		return nil, fmt.Errorf("INFO %s: %v is not a string", section, v)
	}
	fields := map[string]string{}
	for line := range strings.SplitSeq(text, "\r\n") {
		if name, value, ok := strings.Cut(line, ":"); ok {
			fields[name] = value
		}
	}
	return fields, nil
}

// usedMemory returns INFO's used_memory in bytes.
func (c *control) usedMemory() (float64, error) {
	f, err := c.info("memory")
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseFloat(f["used_memory"], 64)
	if err != nil {
		return 0, fmt.Errorf("INFO memory: used_memory %q", f["used_memory"])
	}
	return n, nil
}
