//go:build linux || darwin || freebsd

package keyspace

import "syscall"

// newChunk maps a chunk outside the Go heap, so that the collector's target does not double what
// the data takes. No huge pages: a fault of 2 MiB costs a writer half a millisecond.
func newChunk() *chunk {
	b, err := syscall.Mmap(-1, 0, chunkBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return &chunk{mem: (*[chunkBytes]byte)(make([]byte, chunkBytes))}
	}
	return &chunk{mem: (*[chunkBytes]byte)(b), mapped: true}
}

// release gives the chunk back to the system; it is not used any more.
func (c *chunk) release() {
	if c.mapped {
		// An error leaves the memory mapped: it is not used again, and there is nobody to tell.
		_ = syscall.Munmap(c.mem[:])
	}
	c.mem = nil
}
