package engine

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// feed carries the records of the log to sessions that have asked for them with
// SYNC, in log order and in Redis' form of a replication stream: SELECT where
// the database changes, MULTI and EXEC around a group of more than one.
type feed struct {
	active atomic.Int32 // sessions; changes from 0 under all shard locks

	mu       sync.Mutex // keeps appending and delivering together
	sessions map[*Session]struct{}
	db       int // of the last record; -1: the next one gets a SELECT
	out      wire.Writer
	sent     int64 // bytes since the start: the offset that ROLE and INFO show
}

// join adds a session: it gets every record that is appended from now on. All
// shard locks are held, so that "now" is one place in the log.
func (f *feed) join(s *Session) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sessions == nil {
		f.sessions = map[*Session]struct{}{}
	}
	f.sessions[s] = struct{}{}
	f.db = -1
	f.active.Store(int32(len(f.sessions)))
}

// leave takes a session out, if it is in.
func (f *feed) leave(s *Session) {
	if f.active.Load() == 0 {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, s)
	f.active.Store(int32(len(f.sessions)))
}

// has reports whether the session is fed.
func (f *feed) has(s *Session) bool {
	if f.active.Load() == 0 {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, there := f.sessions[s]
	return there
}

// list returns the sessions in the order of their ids, and how many bytes have
// been fed.
func (f *feed) list() (fed []*Session, offset int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fed = slices.SortedFunc(maps.Keys(f.sessions), func(a, b *Session) int { return cmp.Compare(a.id, b.id) })
	return fed, f.sent
}

// offset is how many bytes have been fed.
func (f *feed) offset() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent
}

// logUnit hands a unit's records to the journal, and to the feed where there is
// one. The unit's locks are held.
func (e *Engine) logUnit(records []command.Record) (pos int64) {
	f := &e.feed
	if f.active.Load() == 0 {
		pos = e.journal.Append(records)
		e.advance(pos)
		return pos
	}
	f.mu.Lock() // units on other shards may end at the same time
	defer f.mu.Unlock()
	pos = e.journal.Append(records)
	e.advance(pos)
	f.deliver(records, e.live.Get().Server.ClientOutputBufferLimit.Replica.Hard)
	return pos
}

// deliver encodes a group once and sends it to every session. One that leaves
// more than limit bytes unread is closed; 0 is no limit. f.mu is held.
func (f *feed) deliver(records []command.Record, limit int64) {
	w := &f.out
	w.Buf = w.Buf[:0]
	f.selectDB(records[0].DB)
	if len(records) > 1 {
		writeCommand(w, []byte("MULTI"))
	}
	for i := range records {
		f.selectDB(records[i].DB)
		writeCommand(w, records[i].Args...)
	}
	if len(records) > 1 {
		writeCommand(w, []byte("EXEC"))
	}
	f.sent += int64(len(w.Buf))
	for s := range f.sessions {
		s.outbox.Deliver(w.Buf)
		if limit > 0 && int64(s.outbox.OutputBytes()) > limit {
			delete(f.sessions, s) // it does not read
			f.active.Store(int32(len(f.sessions)))
			s.killed.Store(true)
			s.outbox.Close()
		}
	}
	if cap(w.Buf) > maxFeedBuffer {
		w.Buf = nil
	}
}

// maxFeedBuffer bounds what the feed keeps after a large group.
const maxFeedBuffer = 1 << 20

func (f *feed) selectDB(db int) {
	if db != f.db {
		writeCommand(&f.out, []byte("SELECT"), []byte(strconv.Itoa(db)))
		f.db = db
	}
}

func writeCommand(w *wire.Writer, args ...[]byte) {
	w.Array(len(args))
	for _, a := range args {
		w.Bulk(a)
	}
}

// emptyRDB is a snapshot without keys in Redis' format: magic and version, the
// end mark, and the checksum 0, which says that there is none.
var emptyRDB = append(append([]byte("REDIS0009"), 0xff), bytes.Repeat([]byte{0}, 8)...)
