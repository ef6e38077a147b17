//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd || windows)

package vfs

import (
	"errors"
	"fmt"
	"io"
)

// Lock is refused where the standard library offers no lock that ends with the process: a log
// that two processes append to is worse than none.
func (osFS) Lock(name string) (io.Closer, error) {
	return nil, fmt.Errorf("vfs: lock %s: %w on this system", name, errors.ErrUnsupported)
}
