package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Outbox is how the engine reaches a session's connection from other
// goroutines. Its methods must not block; they may be called under locks.
type Outbox interface {
	// Deliver queues a copy of b behind what is already in the output. It may be
	// the reply to a write: whoever sends it calls Engine.Commit before.
	Deliver(b []byte)
	// Resume says that a blocked session has been answered (through Deliver):
	// the connection goes on with pipelined input.
	Resume()
	// Close ends the connection after what is queued has been sent.
	Close()
	// GiveAway is called on the goroutine that is inside Session.Do when a
	// command runs long: another goroutine is to serve the loop's connections.
	GiveAway()
	// OutputBytes is how much is queued.
	OutputBytes() int
}

// Outcome says what a connection does after a command.
type Outcome uint8

// The outcomes of Session.Do.
const (
	Done       Outcome = iota
	Blocked            // reads no further command until Outbox.Resume
	CloseAfter         // sends what is queued, then closes
)

// SessionOptions describe a connection.
type SessionOptions struct {
	Addr, LocalAddr string
	Transport       string // tcp, unix, tls, embedded
	Outbox          Outbox
}

// Session is the state of one client. Do and Close are called by the client's
// own goroutine; other methods are safe from any.
type Session struct {
	engine *Engine
	id     int64
	o      SessionOptions
	outbox Outbox
	ctx    context.Context
	cancel context.CancelFunc

	unitCtx context.Context // ctx, for what runs inside a unit

	// Of the session's own goroutine, or of who holds the claim of its waiter:
	unit       command.Unit
	call       command.Call
	db         int
	resp3      bool
	authed     bool
	multi      *multi
	watch      *watch // nil: it watches nothing
	blockedOut wire.Writer
	closing    bool // QUIT, or killed by itself
	replyOff   bool // CLIENT REPLY OFF
	replySkip  int8 // CLIENT REPLY SKIP: 2 the command itself, 1 the next
	depth      int  // hooks that led to what an internal session does
	monitoring bool
	parked     bool // the command in Do is waiting
	pushed     bool // the command in Do has pushed, which CLIENT REPLY does not silence
	hist       *histogram
	histOf     *command.Stats // whose hist is
	last       *command.Spec  // what lastCmd holds
	batch      batch
	noEvict    bool
	noTouch    bool
	fed        bool // it gets the log's records
	wantsData  bool // REPLCONF said that SYNC is for a copy of the data
	copies     copyOptions
	caching    bool  // CLIENT CACHING was called for the next command or transaction
	scriptRead bool  // the script that runs has called a command that reads
	stale      stale // what its unit has changed before the client read on

	watching atomic.Pointer[watch]    // watch, for other goroutines
	tracking atomic.Pointer[tracking] // set by the session's goroutine; nil: it tracks nothing
	killed   atomic.Bool
	proto3   atomic.Bool  // resp3, for other goroutines
	subs     atomic.Int32 // subscriptions of all kinds
	lastMs   atomic.Int64
	lastCmd  atomic.Pointer[command.Spec]

	mu       sync.Mutex // guards what CLIENT LIST shows and the wait
	name     string
	user     string
	libName  string
	libVer   string
	created  time.Time
	wait     *waiter
	channels map[string]struct{}
	patterns map[string]struct{}
	shardChs map[string]struct{}
	shown    shown
}

// shown is the copy of a session's own state that other sessions may look at.
type shown struct {
	db, queued, watches                   int // queued is -1 outside MULTI
	resp3, monitor, noEvict, noTouch, fed bool
}

// show brings the copy up to date. The session's goroutine calls it after a
// change of what CLIENT LIST prints.
func (s *Session) show() {
	v := shown{
		db: s.db, queued: -1, resp3: s.resp3,
		monitor: s.monitoring, noEvict: s.noEvict, noTouch: s.noTouch, fed: s.fed,
	}
	if s.multi != nil {
		v.queued = len(s.multi.commands)
	}
	if s.watch != nil {
		v.watches = len(s.watch.keys)
	}
	s.proto3.Store(s.resp3)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown = v
}

const errMaxClients wire.Error = "ERR max number of clients reached"

// NewSession opens a session for a connection. The error is the reply to send
// before closing it.
func (e *Engine) NewSession(o SessionOptions) (*Session, error) {
	if limit := e.live.Get().Server.MaxClients; limit > 0 && int64(e.sessions.len()) >= limit {
		e.stats.rejected.Add(1)
		return nil, errMaxClients
	}
	s := e.newSession(o)
	e.sessions.add(s)
	e.stats.connections.Add(1)
	e.clientEvent(s, "connected")
	return s, nil
}

func (e *Engine) newSession(o SessionOptions) *Session {
	if o.Outbox == nil {
		o.Outbox = nowhere{}
	}
	s := &Session{
		engine: e, id: e.sessions.nextID(), o: o, outbox: o.Outbox, user: "default", created: e.now(), shown: shown{queued: -1},
	}
	s.ctx, s.cancel = context.WithCancel(e.ctx)
	s.unitCtx = inside(s.ctx)
	s.authed = o.Transport == "embedded" || e.live.Get().Security.RequirePass == ""
	s.lastMs.Store(e.NowMs())
	return s
}

// ID implements command.Client.
func (s *Session) ID() int64 { return s.id }

// Addr implements command.Client.
func (s *Session) Addr() string { return s.o.Addr }

// Name implements command.Client.
func (s *Session) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// User implements command.Client.
func (s *Session) User() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.user
}

// NeedsAuth reports whether the client has yet to authenticate. It is for the
// session's own goroutine.
func (s *Session) NeedsAuth() bool { return !s.authed }

// Subscribed reports whether the client listens to any channel.
func (s *Session) Subscribed() bool { return s.subs.Load() > 0 }

// fill sets what a call has from its session.
func (s *Session) fill(c *command.Call) {
	c.Context, c.DB, c.Client, c.Unit, c.Config = s.unitCtx, s.db, s, &s.unit, s.engine.live.Get()
	c.Nested, c.Replay, c.Script, c.ReadOnly, c.AllowOOM, c.Retry = false, false, false, false, false, false
	c.Parent, s.unit.Depth, s.unit.Client = nil, s.depth, s
}

// Do executes one command and writes its reply to out. args are not kept.
func (s *Session) Do(args [][]byte, out *wire.Writer) Outcome {
	if !s.batch.on {
		s.Batch(nil)
		defer s.EndBatch()
	}
	e := s.engine
	out.RESP3, s.parked, s.pushed = s.resp3, false, false
	mark := out.Mark()
	spec, err := e.table.Resolve(args)
	if err == nil {
		err = s.admit(spec, args, out)
		mark = out.Mark()
	}
	if err == nil && e.bus.AsksCommands() {
		err = s.ask(s.ctx, spec, args, s.batch.nowMs())
	}
	switch {
	case err != nil:
		s.replyError(out, s.refused(spec, err))
	case s.multi != nil && !spec.Any(command.Unqueued) && !s.multi.fits(args, e.live.Get().Server.ClientQueryBufferLimit):
		s.endMulti(nil)
		s.closing = true
		s.replyError(out, s.refused(spec, errQueueFull))
	case s.multi != nil && !spec.Any(command.Unqueued):
		s.multi.queue(spec, args)
		out.Status("QUEUED")
	default:
		s.execute(spec, args, out)
	}
	if (s.replyOff || s.replySkip > 0) && (err != nil || !confirmsByPush(spec)) {
		s.muteReply(out, mark)
	}
	if s.caching && s.multi == nil && !ofClient(spec) {
		s.caching = false
	}
	switch {
	case s.closing || s.killed.Load():
		return CloseAfter
	case s.parked:
		return Blocked
	}
	return Done
}

// execute runs an admitted command and accounts for it.
func (s *Session) execute(spec *command.Spec, args [][]byte, out *wire.Writer) {
	e, c, b := s.engine, &s.call, &s.batch
	monitored := e.monitored(spec)
	exec := monitored && spec.Name == "exec" // is shown behind its commands
	if monitored && !exec {
		e.monitor(spec, s.db, s.o.Addr, args, b.now())
	}
	if s.last != spec {
		s.last = spec
		s.lastCmd.Store(spec)
	}
	b.tally.before(s, spec)
	if b.events != nil && spec.Any(untallied) {
		b.tell(s.outbox) // it may last, or cause events in another way
	}
	replied := len(out.Buf)
	s.fill(c)
	c.Begin(spec, args, out)
	err := e.run(c, b.nowMs())
	if err != nil {
		s.replyError(out, err)
	}
	if exec {
		e.monitor(spec, s.db, s.o.Addr, args, b.now())
	}
	if !s.parked { // otherwise who ends the wait does it
		s.account(spec, args, err, len(out.Buf)-replied)
	}
}

// refused counts a command that was not executed, and spoils the transaction
// it would have belonged to; a refused EXEC ends it. It returns the reply.
func (s *Session) refused(spec *command.Spec, err error) error {
	switch {
	case spec != nil && spec.Name == "exec":
		s.endMulti(nil)
		err = execAborted(err)
	case s.multi != nil:
		s.multi.aborted = true
	}
	if spec != nil {
		spec.Stats().Rejected.Add(1)
	}
	s.engine.countError(err)
	return err
}

// replyError writes err as an error reply.
func (s *Session) replyError(out *wire.Writer, err error) {
	out.Error(asReply(err))
}

// asReply makes the client-visible error of err.
func asReply(err error) wire.Error {
	for e := err; e != nil; {
		if w, ok := e.(wire.Error); ok {
			return w
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
	return wire.Errorf("ERR %v", err)
}

// confirmsByPush is true of commands whose answer is a push message, which
// CLIENT REPLY does not silence.
func confirmsByPush(spec *command.Spec) bool {
	return strings.HasSuffix(spec.Name, "subscribe") && spec.Parent() == nil
}

// muteReply drops the reply where CLIENT REPLY asks for that.
func (s *Session) muteReply(out *wire.Writer, mark int) {
	switch {
	case s.replyOff && !s.pushed:
		out.Rewind(mark)
	case s.replySkip > 0:
		s.replySkip--
		if !s.pushed {
			out.Rewind(mark)
		}
	}
}

// Close ends the session: its connection is gone. It is idempotent.
func (s *Session) Close() {
	e := s.engine
	if !e.sessions.remove(s) {
		return
	}
	s.cancel()
	s.unpark(unparkClosed)
	e.unwatch(s, nil)
	e.track(s, nil)
	e.hub.leave(s)
	s.leaveMonitor()
	e.feed.leave(s)
	e.clientEvent(s, "disconnected")
}

// sessionList holds the open sessions by id.
type sessionList struct {
	mu   sync.Mutex
	byID map[int64]*Session
	last atomic.Int64
}

func (l *sessionList) nextID() int64 { return l.last.Add(1) }

func (l *sessionList) add(s *Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.byID == nil {
		l.byID = map[int64]*Session{}
	}
	l.byID[s.id] = s
}

func (l *sessionList) remove(s *Session) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, there := l.byID[s.id]
	delete(l.byID, s.id)
	return there
}

func (l *sessionList) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byID)
}

// each calls fn with every open session, without holding the list's lock.
func (l *sessionList) each(fn func(*Session)) {
	for _, s := range l.sorted() {
		fn(s)
	}
}

// sorted returns the open sessions in the order of their ids.
func (l *sessionList) sorted() []*Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.byID), func(a, b *Session) int { return cmp.Compare(a.id, b.id) })
}

// find returns the open session with that id, or nil.
func (l *sessionList) find(id int64) *Session {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.byID[id]
}
