package engine

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

var infoRow = command.Spec{
	Name: "info", Arity: -1, Group: command.GroupServer, Since: "1.0.0", Complexity: "O(N) with N commands and hooks", Syntax: "[section [section ...]]",
	ACL: []string{"dangerous"}, Hints: varied, Flags: command.Loading | command.Stale | command.NoUnit,
	Summary: "Answers what there is to know about the server", Run: runInfo,
}

// infoLines gathers the lines of a section.
type infoLines struct {
	lines [][2]string
}

// add adds a line, or replaces the one with that name.
func (l *infoLines) add(name string, value any) {
	text := ""
	switch v := value.(type) {
	case float64:
		text = strconv.FormatFloat(v, 'f', 2, 64)
	case bool:
		text = "0"
		if v {
			text = "1"
		}
	default:
		text = fmt.Sprint(v)
	}
	text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
	for i := range l.lines {
		if l.lines[i][0] == name {
			l.lines[i][1] = text
			return
		}
	}
	l.lines = append(l.lines, [2]string{name, text})
}

// infoSection is a section that the engine itself fills.
type infoSection struct {
	name  string
	extra bool // only with all, everything, or its name
	write func(e *Engine, c *command.Call, add func(name string, value any))
}

// infoSections are in the order in which Redis prints them, then ours.
var infoSections = []infoSection{
	{"Server", false, infoServer},
	{"Clients", false, infoClients},
	{"Memory", false, infoMemory},
	{"Persistence", false, infoPersistence},
	{"Stats", false, infoStats},
	{"Replication", false, infoReplication},
	{"CPU", false, infoCPU},
	{"Modules", false, infoModules},
	{"Commandstats", true, infoCommandStats},
	{"Errorstats", false, infoErrorStats},
	{"Latencystats", true, infoLatencyStats},
	{"Cluster", false, infoCluster},
	{"Keyspace", false, infoKeyspace},
	{"Reaper", false, infoReaper},
	{"Hooks", false, infoHooks},
}

func runInfo(c *command.Call) error {
	e := engineOf(c)
	wanted := map[string]bool{}
	for _, a := range c.Args[1:] {
		wanted[strings.ToLower(string(a))] = true
	}
	if len(wanted) == 0 {
		wanted["default"] = true
	}
	everything := wanted["all"] || wanted["everything"]
	parts := e.parts.infos()
	known := map[string]bool{}
	var b strings.Builder
	for _, s := range infoSections {
		key := strings.ToLower(s.name)
		known[key] = true
		if everything || wanted[key] || wanted["default"] && !s.extra {
			var l infoLines
			s.write(e, c, l.add)
			l.addParts(parts, key)
			l.print(&b, s.name)
		}
	}
	for _, p := range parts {
		key := strings.ToLower(p.name)
		if known[key] || !everything && !wanted[key] && !wanted["default"] {
			continue
		}
		known[key] = true
		var l infoLines
		l.addParts(parts, key)
		l.print(&b, upper(p.name[:1])+p.name[1:])
	}
	c.Reply.Verbatim("txt", b.String())
	return nil
}

// addParts adds what other packages have to say in the section.
func (l *infoLines) addParts(parts []infoPart, section string) {
	for _, p := range parts {
		if strings.EqualFold(p.name, section) {
			p.fn(l.add)
		}
	}
}

func (l *infoLines) print(b *strings.Builder, name string) {
	if b.Len() > 0 {
		b.WriteString("\r\n")
	}
	fmt.Fprintf(b, "# %s\r\n", name)
	for _, line := range l.lines {
		fmt.Fprintf(b, "%s:%s\r\n", line[0], line[1])
	}
}

func infoCommandStats(e *Engine, _ *command.Call, add func(string, any)) {
	e.eachSpec(func(s *command.Spec) {
		st := s.Stats()
		calls, usec, rejected, failed := st.Calls.Load(), st.Usec.Load(), st.Rejected.Load(), st.Failed.Load()
		if calls == 0 && rejected == 0 && failed == 0 {
			return
		}
		add("cmdstat_"+s.FullName(), fmt.Sprintf("calls=%d,usec=%d,usec_per_call=%.2f,rejected_calls=%d,failed_calls=%d",
			calls, usec, float64(usec)/float64(max(calls, 1)), rejected, failed))
	})
}

func infoErrorStats(e *Engine, _ *command.Call, add func(string, any)) {
	e.stats.mu.Lock()
	var codes []string
	counts := map[string]int64{}
	for code, n := range e.stats.errors {
		codes = append(codes, code)
		counts[code] = n
	}
	e.stats.mu.Unlock()
	slices.Sort(codes)
	for _, code := range codes {
		add("errorstat_"+code, fmt.Sprintf("count=%d", counts[code]))
	}
}

// infoLatencyStats prints the percentiles that the configuration asks for.
func infoLatencyStats(e *Engine, c *command.Call, add func(string, any)) {
	if !e.tracksLatency.Load() {
		return
	}
	percentiles := strings.Fields(c.Config.Compat["latency-tracking-info-percentiles"])
	e.eachSpec(func(s *command.Spec) {
		h, ok := e.histograms.Load(s.Stats())
		if !ok {
			return
		}
		counts, total := h.(*histogram).counts()
		if total == 0 {
			return
		}
		var fields []string
		for _, text := range percentiles {
			p, err := strconv.ParseFloat(text, 64)
			if err != nil {
				continue // the parameter's row has checked them
			}
			usec := float64(percentile(counts, total, p).Nanoseconds()) / 1000
			fields = append(fields, fmt.Sprintf("p%s=%.3f", strconv.FormatFloat(p, 'g', -1, 64), usec))
		}
		add("latency_percentiles_usec_"+s.FullName(), strings.Join(fields, ","))
	})
}

func infoKeyspace(e *Engine, c *command.Call, add func(string, any)) {
	for db, n := range e.countKeys(c.Unit) {
		if n.keys > 0 {
			add(fmt.Sprintf("db%d", db), fmt.Sprintf("keys=%d,expires=%d,avg_ttl=0", n.keys, n.expires))
		}
	}
}

func infoReaper(e *Engine, c *command.Call, add func(string, any)) {
	add("reaper_active", !e.passive.Load())
	add("reaper_backlog", e.backlog(c.Unit))
	add("reaper_expired", e.stats.expired.Load())
	var lateness []string
	for i := range e.stats.late {
		bound := "more"
		if i < len(latenessBounds) {
			bound = strconv.FormatInt(latenessBounds[i], 10)
		}
		lateness = append(lateness, fmt.Sprintf("%s=%d", bound, e.stats.late[i].Load()))
	}
	add("reaper_lateness_msec", strings.Join(lateness, ","))
}

// infoName makes a name that users choose one that parsers of INFO read: they cut a
// line at its first colon.
var infoName = strings.NewReplacer(":", "_", "#", "_", "\n", "_", "\r", "_")

func infoHooks(e *Engine, _ *command.Call, add func(string, any)) {
	hooks := e.bus.Hooks()
	add("hooks", len(hooks))
	for _, h := range hooks {
		o, s := h.Options(), h.Stats()
		name := infoName.Replace("hook_" + o.Owner + "/" + o.Name)
		add(name, fmt.Sprintf("event=%s,mode=%s,state=%s,runs=%d,errors=%d,drops=%d,too_deep=%d,queued=%d,usec=%d",
			o.Kind, o.Mode, s.State, s.Runs, s.Errors, s.Drops, s.TooDeep, s.Queued, s.Busy.Microseconds()))
	}
}
