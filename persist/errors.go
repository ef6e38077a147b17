package persist

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed is returned when the log has been closed.
	ErrClosed = errors.New("persist: the log is closed")
	// ErrNotStarted is returned by Commit and Rewrite before Start.
	ErrNotStarted = errors.New("persist: the log is not started")
	// ErrNotReplayed is returned by Start when Replay has not succeeded: appending behind what
	// cannot be read would lose it.
	ErrNotReplayed = errors.New("persist: the log must be replayed before it is started")
	// ErrRewriteInProgress is returned by Rewrite while another one runs.
	ErrRewriteInProgress = errors.New("persist: a rewrite is already in progress")
	// ErrInUse is returned by Open and Check, wrapped, when another process, or another Log in this
	// one, has the directory.
	ErrInUse = errors.New("the append-only directory is in use")
)

// CorruptError is returned when a file of the log is damaged in a way that is not a torn tail of
// the last increment. Nothing has been changed and nothing may be appended behind it.
type CorruptError struct {
	// File is the path.
	File string
	// Offset is where in it the damage was found, in bytes.
	Offset int64
	// Reason is what is wrong there.
	Reason string
}

// Error implements error.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("persist: %s is damaged at offset %d: %s; make a backup, then run `kevy-lua log check --fix`",
		e.File, e.Offset, e.Reason)
}

// ManifestError is returned for a manifest that cannot be read; the reasons are Redis'.
type ManifestError struct {
	// File is the manifest's path, Line the line in it, counted from 1, or 0.
	File string
	Line int
	// Reason is what is wrong.
	Reason string
}

// Error implements error.
func (e *ManifestError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("persist: manifest %s: %s", e.File, e.Reason)
	}
	return fmt.Sprintf("persist: manifest %s, line %d: %s", e.File, e.Line, e.Reason)
}
