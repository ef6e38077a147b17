//go:build unix

package engine

import (
	"runtime"
	"strconv"
	"syscall"
	"testing"
)

// TestResidentMemory: what INFO, MEMORY STATS and the samples call resident is the process', also what the
// Go runtime does not know of, and what is derived from it agrees.
func TestResidentMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process has in memory is read from /proc")
	}
	const size = 64 << 20
	b, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Munmap(b); err != nil {
			t.Error(err)
		}
	}()
	for i := 0; i < size; i += 4096 {
		b[i] = 1
	}
	r := newRig(t, 1, nil)
	c := r.connect()
	c.do("SET a 1")
	info := c.info("memory")
	number := func(name string) int64 {
		n, err := strconv.ParseInt(info[name], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	rss, used := number("used_memory_rss"), number("used_memory")
	if rss < size {
		t.Errorf("%d bytes resident, and %d are mapped and written", rss, size)
	}
	if info["used_memory_rss_human"] != human(rss) || number("mem_fragmentation_bytes") != rss-used {
		t.Errorf("resident %d, used %d: %s, %s bytes of fragmentation", rss, used, info["used_memory_rss_human"], info["mem_fragmentation_bytes"])
	}
	ratio, err := strconv.ParseFloat(info["mem_fragmentation_ratio"], 64)
	if want := float64(rss) / float64(used); err != nil || ratio < want*0.99 || ratio > want*1.01 {
		t.Errorf("a fragmentation of %s, not %.2f", info["mem_fragmentation_ratio"], want)
	}
}
