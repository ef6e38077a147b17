package stream

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errZeroID    wire.Error = "ERR The ID specified in XADD must be greater than 0-0"
	errExhausted wire.Error = "ERR The stream has exhausted the last possible ID, unable to add more items"
	errNoSeqLeft wire.Error = "ERR Elements are too large to be stored" // Redis' words for it
	errSmallID   wire.Error = "ERR The ID specified in XADD is equal or smaller than the target stream top item"
)

// addition is what the arguments of XADD say.
type addition struct {
	trim     trimming
	noCreate bool
	id       stream.ID
	autoID   bool // "*"
	autoSeq  bool // "ms-*"
	fields   [][]byte
}

func parseAddition(c *command.Call) (a addition, err error) {
	i := 2
	for {
		if i == len(c.Args) { // options only
			if err := a.trim.check(c); err != nil {
				return a, err
			}
			return a, wire.WrongArity("xadd")
		}
		next, err := a.trim.option(c, i)
		if err != nil {
			return a, err
		}
		if next > i {
			i = next
			continue
		}
		if c.Is(i, "nomkstream") {
			a.noCreate = true
			i++
			continue
		}
		if err := a.parseID(c.Args[i]); err != nil {
			return a, err
		}
		break
	}
	if err := a.trim.check(c); err != nil {
		return a, err
	}
	a.fields = c.Args[i+1:]
	if len(a.fields) < 2 || len(a.fields)%2 == 1 {
		return a, wire.WrongArity("xadd")
	}
	if !a.autoID && !a.autoSeq && a.id.IsZero() {
		return a, errZeroID
	}
	return a, nil
}

func (a *addition) parseID(b []byte) (err error) {
	if string(b) == "*" {
		a.autoID = true
		return nil
	}
	if ms, isAuto := bytes.CutSuffix(b, []byte("-*")); isAuto && !bytes.Contains(ms, []byte("-")) {
		a.autoSeq = true
		b = ms
	}
	a.id, err = parseID(b, 0)
	return err
}

// next returns the ID of an entry that comes after last.
func (a *addition) next(last stream.ID, nowMs int64) (stream.ID, error) {
	id := a.id
	switch {
	case last == stream.MaxID:
		return id, errExhausted
	case a.autoID:
		if id = (stream.ID{Ms: uint64(nowMs)}); !last.Less(id) {
			id, _ = last.Next()
		}
		return id, nil
	case a.autoSeq && id.Ms == last.Ms:
		if id, _ = last.Next(); id.Ms != last.Ms {
			return id, errNoSeqLeft
		}
	}
	if !last.Less(id) {
		return id, errSmallID
	}
	return id, nil
}

func xadd(c *command.Call) error {
	a, err := parseAddition(c)
	if err != nil {
		return err
	}
	key := c.Args[1]
	h, err := c.Stream(key)
	if err != nil {
		return err
	}
	if a.noCreate && !h.Exists() {
		c.Reply.Null()
		return nil
	}
	id, err := a.next(h.Read().Last(), c.NowMs())
	if err != nil {
		return err
	}
	memory := &c.Config.Memory
	limits := stream.Limits{Bytes: memory.StreamNodeMaxBytes, Entries: memory.StreamNodeMaxEntries}
	h.Write(func(s *stream.Stream) { s.Add(id, a.fields, limits) })
	c.Changed(key, hook.Stream, "xadd")
	if a.trim.wanted {
		a.trim.run(c, key, &h)
	}
	var room [stream.MaxText]byte
	text := c.Unit.Keep(id.Append(room[:0]))
	a.log(c, key, text, &h)
	c.Reply.Bulk(text)
	return nil
}

var verbXAdd = []byte("XADD")

// log repeats the command with the ID that the entry got and exact trimming.
func (a *addition) log(c *command.Call, key, id []byte, h *keyspace.StreamHandle) {
	if !a.autoID && !a.autoSeq && !a.trim.wanted {
		return // the command itself says it
	}
	var room [24][]byte // more fields are rare
	args := append(room[:0], verbXAdd, key)
	if a.trim.wanted {
		args = append(args, a.trim.done(h.Read())...)
	}
	args = append(args, id)
	c.Log(append(args, a.fields...)...)
}
