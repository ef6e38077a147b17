//go:build !linux

package keyspace

// discard does nothing where the system cannot take back part of a mapping.
func (c *chunk) discard(page int) bool { return false }
