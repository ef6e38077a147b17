package stream

import "strconv"

// Limits say when a block is full, as stream-node-max-bytes and stream-node-max-entries do; 0 sets no
// limit but the structure's own.
type Limits struct {
	Bytes   int64
	Entries int64
}

// Whatever the limits are, a block stays so small that copying it is cheap.
const (
	maxBytes   = 16 << 10
	maxEntries = 256
)

// Redis trims by whole nodes, and how much fits into a node of its own is what a client sees of XTRIM
// with "~". So a block is full when Redis' node would be: a listpack, whose elements take an encoding
// that depends on the value, and its length once more. The figures are those of listpack.c, 7.0.

// nodeHead is what a listpack takes without elements.
const nodeHead = 7

// nodeInt returns how many bytes an integer takes in a node.
func nodeInt(v int64) int {
	n := 9
	switch {
	case v >= 0 && v <= 127:
		n = 1
	case v >= -4096 && v <= 4095:
		n = 2
	case v >= -1<<15 && v < 1<<15:
		n = 3
	case v >= -1<<23 && v < 1<<23:
		n = 4
	case v >= -1<<31 && v < 1<<31:
		n = 5
	}
	return n + 1
}

// nodeString returns how many bytes a string takes in a node.
func nodeString(v []byte) int {
	if i, ok := integer(v); ok {
		return nodeInt(i)
	}
	n := len(v)
	switch {
	case n < 64:
		n++
	case n < 4096:
		n += 2
	default:
		n += 5
	}
	switch {
	case n <= 127:
		return n + 1
	case n < 16383:
		return n + 2
	case n < 2097151:
		return n + 3
	case n < 268435455:
		return n + 4
	}
	return n + 5
}

// integer reads the canonical decimal form of an int64.
func integer(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// nodeEntry returns how many bytes an entry takes in the node that begins with first.
func nodeEntry(first, id ID, fields [][]byte, same bool) int {
	pairs := len(fields) / 2
	n := nodeInt(0) + nodeInt(int64(id.Ms-first.Ms)) + nodeInt(int64(id.Seq-first.Seq))
	for i := 1; i < len(fields); i += 2 {
		n += nodeString(fields[i])
	}
	if same {
		return n + nodeInt(int64(pairs+3))
	}
	for i := 0; i < len(fields); i += 2 {
		n += nodeString(fields[i])
	}
	return n + nodeInt(int64(pairs)) + nodeInt(int64(2*pairs+4))
}

// nodeMaster returns how many bytes the names of a node take, without its two counters.
func nodeMaster(fields [][]byte) int {
	n := nodeInt(int64(len(fields)/2)) + nodeInt(0)
	for i := 0; i < len(fields); i += 2 {
		n += nodeString(fields[i])
	}
	return n
}

// full reports whether an entry of these fields begins a new block.
func (l *leaf) full(fields [][]byte, lim Limits) bool {
	bytes, entries := int64(maxBytes), int64(maxEntries)
	if lim.Bytes > 0 {
		bytes = min(bytes, lim.Bytes)
	}
	if lim.Entries > 0 {
		entries = min(entries, lim.Entries)
	}
	if int64(l.n+l.gone) >= entries {
		return true
	}
	size := nodeHead + nodeInt(int64(l.n)) + nodeInt(int64(l.gone)) + l.node
	for _, f := range fields {
		size += len(f)
	}
	return int64(size) >= bytes
}
