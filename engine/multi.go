package engine

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// multi is the transaction a session is gathering.
type multi struct {
	commands []queuedCommand
	aborted  bool // a command was refused: EXEC must fail
	bytes    int64
}

// What a queued command, and each of its arguments, takes besides its bytes.
const (
	queuedBytes    = 64
	queuedArgBytes = 24
)

// errQueueFull is the last that a client hears whose transaction is too large.
const errQueueFull wire.Error = "ERR the transaction takes more than client-query-buffer-limit"

// fits reports whether the queue may take the command too. What waits for its EXEC
// counts as an unfinished request, as in newer versions of Redis: in 7.0 the queue
// has no bound.
func (m *multi) fits(args [][]byte, limit int64) bool {
	return limit <= 0 || m.bytes+sizeQueued(args) <= limit
}

func sizeQueued(args [][]byte) int64 {
	size := queuedBytes + queuedArgBytes*int64(len(args))
	for _, a := range args {
		size += int64(len(a))
	}
	return size
}

type queuedCommand struct {
	spec *command.Spec
	args [][]byte
}

// queue copies a command into the transaction.
func (m *multi) queue(spec *command.Spec, args [][]byte) {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	buf := make([]byte, 0, size)
	copied := make([][]byte, len(args))
	for i, a := range args {
		start := len(buf)
		buf = append(buf, a...)
		copied[i] = buf[start:len(buf):len(buf)]
	}
	m.bytes += sizeQueued(args)
	m.commands = append(m.commands, queuedCommand{spec, copied})
}

var transactionRows = []command.Spec{
	{
		Name: "multi", Arity: 1, Group: command.GroupTransactions, Since: "1.2.0", Complexity: "O(1)",
		Flags:   command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy | command.NoUnit | command.Unqueued,
		Summary: "Begins a transaction", Run: runMulti,
	},
	{
		Name: "exec", Arity: 1, Group: command.GroupTransactions, Since: "1.2.0", Complexity: "Depends on the commands in the transaction",
		Flags:   command.NoScript | command.Loading | command.Stale | command.SkipSlowlog | command.NoUnit | command.Unqueued,
		Summary: "Executes the commands of a transaction as one unit", Run: runExec,
	},
	{
		Name: "discard", Arity: 1, Group: command.GroupTransactions, Since: "2.0.0", Complexity: "O(N) with N queued commands",
		Flags:   command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy | command.NoUnit | command.Unqueued,
		Summary: "Drops a transaction", Run: runDiscard,
	},
	{
		Name: "watch", Arity: -2, Group: command.GroupTransactions, Since: "2.2.0", Complexity: "O(1) for every key", Syntax: "key [key ...]",
		Flags:   command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy | command.Unqueued,
		Keys:    []command.KeySpec{command.Keys(1, -1, 1, command.KeyRO)},
		Summary: "Makes the next transaction depend on keys staying as they are", Run: runWatch,
	},
	{
		Name: "unwatch", Arity: 1, Group: command.GroupTransactions, Since: "2.2.0", Complexity: "O(1)",
		Flags:   command.NoScript | command.Loading | command.Stale | command.Fast | command.AllowBusy | command.NoUnit,
		Summary: "Forgets all watched keys", Run: runUnwatch,
	},
}

func runMulti(c *command.Call) error {
	s := c.Client.(*Session)
	if s.multi != nil {
		return wire.Error("ERR MULTI calls can not be nested")
	}
	s.multi = &multi{}
	s.show()
	c.Reply.Status("OK")
	return nil
}

func runDiscard(c *command.Call) error {
	s := c.Client.(*Session)
	if s.multi == nil {
		return wire.Error("ERR DISCARD without MULTI")
	}
	s.endMulti(nil)
	c.Reply.Status("OK")
	return nil
}

func (s *Session) endMulti(u *command.Unit) {
	s.multi = nil
	s.engine.unwatch(s, u)
	s.show()
}

func runWatch(c *command.Call) error {
	s := c.Client.(*Session)
	if s.multi != nil {
		return wire.Error("ERR WATCH inside MULTI is not allowed")
	}
	for _, key := range c.Args[1:] {
		s.engine.watch(s, key)
	}
	s.show()
	c.Reply.Status("OK")
	return nil
}

func runUnwatch(c *command.Call) error {
	s := c.Client.(*Session)
	s.engine.unwatch(s, c.Unit)
	s.show()
	c.Reply.Status("OK")
	return nil
}

// runExec runs the queued commands as one unit, under the locks of all their
// keys. Each answers for itself: an error in one does not keep the others from
// running, as in Redis.
func runExec(c *command.Call) error {
	s := c.Client.(*Session)
	e, m := s.engine, s.multi
	if m == nil {
		return wire.Error("ERR EXEC without MULTI")
	}
	if m.aborted {
		s.endMulti(nil)
		return wire.ErrExecAbort
	}
	u := c.Unit
	if err := s.admitExec(m); err != nil {
		s.endMulti(nil)
		return err
	}
	depth := u.Depth
	u.Reset()
	u.Depth = depth
	e.holdMulti(s, u)
	began := e.begin(u, e.busy.signal())
	if began && e.anyDue(u) && e.tooNarrow(u) {
		began = e.widen(u, false)
	}
	if !began {
		s.endMulti(nil)
		return execAborted(e.busy.error())
	}
	u.Narrow = true // it is not run again
	if s.watch.isDirty() || e.watchedDue(s, u) {
		s.endMulti(u)
		e.publish(e.end(u), s.outbox)
		c.Reply.NullArray()
		return nil
	}
	s.multi = nil
	e.unwatch(s, u)
	reply := c.Reply
	reply.Array(len(m.commands))
	for i := range m.commands {
		e.execQueued(s, c, &m.commands[i])
	}
	s.show()
	e.publish(e.end(u), s.outbox)
	return nil
}

// execAborted is the answer to an EXEC that was refused because of err.
func execAborted(err error) error {
	return wire.Errorf("EXECABORT Transaction discarded because of: %s", strings.TrimPrefix(string(asReply(err)), "ERR "))
}

// admitExec refuses a transaction that holds writes while writes are refused.
func (s *Session) admitExec(m *multi) error {
	for i := range m.commands {
		if spec := m.commands[i].spec; spec.Any(command.Write) {
			if err := s.engine.admitWrite(spec, false); err != nil {
				return execAborted(err)
			}
		}
	}
	return nil
}

// holdMulti sets the lock set to what the transaction's commands and watched
// keys need; commands that run scripts or have no key of their own take all.
func (e *Engine) holdMulti(s *Session, u *command.Unit) {
	hooks := e.atomics.Load().gen
	defer func() { u.Hooks = hooks }()
	for _, id := range s.watchedKeys() {
		e.hold(u, []byte(id.key))
	}
	for i := range s.multi.commands {
		q := &s.multi.commands[i]
		switch {
		case q.spec.Any(command.Revocable):
			u.All = true
		case !q.spec.Any(command.NoUnit):
			e.holdSpec(u, q.spec, q.args)
		}
	}
	if len(e.shards) == 1 || e.atomics.Load().on(hook.KindExpired) {
		u.All = true
	}
}

func (s *Session) watchedKeys() []keyID {
	if s.watch == nil {
		return nil
	}
	return s.watch.keys
}

// watchedDue reports whether a watched key has come due without having been
// removed yet. One that was not there to be watched has not changed: it was due
// when it came, with SWAPDB.
func (e *Engine) watchedDue(s *Session, u *command.Unit) bool {
	for _, id := range s.watchedKeys() {
		sh := e.shards[e.shardOf([]byte(id.key))]
		if _, due := sh.IsDue(id.db, []byte(id.key), u.NowMs); due && sh.watched[id][s.watch] {
			return true
		}
	}
	return false
}

func (e *Engine) execQueued(s *Session, exec *command.Call, q *queuedCommand) {
	c := s.call // the EXEC itself goes on in exec
	s.fill(&c)
	c.Unit, c.Nested = exec.Unit, true
	c.Begin(q.spec, q.args, exec.Reply)
	start := e.now()
	if e.monitored(q.spec) {
		e.monitor(q.spec, s.db, s.o.Addr, q.args, start)
	}
	err := e.attempt(&c)
	e.remember(&c)
	if err != nil {
		if w, ok := exec.Reply.(*wire.Writer); ok {
			s.replyError(w, err)
		}
	}
	took := e.now().Sub(start)
	e.account(s, q.spec, q.args, took, err)
	if ev := s.followed(q.spec, q.args, took, err); ev != nil {
		exec.Emit(ev) // locks are held
	}
}
