package engine

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

var varied = []string{"nondeterministic_output", "request_policy:all_shards", "response_policy:special"}

var memoryRow = command.Spec{
	Name: "memory", Arity: -2, Group: command.GroupServer, Since: "4.0.0", Complexity: "Depends on the sub-command",
	Summary: "A container for commands about memory", Sub: []command.Spec{
		{Name: "usage", Arity: -3, Since: "4.0.0", Complexity: "O(1)", Flags: command.ReadOnly,
			Keys:   []command.KeySpec{command.Key(2, command.KeyRO)},
			Syntax: "key [SAMPLES count]", Summary: "Answers the bytes that a key takes", Run: memoryUsage},
		{Name: "doctor", Arity: 2, Since: "4.0.0", Complexity: "O(1)", Flags: command.NoUnit, Hints: varied,
			Summary: "Reports on the use of memory in words", Run: memoryDoctor},
		{Name: "stats", Arity: 2, Since: "4.0.0", Complexity: "O(1)", Flags: command.NoUnit, Hints: varied,
			Summary: "Answers figures of the use of memory", Run: memoryStats},
		{Name: "malloc-stats", Arity: 2, Since: "4.0.0", Complexity: "Depends on the heap", Flags: command.NoUnit, Hints: varied,
			Summary: "Answers figures of the Go runtime's allocator", Run: mallocStats},
		{Name: "purge", Arity: 2, Since: "4.0.0", Complexity: "Depends on the heap", Flags: command.NoUnit,
			Hints:   []string{"request_policy:all_shards", "response_policy:all_succeeded"},
			Summary: "Gives unused memory back to the system", Run: memoryPurge},
		help("memory", "4.0.0",
			"DOCTOR", "    Reports on the use of memory in words.",
			"MALLOC-STATS", "    Answers figures of the Go runtime's allocator.",
			"PURGE", "    Gives unused memory back to the system.",
			"STATS", "    Answers figures of the use of memory.",
			"USAGE <key> [SAMPLES <count>]", "    Answers the bytes that a key takes. They are known exactly: nothing is sampled."),
	},
}

func memoryUsage(c *command.Call) error {
	switch {
	case len(c.Args) == 3:
	case len(c.Args) == 5 && c.Is(3, "samples"):
		n, err := c.Int(4)
		if err != nil {
			return err
		}
		if n < 0 {
			return wire.ErrSyntax
		}
	default:
		return wire.ErrSyntax
	}
	d := c.In(c.Args[2])
	if !d.Exists(c.Args[2]) {
		c.Reply.Null()
		return nil
	}
	c.Reply.Int(d.Memory(c.Args[2]))
	return nil
}

func memoryDoctor(c *command.Call) error {
	e := engineOf(c)
	m, peak := e.measure()
	limit := c.Config.Memory.MaxMemory
	text := fmt.Sprintf("The data take %s, %s at the most so far; the process %s. The Go runtime holds %s, of which objects are %s.\n",
		human(m.data), human(peak), human(m.resident), human(m.mapped), human(m.heap))
	switch {
	case limit > 0 && m.data > limit/10*9:
		text += fmt.Sprintf("That is near maxmemory, %s: soon writes will be refused.\n", human(limit))
	case m.data > 0 && peak > m.data*3/2:
		text += "Much less than at the peak: what is free now is given back to the system bit by bit.\n"
	default:
		text += "Nothing is wrong with that.\n"
	}
	c.Reply.Verbatim("txt", text)
	return nil
}

// memoryStats answers Redis' names where there is such a figure here.
func memoryStats(c *command.Call) error {
	e := engineOf(c)
	m, peak := e.measure()
	counts := e.countKeys(c.Unit)
	keys, dbs := int64(0), 0
	for _, n := range counts {
		keys += n.keys
		if n.keys > 0 {
			dbs++
		}
	}
	clients := int64(0)
	e.sessions.each(func(s *Session) { clients += sessionBytes + int64(s.outbox.OutputBytes()) })
	r := c.Reply
	r.Map(14 + dbs)
	integer := func(name string, n int64) {
		r.BulkString(name)
		r.Int(n)
	}
	integer("peak.allocated", peak)
	integer("total.allocated", m.data)
	integer("replication.backlog", 0)
	integer("clients.slaves", 0)
	integer("clients.normal", clients)
	for db, n := range counts {
		if n.keys > 0 {
			r.BulkString(fmt.Sprintf("db.%d", db))
			r.Map(2)
			integer("keys", n.keys)
			integer("expires", n.expires)
		}
	}
	integer("keys.count", keys)
	integer("keys.bytes-per-key", m.data/max(keys, 1))
	integer("dataset.bytes", m.data)
	r.BulkString("peak.percentage")
	r.Double(100 * float64(m.data) / float64(max(peak, 1)))
	integer("allocator.allocated", m.heap)
	integer("allocator.active", m.mapped)
	integer("allocator.resident", m.mapped)
	r.BulkString("fragmentation")
	r.Double(m.fragmentation())
	integer("fragmentation.bytes", m.resident-m.data)
	return nil
}

func mallocStats(c *command.Call) error {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.Reply.Verbatim("txt", fmt.Sprintf("heap in use %d, idle %d, released %d, from the system %d\nobjects %d, allocated %d, freed %d\n"+
		"collections %d, pauses %d ns in total, next at %d\n",
		m.HeapInuse, m.HeapIdle, m.HeapReleased, m.Sys, m.HeapObjects, m.Mallocs, m.Frees, m.NumGC, m.PauseTotalNs, m.NextGC))
	return nil
}

// memoryPurge collects garbage and gives memory back. It takes its time;
// by itself it holds no lock.
func memoryPurge(c *command.Call) error {
	debug.FreeOSMemory()
	c.Reply.Status("OK")
	return nil
}

// human prints bytes as INFO does: 1.50M.
func human(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%dB", n)
	}
	f, unit := float64(n)/1024, 0
	for ; f >= 1024 && unit < 4; unit++ {
		f /= 1024
	}
	return fmt.Sprintf("%.2f%c", f, "KMGTP"[unit])
}
