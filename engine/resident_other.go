//go:build !linux

package engine

// residentMemory is 0 where what of the process lies in memory cannot be had.
func residentMemory() int64 { return 0 }
