package engine

import (
	"fmt"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Replay executes one command of the log while it is loaded: nothing expires,
// no hook runs, nothing is logged. The engine is not shared yet. An error means
// that the log holds a command which this version cannot execute.
//
// A command that failed in the middle of its changes is in the log for what it did
// before (panicked): it fails at the same place again, and the loading goes on, as
// the server did. It does so after any panic: a start that is refused would lose more.
func (e *Engine) Replay(db int, args [][]byte) error {
	if len(args) == 0 {
		return nil
	}
	e.loading.Store(true)
	spec, err := e.table.Resolve(args)
	if err != nil {
		return err
	}
	if db >= e.space.Databases() {
		return fmt.Errorf("engine: database %d in the log, but databases is %d", db, e.space.Databases())
	}
	s := e.system()
	c, u := &s.call, &s.unit
	s.db = db
	s.fill(c)
	c.Replay, c.Nested = true, true
	u.Reset()
	u.All = true
	e.mustLockHeld(u)
	defer e.unlockHeld(u)
	u.Engine, u.Space, u.Want = e, e.space, 0
	// Time stands at zero: no deadline has passed, so that a command finds the
	// keys that it found when it was logged.
	u.NowMs = 0
	for _, sh := range e.shards {
		sh.SetNow(0)
	}
	c.Begin(spec, args, discard{})
	panics := e.stats.panics.Load()
	err = e.attempt(c)
	if err == nil || (e.stats.panics.Load() == panics && (u.Dirty == 0 || command.IsRollback(err))) {
		return err
	}
	e.replayFailures++
	e.log.Error("a command of the log has failed; what it had changed until then stays, and the loading goes on",
		"command", spec.FullName(), "db", db, "error", err)
	return nil
}

// ReplayFailures counts the commands of the log that failed while it was loaded
// and were passed over. It is for after the loading.
func (e *Engine) ReplayFailures() int64 { return e.replayFailures }

// EndReplay ends the loading: from now on keys expire, those whose time came
// while the server was down with cause startup.
func (e *Engine) EndReplay() {
	e.loading.Store(false)
	e.loadedMs = e.NowMs()
}

// Keys counts the keys of all databases.
func (e *Engine) Keys() (n int64) {
	for _, s := range e.shards {
		s.mustLock()
		for db := range e.space.Databases() {
			n += int64(s.DB(db).Len())
		}
		s.unlock()
	}
	return n
}

// discard is a reply that nobody reads.
type discard struct{}

var _ wire.Reply = discard{}

func (discard) Proto() int                 { return 2 }
func (discard) Int(int64)                  {}
func (discard) Bulk([]byte)                {}
func (discard) BulkString(string)          {}
func (discard) Status(string)              {}
func (discard) Error(wire.Error)           {}
func (discard) Null()                      {}
func (discard) NullArray()                 {}
func (discard) Double(float64)             {}
func (discard) DoubleText(float64, []byte) {}
func (discard) Bool(bool)                  {}
func (discard) BigNumber(string)           {}
func (discard) Verbatim(string, string)    {}
func (discard) Array(int)                  {}
func (discard) Map(int)                    {}
func (discard) Set(int)                    {}
func (discard) Push(int)                   {}
func (discard) OpenArray() int             { return 0 }
func (discard) CloseArray(int, int)        {}
func (discard) Mark() int                  { return 0 }
func (discard) Rewind(int)                 {}

var _ command.Engine = (*Engine)(nil)
