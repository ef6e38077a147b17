package list

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
)

// handle is access to one list, valid while its shard is locked.
type handle = keyspace.ListHandle

// side is an end of a list.
type side uint8

const (
	left side = iota
	right
)

// sideAt reads LEFT or RIGHT from argument i.
func sideAt(c *command.Call, i int) (s side, ok bool) {
	switch {
	case c.Is(i, "left"):
		return left, true
	case c.Is(i, "right"):
		return right, true
	}
	return left, false
}

// pushed is the event of a push on this side.
func (s side) pushed() string {
	if s == left {
		return "lpush"
	}
	return "rpush"
}

// popped is the event of a pop on this side.
func (s side) popped() string {
	if s == left {
		return "lpop"
	}
	return "rpop"
}

// The names under which pops are logged.
var (
	lpopName = []byte("LPOP")
	rpopName = []byte("RPOP")
)

// command is the name under which a pop on this side is logged.
func (s side) command() []byte {
	if s == left {
		return lpopName
	}
	return rpopName
}

// The names of the sides as arguments.
var (
	leftName  = []byte("LEFT")
	rightName = []byte("RIGHT")
)

// name is the side as an argument.
func (s side) name() []byte {
	if s == left {
		return leftName
	}
	return rightName
}

func (s side) push(l *handle, v []byte) {
	if s == left {
		l.PushFront(v)
		return
	}
	l.PushBack(v)
}

// pop removes the element at this end of a list that has one. The result is
// valid until the next write.
func (s side) pop(l *handle) []byte {
	if s == left {
		return l.PopFront()
	}
	return l.PopBack()
}

// first returns the element at this end of a list that has one, valid until
// the next write.
func (s side) first(l *handle) []byte {
	if s == left {
		return l.Index(0)
	}
	return l.Index(l.Len() - 1)
}

// shrunk emits the events of elements removed from key: the one named, and
// del when that emptied the list.
func shrunk(c *command.Call, key []byte, l *handle, event string) {
	c.Changed(key, hook.List, event)
	if l.Len() == 0 {
		c.Changed(key, hook.Generic, "del")
	}
}

// position turns an index, negative from the end, into a position among n
// elements. ok is false outside the list.
func position(index int64, n int) (at int, ok bool) {
	if index < 0 {
		index += int64(n)
	}
	if index < 0 || index >= int64(n) {
		return 0, false
	}
	return int(index), true
}

// span turns two indexes, negative from the end and both included, into the
// first of count positions among n elements. count is 0 for an empty range.
func span(start, stop int64, n int) (first, count int) {
	length := int64(n)
	if start < 0 {
		start = max(start+length, 0)
	}
	if stop < 0 {
		stop += length
	}
	stop = min(stop, length-1)
	if start > stop {
		return 0, 0
	}
	return int(start), int(stop - start + 1)
}
