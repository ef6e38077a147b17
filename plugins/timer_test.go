package plugins_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

// timed opens a store whose plugin sets the timers each time it is provisioned.
func timed(t *testing.T, timers map[plugins.Timer]plugins.TimerFunc) *plugintest.Engine {
	t.Helper()
	probes.provision = func(p *probe, h *plugins.Host) error {
		for tm, fn := range timers {
			if _, err := h.Timer(tm, fn); err != nil {
				return err
			}
		}
		return nil
	}
	t.Cleanup(func() { probes.provision = nil })
	return plugintest.New(t, probeConfig)
}

// ran collects what timers ran and when, since the start. Timers of a test store
// run on the test's own goroutine.
type ran struct{ list []string }

func (r *ran) note(_ context.Context, ev *hook.Timer) error {
	r.list = append(r.list, fmt.Sprint(ev.Name, " ", time.UnixMilli(ev.AtMs).Sub(plugintest.Start)))
	return nil
}

func (r *ran) take() string {
	list := r.list
	r.list = nil
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func TestTimersAreHooks(t *testing.T) {
	var r ran
	e := timed(t, map[plugins.Timer]plugins.TimerFunc{
		{Name: "every", Every: 40 * time.Second}:                        r.note,
		{Name: "at", At: plugintest.Start.Add(90 * time.Second)}:        r.note,
		{Name: "over", At: plugintest.Start.Add(-time.Second)}:          r.note,
		{Name: "cron", Cron: "*/2 * * * *"}:                             r.note,
		{Name: "bad", Every: 10 * time.Second, TripAfter: 3, Rearm: -1}: func(context.Context, *hook.Timer) error { panic("boom") },
		{Name: "slow", Every: time.Minute, Budget: 1, TripAfter: 100}: func(ctx context.Context, _ *hook.Timer) error {
			<-ctx.Done()
			return ctx.Err()
		},
	})
	e.Advance(125 * time.Second)
	if got := r.take(); got != "at 1m30s, cron 2m0s, every 1m20s, every 2m0s, every 40s" {
		t.Error(got)
	}
	if s := e.Hook("probe", "bad"); s.State != "tripped" || s.Runs != 3 || s.LastError != "panic: boom" {
		t.Errorf("bad: %+v", s)
	}
	if s := e.Hook("probe", "slow"); s.Errors != 2 || !strings.Contains(s.LastError, "deadline") {
		t.Errorf("slow: %+v", s)
	}
	e.Do("HOOK", "DISABLE", "probe/every")
	e.Advance(time.Minute)
	if got := r.take(); got != "" {
		t.Errorf("disabled, but ran: %s", got)
	}
	e.Do("HOOK", "ENABLE", "every")
	e.Advance(time.Minute)
	if got := r.take(); got != "cron 4m0s, every 3m20s, every 4m0s" { // in step, and nothing made up for
		t.Error(got)
	}
	if list := fmt.Sprint(e.Do("HOOK", "STATS", "every").Texts()); !strings.Contains(list, "timer") || !strings.Contains(list, "every 40s") {
		t.Errorf("HOOK STATS: %s", list)
	}
}

// TestPersistedTimers: a restart neither forgets nor repeats a run, and makes
// up, once, for what was missed. So does a crash.
func TestPersistedTimers(t *testing.T) {
	var r ran
	hours := func(n float64) time.Duration { return time.Duration(n * float64(time.Hour)) }
	half := plugintest.Start.Add(hours(3.5)).Local() // cron means local time
	nightly := fmt.Sprintf("%d %d * * *", half.Minute(), half.Hour())
	e := timed(t, map[plugins.Timer]plugins.TimerFunc{
		{Name: "daily", Every: hours(24), Persist: true}:                  r.note,
		{Name: "once", At: plugintest.Start.Add(hours(1)), Persist: true}: r.note,
		{Name: "nightly", Cron: nightly, Persist: true}:                   r.note,
		{Name: "forgets", Every: hours(24)}:                               r.note,
	})
	for _, step := range []struct {
		name     string
		up, down time.Duration
		want     string
	}{
		{"the first run of each", hours(2), 0, "once 1h0m0s"},
		{"a restart repeats nothing", hours(1), hours(20), ""},
		{"what was missed comes once", hours(0.5), 0, "nightly 23h0m0s"},
		{"the beat stays", hours(5), hours(30), "daily 24h0m0s, nightly 27h30m0s"},
		{"many missed are one", hours(1), 0, "daily 58h30m0s, nightly 58h30m0s"},
		{"in step afterwards", hours(24), 0, "daily 72h0m0s, forgets 83h30m0s, nightly 75h30m0s"},
	} {
		e.Advance(step.up)
		if got := r.take(); got != step.want {
			t.Errorf("%s: ran %q, want %q", step.name, got, step.want)
		}
		e.Sleep(step.down)
	}
	if n := e.Do("HLEN", plugins.TimersKey).Int; n != 3 {
		t.Errorf("%d times are kept", n)
	}
}

func TestWrongTimers(t *testing.T) {
	var errs []error
	probes.provision = func(_ *probe, h *plugins.Host) error {
		for _, tm := range []plugins.Timer{
			{Name: "none"}, {Name: "two", Every: time.Second, Cron: "@daily"}, {Name: "fast", Every: time.Microsecond},
			{Name: "cron", Cron: "61 * * * *"}, {Name: "zone", Cron: "TZ="}, {Name: "interval", Cron: "@every 1s"},
			{Name: "never", Cron: "0 0 30 2 *"}, {Every: time.Second},
		} {
			if _, err := h.Timer(tm, nil); err == nil {
				errs = append(errs, fmt.Errorf("%+v was admitted", tm))
			}
		}
		return nil
	}
	defer func() { probes.provision = nil }()
	plugintest.New(t, probeConfig)
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestStoppedTimer: a timer that was stopped does not ring; the context of its
// run ends.
func TestStoppedTimer(t *testing.T) {
	var tm *plugins.Timing
	runs, ended := 0, error(nil)
	probes.provision = func(_ *probe, h *plugins.Host) (err error) {
		tm, err = h.Timer(plugins.Timer{Name: "t", Every: time.Second}, func(ctx context.Context, _ *hook.Timer) error {
			runs++
			tm.Stop()
			ended = ctx.Err()
			return nil
		})
		return err
	}
	defer func() { probes.provision = nil }()
	e := plugintest.New(t, probeConfig)
	e.Advance(time.Minute)
	if runs != 1 || !errors.Is(ended, context.Canceled) {
		t.Errorf("%d runs, %v", runs, ended)
	}
}
