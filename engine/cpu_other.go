//go:build !unix

package engine

import "runtime/metrics"

// cpuTime is the processor time of the process in seconds, as far as the Go
// runtime knows it: it does not tell system time from user time.
func cpuTime() (user, system float64) {
	samples := []metrics.Sample{{Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"}}
	metrics.Read(samples)
	if samples[0].Value.Kind() != metrics.KindFloat64 || samples[1].Value.Kind() != metrics.KindFloat64 {
		return 0, 0
	}
	return samples[0].Value.Float64() - samples[1].Value.Float64(), 0
}
