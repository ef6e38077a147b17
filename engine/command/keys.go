package command

import (
	"bytes"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// KeyPos is one key among a command's arguments.
type KeyPos struct {
	Index int
	Flags KeyFlags
}

// Errors of key extraction, as COMMAND GETKEYS words them.
const (
	ErrNoKeys  wire.Error = "ERR The command has no key arguments"
	ErrBadArgs wire.Error = "ERR Invalid arguments specified for command"
)

// AppendKeys appends the positions of the command's keys in args (args[0] is
// the command's name) to buf. ok is false when the arguments do not fit the
// specification; buf then holds the keys found before.
func (s *Spec) AppendKeys(buf []KeyPos, args [][]byte) (_ []KeyPos, ok bool) {
	for i := range s.Keys {
		if s.Keys[i].Flags&KeyNotKey != 0 {
			continue
		}
		if buf, ok = s.Keys[i].appendKeys(buf, args); !ok {
			return buf, false
		}
	}
	return buf, true
}

func (k *KeySpec) appendKeys(buf []KeyPos, args [][]byte) ([]KeyPos, bool) {
	begin := k.Index
	if begin == 0 {
		begin = k.find(args)
		if begin == 0 {
			return buf, true // the keyword is optional
		}
	}
	if begin >= len(args) {
		return buf, true
	}
	first, last, step := begin, begin+k.Last, max(k.Step, 1)
	switch {
	case k.KeyNum > 0:
		at := begin + k.KeyNum - 1
		if at >= len(args) {
			return buf, false
		}
		n, ok := ParseInt(args[at])
		if !ok || n < 0 || n > int64(len(args)) {
			return buf, false
		}
		first = begin + k.First
		last = first + int(n-1)*step
	case k.Last < 0:
		last = len(args) + k.Last
		if k.Limit > 1 {
			last = first + (len(args)-first)/k.Limit - 1
		}
	}
	if last >= len(args) {
		return buf, false
	}
	for i := first; i <= last; i += step {
		buf = append(buf, KeyPos{Index: i, Flags: k.Flags})
	}
	return buf, true
}

// find returns the argument after the keyword, or 0.
func (k *KeySpec) find(args [][]byte) int {
	step, i := 1, k.StartFrom
	if i < 0 {
		step, i = -1, len(args)+i
	}
	for ; i > 0 && i < len(args); i += step {
		if bytes.EqualFold(args[i], []byte(k.Keyword)) {
			return i + 1
		}
	}
	return 0
}
