package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/prometheus/client_golang/prometheus"
)

// sink holds the latest value of each sample. Counters and gauges are sent as
// their present value; a histogram's samples are observations.
type sink struct {
	mu         sync.Mutex
	samples    map[string]*sample
	histograms map[string]prometheus.Histogram
}

type sample struct {
	desc   *prometheus.Desc
	typ    prometheus.ValueType
	values []string
	value  float64
}

// maxSeries bounds what hooks with made-up names can grow.
const maxSeries = 10_000

func newSink() *sink {
	return &sink{samples: map[string]*sample{}, histograms: map[string]prometheus.Histogram{}}
}

// add takes one sample.
func (s *sink) add(ev *hook.Metric) error {
	labels := slices.Sorted(maps.Keys(ev.Labels))
	id := ev.Name
	var values []string
	for _, l := range labels {
		values = append(values, ev.Labels[l])
		id += "\x00" + l + "\x00" + ev.Labels[l]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if ev.Type == hook.Histogram {
		return s.observe(id, ev)
	}
	known, ok := s.samples[id]
	if !ok {
		if len(s.samples) >= maxSeries {
			return fmt.Errorf("metrics: more than %d series: %s is not kept", maxSeries, ev.Name)
		}
		known = &sample{desc: prometheus.NewDesc(name(ev.Name), help(ev.Name), labels, nil), values: values, typ: prometheus.GaugeValue}
		if ev.Type == hook.Counter {
			known.typ = prometheus.CounterValue
		}
		s.samples[id] = known
	}
	known.value = ev.Value
	return nil
}

func (s *sink) observe(id string, ev *hook.Metric) error {
	h, ok := s.histograms[id]
	if !ok {
		if len(s.histograms) >= maxSeries {
			return fmt.Errorf("metrics: more than %d histograms: %s is not kept", maxSeries, ev.Name)
		}
		h = prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: name(ev.Name), Help: help(ev.Name), ConstLabels: ev.Labels, Buckets: prometheus.ExponentialBuckets(0.0001, 4, 10),
		})
		s.histograms[id] = h
	}
	h.Observe(ev.Value)
	return nil
}

func name(n string) string { return "kevy_" + strings.NewReplacer(".", "_", "-", "_").Replace(n) }

func help(n string) string { return strings.ReplaceAll(n, "_", " ") }

// Describe implements prometheus.Collector: the series come and go, so none is
// announced.
func (s *sink) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (s *sink) Collect(out chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.samples {
		if m, err := prometheus.NewConstMetric(v.desc, v.typ, v.value, v.values...); err == nil {
			out <- m
		}
	}
	for _, h := range s.histograms {
		out <- h
	}
}

// hooksCollector reports what has become of each hook.
type hooksCollector struct{ bus *hook.Bus }

var hookLabels = []string{"owner", "hook", "event"}

var (
	hookRuns   = prometheus.NewDesc("kevy_hook_runs_total", "runs of a hook", hookLabels, nil)
	hookErrors = prometheus.NewDesc("kevy_hook_errors_total", "failed runs of a hook", hookLabels, nil)
	hookDrops  = prometheus.NewDesc("kevy_hook_drops_total", "events that a hook lost to a full queue or the depth limit", hookLabels, nil)
	hookQueued = prometheus.NewDesc("kevy_hook_queue_length", "events that wait for a hook", hookLabels, nil)
	hookArmed  = prometheus.NewDesc("kevy_hook_armed", "1 while a hook runs, 0 while it is disabled or tripped", hookLabels, nil)
	hookTime   = prometheus.NewDesc("kevy_hook_duration_seconds", "run times of a hook", hookLabels, nil)
)

// Describe implements prometheus.Collector.
func (*hooksCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{hookRuns, hookErrors, hookDrops, hookQueued, hookArmed, hookTime} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *hooksCollector) Collect(out chan<- prometheus.Metric) {
	for _, h := range c.bus.Hooks() {
		o, s := h.Options(), h.Stats()
		l := []string{o.Owner, o.Name, string(o.Kind)}
		armed := 0.0
		if s.State == "armed" {
			armed = 1
		}
		out <- prometheus.MustNewConstMetric(hookRuns, prometheus.CounterValue, float64(s.Runs), l...)
		out <- prometheus.MustNewConstMetric(hookErrors, prometheus.CounterValue, float64(s.Errors), l...)
		out <- prometheus.MustNewConstMetric(hookDrops, prometheus.CounterValue, float64(s.Drops+s.TooDeep), l...)
		out <- prometheus.MustNewConstMetric(hookQueued, prometheus.GaugeValue, float64(s.Queued), l...)
		out <- prometheus.MustNewConstMetric(hookArmed, prometheus.GaugeValue, armed, l...)
		buckets, sum := map[float64]uint64{}, uint64(0)
		for i, bound := range hook.LatencyBounds() {
			sum += uint64(s.Latency[i])
			buckets[bound.Seconds()] = sum
		}
		out <- prometheus.MustNewConstHistogram(hookTime, uint64(s.Runs), s.Busy.Seconds(), buckets, l...)
	}
}
