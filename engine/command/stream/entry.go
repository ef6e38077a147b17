package stream

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errEntriesAdded wire.Error = "ERR entries_added must be positive"
	errBelowGiven   wire.Error = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
	errBelowTop     wire.Error = "ERR The ID specified in XSETID is smaller than the target stream top item"
	errBelowLength  wire.Error = "ERR The entries_added specified in XSETID is smaller than the target stream length"
)

func xlen(c *command.Call) error {
	h, err := c.Stream(c.Args[1])
	if err != nil {
		return err
	}
	c.Reply.Int(int64(h.Read().Len()))
	return nil
}

func xdel(c *command.Call) error {
	key := c.Args[1]
	h, err := c.Stream(key)
	if err != nil {
		return err
	}
	if !h.Exists() {
		c.Reply.Int(0)
		return nil
	}
	ids, err := parseIDs(c.Args[2:])
	if err != nil {
		return err
	}
	removed := int64(0)
	h.Write(func(s *stream.Stream) {
		for _, id := range ids {
			if s.Delete(id) {
				removed++
			}
		}
	})
	if removed > 0 {
		c.Changed(key, hook.Stream, "xdel")
	}
	c.Reply.Int(removed)
	return nil
}

func xsetid(c *command.Call) error {
	last, err := parseID(c.Args[2], 0)
	if err != nil {
		return err
	}
	added, deleted := int64(-1), stream.ID{}
	for i := 3; i < len(c.Args); i += 2 {
		if i+1 == len(c.Args) {
			return wire.ErrSyntax
		}
		switch {
		case c.Is(i, "entriesadded"):
			if added, err = c.Int(i + 1); err == nil && added < 0 {
				err = errEntriesAdded
			}
		case c.Is(i, "maxdeletedid"):
			if deleted, err = parseID(c.Args[i+1], 0); err == nil && last.Less(deleted) {
				err = errBelowGiven
			}
		default:
			err = wire.ErrSyntax
		}
		if err != nil {
			return err
		}
	}
	return setID(c, last, added, deleted)
}

// setID sets the counters; added -1 and deleted 0-0 leave theirs as they are.
func setID(c *command.Call, last stream.ID, added int64, deleted stream.ID) error {
	key := c.Args[1]
	h, err := c.Stream(key)
	if err != nil {
		return err
	}
	s := h.Read()
	switch {
	case !h.Exists():
		return wire.ErrNoSuchKey
	case s.Len() > 0 && last.Less(s.Top()):
		return errBelowTop
	case s.Len() > 0 && added >= 0 && int64(s.Len()) > added:
		return errBelowLength
	}
	if added < 0 {
		added = int64(s.Added())
	}
	if deleted.IsZero() {
		deleted = s.MaxDeleted()
	}
	h.Write(func(s *stream.Stream) { s.SetID(last, uint64(added), deleted) })
	c.Changed(key, hook.Stream, "xsetid")
	c.Reply.Status("OK")
	return nil
}
