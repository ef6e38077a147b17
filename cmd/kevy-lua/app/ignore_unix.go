//go:build unix

package app

import (
	"os/signal"
	"syscall"
)

// ignoreSignals leaves to write(2) what it can say itself: a log at the limit of
// the size of files (RLIMIT_FSIZE) makes writes fail, which has an answer
// (MISCONF) and an end; the signal that comes with it would kill the server.
func ignoreSignals() { signal.Ignore(syscall.SIGXFSZ) }
