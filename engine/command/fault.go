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
	if err == nil {
		return false
	}
	var r rollback
	return errors.As(err, &r)
}

// counted is an error that the statistics of errors have already.
type counted struct{ error }

func (c counted) Unwrap() error { return c.error }

// Counted wraps the error of a handler that has run commands of its own: the
// error came from one of those, which was counted, and is not counted again.
func Counted(err error) error { return counted{err} }

// IsCounted reports whether err has been counted already.
func IsCounted(err error) bool {
	var c counted
	return errors.As(err, &c)
}

// Atomic is a hook that runs inside the unit that caused its event, under that
// unit's locks: what it does through c is logged with the cause, or undone with it.
type Atomic struct {
	Hook *hook.Hook
	Run  func(c *Call, ev hook.Event) error
}
