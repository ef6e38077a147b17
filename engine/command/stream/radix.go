package stream

import (
	"encoding/binary"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// radixNodes returns how many nodes the radix tree would have in which Redis
// keeps the blocks of a stream, by the IDs with which these begin. Its nodes
// are a run of bytes that all keys below share, a branch, or a key's end.
func radixNodes(first []stream.ID) int64 {
	keys := make([][16]byte, len(first))
	for i, id := range first {
		binary.BigEndian.PutUint64(keys[i][:8], id.Ms)
		binary.BigEndian.PutUint64(keys[i][8:], id.Seq)
	}
	if len(keys) == 0 {
		return 1
	}
	return countNodes(keys, 0)
}

// countNodes counts the nodes below keys in order that share their bytes up to depth.
func countNodes(keys [][16]byte, depth int) (n int64) {
	low, high := &keys[0], &keys[len(keys)-1]
	end := depth
	for end < len(low) && low[end] == high[end] {
		end++
	}
	if end > depth {
		n++
	}
	n++ // the branch, or the end
	if end == len(low) {
		return n
	}
	for from := 0; from < len(keys); {
		to := from + 1
		for to < len(keys) && keys[to][end] == keys[from][end] {
			to++
		}
		n += countNodes(keys[from:to], end+1)
		from = to
	}
	return n
}
