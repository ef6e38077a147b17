package command

import (
	"errors"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// ErrUndeclared is returned by Call.Do when a script or hook touches a key
// outside the locks of its unit. The handler must end at once and return it:
// the engine undoes the unit and runs it again under all locks.
var ErrUndeclared = errors.New("command: a key outside the unit's locks was touched")

// rollback is an error that also undoes the unit.
type rollback struct{ error }

func (r rollback) Unwrap() error { return r.error }

// Rollback wraps a handler's error so that everything the unit has done is
// undone before err is replied.
func Rollback(err error) error { return rollback{err} }

// IsRollback reports whether err asks for the unit to be undone.
func IsRollback(err error) bool {
	var r rollback
	return errors.As(err, &r)
}

// Atomic is a hook that runs inside the unit that caused its event, under that
// unit's locks: what it does through c is logged with the cause, or undone with it.
type Atomic struct {
	Hook *hook.Hook
	Run  func(c *Call, ev hook.Event) error
}
