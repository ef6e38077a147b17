package kevylua

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// Manual is a store whose time stands still but for Advance: for tests, and for
// programs that simulate. What happens in the background elsewhere (expiry,
// timers, rewrites that are due) happens inside Advance, on the caller's
// goroutine, in the order of the moments. One goroutine uses it at a time.
type Manual struct {
	*DB
	options Options
	clock   *atomic.Int64 // Unix nanoseconds
}

// OpenManual opens a store at a moment. Options.Now is not used, and the
// configuration's reaper.mode becomes manual.
func OpenManual(o Options, at time.Time) (*Manual, error) {
	cfg := config.Default()
	if o.Config != nil {
		cfg = o.Config.Clone()
	}
	cfg.Reaper.Mode = "manual"
	clock := new(atomic.Int64)
	clock.Store(at.UnixNano())
	o.Config, o.Now = cfg, func() time.Time { return time.Unix(0, clock.Load()) }
	m := &Manual{options: o, clock: clock}
	if err := m.open(); err != nil {
		return nil, err
	}
	return m, nil
}

func (m *Manual) open() (err error) {
	m.DB, err = Open(m.options)
	return err
}

// Now is the store's time.
func (m *Manual) Now() time.Time { return time.Unix(0, m.clock.Load()) }

// Reopen closes the store and opens it again from its log, at the same time.
// change, when it is not nil, may give it other options first, such as the file
// system as a crash would leave it. Who minds what Close says calls it before.
func (m *Manual) Reopen(change func(o *Options)) error {
	_ = m.Close()
	if change != nil {
		change(&m.options)
	}
	return m.open()
}

// Pass lets time pass while the store is closed: nothing happens. See Reopen.
func (m *Manual) Pass(d time.Duration) { m.clock.Add(int64(d)) }

// Advance lets time pass. Each deadline and each timer on the way is met at its
// own moment, and the observers have run before the next one. It returns
// early, with the error, when ctx ends.
func (m *Manual) Advance(ctx context.Context, d time.Duration) error {
	end := m.Now().Add(d)
	if err := m.Settle(ctx); err != nil {
		return err
	}
	stuck := false // something is due and stays so: expiry is paused
	for turns := 0; ; turns++ {
		next := m.next(stuck)
		if next.After(end) {
			break
		}
		if next.After(m.Now()) {
			m.clock.Store(next.UnixNano())
			turns = 0
		} else if turns > maxTicks {
			return errors.New("kevylua: Advance: timers go on setting timers for the same moment")
		}
		if err := m.turn(ctx); err != nil {
			return err
		}
		stuck = m.engine.NextDue() <= m.engine.NowMs()
	}
	m.clock.Store(max(end.UnixNano(), m.clock.Load()))
	return m.turn(ctx)
}

// next is the moment of what comes next; far away when there is nothing.
func (m *Manual) next(timersOnly bool) time.Time {
	next := time.Unix(1<<40, 0)
	if when, ok := m.engine.Timers().Next(); ok {
		next = when
	}
	if due := m.engine.NextDue(); !timersOnly && due != math.MaxInt64 && due < next.UnixMilli() {
		next = time.UnixMilli(due)
	}
	return next
}

// turn does what is due now, and waits for the observers. The work of a tick is
// bounded, so there may be several.
func (m *Manual) turn(ctx context.Context) error {
	for range maxTicks {
		_, more := m.Tick(ctx)
		if err := m.Settle(ctx); err != nil {
			return err
		}
		if !more {
			break
		}
	}
	return ctx.Err()
}

// maxTicks is after how many ticks in a row what is still due counts as stuck.
const maxTicks = 1000

// Settle waits until all observers have run for the events so far.
func (m *Manual) Settle(ctx context.Context) error { return m.engine.Bus().Flush(ctx) }
