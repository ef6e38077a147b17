package engine

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/exchange"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/rdb"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// A snapshot in Redis' RDB format is for backups and for moving to a Redis
// server. This server keeps its data in the log and does not load the snapshot.

// saving is the state of SAVE and BGSAVE.
type saving struct {
	mu         sync.Mutex
	running    bool
	background bool
	failed     bool // the last one
	count      int64
	at         time.Time // the end of the last one that did not fail
	dirty      int64     // changes before it
}

const (
	errNoSaves   wire.Error = "ERR there is no data directory to write a snapshot into"
	errSaving    wire.Error = "ERR Background save already in progress"
	errRewriting wire.Error = "ERR Another snapshot is being dumped, for a rewrite of the log: try again when it has ended"
)

// begin says that a snapshot is being written from now on.
func (s *saving) begin(background bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running {
		return errSaving
	}
	s.running, s.background = true, background
	return nil
}

func (s *saving) end(err error, at time.Time, dirty int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.failed = false, err != nil
	if err == nil {
		s.at, s.dirty = at, dirty
		s.count++
	}
}

// lastSave is when the last snapshot was written, or else when the server started.
func (e *Engine) lastSave() time.Time {
	s := &e.saving
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.IsZero() {
		return e.started
	}
	return s.at
}

func (s *saving) info(e *Engine, add func(string, any)) {
	last := e.lastSave()
	s.mu.Lock()
	defer s.mu.Unlock()
	add("rdb_changes_since_last_save", e.stats.dirty.Load()-s.dirty)
	add("rdb_bgsave_in_progress", s.running && s.background)
	add("rdb_last_save_time", last.Unix())
	add("rdb_last_bgsave_status", map[bool]string{false: "ok", true: "err"}[s.failed])
	add("rdb_saves", s.count)
}

func runLastSave(c *command.Call) error {
	c.Reply.Int(engineOf(c).lastSave().Unix())
	return nil
}

// runSave waits for the snapshot. The connection's loop serves others meanwhile.
func runSave(c *command.Call) error {
	e := engineOf(c)
	save := e.controls().Save
	if save == nil {
		return errNoSaves
	}
	if err := e.saving.begin(false); err != nil {
		return err
	}
	if s, ok := c.Client.(*Session); ok {
		s.outbox.GiveAway()
	}
	if err := e.save(c.Context, save); err != nil {
		return err
	}
	c.Reply.Status("OK")
	return nil
}

func runBgSave(c *command.Call) error {
	schedule := len(c.Args) == 2 && c.Is(1, "schedule")
	if len(c.Args) > 1 && !schedule {
		return wire.ErrSyntax
	}
	e := engineOf(c)
	save := e.controls().Save
	if save == nil {
		return errNoSaves
	}
	if err := e.saving.begin(true); err != nil {
		return err
	}
	began := e.tasks.Go(func() {
		if err := e.save(e.ctx, save); err != nil {
			e.log.Warn("the snapshot was not written", "error", err)
		}
	})
	if !began {
		e.saving.end(errClosed, e.now(), 0)
		return errClosed
	}
	c.Reply.Status("Background saving started")
	return nil
}

// save writes a snapshot; saving has begun.
func (e *Engine) save(ctx context.Context, save func(func(io.Writer) error) error) (err error) {
	var dirty int64
	defer func() { e.saving.end(err, e.now(), dirty) }()
	snap, err := e.Freeze(func() error {
		dirty = e.stats.dirty.Load()
		return nil
	})
	if errors.Is(err, errViewing) {
		return errRewriting
	}
	if err != nil {
		return err
	}
	defer snap.Release()
	return save(func(w io.Writer) error { return snap.writeRDB(ctx, w, true, true) })
}

// writeRDB writes the snapshot as an RDB file with the keys, the libraries of
// functions, or both. Locks are held only for slices of a few hundred records.
func (s *Snapshot) writeRDB(ctx context.Context, w io.Writer, keys, libraries bool) error {
	f := rdb.NewFile(w)
	f.Aux("redis-ver", RedisVersion)
	f.Aux("redis-bits", "64")
	f.Aux("aof-base", "0")
	for _, r := range s.extra {
		if code := libraryOf(r.Args); code != nil && libraries {
			if err := f.Library(code); err != nil {
				return err
			}
		}
	}
	if !keys {
		return f.Close()
	}
	var buf []byte
	_, err := s.each(ctx, func(v *keyspace.Frozen) error {
		buf = exchange.Append(buf[:0], v)
		return f.Value(v.DB, v.Key, v.Deadline, buf)
	})
	if err != nil {
		return err
	}
	return f.Close()
}

// libraryOf is the source in a record that loads a library of functions, nil in
// any other.
func libraryOf(args [][]byte) []byte {
	if len(args) < 3 || !command.EqualFold(args[0], "function") || !command.EqualFold(args[1], "load") {
		return nil
	}
	return args[len(args)-1]
}
