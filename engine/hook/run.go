package hook

import (
	"context"
	"sync"
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
	d, _ := ctx.Value(depthKey{}).(int)
	return d
}

// runContext is the context of one run: it carries the depth and ends with the
// run's budget. Most runs only ask for its error, so it has a timer and a
// channel from when they are first asked for.
type runContext struct {
	parent   context.Context
	depth    int
	deadline time.Time

	mu      sync.Mutex
	ended   error
	waiters *waiters // nil until somebody asks for the channel
}

// waiters is what a context has once somebody waits for its end.
type waiters struct {
	done chan struct{}
	stop [2]func() bool
}

// Begin returns the context of a run under parent, at a depth and with a time
// budget. end is called when the run is over.
func Begin(parent context.Context, depth int, budget time.Duration) (ctx context.Context, end func()) {
	c := &runContext{parent: parent, depth: depth, deadline: time.Now().Add(budget)}
	return c, func() { c.end(context.Canceled) }
}

func (c *runContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *runContext) Value(key any) any {
	if key == (depthKey{}) {
		return c.depth
	}
	return c.parent.Value(key)
}

func (c *runContext) Err() error {
	c.mu.Lock()
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
