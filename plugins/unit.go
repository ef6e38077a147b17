package plugins

import (
	"cmp"
	"context"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Do runs one command in database 0, as a unit of its own, and returns its
// reply. Arguments are as Args takes them. An error reply is the error, of type
// wire.Error. It must not be called from an atomic hook or a command's handler,
// which have their Call: see In.
func (h *Host) Do(ctx context.Context, args ...any) (wire.Value, error) {
	return h.DoIn(ctx, 0, args...)
}

// DoIn is Do in another database.
func (h *Host) DoIn(ctx context.Context, db int, args ...any) (wire.Value, error) {
	list, err := Args(args...)
	if err != nil {
		return wire.Value{}, err
	}
	c := wire.Collector{RESP3: true}
	if err := h.core.Do(ctx, db, list, &c); err != nil {
		return wire.Value{}, err
	}
	return c.Typed()
}

// Update runs fn as one unit over the given keys of database 0: nobody sees half
// of what it does, and the log gets it as one group. When fn fails, all of it is
// undone. fn may touch other keys too; then it is undone and called again with
// everything locked, so what it does besides must bear that.
func (h *Host) Update(ctx context.Context, keys []string, fn func(tx *Tx) error) error {
	return unit(ctx, h.core, 0, "update", command.Revocable, command.KeyRW, keys, func(c *command.Call) error {
		tx := In(c)
		if err := cmp.Or(fn(tx), tx.undeclared); err != nil {
			return command.Rollback(err)
		}
		return nil
	})
}

// View is Update for reading only: a write is an error, and other readers of
// the same keys get the same picture.
func (h *Host) View(ctx context.Context, keys []string, fn func(tx *Tx) error) error {
	return unit(ctx, h.core, 0, "view", command.Revocable|command.ReadOnly, command.KeyRO, keys, func(c *command.Call) error {
		c.ReadOnly = true
		tx := In(c)
		return cmp.Or(fn(tx), tx.undeclared)
	})
}

// updater is what runs units: the engine.
type updater interface {
	Update(ctx context.Context, db int, spec *command.Spec, args [][]byte, reply wire.Reply) error
}

func unit(ctx context.Context, core updater, db int, name string, fl command.Flags, kf command.KeyFlags, keys []string, run func(*command.Call) error) error {
	args := [][]byte{[]byte(name)}
	for _, k := range keys {
		args = append(args, []byte(k))
	}
	spec := &command.Spec{Name: name, Arity: -1, Flags: fl, Run: run}
	if len(keys) > 0 {
		spec.Keys = []command.KeySpec{command.Keys(1, -1, 1, kf)}
	}
	return core.Update(ctx, db, spec, args, &wire.Collector{})
}

// Scan calls fn for each key of database 0 that matches the glob, until fn
// returns an error. It is no picture of one moment: keys that come or go meanwhile
// may be missed, and a key may come twice.
func (h *Host) Scan(ctx context.Context, match string, fn func(key string) error) error {
	if match == "" {
		match = "*"
	}
	for cursor := "0"; ; {
		v, err := h.Do(ctx, "SCAN", cursor, "MATCH", match, "COUNT", 1000)
		if err != nil {
			return err
		}
		for _, key := range v.Elems[1].Texts() {
			if err := fn(key); err != nil {
				return err
			}
		}
		if cursor = v.Elems[0].Text(); cursor == "0" {
			return nil
		}
	}
}
