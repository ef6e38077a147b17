package kevylua_test

import (
	"context"
	"testing"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
)

// gauge is a plugin that listens to samples.
type gauge struct{ samples chan *hook.Metric }

// Provision implements plugins.Plugin.
func (g gauge) Provision(h *plugins.Host) error {
	return h.OnMetric("", func(_ context.Context, ev *hook.Metric) error {
		g.samples <- ev
		return nil
	})
}

// TestTickSendsSamples: by hand as in the background, figures go to the metric sinks.
func TestTickSendsSamples(t *testing.T) {
	cfg := kevylua.DefaultConfig()
	cfg.Reaper.Mode = "manual"
	g := gauge{make(chan *hook.Metric, 1000)}
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Plugins: []kevylua.NamedPlugin{{Name: "gauge", Plugin: g}}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	ctx := t.Context()
	if _, err := db.Do(ctx, "SET", "k", "v", "PXAT", 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Do(ctx, "SET", "l", "v", "PX", 3_600_000); err != nil {
		t.Fatal(err)
	}
	for _, more := db.Tick(ctx); more; {
		_, more = db.Tick(ctx)
	}
	missing := map[string]bool{"keys_with_deadline": true, "expiry_backlog": true, "expired_lateness_milliseconds_bucket": true, "reaper_ticks_total": true}
	for len(missing) > 0 {
		select {
		case ev := <-g.samples:
			delete(missing, ev.Name)
		case <-ctx.Done():
			t.Fatalf("no samples of %v", missing)
		}
	}
}
