// Package audit is an example for authors of plugins: it counts expiries and
// keeps the latest, and answers for them with a command and in INFO.
//
//	[[plugins]]
//	name = "audit"
//	match = "session:*"   # only these keys; default all
//	keep = 100            # how many expiries to remember
package audit

import (
	"context"
	"fmt"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
)

func init() { plugins.Register("audit", New) }

// Audit subscribes to expiries.
type Audit struct {
	// Match is a glob on keys; empty for all. Keep is how many are remembered.
	Match string `mapstructure:"match"`
	Keep  int    `mapstructure:"keep"`

	mu     sync.Mutex
	count  int64
	latest []entry // a ring: the oldest at count % Keep once it is full
}

type entry struct {
	key    string
	typ    string
	lateMs int64
}

// New makes an Audit with its defaults.
func New() plugins.Plugin { return &Audit{Keep: 100} }

// Provision implements plugins.Plugin.
func (a *Audit) Provision(h *plugins.Host) error {
	if err := h.Decode(a); err != nil {
		return err
	}
	if a.Keep < 1 {
		return fmt.Errorf("audit: keep is %d, and must be at least 1", a.Keep)
	}
	h.Info("Audit", func(add func(name string, value any)) {
		a.mu.Lock()
		defer a.mu.Unlock()
		add("audit_expired", a.count)
	})
	err := h.Command(
		command.Spec{
			Name: "audit.count", Arity: 1, Flags: command.NoUnit | command.Fast, Since: "0.1.0", Complexity: "O(1)",
			Summary: "Counts the expiries seen", Run: a.runCount,
		},
		command.Spec{
			Name: "audit.latest", Arity: 1, Flags: command.NoUnit, Since: "0.1.0", Complexity: "O(N) with N remembered expiries",
			Summary: "Lists the latest expiries, the newest first: key, type, lateness in milliseconds", Run: a.runLatest,
		},
	)
	if err != nil {
		return err
	}
	return h.OnExpired(a.Match, a.expired)
}

// expired runs on the hook's own goroutine, outside all locks.
func (a *Audit) expired(_ context.Context, ev *hook.Expired) error {
	e := entry{key: string(ev.Key), typ: ev.Type, lateMs: ev.LatenessMs()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.latest) < a.Keep {
		a.latest = append(a.latest, e)
	} else {
		a.latest[a.count%int64(a.Keep)] = e
	}
	a.count++
	return nil
}

func (a *Audit) runCount(c *command.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	c.Reply.Int(a.count)
	return nil
}

func (a *Audit) runLatest(c *command.Call) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.latest)
	c.Reply.Array(n)
	for i := 1; i <= n; i++ {
		e := a.latest[(a.count-int64(i))%int64(a.Keep)]
		c.Reply.Array(3)
		c.Reply.BulkString(e.key)
		c.Reply.BulkString(e.typ)
		c.Reply.Int(e.lateMs)
	}
	return nil
}
