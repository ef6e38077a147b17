package plugins_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

// probe is a registered plugin whose methods a test replaces.
type probe struct {
	Every time.Duration `mapstructure:"every"`
	host  *plugins.Host
}

var probes struct {
	provision, start, stop func(p *probe, h *plugins.Host) error
}

func init() {
	plugins.Register("probe", func() plugins.Plugin { return &probe{Every: time.Second} })
}

func (p *probe) call(fn func(*probe, *plugins.Host) error) error {
	if fn == nil {
		return nil
	}
	return fn(p, p.host)
}

func (p *probe) Provision(h *plugins.Host) error {
	if err := h.Decode(p); err != nil {
		return err
	}
	p.host = h
	return p.call(probes.provision)
}
func (p *probe) Start(context.Context) error { return p.call(probes.start) }
func (p *probe) Stop(context.Context) error  { return p.call(probes.stop) }
func (p *probe) Version() int                { return 7 }

const probeConfig = "[[plugins]]\nname = \"probe\"\nevery = \"2s\"\n"

func TestTimersOfPlugins(t *testing.T) {
	var runs []string
	note := func(p *probe, what string) func(context.Context) {
		return func(ctx context.Context) {
			runs = append(runs, fmt.Sprint(what, p.host.Now().Sub(plugintest.Start)))
			if _, err := p.host.Do(ctx, "INCR", what); err != nil {
				t.Error(err)
			}
		}
	}
	var cancel func()
	probes.provision = func(p *probe, h *plugins.Host) error {
		cancel = h.Every(p.Every, note(p, "e"))
		h.At(plugintest.Start.Add(3*time.Second), note(p, "a"))
		h.After(time.Second, note(p, "never"))()
		return nil
	}
	defer func() { probes.provision = nil }()
	e := plugintest.New(t, probeConfig)
	e.Advance(5 * time.Second)
	if got := strings.Join(runs, " "); got != "e2s a3s e4s" {
		t.Errorf("runs: %s", got)
	}
	if info := e.Do("INFO", "plugins").Text(); !strings.Contains(info, "plugin_probe:panics=0,restarts=0,timers=1") {
		t.Errorf("INFO: %s", info)
	}
	cancel()
	cancel()
	e.Advance(time.Hour)
	if len(runs) != 3 {
		t.Errorf("cancelled, and yet: %v", runs)
	}
	e.Restart() // provisioned anew, with timers anew; what they wrote is in the log
	e.Advance(2 * time.Second)
	if n := e.Do("GET", "e").Text(); n != "3" {
		t.Errorf("e is %s", n)
	}
}

func TestBackgroundWorkIsSupervised(t *testing.T) {
	e := plugintest.New(t, probeConfig)
	p := e.Plugin("probe").(*probe)
	began := make(chan int)
	var n atomic.Int32
	p.host.Go(func(ctx context.Context) {
		i := int(n.Add(1))
		began <- i
		if i < 4 {
			panic("on purpose")
		}
		<-ctx.Done()
	})
	if i := <-began; i != 1 {
		t.Fatalf("the first run is number %d", i)
	}
	for i, pause := range []time.Duration{100 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond} {
		// The timer of the restart is set when the panic has been caught.
		timers := e.DB().Engine().Timers()
		for {
			if next, ok := timers.Next(); ok {
				if d := next.Sub(e.Now()); d != pause {
					t.Errorf("restart %d after %s, want %s", i+1, d, pause)
				}
				break
			}
			runtime.Gosched()
		}
		e.Advance(pause)
		<-began
	}
	if info := e.Do("INFO", "plugins").Text(); !strings.Contains(info, "plugin_probe:panics=3,restarts=3,timers=0") {
		t.Errorf("INFO: %s", info)
	}
	if log := e.Log(); strings.Count(log, "panic in a plugin") != 3 || !strings.Contains(log, "plugin=probe") {
		t.Errorf("log: %s", log)
	}
}

func TestPanicsAreErrors(t *testing.T) {
	boom := func(*probe, *plugins.Host) error { panic("on purpose") }
	for name, method := range map[string]*func(*probe, *plugins.Host) error{"Provision": &probes.provision, "Start": &probes.start} {
		*method = boom
		if _, err := plugintest.Open(t, probeConfig); err == nil || !strings.Contains(err.Error(), "it panicked") {
			t.Errorf("%s: %v", name, err)
		}
		*method = nil
	}
	probes.stop = boom
	defer func() { probes.stop = nil }()
	e := plugintest.New(t, probeConfig)
	h := e.Plugin("probe").(*probe).host
	h.Info("Probe", func(add func(string, any)) { add("before", 1); panic("on purpose") })
	if info := e.Do("INFO", "probe").Text(); !strings.Contains(info, "before:1") {
		t.Errorf("INFO: %s", info)
	}
	h.After(0, func(context.Context) { panic("on purpose") })
	e.Advance(0)
	if err := e.DB().Close(); err == nil || !strings.Contains(err.Error(), "stop probe") {
		t.Errorf("a panic in Stop: %v", err)
	}
	probes.stop = nil
	e.Crash() // the cleanup closes a store that is good
}

func TestModuleListAndSharing(t *testing.T) {
	e := plugintest.New(t, probeConfig)
	list := e.Do("MODULE", "LIST").Elems
	if len(list) != 1 || list[0].Fields()["name"] != "probe" || list[0].Fields()["ver"] != "7" {
		t.Errorf("MODULE LIST: %v", list)
	}
	h, me := e.Plugin("probe").(*probe).host, e.Host()
	if err := errors.Join(h.Provide("probe.limit", 7)); err != nil {
		t.Fatal(err)
	}
	if n, err := plugins.Lookup[int](me, "probe.limit"); n != 7 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := plugins.Lookup[string](me, "probe.limit"); err == nil {
		t.Error("a number is a text")
	}
	if _, err := plugins.Lookup[int](me, "probe.other"); err == nil {
		t.Error("something was found that nobody provides")
	}
	if err := h.Provide("probe.limit", 8); err == nil {
		t.Error("it was provided twice")
	}
}

func TestWorkThatDoesNotEndIsLeftBehind(t *testing.T) {
	e := plugintest.New(t, probeConfig)
	over := make(chan struct{})
	defer close(over)
	e.Plugin("probe").(*probe).host.Go(func(context.Context) { <-over })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	set := &plugins.Set{}
	p := &probe{}
	if err := set.Add(e.DB().Engine(), "stuck", p); err != nil {
		t.Fatal(err)
	}
	if err := set.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.host.Go(func(context.Context) { <-over })
	if err := set.Stop(ctx); err == nil || !strings.Contains(err.Error(), "stuck: background work") {
		t.Errorf("%v", err)
	}
}
