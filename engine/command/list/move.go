package list

import (
	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

var lmoveName = []byte("LMOVE")

func lmove(c *command.Call) error {
	from, ok1 := sideAt(c, 3)
	to, ok2 := sideAt(c, 4)
	if !ok1 || !ok2 {
		return wire.ErrSyntax
	}
	return move(c, from, to)
}

func rpoplpush(c *command.Call) error { return move(c, right, left) }

func move(c *command.Call, from, to side) error {
	l, err := c.List(c.Args[1])
	if err != nil {
		return err
	}
	if l.Len() == 0 {
		c.Reply.Null()
		return nil
	}
	return shift(c, &l, from, to)
}

// shift takes one element from l, the list at argument 1 that has one, to the
// list at argument 2, and replies with it. It pushes first and pops then: so a
// list of one element that is moved to itself is never empty, which would
// delete its key and lose the deadline.
func shift(c *command.Call, l *handle, from, to side) error {
	source, destination := c.Args[1], c.Args[2]
	d, err := c.List(destination)
	if err != nil {
		return err
	}
	element := c.Unit.Keep(from.first(l)) // the push may move what it points to
	to.push(&d, element)
	c.Changed(destination, hook.List, to.pushed())
	from.pop(l)
	c.Reply.Bulk(element)
	shrunk(c, source, l, from.popped())
	return nil
}
