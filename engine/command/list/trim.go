package list

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

func lrem(c *command.Call) error {
	count, err := c.Int(2)
	if err != nil {
		return err
	}
	key := c.Args[1]
	l, err := c.List(key)
	if err != nil {
		return err
	}
	removed := remove(&l, count, c.Args[3])
	if removed > 0 {
		shrunk(c, key, &l, "lrem")
	}
	c.Reply.Int(int64(removed))
	return nil
}

// remove deletes the first count elements that equal the one given, for a
// negative count the last ones, for 0 all.
func remove(l *handle, count int64, element []byte) int {
	length := l.Len()
	var matches []int // in the order of the search
	at, step, limit := 0, 1, count
	if count < 0 {
		at, step, limit = length-1, -1, -count
	}
	visit := func(v []byte) bool {
		if bytes.Equal(v, element) {
			matches = append(matches, at)
		}
		at += step
		return int64(len(matches)) != limit || limit == 0
	}
	if step > 0 {
		l.Range(0, length, visit)
		cut(l, matches, len(matches)-1, -1)
	} else {
		l.RangeBack(length-1, length, visit)
		cut(l, matches, 0, 1)
	}
	return len(matches)
}

// cut deletes the positions, reading them from index i in the direction that
// makes them descend, so that none moves before it is deleted. Neighbours go
// in one piece.
func cut(l *handle, positions []int, i, step int) {
	for i >= 0 && i < len(positions) {
		first, n := positions[i], 1
		for i += step; i >= 0 && i < len(positions) && positions[i] == first-1; i += step {
			first--
			n++
		}
		l.Delete(first, n)
	}
}

func ltrim(c *command.Call) error {
	start, stop, err := indexes(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	l, err := c.List(key)
	if err != nil {
		return err
	}
	n := l.Len()
	if n == 0 {
		c.Reply.Status("OK")
		return nil
	}
	first, count := span(start, stop, n)
	if count < n {
		if behind := n - first - count; behind > 0 {
			l.Delete(first+count, behind)
		}
		if first > 0 {
			l.Delete(0, first)
		}
	} else {
		c.LogNothing() // the event is emitted all the same
	}
	shrunk(c, key, &l, "ltrim")
	c.Reply.Status("OK")
	return nil
}
