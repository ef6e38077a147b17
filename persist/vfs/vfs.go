// Package vfs is the file system as the log needs it: few calls, each of which can be made to
// crash (package memfs) or to fail (package errfs) in a test.
//
// It knows files, names and directories. It must not know records, manifests or anything else of
// what is written.
package vfs

import (
	"errors"
	"io"
	"io/fs"
)

// ErrLocked is returned by FS.Lock when another holder, in this process or in another one, has
// the lock.
var ErrLocked = errors.New("already locked")

// FS is a file system. Names are slash or system paths as the implementation takes them; a missing
// file is an error that errors.Is(err, fs.ErrNotExist) accepts. All methods are safe for
// concurrent use.
//
// Neither Create, Rename nor Remove is durable by itself: a power cut may undo it until SyncDir of
// the directory that holds the name has returned.
type FS interface {
	// Open opens an existing file for reading.
	Open(name string) (File, error)
	// Create opens a file for reading and writing, creates it when missing and empties it
	// otherwise.
	Create(name string) (File, error)
	// OpenAppend opens a file for reading and writing, creates it when missing, and stands at its
	// end. It is not the system's append mode: Seek moves the place of the next Write.
	OpenAppend(name string) (File, error)
	// Rename replaces newName, if it exists, atomically.
	Rename(oldName, newName string) error
	// Remove deletes a file or an empty directory.
	Remove(name string) error
	// ReadDir returns the names in a directory, sorted.
	ReadDir(name string) ([]string, error)
	// Stat describes a file or a directory.
	Stat(name string) (fs.FileInfo, error)
	// MkdirAll creates a directory and its missing parents.
	MkdirAll(name string) error
	// SyncDir makes the names in a directory durable.
	SyncDir(name string) error
	// Lock takes an exclusive advisory lock on a file, which it creates when missing. It does not
	// wait: ErrLocked says that somebody else has it. Closing the result gives the lock back; the
	// end of the process does, too.
	Lock(name string) (io.Closer, error)
}

// File is an open file with one position, which Read, Write and Seek share. It is not safe for
// concurrent use, Sync excepted, which may run beside the other methods.
type File interface {
	io.Reader
	io.ReaderAt
	io.Writer
	io.Seeker
	io.Closer
	// Truncate sets the size; the position stays where it is.
	Truncate(size int64) error
	// Sync makes the content, as of the call, durable; the name is SyncDir's business.
	Sync() error
	// Size returns the size in bytes.
	Size() (int64, error)
}

// WriteBacker is a File that has more than it must.
type WriteBacker interface {
	// WriteBack begins to bring n bytes at off to the disk, so that less is left for Sync. It may run
	// beside the other methods. Nothing is durable by it, and what goes wrong Sync will tell.
	WriteBack(off, n int64)
}
