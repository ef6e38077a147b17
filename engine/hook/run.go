package hook

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

type depthKey struct{}

// WithDepth returns a context that says how many hooks led to what is done
// under it.
func WithDepth(ctx context.Context, depth int) context.Context {
	return context.WithValue(ctx, depthKey{}, depth)
}

// DepthOf returns the number of hooks that led to what is done under ctx.
func DepthOf(ctx context.Context) int {
	if c, ok := ctx.(*runContext); ok {
		return c.depth // without looking at it, see runs
	}
	d, _ := ctx.Value(depthKey{}).(int)
	return d
}

// Budget is the wall clock that is left of what a run under ctx has; 0 when there is
// no end.
func Budget(ctx context.Context) time.Duration {
	if c, ok := ctx.(*runContext); ok && !c.used.Load() {
		return c.budget // it has hardly begun
	}
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline), 1)
	}
	return 0
}

// runContext is the context of one run: it carries the depth and ends with the
// run's budget. Most runs do not look at it, so much of it is made when they do.
// Until then it can serve the next run, too.
type runContext struct {
	parent context.Context
	depth  int
	budget time.Duration
	begun  atomic.Int64 // the run, Unix nanoseconds; 0 when that is not known: then it is when it is used
	used   atomic.Bool  // somebody has looked at it

	mu       sync.Mutex
	deadline time.Time // zero until it is used
	ended    error
	waiters  *waiters // nil until somebody asks for the channel
}

// waiters is what a context has once somebody waits for its end.
type waiters struct {
	done chan struct{}
	stop [2]func() bool
}

// Begin returns the context of a run under parent, at a depth and with a time
// budget. end is called when the run is over.
func Begin(parent context.Context, depth int, budget time.Duration) (ctx context.Context, end func()) {
	c := &runContext{parent: parent, depth: depth, budget: budget, deadline: time.Now().Add(budget)}
	c.used.Store(true)
	return c, func() { c.end(context.Canceled) }
}

// use is called by who looks at the context. Called with mu held.
func (c *runContext) use() {
	if !c.deadline.IsZero() {
		return
	}
	begun := time.Now()
	if at := c.begun.Load(); at != 0 {
		begun = begun.Add(time.Duration(at - begun.UnixNano())) // keeps the monotonic clock
	}
	c.deadline = begun.Add(c.budget)
	c.used.Store(true)
}

func (c *runContext) Deadline() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.use()
	return c.deadline, true
}

func (c *runContext) Value(key any) any {
	if key == (depthKey{}) {
		return c.depth
	}
	return c.parent.Value(key)
}

func (c *runContext) Err() error {
	c.mu.Lock()
	c.use()
	ended := c.ended
	c.mu.Unlock()
	switch {
	case ended != nil:
		return ended
	case c.parent.Err() != nil:
		c.end(c.parent.Err())
	case !time.Now().Before(c.deadline):
		c.end(context.DeadlineExceeded)
	default:
		return nil
	}
	return c.Err()
}

func (c *runContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.use()
	if c.waiters != nil {
		return c.waiters.done
	}
	w := &waiters{done: make(chan struct{})}
	c.waiters = w
	if c.ended != nil {
		close(w.done)
		return w.done
	}
	t := time.AfterFunc(time.Until(c.deadline), func() { c.end(context.DeadlineExceeded) })
	w.stop = [2]func() bool{t.Stop, context.AfterFunc(c.parent, func() { c.end(c.parent.Err()) })}
	return w.done
}

// end ends the context, unless it has ended.
func (c *runContext) end(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended != nil {
		return
	}
	c.ended = why
	if w := c.waiters; w != nil {
		for _, stop := range w.stop {
			if stop != nil {
				stop()
			}
		}
		close(w.done)
	}
}
