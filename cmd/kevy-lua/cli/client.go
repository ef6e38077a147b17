package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// client executes commands and prints their replies.
type client struct {
	o        options
	in       io.Reader
	out, err io.Writer
	raw      bool
	terminal bool // a person types

	link *link
	db   int // selected
	// A transaction is open; queuedDB is what it selects, -1 for nothing.
	tx       bool
	queuedDB int
	// What CLIENT REPLY asked for.
	silent     bool
	skipReply  bool
	interrupts chan os.Signal // tests put their own in; else made for each stream
}

func (c *client) close() {
	if c.link != nil {
		c.link.close()
		c.link = nil
	}
}

// connect opens the connection unless there is a live one. What it cannot set
// up (password, database) is told and left as it is, as redis-cli does.
func (c *client) connect() error {
	if c.link != nil && c.link.alive() {
		return nil
	}
	c.close()
	c.tx, c.queuedDB, c.silent, c.skipReply = false, -1, false, false
	l, err := dial(c.o)
	if err != nil {
		return err
	}
	c.link = l
	if c.o.password != "" {
		auth := []string{"AUTH", c.o.password}
		if c.o.user != "" {
			auth = []string{"AUTH", c.o.user, c.o.password}
		}
		if err := c.setUp("AUTH failed", auth...); err != nil {
			return err
		}
	}
	if c.o.resp3 {
		if err := c.setUp("HELLO 3 failed", "HELLO", "3"); err != nil {
			return err
		}
	}
	db := c.db
	if db == 0 {
		db = c.o.db
	}
	c.db = 0
	if db == 0 {
		return nil
	}
	n := strconv.Itoa(db)
	v, err := c.ask("SELECT", n)
	if err != nil {
		return err
	}
	if v.Err() != nil {
		fmt.Fprintf(c.err, "SELECT %s failed: %s\n", n, v.Str)
		return nil
	}
	c.db = db
	return nil
}

// setUp runs a command of the connection's own; what may fail is only told.
func (c *client) setUp(failure string, args ...string) error {
	v, err := c.ask(args...)
	if err == nil && v.Err() != nil {
		fmt.Fprintf(c.err, "%s: %s\n", failure, v.Str)
	}
	return err
}

// ask sends a command and reads one reply, printing nothing.
func (c *client) ask(args ...string) (wire.Value, error) {
	if err := c.link.send(args); err != nil {
		return wire.Value{}, err
	}
	return c.reply()
}

// reply reads up to the next reply that is no push. Pushes are shown to people.
func (c *client) reply() (wire.Value, error) {
	for {
		v, err := c.link.read()
		if err != nil || v.Kind != wire.KindPush {
			return v, err
		}
		if c.terminal {
			fmt.Fprintf(c.out, "-> %s\n", strings.ReplaceAll(formatRaw(v), "\n", " "))
		}
	}
}

// once runs the command of the command line.
func (c *client) once(args []string) int {
	if c.o.argFromInput {
		last, err := io.ReadAll(c.in)
		if err != nil {
			fmt.Fprintf(c.err, "Could not read standard input: %v\n", err)
			return exitFailure
		}
		args = append(args, string(last))
	}
	for n := 0; n < c.o.repeat || c.o.repeat < 0; n++ {
		if n > 0 && c.o.interval > 0 {
			time.Sleep(c.o.interval)
		}
		switch err := c.execute(args); {
		case errors.Is(err, errRefused):
			return exitFailure
		case err != nil:
			c.complain(err)
			return exitFailure
		}
	}
	return 0
}

// complain tells the user what went wrong.
func (c *client) complain(err error) { fmt.Fprintf(c.err, "Error: %v\n", err) }

// errRefused is returned for an error reply, which has been printed, with -e.
var errRefused = errors.New("the server answered with an error")

// execute runs one command and prints its reply. After an error other than errRefused
// the connection is closed; the next command opens it again. Nothing is sent twice.
func (c *client) execute(args []string) error {
	if err := c.connect(); err != nil {
		c.close()
		return err
	}
	err := c.exchange(args)
	if err != nil && !errors.Is(err, errRefused) {
		c.close()
	}
	return err
}

func (c *client) exchange(args []string) error {
	if err := c.link.send(args); err != nil {
		return err
	}
	if !c.answered(args) {
		return nil
	}
	if name := strings.ToLower(args[0]); streams[name] {
		return c.stream(name)
	}
	v, err := c.reply()
	if err != nil {
		if len(args) == 1 && strings.EqualFold(args[0], "shutdown") && errors.Is(err, errClosed) {
			c.close()
			return nil
		}
		return err
	}
	c.learn(args, v)
	return c.print(args, v)
}

// answered says whether the command gets a reply, given what CLIENT REPLY has asked for.
func (c *client) answered(args []string) bool {
	skip := c.skipReply
	c.skipReply = false
	if len(args) == 3 && strings.EqualFold(args[0], "client") && strings.EqualFold(args[1], "reply") {
		switch strings.ToLower(args[2]) {
		case "on":
			c.silent = false
			return true
		case "off":
			c.silent = true
		case "skip":
			c.skipReply = !c.silent
			return false
		}
	}
	return !c.silent && !skip
}

// learn keeps track of what the prompt shows.
func (c *client) learn(args []string, v wire.Value) {
	name, ok := strings.ToLower(args[0]), v.Err() == nil
	switch {
	case name == "select" && len(args) == 2 && ok:
		db, err := strconv.Atoi(args[1])
		switch {
		case err != nil:
		case c.tx:
			c.queuedDB = db
		default:
			c.db = db
		}
	case name == "multi" && ok:
		c.tx, c.queuedDB = true, -1
	case name == "exec", name == "discard":
		if name == "exec" && ok && !v.IsNull() && c.queuedDB >= 0 {
			c.db = c.queuedDB
		}
		c.tx, c.queuedDB = false, -1
	case name == "reset" && ok:
		c.tx, c.queuedDB, c.db = false, -1, 0
	}
}

// print writes a reply.
func (c *client) print(args []string, v wire.Value) error {
	if c.o.failOnError && v.Err() != nil {
		fmt.Fprintf(c.err, "%s\n", v.Str)
		return errRefused
	}
	var text string
	switch {
	case isReport(args): // it has line ends of its own
		text = formatRaw(v)
	case c.raw:
		text = formatRaw(v) + "\n"
	default:
		text = Format(v)
	}
	_, err := io.WriteString(c.out, text)
	return err
}

// isReport names the commands whose reply is text for people, although RESP2
// has no type to say so.
func isReport(args []string) bool {
	name := strings.ToLower(args[0])
	if name == "info" || name == "lolwut" {
		return true
	}
	if len(args) < 2 {
		return false
	}
	switch name + " " + strings.ToLower(args[1]) {
	case "client list", "client info", "cluster nodes", "cluster info", "latency graph", "latency doctor",
		"memory doctor", "memory malloc-stats", "debug htstats", "debug htstats-key":
		return true
	}
	return false
}

// streams are the commands after which replies come without end.
var streams = map[string]bool{"subscribe": true, "psubscribe": true, "ssubscribe": true, "monitor": true}

// stream prints replies until the connection ends or the user interrupts; that
// closes the connection, the only way out of a subscription for sure.
func (c *client) stream(name string) error {
	interrupts := c.interrupts
	if interrupts == nil {
		interrupts = make(chan os.Signal, 1)
		signal.Notify(interrupts, os.Interrupt)
		defer signal.Stop(interrupts)
	}
	done, ended := make(chan struct{}), make(chan struct{})
	interrupted := false
	link := c.link
	go func() {
		defer close(ended)
		select {
		case <-interrupts:
			interrupted = true
			link.close()
		case <-done:
		}
	}()
	err := c.copyStream(name)
	close(done)
	<-ended
	if !interrupted {
		return err
	}
	c.close()
	if c.terminal { // so that the prompt is right
		return c.connect()
	}
	return nil
}

func (c *client) copyStream(name string) error {
	if name != "monitor" && !c.raw {
		fmt.Fprintln(c.out, "Reading messages... (press Ctrl-C to quit)")
	}
	for first := true; ; first = false {
		v, err := c.link.read()
		if err != nil {
			return err
		}
		if err := c.print([]string{name}, v); err != nil {
			return err
		}
		if first && v.Err() != nil {
			return nil
		}
	}
}
