package keyspace

import "syscall"

// discard lets the system take the memory of one page back; what it held is lost.
func (c *chunk) discard(page int) bool {
	if !c.mapped {
		return false
	}
	return syscall.Madvise(c.mem[page*pageBytes:(page+1)*pageBytes], syscall.MADV_DONTNEED) == nil
}
