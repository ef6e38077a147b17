// Package metrics is the metric sink made real: it gathers the engine's samples
// and serves them to Prometheus on an HTTP listener of its own. It is the only
// package that imports prometheus/client_golang.
//
// It is off until [metrics] enabled = true; listen, path, interval and pprof stand there too.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/plugins"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Name is the plugin's name. It is provisioned when [metrics] enables it.
const Name = "metrics"

func init() { plugins.Register(Name, New) }

// Metrics serves /metrics.
type Metrics struct {
	host     *plugins.Host
	registry *prometheus.Registry
	sink     *sink
	current  atomic.Pointer[endpoint]
}

// endpoint is a listener that serves.
type endpoint struct {
	net.Listener
	stop context.CancelFunc
}

// end lets the requests in progress end; the address is free at once.
func (e *endpoint) end() {
	_ = e.Close() // nobody listens to what it says
	e.stop()
}

// New makes a Metrics plugin.
func New() plugins.Plugin { return &Metrics{} }

// Provision implements plugins.Plugin.
func (m *Metrics) Provision(h *plugins.Host) error {
	if err := h.Decode(&struct{}{}); err != nil { // its parameters stand in [metrics]
		return err
	}
	m.host, m.sink = h, newSink()
	m.registry = prometheus.NewRegistry()
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.sink, &hooksCollector{bus: h.Core().Bus()},
	} {
		if err := m.registry.Register(c); err != nil {
			return fmt.Errorf("metrics: %w", err)
		}
	}
	return h.OnMetric("", func(_ context.Context, ev *hook.Metric) error { return m.sink.add(ev) })
}

// Start opens the listener, and moves it when the configuration says so.
func (m *Metrics) Start(context.Context) error {
	if err := m.listen(m.host.Config()); err != nil {
		return err
	}
	m.host.Live().OnApply(m.listen, "metrics.listen")
	m.host.Live().OnApply(func(*config.Config) error { return nil }, "metrics.path", "metrics.pprof") // they are read at each request
	return nil
}

// listen serves where cfg says, and no more where it said before.
func (m *Metrics) listen(cfg *config.Config) error {
	l, err := net.Listen("tcp", cfg.Metrics.Listen)
	if err != nil {
		return fmt.Errorf("metrics: listen on %s: %w", cfg.Metrics.Listen, err)
	}
	figures := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	profiles := http.NewServeMux()
	profiles.HandleFunc("GET /debug/pprof/{name}", profile)
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case m.host.Config().Metrics.Pprof && strings.HasPrefix(r.URL.Path, "/debug/pprof/"):
			profiles.ServeHTTP(w, r)
		case r.URL.Path != m.host.Config().Metrics.Path:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "only GET is served here", http.StatusMethodNotAllowed)
		default:
			figures.ServeHTTP(w, r)
		}
	})}
	m.host.Log().Info("metrics are served", "url", "http://"+l.Addr().String()+cfg.Metrics.Path)
	moved, stop := context.WithCancel(context.Background())
	m.host.Go(func(context.Context) {
		if err := server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			m.host.Log().Error("metrics listener ended", "error", err)
		}
	})
	// The host cancels its tasks and waits for them before it calls Stop, so
	// the listener ends with the tasks' context.
	m.host.Go(func(ctx context.Context) {
		defer stop()
		select {
		case <-ctx.Done():
		case <-moved.Done():
		}
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if server.Shutdown(end) != nil {
			server.Close()
		}
	})
	if before := m.current.Swap(&endpoint{l, stop}); before != nil {
		before.end()
	}
	return nil
}

// Addr is where the metrics are served, once the plugin has started.
func (m *Metrics) Addr() net.Addr { return m.current.Load().Addr() }
