//go:build !linux && !darwin && !freebsd

package keyspace

func newChunk() *chunk { return &chunk{mem: (*[chunkBytes]byte)(make([]byte, chunkBytes))} }

func (c *chunk) release() { c.mem = nil }
