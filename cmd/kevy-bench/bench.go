//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// bench is one run of the program: its servers, its rounds, its samples.
type bench struct {
	options
	sides    [2]side // redis first
	running  []*server
	scratch  string // where the servers' directories are made
	suite    *suite
	samples  []sample
	failures []error
	progress io.Writer
	serial   int // of server directories
}

// values are a measurement's figures by the name of their metric.
type values map[string]float64

// sample is what one server did in one round of one scenario.
type sample struct {
	Suite    string  `json:"suite"`
	Scenario string  `json:"scenario"`
	Server   string  `json:"server"`
	Round    int     `json:"round"`
	Position int     `json:"position"` // 0: measured first in its round
	Foreign  float64 `json:"foreign_cores"`
	Flagged  bool    `json:"flagged"` // more foreign CPU than allowed, here or in the other half of the round
	Values   values  `json:"values"`
}

// measured is what a suite's function returns for one server and round.
type measured struct {
	values  values
	foreign float64 // cores
}

// start starts a server of one side in a fresh directory.
func (b *bench) start(ctx context.Context, s side, settings ...setting) (*server, error) {
	dir, err := b.freshDir(s)
	if err != nil {
		return nil, err
	}
	return b.startIn(ctx, s, dir, 30*time.Second, settings...)
}

func (b *bench) freshDir(s side) (string, error) {
	b.serial++
	dir := filepath.Join(b.scratch, fmt.Sprintf("%s-%d", s.name, b.serial))
	return dir, os.Mkdir(dir, 0o755)
}

// startIn starts a server in dir. Later settings override the quiet ones.
func (b *bench) startIn(ctx context.Context, s side, dir string, patience time.Duration, settings ...setting) (*server, error) {
	all := slices.Clone(quiet)
	for _, p := range settings {
		if i := slices.IndexFunc(all, func(q setting) bool { return q.name == p.name }); i >= 0 {
			all[i] = p
		} else {
			all = append(all, p)
		}
	}
	srv, err := startServer(ctx, s, dir, all, patience)
	if err != nil {
		return nil, err
	}
	b.running = append(b.running, srv)
	return srv, nil
}

// stop ends a server and removes its directory.
func (b *bench) stop(s *server) error {
	b.running = slices.DeleteFunc(b.running, func(r *server) bool { return r == s })
	return errors.Join(s.stop(), os.RemoveAll(s.dir))
}

// stopAll ends what is still running.
func (b *bench) stopAll() error {
	var errs []error
	for _, s := range slices.Clone(b.running) {
		errs = append(errs, b.stop(s))
	}
	return errors.Join(errs...)
}

// both starts a server of each side with the same settings.
func (b *bench) both(ctx context.Context, settings ...setting) (pair [2]*server, err error) {
	for i, s := range b.sides {
		if pair[i], err = b.start(ctx, s, settings...); err != nil {
			return pair, err
		}
	}
	return pair, nil
}

// rounds measures a scenario on both sides, which of them first changing from
// round to round. With -drop, rounds with too much foreign CPU are repeated, up to
// as many again. A scenario that fails is noted and left out; only the end of ctx
// is returned.
func (b *bench) paired(ctx context.Context, scenario string, measure func(side int) (measured, error)) error {
	clean := 0
	for round := 0; clean < b.rounds && round < 2*b.rounds; round++ {
		pair, err := b.round(scenario, round, measure)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("%s, %s: %w", b.suite.name, scenario, err)
			b.failures = append(b.failures, err)
			fmt.Fprintln(b.progress, "kevy-bench:", err)
			return nil
		}
		if !pair[0].Flagged || !b.drop {
			clean++
		}
		b.samples = append(b.samples, pair[:]...)
	}
	return nil
}

// round measures each side once.
func (b *bench) round(scenario string, round int, measure func(side int) (measured, error)) (pair [2]sample, err error) {
	flagged := false
	for position := range 2 {
		i := (round + position) % 2
		m, err := measure(i)
		if err != nil {
			return pair, fmt.Errorf("%s: %w", b.sides[i].name, err)
		}
		pair[i] = sample{Suite: b.suite.name, Scenario: scenario, Server: b.sides[i].name, Round: round,
			Position: position, Foreign: m.foreign, Values: m.values}
		flagged = flagged || m.foreign > b.maxForeign
	}
	for i := range pair {
		pair[i].Flagged = flagged
	}
	fmt.Fprintf(b.progress, "%s, %s, round %d: %s", b.suite.name, scenario, round+1, b.suite.line(pair))
	if flagged {
		fmt.Fprintf(b.progress, "  (foreign CPU %.2f, %.2f)", pair[0].Foreign, pair[1].Foreign)
	}
	fmt.Fprintln(b.progress)
	return pair, nil
}

// latencies adds a phase's percentiles to v, under names with a prefix.
func (v values) latencies(prefix string, h *histogram) {
	maps.Copy(v, values{
		prefix + "p50":     h.quantile(0.50).Seconds(),
		prefix + "p99":     h.quantile(0.99).Seconds(),
		prefix + "p99.9":   h.quantile(0.999).Seconds(),
		prefix + "longest": h.max.Seconds(),
	})
}
