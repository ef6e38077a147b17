package metrics_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins/metrics"
	"github.com/kevy-lua/kevy-lua/plugins/plugintest"
)

func TestMetricsAreServed(t *testing.T) {
	e := plugintest.New(t, `
[metrics]
enabled = true
listen = "127.0.0.1:0"
path = "/figures"
`)
	e.Do("SET", "k", "v")
	host := e.Host()
	host.Metric("jobs_total", hook.Counter, 3, map[string]string{"queue": "mail"})
	host.Metric("job_seconds", hook.Histogram, 0.25, nil)
	e.DB().Engine().Samples(func(name string, typ hook.MetricType, v float64) { host.Metric(name, typ, v, nil) })
	e.Settle()
	r, err := http.Get("http://" + e.Plugin(metrics.Name).(*metrics.Metrics).Addr().String() + "/figures")
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
