//go:build linux

package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// row summarises a scenario.
type row struct {
	Suite    string          `json:"suite"`
	Scenario string          `json:"scenario"`
	Rounds   int             `json:"rounds"`  // that the figures are from
	Flagged  int             `json:"flagged"` // of these, rounds with too much foreign CPU
	Dropped  int             `json:"dropped"`
	Foreign  float64         `json:"foreign_cores_max"` // in the rounds that count
	Metrics  map[string]cell `json:"metrics"`
}

// cell summarises one figure of a scenario. Gain is paired round by round and
// above 1 where ours is better; it is missing where a figure is zero.
type cell struct {
	Redis spread  `json:"redis"`
	Kevy  spread  `json:"kevy"`
	Gain  *spread `json:"gain,omitempty"`
}

// summarise makes a row of each scenario, in the order in which they were
// measured. With drop, flagged rounds do not count, unless there is no other.
func summarise(s *suite, samples []sample, drop bool) (rows []row) {
	var names []string
	pairs := map[string][][2]sample{}
	for i := 0; i+1 < len(samples); i += 2 {
		if samples[i].Suite != s.name {
			continue
		}
		name := samples[i].Scenario
		if pairs[name] == nil {
			names = append(names, name)
		}
		pairs[name] = append(pairs[name], [2]sample{samples[i], samples[i+1]})
	}
	for _, name := range names {
		rows = append(rows, summariseOne(s, name, pairs[name], drop))
	}
	return rows
}

func summariseOne(s *suite, name string, all [][2]sample, drop bool) row {
	r := row{Suite: s.name, Scenario: name, Metrics: map[string]cell{}}
	var kept [][2]sample
	for _, p := range all {
		if !drop || !p[0].Flagged {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		kept = all
	}
	r.Rounds, r.Dropped = len(kept), len(all)-len(kept)
	for _, p := range kept {
		if p[0].Flagged {
			r.Flagged++
		}
		r.Foreign = max(r.Foreign, p[0].Foreign, p[1].Foreign)
	}
	for _, m := range s.metrics {
		if c, ok := cellOf(m, kept); ok {
			r.Metrics[m.name] = c
		}
	}
	return r
}

func cellOf(m metric, kept [][2]sample) (c cell, ok bool) {
	var redis, kevy, gain []float64
	for _, p := range kept {
		a, b := p[0].Values.get(m.name), p[1].Values.get(m.name)
		redis, kevy, gain = append(redis, a), append(kevy, b), append(gain, m.gain(a, b))
	}
	var okRedis, okKevy bool
	c.Redis, okRedis = spreadOf(redis)
	c.Kevy, okKevy = spreadOf(kevy)
	if g, ok := spreadOf(gain); ok {
		c.Gain = &g
	}
	return c, okRedis && okKevy
}

func (v values) get(name string) float64 {
	if x, ok := v[name]; ok {
		return x
	}
	return math.NaN()
}

// line is the progress report of one round: the gain of each metric that has
// its ratio in the table.
func (s *suite) line(pair [2]sample) string {
	var b strings.Builder
	for _, m := range s.metrics {
		redis, kevy := pair[0].Values.get(m.name), pair[1].Values.get(m.name)
		if m.ratio && !(math.IsNaN(redis) && math.IsNaN(kevy)) {
			fmt.Fprintf(&b, "  %s %s / %s", m.name, m.format(redis), m.format(kevy))
		}
	}
	return strings.TrimSpace(b.String())
}

// writeTable prints the rows of a suite, aligned. A metric that no row has is
// left out.
func writeTable(w io.Writer, s *suite, rows []row) {
	head, sub := []string{s.name}, []string{""}
	var shown []metric
	for _, m := range s.metrics {
		if !anyHas(rows, m.name) {
			continue
		}
		shown = append(shown, m)
		head, sub = append(head, m.name, ""), append(sub, "redis", "kevy")
		if m.ratio {
			head, sub = append(head, ""), append(sub, "x [min-max]")
		}
	}
	table := [][]string{append(head, "rounds", "foreign"), append(sub, "", "max")}
	for _, r := range rows {
		line := []string{r.Scenario}
		for _, m := range shown {
			line = append(line, r.cells(m)...)
		}
		n := fmt.Sprint(r.Rounds)
		if r.Flagged > 0 {
			n += fmt.Sprintf(" (%d!)", r.Flagged)
		}
		if r.Dropped > 0 {
			n += fmt.Sprintf(" -%d", r.Dropped)
		}
		table = append(table, append(line, n, fmt.Sprintf("%.2f", r.Foreign)))
	}
	align(w, table)
}

// cells are a metric's columns in one row.
func (r row) cells(m metric) []string {
	c, ok := r.Metrics[m.name]
	if !ok {
		return []string{"-", "-", "-"}[:columns(m)]
	}
	out := []string{m.format(c.Redis.Median), m.format(c.Kevy.Median)}
	if !m.ratio {
		return out
	}
	if c.Gain == nil {
		return append(out, "-")
	}
	return append(out, fmt.Sprintf("%s [%s-%s]", ratio(c.Gain.Median), ratio(c.Gain.Min), ratio(c.Gain.Max)))
}

func columns(m metric) int {
	if m.ratio {
		return 3
	}
	return 2
}

func ratio(v float64) string {
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func anyHas(rows []row, name string) bool {
	for _, r := range rows {
		if _, ok := r.Metrics[name]; ok {
			return true
		}
	}
	return false
}

// align prints lines of cells in columns, the first to the left. Widths are
// counted in characters: µ is one.
func align(w io.Writer, table [][]string) {
	var width []int
	for _, line := range table {
		for i, c := range line {
			if i == len(width) {
				width = append(width, 0)
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	for _, line := range table {
		var b strings.Builder
		for i, c := range line {
			fill := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 {
				b.WriteString(c + fill)
			} else {
				b.WriteString("  " + fill + c)
			}
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
	}
}
