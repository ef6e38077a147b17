package server

import (
	"bytes"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// keepBuffer is the capacity up to which an empty buffer is kept for reuse.
const keepBuffer = 64 << 10

// longFeed is the output after which feed lets its owner send that and serve others
// before the client's further requests: many large replies need not be in memory together.
const longFeed = 1 << 20

// client is the part of a connection that does not depend on how its socket is
// served. All fields but mail and unsent belong to the goroutine that serves it.
type client struct {
	live *config.Live
	log  *slog.Logger
	sess session
	auth authenticator // nil when the session does not tell
	subs subscriber    // nil when the session does not tell
	runs batcher       // nil when the session does not care
	addr string
	wake func() // tells the owner that there is mail; must not block
	cut  func() // like wake, when the mail is mailDrop

	parser wire.Parser
	ahead  *wire.Ahead // lent by the owner for feed
	out    wire.Writer // replies; what of it has been sent is the owner's business

	blocked bool // the session waits: no further command before its answer
	closing bool // send what is queued, then close
	away    bool // the command in execution has given the loop away
	mark    int  // length of out before the command in execution
	yields  bool // feed may end after longFeed
	begin   int  // length of out when feed began
	more    bool // feed has ended so: there may be further requests

	active    time.Time // of the last input
	softSince time.Time // above the soft output limit since then; zero: it is not
	closeBy   time.Time // closing clients that do not read are dropped then

	unsent atomic.Int64 // bytes of out that have not been sent, as of the last flush
	mail   mail
}

// mail is what other goroutines have left for the client's owner.
type mail struct {
	some atomic.Bool // there is any; a look without the lock

	mu    sync.Mutex
	bytes []byte
	flags mailFlags
	gone  bool // the connection is closed: take nothing more
}

type mailFlags uint8

const (
	mailResume   mailFlags = 1 << iota // the session has been answered
	mailClose                          // close after what is queued
	mailDrop                           // close at once: too much output
	mailReturned                       // the command that gave the loop away has ended
)

// open gives the client its session.
func (c *client) open(s session, now time.Time) {
	c.sess, c.active = s, now
	c.auth, _ = s.(authenticator)
	c.subs, _ = s.(subscriber)
	c.runs, _ = s.(batcher)
}

// feed executes the complete requests at the start of buf and returns how many
// bytes it used. It stops where the client is blocked, closing or away, and after
// longFeed of output where the owner goes on with the rest in its next turn.
func (c *client) feed(buf []byte) (used int) {
	c.begin, c.more = len(c.out.Buf), false
	c.parser.MaxBulk = c.live.Get().Server.ProtoMaxBulkLen
	if c.runs != nil {
		defer c.runs.EndBatch()
	}
	for used < len(buf) && !c.halted() {
		if c.auth != nil {
			c.parser.NoAuth = c.auth.NeedsAuth()
		}
		c.parser.Ahead(c.ahead, buf[used:])
		if len(c.ahead.Requests) > 0 {
			used += c.run(c.ahead)
			continue
		}
		args, n, err := c.parser.Next(buf[used:])
		used += n
		if err != nil {
			c.protocolError(err)
			return len(buf)
		}
		if args == nil {
			return used
		}
		if c.parser.Inline() && c.isHTTP(args[0]) {
			return len(buf)
		}
		if c.runs != nil {
			c.runs.Batch(nil)
		}
		c.do(args)
	}
	if c.closing {
		return len(buf)
	}
	c.more = used < len(buf) && !c.blocked && !c.away
	return used
}

// without is b without its first bytes, which are used. It moves the rest only where that is no more
// than what goes, so that much input which is used a little at a time is moved about once.
func without(b []byte, used int) []byte {
	if rest := b[used:]; len(rest) > used {
		return rest
	}
	return b[:copy(b, b[used:])]
}

// halted reports whether no further command may be executed now.
func (c *client) halted() bool {
	return c.blocked || c.closing || c.away || c.yields && len(c.out.Buf)-c.begin >= longFeed
}

// run executes requests as long as it may, and returns where the last one ends.
func (c *client) run(a *wire.Ahead) (used int) {
	if c.runs != nil {
		c.runs.Batch(a.Requests)
	}
	for i, args := range a.Requests {
		c.do(args)
		used = a.Ends[i]
		if c.halted() {
			break
		}
	}
	return used
}

// do executes one request.
func (c *client) do(args [][]byte) {
	if c.mail.some.Load() {
		c.takeBytes() // messages of before come before this reply
	}
	c.mark = len(c.out.Buf)
	switch c.sess.Do(args, &c.out) {
	case engine.Blocked:
		c.blocked = true
	case engine.CloseAfter:
		c.closing = true
	}
}

// protocolError answers a request that cannot be understood.
func (c *client) protocolError(err error) {
	var p wire.ProtocolError
	if errors.As(err, &p) {
		c.out.Error(p.Reply())
	}
	c.log.Debug("protocol error", "client", c.addr, "error", err)
	c.closing = true
}

// isHTTP recognises a browser that was made to talk to us; it gets no answer.
func (c *client) isHTTP(word []byte) bool {
	if !bytes.EqualFold(word, []byte("post")) && !bytes.EqualFold(word, []byte("host:")) {
		return false
	}
	c.log.Warn("an HTTP request arrived where commands are expected: possibly an attack through a browser; the connection is closed", "client", c.addr)
	c.closing = true
	return true
}

// refusal is what a connection is sent that gets no session.
func refusal(err error) []byte {
	var w wire.Writer
	var e wire.Error
	if !errors.As(err, &e) {
		e = wire.Errorf("ERR %v", err)
	}
	w.Error(e)
	return w.Buf
}

// Deliver implements engine.Outbox.
func (c *client) Deliver(b []byte) {
	m := &c.mail
	hard := c.limit().Hard // asks the session, which may not happen under the mail's lock
	m.mu.Lock()
	if m.gone || m.flags&mailDrop != 0 {
		m.mu.Unlock()
		return
	}
	m.bytes = append(m.bytes, b...)
	tell := c.wake
	if hard > 0 && c.unsent.Load()+int64(len(m.bytes)) > hard {
		m.flags |= mailDrop
		m.bytes = nil
		tell = c.cut
	}
	m.some.Store(true)
	m.mu.Unlock()
	tell()
}

// Resume implements engine.Outbox.
func (c *client) Resume() { c.leave(mailResume) }

// Close implements engine.Outbox.
func (c *client) Close() { c.leave(mailClose) }

// OutputBytes implements engine.Outbox.
func (c *client) OutputBytes() int {
	c.mail.mu.Lock()
	defer c.mail.mu.Unlock()
	return len(c.mail.bytes) + int(c.unsent.Load())
}

func (c *client) leave(f mailFlags) {
	m := &c.mail
	m.mu.Lock()
	if m.gone {
		m.mu.Unlock()
		return
	}
	m.flags |= f
	m.some.Store(true)
	m.mu.Unlock()
	c.wake()
}

// takeBytes puts delivered bytes behind the output.
func (c *client) takeBytes() {
	m := &c.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	c.takeBytesLocked()
	m.some.Store(m.flags != 0)
}

func (c *client) takeBytesLocked() {
	m := &c.mail
	c.out.Buf = append(c.out.Buf, m.bytes...)
	m.bytes = recycled(m.bytes)
}

// takeMail puts delivered bytes behind the output and returns what else was left.
func (c *client) takeMail() mailFlags {
	m := &c.mail
	m.mu.Lock()
	defer m.mu.Unlock()
	c.takeBytesLocked()
	f := m.flags
	m.flags = 0
	m.some.Store(false)
	return f
}

// left reports whether the flag is in the mail, without taking it.
func (c *client) left(f mailFlags) bool {
	c.mail.mu.Lock()
	defer c.mail.mu.Unlock()
	return c.mail.flags&f != 0
}

// bury makes the mail refuse everything from now on.
func (c *client) bury() {
	c.mail.mu.Lock()
	defer c.mail.mu.Unlock()
	c.mail.gone, c.mail.bytes, c.mail.flags = true, nil, 0
}

// recycled empties a buffer for reuse, or lets a large one go.
func recycled(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}
