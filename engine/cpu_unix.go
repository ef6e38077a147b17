//go:build unix

package engine

import "golang.org/x/sys/unix"

// cpuTime is the processor time of the process in seconds.
func cpuTime() (user, system float64) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	seconds := func(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime), seconds(u.Stime)
}
