package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

var latencyRow = command.Spec{
	Name: "latency", Arity: -2, Group: command.GroupServer, Since: "2.8.13", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about latency", Sub: []command.Spec{
		{Name: "latest", Arity: 2, Since: "2.8.13", Complexity: "O(1)", Flags: operator, Hints: allNodesVaried,
			Summary: "Answers the latest sample of each event", Run: latencyLatest},
		{Name: "history", Arity: 3, Since: "2.8.13", Complexity: "O(1)", Flags: operator, Hints: allNodesVaried,
			Syntax: "event", Summary: "Answers the samples of an event", Run: latencyHistory},
		{Name: "graph", Arity: 3, Since: "2.8.13", Complexity: "O(1)", Flags: operator, Hints: allNodesVaried,
			Syntax: "event", Summary: "Draws the samples of an event", Run: latencyGraph},
		{Name: "doctor", Arity: 2, Since: "2.8.13", Complexity: "O(1)", Flags: operator, Hints: allNodesVaried,
			Summary: "Reports on the samples in words", Run: latencyDoctor},
		{Name: "histogram", Arity: -2, Since: "7.0.0", Complexity: "O(N) with N commands", Flags: operator, Hints: allNodesVaried,
			Syntax: "[command [command ...]]", Summary: "Answers how long commands took, summed up", Run: latencyHistogram},
		{Name: "reset", Arity: -2, Since: "2.8.13", Complexity: "O(1)", Flags: operator, Hints: allNodes,
			Syntax: "[event [event ...]]", Summary: "Forgets the samples of all events or those named", Run: latencyReset},
		help("latency", "2.8.13",
			"DOCTOR", "    Reports on the samples in words.",
			"GRAPH <event>", "    Draws the samples of an event.",
			"HISTOGRAM [COMMAND ...]", "    Answers how long commands took, summed up.",
			"HISTORY <event>", "    Answers the samples of an event: Unix time, milliseconds.",
			"LATEST", "    Answers each event's latest sample and its longest.",
			"RESET [<event> ...]", "    Forgets the samples, all or those of the events named.",
			"The events are command, fast-command and expire-cycle."),
	},
}

func latencyLatest(c *command.Call) error {
	m := &engineOf(c).latency
	list := m.names()
	mark, n := c.Reply.OpenArray(), 0
	for _, name := range list {
		ev := m.event(name)
		if len(ev.samples) == 0 {
			continue // forgotten meanwhile
		}
		last := ev.samples[len(ev.samples)-1]
		c.Reply.Array(4)
		c.Reply.BulkString(name)
		c.Reply.Int(last.at)
		c.Reply.Int(last.ms)
		c.Reply.Int(ev.longest)
		n++
	}
	c.Reply.CloseArray(mark, n)
	return nil
}

func latencyHistory(c *command.Call) error {
	ev := engineOf(c).latency.event(string(c.Args[2]))
	c.Reply.Array(len(ev.samples))
	for _, s := range ev.samples {
		c.Reply.Array(2)
		c.Reply.Int(s.at)
		c.Reply.Int(s.ms)
	}
	return nil
}

// graphColumns and graphRows are the size of LATENCY GRAPH's picture.
const (
	graphColumns = 80
	graphRows    = 4
)

func latencyGraph(c *command.Call) error {
	e := engineOf(c)
	ev := e.latency.event(string(c.Args[2]))
	if len(ev.samples) == 0 {
		return wire.Errorf("ERR No samples available for event '%s'", c.Args[2])
	}
	samples := ev.samples[max(0, len(ev.samples)-graphColumns):]
	low, high := samples[0].ms, samples[0].ms
	for _, s := range samples {
		low, high = min(low, s.ms), max(high, s.ms)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s - high %d ms, low %d ms (all time high %d ms)\n%s\n", c.Args[2], high, low, ev.longest, strings.Repeat("-", graphColumns))
	for row := graphRows - 1; row >= 0; row-- {
		for _, s := range samples {
			level := 0
			if high > low {
				level = int((s.ms - low) * (graphRows - 1) / (high - low))
			}
			switch {
			case level == row:
				b.WriteByte('o')
			case level > row:
				b.WriteByte('|')
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	// The age of each sample stands below it, read downwards.
	now := e.now().Unix()
	var ages []string
	deepest := 0
	for _, s := range samples {
		ages = append(ages, age(now-s.at))
		deepest = max(deepest, len(ages[len(ages)-1]))
	}
	for line := range deepest {
		for _, a := range ages {
			if line < len(a) {
				b.WriteByte(a[line])
			} else {
				b.WriteByte(' ')
			}
		}
		b.WriteByte('\n')
	}
	c.Reply.Verbatim("txt", b.String())
	return nil
}

// age prints seconds in the largest unit that fits.
func age(seconds int64) string {
	switch {
	case seconds < 60:
		return fmt.Sprintf("%ds", seconds)
	case seconds < 3600:
		return fmt.Sprintf("%dm", seconds/60)
	case seconds < 86400:
		return fmt.Sprintf("%dh", seconds/3600)
	}
	return fmt.Sprintf("%dd", seconds/86400)
}

func latencyDoctor(c *command.Call) error {
	e := engineOf(c)
	limit := e.live.Get().Server.LatencyMonitorThreshold
	list := e.latency.names()
	var b strings.Builder
	switch {
	case limit <= 0 && len(list) == 0:
		b.WriteString("Latency is not being watched. CONFIG SET latency-monitor-threshold <milliseconds> begins that.\n")
	case len(list) == 0:
		fmt.Fprintf(&b, "Nothing has taken %d ms or longer since the watch began or was reset.\n", limit.Milliseconds())
	default:
		for i, name := range list {
			ev := e.latency.event(name)
			if len(ev.samples) == 0 {
				continue
			}
			sum := int64(0)
			for _, s := range ev.samples {
				sum += s.ms
			}
			n := int64(len(ev.samples))
			fmt.Fprintf(&b, "%d. %s: %d samples, on average %d ms, the longest ever %d ms, the latest %s ago.\n",
				i+1, name, n, sum/n, ev.longest, age(e.now().Unix()-ev.samples[n-1].at))
		}
		b.WriteString("\nThe slow log (SLOWLOG GET) names the commands; commands over large values hold their shard for long: " +
			"split the values, or use the *SCAN commands.\n")
		if slices.Contains(list, "expire-cycle") {
			b.WriteString("Expiries come in bursts: spread the deadlines, or make reaper.batch smaller.\n")
		}
	}
	c.Reply.Verbatim("txt", b.String())
	return nil
}

func latencyHistogram(c *command.Call) error {
	e := engineOf(c)
	var want []*command.Spec
	if len(c.Args) == 2 {
		e.eachSpec(func(s *command.Spec) { want = append(want, s) })
	}
	for _, name := range c.Args[2:] {
		s, ok := e.specByName(name)
		if !ok {
			continue
		}
		want = append(want, s)
		for i := range s.Sub {
			want = append(want, &s.Sub[i])
		}
	}
	var found []*command.Spec
	for _, s := range want {
		if h, ok := e.histograms.Load(s.Stats()); ok {
			if _, total := h.(*histogram).counts(); total > 0 {
				found = append(found, s)
			}
		}
	}
	c.Reply.Map(len(found))
	for _, s := range found {
		h, _ := e.histograms.Load(s.Stats())
		steps, total := h.(*histogram).steps()
		c.Reply.BulkString(s.FullName())
		c.Reply.Map(2)
		c.Reply.BulkString("calls")
		c.Reply.Int(total)
		c.Reply.BulkString("histogram_usec")
		c.Reply.Map(len(steps))
		for _, st := range steps {
			c.Reply.Int(st.usec)
			c.Reply.Int(st.runs)
		}
	}
	return nil
}

func latencyReset(c *command.Call) error {
	var events []string
	for _, a := range c.Args[2:] {
		events = append(events, string(a))
	}
	c.Reply.Int(int64(engineOf(c).latency.forget(events)))
	return nil
}
