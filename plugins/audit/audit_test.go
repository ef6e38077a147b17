package audit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
	_ "github.com/kevy-lua/kevy-lua/plugins/audit"
)

func TestAudit(t *testing.T) {
	ctx := context.Background()
	var clock atomic.Int64 // ms; observers read it on goroutines of their own
	clock.Store(1_700_000_000_000)
	cfg := config.Default()
	cfg.Reaper.Mode = "manual"
	cfg.Plugins = []config.Plugin{{Name: "Audit", Enabled: true, Options: map[string]any{"match": "s:*", "keep": 2}}}
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Now: func() time.Time { return time.UnixMilli(clock.Load()) }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, k := range []string{"s:1", "other", "s:2", "s:3"} {
		if _, err := db.Do(ctx, "SET", k, "v", "PX", 10); err != nil {
			t.Fatal(err)
		}
		clock.Add(15)
		db.Tick(ctx)
	}
	if err := db.Engine().Bus().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	if n, err := db.Do(ctx, "AUDIT.COUNT"); err != nil || n.Integer() != 3 {
		t.Fatalf("count %v, %v", n, err)
	}
	latest, err := db.Do(ctx, "AUDIT.LATEST")
	if err != nil {
		t.Fatal(err)
	}
	list := latest.Array()
	if len(list) != 2 || list[0].Array()[0].String() != "s:3" || list[0].Array()[2].Integer() != 5 {
		t.Fatalf("latest %v", latest)
	}
}

func TestBadOptions(t *testing.T) {
	for name, options := range map[string]map[string]any{
		"a key it does not have": {"mach": "x"},
		"nothing to keep":        {"keep": 0},
	} {
		cfg := config.Default()
		cfg.Plugins = []config.Plugin{{Name: "audit", Enabled: true, Options: options}}
		if db, err := kevylua.Open(kevylua.Options{Config: cfg}); err == nil {
			db.Close()
			t.Errorf("%s was admitted", name)
		}
	}
}
