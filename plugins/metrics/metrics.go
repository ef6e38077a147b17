// Package metrics is the metric sink made real: it gathers the engine's samples
// and serves them to Prometheus on an HTTP listener of its own. It is the only
// package that imports prometheus/client_golang.
//
// It is off until [metrics] enabled = true; listen, path and interval stand there too.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

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
	server   *http.Server
	addr     net.Addr
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

// Start opens the listener.
func (m *Metrics) Start(context.Context) error {
	cfg := m.host.Config().Metrics
	l, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("metrics: listen on %s: %w", cfg.Listen, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+cfg.Path, promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	m.addr = l.Addr()
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	m.host.Log().Info("metrics are served", "url", "http://"+m.addr.String()+cfg.Path)
	m.host.Go(func(context.Context) {
		if err := m.server.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			m.host.Log().Error("metrics listener ended", "error", err)
		}
	})
	// The host cancels its tasks and waits for them before it calls Stop, so
	// the listener ends with the tasks' context.
	m.host.Go(func(ctx context.Context) {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if m.server.Shutdown(end) != nil {
			m.server.Close()
		}
	})
	return nil
}

// Addr is where the metrics are served, once the plugin has started.
func (m *Metrics) Addr() net.Addr { return m.addr }
