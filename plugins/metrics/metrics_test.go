package metrics_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins/metrics"
)

func TestMetricsAreServed(t *testing.T) {
	ctx := context.Background()
	cfg := config.Default()
	cfg.Metrics.Listen = "127.0.0.1:0"
	m := metrics.New().(*metrics.Metrics)
	db, err := kevylua.Open(kevylua.Options{Config: cfg, Plugins: []kevylua.NamedPlugin{{Name: metrics.Name, Plugin: m}}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Do(ctx, "SET", "k", "v"); err != nil {
		t.Fatal(err)
	}
	host := db.Host()
	host.Metric("jobs_total", hook.Counter, 3, map[string]string{"queue": "mail"})
	host.Metric("job_seconds", hook.Histogram, 0.25, nil)
	db.Engine().Samples(func(name string, typ hook.MetricType, v float64) { host.Metric(name, typ, v, nil) })
	if err := db.Engine().Bus().Flush(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := http.Get("http://" + m.Addr().String() + cfg.Metrics.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`kevy_jobs_total{queue="mail"} 3`, "kevy_job_seconds_count 1", "kevy_commands_total", "go_goroutines",
		`kevy_hook_runs_total{event="metric"`,
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
}
