package stream

import (
	"bytes"
	"math"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

const (
	errID       wire.Error = "ERR Invalid stream ID specified as stream command argument"
	errInterval wire.Error = "ERR invalid start ID for the interval"
	errEnd      wire.Error = "ERR invalid end ID for the interval"
)

// maxID is the length of the longest text that is read as an ID.
const maxID = 127

// parseNumber reads one half of an ID as Redis does: by its own rules for
// integers, else by those of C's strtoull in base ten, which allows spaces and
// a sign before the digits and counts a negative number from the top.
func parseNumber(b []byte) (n uint64, ok bool) {
	if i, ok := command.ParseInt(b); ok {
		return uint64(i), i >= 0
	}
	b = bytes.TrimLeft(b, " \t\n\v\f\r")
	neg := len(b) > 0 && b[0] == '-'
	if neg || len(b) > 0 && b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if neg {
		n = -n
	}
	return n, true
}

// parseID reads "ms-seq", or "ms" alone with seq as it is given.
func parseID(b []byte, seq uint64) (stream.ID, error) {
	ok := len(b) <= maxID
	b, _, _ = bytes.Cut(b, []byte{0}) // where C's strings end
	ms, rest, found := bytes.Cut(b, []byte("-"))
	id := stream.ID{Seq: seq}
	if ok {
		id.Ms, ok = parseNumber(ms)
	}
	if ok && found {
		id.Seq, ok = parseNumber(rest)
	}
	if !ok {
		return stream.ID{}, errID
	}
	return id, nil
}

// parseBound reads one end of an interval: an ID, "-" or "+", or "(" and an ID.
func parseBound(b []byte, seq uint64) (id stream.ID, open bool, err error) {
	switch {
	case len(b) > 1 && b[0] == '(':
		id, err = parseID(b[1:], seq)
		return id, true, err
	case string(b) == "-":
		return stream.ID{}, false, nil
	case string(b) == "+":
		return stream.MaxID, false, nil
	}
	id, err = parseID(b, seq)
	return id, false, err
}

// parseStart reads the lower end of an interval and returns the first ID in it.
func parseStart(b []byte) (stream.ID, error) {
	id, open, err := parseBound(b, 0)
	if err != nil || !open {
		return id, err
	}
	next, ok := id.Next()
	if !ok {
		return id, errInterval
	}
	return next, nil
}

// parseEnd reads the upper end of an interval and returns the last ID in it.
func parseEnd(b []byte) (stream.ID, error) {
	id, open, err := parseBound(b, math.MaxUint64)
	if err != nil || !open {
		return id, err
	}
	prev, ok := id.Prev()
	if !ok {
		return id, errEnd
	}
	return prev, nil
}

// parseIDs reads arguments that are all IDs.
func parseIDs(args [][]byte) ([]stream.ID, error) {
	ids := make([]stream.ID, len(args))
	for i, a := range args {
		id, err := parseID(a, 0)
		if err != nil {
			return nil, err
		}
		ids[i] = id
	}
	return ids, nil
}
