//go:build !linux

package engine

import "time"

// threadTime is 0 where a thread's processor time cannot be had.
func threadTime() time.Duration { return 0 }
