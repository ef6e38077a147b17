package engine

import (
	"os"
	"strconv"
	"strings"
)

// residentMemory is how many bytes of the process lie in memory, 0 where /proc is not there.
func residentMemory() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), " ") // the first figure is the address space
	pages, _, _ := strings.Cut(rest, " ")
	n, err := strconv.ParseInt(pages, 10, 64)
	if err != nil {
		return 0
	}
	return n * int64(os.Getpagesize())
}
