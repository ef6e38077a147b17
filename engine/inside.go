package engine

import (
	"context"
	"errors"
	"runtime"
	"strings"
)

// ErrInsideUnit is returned by Do and Update when they are called by a handler or
// atomic hook that runs inside a unit: a new unit would wait for the locks of this one
// for ever. With the context of the Call it comes at once; with another when the wait
// has become long.
var ErrInsideUnit = errors.New("engine: Do was called inside a unit, which would wait for itself; use the Call's own Do")

type insideKey struct{}

// inside marks a context as that of a unit, which holds locks.
func inside(ctx context.Context) context.Context { return context.WithValue(ctx, insideKey{}, true) }

func isInside(ctx context.Context) bool { return ctx.Value(insideKey{}) != nil }

// insideUnit reports whether this goroutine runs a handler or an atomic hook inside a
// unit. It reads the stack, which takes microseconds. Of two engines in one process it
// may be the other one's: who is inside a unit must not wait so long there either.
func insideUnit() bool {
	var pcs [512]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		switch _, name, _ := strings.Cut(f.Function, "/engine.(*Engine)."); name {
		case "widen": // the unit has just given up its locks
			return false
		case "meetAndCall", "runAtomic":
			return true
		}
		if !more {
			return false
		}
	}
}

// refused is the error of a unit that did not get its locks.
func (e *Engine) refused() error {
	if insideUnit() {
		return ErrInsideUnit
	}
	return e.busy.error()
}
