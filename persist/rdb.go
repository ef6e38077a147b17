package persist

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/rdb"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// itemsPerCommand is how many elements one rebuilding command adds (Redis'
// AOF_REWRITE_ITEMS_PER_CMD).
const itemsPerCommand = 64

// rdbLoader turns what an RDB file holds into commands that rebuild it.
type rdbLoader struct {
	ctx       context.Context
	apply     func(group []Record) error // nil: it is only read
	one       [1]Record
	name      []byte   // of the command that is emitted
	args      [][]byte // its arguments, the name included
	at        int64    // where the entry begins that is being loaded
	count     int64    // commands
	keys      int64
	libraries int64
}

// loadAhead is load with apply on a goroutine of its own, which has ended when loadAhead returns.
func (l *rdbLoader) loadAhead(f vfs.File, size int64) (end int64, err error) {
	a := newAhead(l.apply, &l.at)
	l.apply = a.take
	end, err = l.load(f, size)
	if failed := a.stop(); failed != nil {
		return a.failed, failed
	}
	return end, err
}

// load reads the RDB part at the beginning of a file, and returns where it ends.
// The error is a *fault for what cannot be read, or that of apply, ctx or the file.
func (l *rdbLoader) load(f vfs.File, size int64) (end int64, err error) {
	r := rdb.NewReader(io.NewSectionReader(f, 0, size), size)
	for {
		if err := l.ctx.Err(); err != nil {
			return r.Offset(), err
		}
		l.at = r.Offset()
		e, err := r.Next()
		var bad *rdb.FileError
		switch {
		case err == io.EOF:
			return r.Offset(), nil
		case errors.As(err, &bad):
			return r.Offset(), &fault{offset: bad.Offset, reason: bad.Reason}
		case err != nil:
			return r.Offset(), err
		}
		if err := l.entry(e); err != nil {
			return r.Offset(), err
		}
	}
}

func (l *rdbLoader) command(db int, name string, args ...[]byte) error {
	if l.apply == nil {
		return nil
	}
	l.count++
	l.name = append(l.name[:0], name...)
	l.args = append(append(l.args[:0], l.name), args...)
	l.one[0] = Record{DB: db, Args: l.args}
	return l.apply(l.one[:])
}

func (l *rdbLoader) entry(e *rdb.Entry) error {
	if e.Library != nil {
		l.libraries++
		return l.command(0, "FUNCTION", []byte("LOAD"), e.Library)
	}
	l.keys++
	v := e.Value
	var err error
	switch v.Kind {
	case rdb.String:
		if e.DeadlineMs != 0 {
			return l.command(e.DB, "SET", e.Key, v.Items[0], []byte("PXAT"), signed(e.DeadlineMs))
		}
		return l.command(e.DB, "SET", e.Key, v.Items[0])
	case rdb.List:
		err = l.pieces(e, "RPUSH", v.Items, 1)
	case rdb.Set:
		err = l.pieces(e, "SADD", v.Items, 1)
	case rdb.Hash:
		err = l.pieces(e, "HSET", v.Items, 2)
	case rdb.ZSet:
		pairs := make([][]byte, 0, 2*len(v.Items))
		for i, member := range v.Items {
			pairs = append(pairs, scoreText(v.Scores[i]), member)
		}
		err = l.pieces(e, "ZADD", pairs, 2)
	case rdb.Stream:
		err = l.stream(e, v.Stream)
	default:
		err = fmt.Errorf("persist: the key %q has a value of kind %d", e.Key, v.Kind)
	}
	if err != nil || e.DeadlineMs == 0 {
		return err
	}
	return l.command(e.DB, "PEXPIREAT", e.Key, signed(e.DeadlineMs))
}

// pieces emits name key element… with itemsPerCommand elements each, of so many items.
func (l *rdbLoader) pieces(e *rdb.Entry, name string, items [][]byte, each int) error {
	for len(items) > 0 {
		n := min(len(items), itemsPerCommand*each)
		if err := l.command(e.DB, name, append([][]byte{e.Key}, items[:n]...)...); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// stream emits the entries, the groups with their consumers and what is pending, and the counters.
// A claim needs the entry that it is about, and what is pending may have been deleted since: such
// ghosts come first, are claimed, and are trimmed away again.
func (l *rdbLoader) stream(e *rdb.Entry, s *rdb.StreamValue) error {
	ghosts := ghostsOf(s)
	for _, id := range ghosts {
		if err := l.command(e.DB, "XADD", e.Key, idText(id), []byte("x"), []byte("y")); err != nil {
			return err
		}
	}
	if len(ghosts) > 0 {
		if err := l.groups(e, s); err != nil {
			return err
		}
		if err := l.claims(e, s, ghosts, true); err != nil {
			return err
		}
		if err := l.command(e.DB, "XTRIM", e.Key, []byte("MAXLEN"), []byte("="), []byte("0")); err != nil {
			return err
		}
		if err := l.command(e.DB, "XSETID", e.Key, idText(rdb.ID{})); err != nil {
			return err
		}
	}
	for _, entry := range s.Entries {
		if err := l.command(e.DB, "XADD", append([][]byte{e.Key, idText(entry.ID)}, entry.Fields...)...); err != nil {
			return err
		}
	}
	if len(s.Entries) == 0 && len(ghosts) == 0 {
		// A stream without entries exists all the same: add one, which MAXLEN 0 takes away.
		first := s.Last
		if first == (rdb.ID{}) {
			first.Seq = 1
		}
		if err := l.command(e.DB, "XADD", e.Key, []byte("MAXLEN"), []byte("0"), idText(first), []byte("x"), []byte("y")); err != nil {
			return err
		}
	}
	if err := l.counters(e, s); err != nil {
		return err
	}
	if len(ghosts) == 0 {
		if err := l.groups(e, s); err != nil {
			return err
		}
	}
	return l.claims(e, s, ghosts, false)
}

// ghostsOf are the pending IDs whose entries are gone, in order.
func ghostsOf(s *rdb.StreamValue) (ghosts []rdb.ID) {
	for i := range s.Groups {
		for _, p := range s.Groups[i].Pending {
			_, found := slices.BinarySearchFunc(s.Entries, p.ID, func(e rdb.StreamEntry, id rdb.ID) int { return compareIDs(e.ID, id) })
			if !found {
				ghosts = append(ghosts, p.ID)
			}
		}
	}
	slices.SortFunc(ghosts, compareIDs)
	return slices.Compact(ghosts)
}

func compareIDs(a, b rdb.ID) int {
	return cmp.Or(cmp.Compare(a.Ms, b.Ms), cmp.Compare(a.Seq, b.Seq))
}

// counters sets what XADD remembers. XSETID may have set the last ID below the
// highest that was deleted, which one command cannot say.
func (l *rdbLoader) counters(e *rdb.Entry, s *rdb.StreamValue) error {
	added, deleted := s.Added, s.MaxDeleted
	if s.Old {
		added, deleted = uint64(len(s.Entries)), rdb.ID{}
	}
	if compareIDs(s.Last, deleted) < 0 {
		if err := l.command(e.DB, "XSETID", e.Key, idText(deleted), []byte("MAXDELETEDID"), idText(deleted)); err != nil {
			return err
		}
		deleted = rdb.ID{} // leaves it as it is
	}
	return l.command(e.DB, "XSETID", e.Key, idText(s.Last), []byte("ENTRIESADDED"), unsigned(added), []byte("MAXDELETEDID"), idText(deleted))
}

func (l *rdbLoader) groups(e *rdb.Entry, s *rdb.StreamValue) error {
	for _, g := range s.Groups {
		create := [][]byte{[]byte("CREATE"), e.Key, g.Name, idText(g.Last)}
		if !s.Old {
			create = append(create, []byte("ENTRIESREAD"), signed(g.Read))
		}
		if err := l.command(e.DB, "XGROUP", create...); err != nil {
			return err
		}
		for _, c := range g.Consumers {
			if err := l.command(e.DB, "XGROUP", []byte("CREATECONSUMER"), e.Key, g.Name, c.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// claims makes pending again what is a ghost, or what is not.
func (l *rdbLoader) claims(e *rdb.Entry, s *rdb.StreamValue, ghosts []rdb.ID, of bool) error {
	for _, g := range s.Groups {
		for _, p := range g.Pending {
			if _, ghost := slices.BinarySearchFunc(ghosts, p.ID, compareIDs); ghost != of {
				continue
			}
			err := l.command(e.DB, "XCLAIM", e.Key, g.Name, g.Consumers[p.Consumer].Name, []byte("0"), idText(p.ID),
				[]byte("TIME"), signed(p.DeliveredMs), []byte("RETRYCOUNT"), unsigned(p.Count), []byte("JUSTID"), []byte("FORCE"))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func idText(id rdb.ID) []byte {
	return strconv.AppendUint(append(strconv.AppendUint(nil, id.Ms, 10), '-'), id.Seq, 10)
}

func signed(n int64) []byte    { return strconv.AppendInt(nil, n, 10) }
func unsigned(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }

// scoreText writes a score as Redis reads it.
func scoreText(score float64) []byte {
	switch {
	case math.IsInf(score, 1):
		return []byte("inf")
	case math.IsInf(score, -1):
		return []byte("-inf")
	}
	return strconv.AppendFloat(nil, score, 'g', -1, 64)
}

// asFault returns err as a *fault, if it is one.
func asFault(err error) (*fault, bool) {
	var f *fault
	ok := errors.As(err, &f)
	return f, ok
}
