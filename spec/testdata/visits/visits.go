// Package visits counts visits. A key that nobody visits for a while is
// forgotten, and its count goes to a list.
package visits

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
)

func init() { plugins.Register("visits", New) }

// Visits is the plugin. The fields with tags are its options.
type Visits struct {
	Idle   time.Duration `mapstructure:"idle"`   // a key is forgotten after so long without a visit
	Report time.Duration `mapstructure:"report"` // how often the number of keys goes to the metric sink

	host      *plugins.Host
	forgotten atomic.Int64
}

// New makes a Visits with the defaults of its options.
func New() plugins.Plugin { return &Visits{Idle: 24 * time.Hour, Report: 10 * time.Second} }

// Provision is called once, before anything is loaded.
func (v *Visits) Provision(h *plugins.Host) error {
	if err := h.Decode(v); err != nil {
		return err
	}
	if v.Idle < time.Second || v.Report <= 0 {
		return fmt.Errorf("visits: idle is %s and report %s; at least 1s and more than nothing are needed", v.Idle, v.Report)
	}
	v.host = h
	h.Info("Visits", func(add func(name string, value any)) { add("visits_forgotten", v.forgotten.Load()) })
	h.Every(v.Report, v.report)
	if err := h.OnExpired("visits:*", v.expired); err != nil {
		return err
	}
	return h.Command(command.Spec{
		Name: "visits.add", Arity: 2, Flags: command.Write | command.Fast, Syntax: "key", Summary: "Counts a visit",
		Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Run: v.add,
	})
}

// add is VISITS.ADD. It runs inside the command's unit: all it does through the
// handle is done when it returns nil, and undone when it returns an error that
// Rollback wraps, or panics.
func (v *Visits) add(c *command.Call) error {
	page := plugins.In(c).Hash(string(c.Args[1]))
	n, err := page.Add("count", 1)
	if err != nil {
		return err // WRONGTYPE, when the key holds something else
	}
	if _, err := page.ExpireIn(v.Idle); err != nil {
		return command.Rollback(err)
	}
	c.Reply.Int(n)
	return nil
}

// expired is an observer: it runs after the expiry, outside all locks, on a
// goroutine of its own, and may take its time.
func (v *Visits) expired(ctx context.Context, ev *hook.Expired) error {
	v.forgotten.Add(1)
	_, err := v.host.Do(ctx, "RPUSH", "forgotten", fmt.Sprintf("%s %s", ev.Key, ev.Type))
	return err
}

// report is a timer. A panic in it would be caught, logged and counted.
func (v *Visits) report(ctx context.Context) {
	pages := 0
	err := v.host.Scan(ctx, "visits:*", func(string) error { pages++; return nil })
	if err != nil {
		v.host.Log().Warn("the report failed", "error", err)
		return
	}
	v.host.Metric("visits_pages", hook.Gauge, float64(pages), nil)
}
