package kevylua

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Close takes this long at most. What does not end by then is left behind and
// named in the error: background work that is stuck in somebody's function, hooks,
// timers and plugins that do not listen to their context, a disk that hangs.
const closeTimeout = 10 * time.Second

// The moments, counted from Close's beginning, up to which its parts are waited
// for. Who is asked last has most of the time left, unless another has used it up;
// the engine and the plugins take a moment more where something is cancelled.
const (
	tasksUntil   = 2 * time.Second
	pluginsUntil = 5 * time.Second
	engineUntil  = 7 * time.Second
)

// Close ends the store in the reverse order of Open. What was acknowledged is
// in the log; the error tells what could not be written, and what does not end in
// ten seconds. It is idempotent. Whoever serves connections ends that first.
func (db *DB) Close() error {
	db.closed.Do(func() { db.err = db.close() })
	return db.err
}

func (db *DB) close() error {
	begin := time.Now()
	if db.engine != nil {
		db.engine.Bus().Offer(&hook.Server{What: "stopping"})
	}
	db.endTasks()
	var errs []error
	part := func(until time.Duration, end func(ctx context.Context) error) {
		ctx, cancel := context.WithDeadline(context.Background(), begin.Add(until))
		defer cancel()
		errs = append(errs, end(ctx))
	}
	part(tasksUntil, func(ctx context.Context) error {
		return within(ctx, "background work", func() error { db.tasks.Wait(); return nil })
	})
	part(pluginsUntil, db.plugins.Stop)
	if db.engine != nil {
		part(engineUntil, db.engine.Close)
	}
	if db.journal != nil {
		part(closeTimeout, func(ctx context.Context) error { return within(ctx, "the log", db.journal.Close) })
	}
	return errors.Join(errs...)
}

// within calls end and waits for it until ctx ends.
func within(ctx context.Context, what string, end func() error) error {
	ended := make(chan error, 1)
	go func() { ended <- end() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return fmt.Errorf("kevylua: close: %s does not end: %w", what, ctx.Err())
	}
}
