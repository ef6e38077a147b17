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
pprof = true
`)
	e.Do("SET", "k", "v")
	host := e.Host()
	host.Metric("jobs_total", hook.Counter, 3, map[string]string{"queue": "mail"})
	host.Metric("job_seconds", hook.Histogram, 0.25, nil)
	e.DB().Engine().Samples(func(name string, typ hook.MetricType, v float64) { host.Metric(name, typ, v, nil) })
	e.Settle()
	base := "http://" + e.Plugin(metrics.Name).(*metrics.Metrics).Addr().String()
	_, body := get(t, base+"/figures")
	for _, want := range []string{
		`kevy_jobs_total{queue="mail"} 3`, "kevy_job_seconds_count 1", "kevy_commands_total", "go_goroutines",
		`kevy_hook_runs_total{event="metric"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	for path, want := range map[string]int{
		"heap": http.StatusOK, "goroutine?debug=1": http.StatusOK, "profile?seconds=1": http.StatusOK,
		"profile?seconds=0": http.StatusBadRequest, "nothing": http.StatusNotFound,
	} {
		if status, body := get(t, base+"/debug/pprof/"+path); status != want {
			t.Errorf("%s: status %d, want %d: %s", path, status, want, body)
		}
	}
}

// get returns the status and the body of a page.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, string(text)
}

// TestMetricsMove changes address and path of what is served.
func TestMetricsMove(t *testing.T) {
	e := plugintest.New(t, "[metrics]\nenabled = true\nlisten = \"127.0.0.1:0\"\n")
	m := e.Plugin(metrics.Name).(*metrics.Metrics)
	status := func(addr, path string) int {
		t.Helper()
		r, err := http.Get("http://" + addr + path)
		if err != nil {
			return 0
		}
		defer r.Body.Close()
		return r.StatusCode
	}
	before := m.Addr().String()
	if got := status(before, "/metrics"); got != http.StatusOK {
		t.Fatalf("status %d", got)
	}
	e.Do("CONFIG", "SET", "metrics.path", "/figures")
	if got, old := status(before, "/figures"), status(before, "/metrics"); got != http.StatusOK || old != http.StatusNotFound {
		t.Fatalf("then status %d, and %d on the old path", got, old)
	}
	if _, err := e.DB().Do(t.Context(), "CONFIG", "SET", "metrics.listen", before); err == nil {
		t.Error("an address that is in use is taken")
	}
	if got := status(before, "/figures"); got != http.StatusOK {
		t.Fatalf("after a refused change status %d", got)
	}
	e.Do("CONFIG", "SET", "metrics.listen", "localhost:0")
	after := m.Addr().String()
	if got := status(after, "/figures"); after == before || got != http.StatusOK {
		t.Fatalf("at %s, before at %s, status %d", after, before, got)
	}
	if err := e.DB().Close(); err != nil {
		t.Fatal(err)
	}
	if old, got := status(before, "/figures"), status(after, "/figures"); old != 0 || got != 0 {
		t.Errorf("after the end status %d and %d", old, got)
	}
}
