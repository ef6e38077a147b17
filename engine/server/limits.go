package server

import (
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// closeGrace is how long a client that is to be closed may take to read the rest.
const closeGrace = 10 * time.Second

// limit returns the output limit of the client's class. It may be called from any goroutine.
func (c *client) limit() config.OutputLimit {
	limits := &c.live.Get().Server.ClientOutputBufferLimit
	if c.subscribed() {
		return limits.Pubsub
	}
	return limits.Normal
}

func (c *client) subscribed() bool { return c.subs != nil && c.subs.Subscribed() }

// Why clients are disconnected, for the log.
const (
	reasonHard  = "output buffer above the hard limit"
	reasonSoft  = "output buffer above the soft limit for too long"
	reasonInput = "input buffer above client-query-buffer-limit"
	reasonIdle  = "idle"
	reasonSlow  = "did not read the last replies"
	reasonLog   = "its writes could not be made durable"
)

// tooMuchOutput applies the hard limit to unsent bytes.
func (c *client) tooMuchOutput() bool {
	hard := c.limit().Hard
	return hard > 0 && c.unsent.Load() > hard
}

// tooMuchInput applies the limit to n bytes of an unfinished request.
func (c *client) tooMuchInput(n int) bool {
	limit := c.live.Get().Server.ClientQueryBufferLimit
	return limit > 0 && int64(n) > limit
}

// overSoft applies the soft limit. It is called about once a second, always by
// the same goroutine.
func (c *client) overSoft(now time.Time) bool {
	limit := c.limit()
	switch {
	case limit.Soft <= 0 || int64(c.OutputBytes()) <= limit.Soft:
		c.softSince = time.Time{}
	case c.softSince.IsZero():
		c.softSince = now
	default:
		return now.Sub(c.softSince) >= limit.For
	}
	return false
}

// tooSlow gives a client that is to be closed its time to read what is left.
// It is called as overSoft is.
func (c *client) tooSlow(closing bool, now time.Time) bool {
	switch {
	case !closing:
		c.closeBy = time.Time{}
	case c.closeBy.IsZero():
		c.closeBy = now.Add(closeGrace)
	default:
		return !now.Before(c.closeBy)
	}
	return false
}

// idle reports whether the client has been silent for too long. Those that
// wait for something may be.
func (c *client) idle(now time.Time) bool {
	limit := c.live.Get().Server.Timeout
	return limit > 0 && !c.blocked && !c.subscribed() && now.Sub(c.active) > limit
}

// overdue returns why the client's owner is to disconnect it by now, or "".
func (c *client) overdue(now time.Time) (reason string) {
	switch {
	case c.overSoft(now):
		return reasonSoft
	case c.tooSlow(c.closing, now):
		return reasonSlow
	case c.idle(now):
		return reasonIdle
	}
	return ""
}

// commitGuard decides whether replies may be sent when Commit has failed.
type commitGuard struct{ last error }

// lost reports whether commands have been executed whose durability is now
// unknown: their replies must not be sent. As long as one failure lasts, the
// engine refuses writes, so that later replies are right.
func (g *commitGuard) lost(err error) bool {
	before := g.last
	g.last = err
	return err != nil && (before == nil || before.Error() != err.Error())
}
