package plugins

import (
	"errors"
	"fmt"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Tx is a unit in progress: what a plugin does through it commits together with
// everything else in the unit, or not at all. It is valid until the function or
// handler that has it returns. What it writes is what the commands of Redis
// write, with their events and log records.
type Tx struct {
	call       *command.Call
	undeclared error
}

// In returns the unit of a call, for a command's handler or an atomic hook.
func In(c *command.Call) *Tx { return &Tx{call: c} }

// Call is the call whose unit it is.
func (t *Tx) Call() *command.Call { return t.call }

// Now is the unit's time, which stands still.
func (t *Tx) Now() time.Time { return time.UnixMilli(t.call.NowMs()) }

// Do runs one command inside the unit. Arguments are as Args takes them; an
// error reply is the error, of type wire.Error, and leaves the unit as it was
// before the command.
func (t *Tx) Do(args ...any) (wire.Value, error) {
	list, err := Args(args...)
	if err != nil {
		return wire.Value{}, err
	}
	c := wire.Collector{RESP3: true}
	if err := t.call.Do(&c, list...); err != nil {
		if errors.Is(err, command.ErrUndeclared) {
			t.undeclared = err // the unit runs again, whatever the caller makes of the error
		}
		return wire.Value{}, err
	}
	return c.Typed()
}

// integer, flag and text are Do for replies of one type.

func (t *Tx) integer(args ...any) (int64, error) {
	v, err := t.Do(args...)
	return v.Int, err
}

func (t *Tx) flag(args ...any) (bool, error) {
	v, err := t.Do(args...)
	return v.Int != 0, err
}

func (t *Tx) text(args ...any) (value string, ok bool, err error) {
	v, err := t.Do(args...)
	if err != nil || v.IsNull() {
		return "", false, err
	}
	return v.Text(), true, nil
}

func (t *Tx) texts(args ...any) ([]string, error) {
	v, err := t.Do(args...)
	return v.Texts(), err
}

func (t *Tx) number(args ...any) (n float64, ok bool, err error) {
	v, err := t.Do(args...)
	if err != nil || v.IsNull() {
		return 0, false, err
	}
	if n, ok = v.Number(); !ok {
		return 0, false, fmt.Errorf("plugins: %v answered %q, which is no number", args[0], v.Text())
	}
	return n, true, nil
}

// list puts words and values into one argument list.
func list[T any](values []T, words ...any) []any {
	for _, v := range values {
		words = append(words, v)
	}
	return words
}
