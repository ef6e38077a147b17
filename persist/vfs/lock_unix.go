//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package vfs

import (
	"errors"
	"io"
	"os"
	"syscall"
)

// Lock uses flock(2): the lock belongs to the open file, so that a second Lock in the same process
// is refused like one from outside, and it ends with the process however that ends.
func (osFS) Lock(name string) (io.Closer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, closeAfter(f, ErrLocked)
	}
	if err != nil {
		return nil, closeAfter(f, &os.PathError{Op: "flock", Path: name, Err: err})
	}
	return f, nil
}
