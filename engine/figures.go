package engine

import (
	"runtime/metrics"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// measurement holds figures that cost something: they are taken at most every
// figuresAge.
type measurement struct {
	data     int64 // bytes of the keyspace: what maxmemory limits
	heap     int64 // bytes of live and not yet swept Go objects
	mapped   int64 // bytes that the Go runtime has from the system and not given back
	resident int64 // bytes of the process in memory: with the host's own where the store is embedded
	released int64
	stacks   int64
	cycles   int64 // garbage collections
	user     float64
	system   float64
	ops      float64 // commands a second, lately
}

// fragmentation is how much memory the process takes for each byte of data.
func (m *measurement) fragmentation() float64 { return float64(m.resident) / float64(max(m.data, 1)) }

const figuresAge = 100 * time.Millisecond

// figureCache holds the latest measurement.
type figureCache struct {
	mu       sync.Mutex
	at       time.Time
	last     measurement
	peak     int64
	commands int64
	// counts are the keys as they were last seen, for when a shard cannot be
	// looked into: by shard and database.
	counts [][]keyCount
}

type keyCount struct{ keys, expires int64 }

var runtimeFigures = []string{
	"/memory/classes/heap/objects:bytes", "/memory/classes/total:bytes", "/memory/classes/heap/released:bytes",
	"/memory/classes/heap/stacks:bytes", "/gc/cycles/total:gc-cycles",
}

// measure returns the present figures, and the highest use of memory that was seen.
func (e *Engine) measure() (m measurement, peak int64) {
	c := &e.figures
	c.mu.Lock()
	defer c.mu.Unlock()
	now := e.now()
	since := now.Sub(c.at)
	if !c.at.IsZero() && since >= 0 && since < figuresAge {
		c.last.data = e.usedMemory()
		c.peak = max(c.peak, c.last.data)
		return c.last, c.peak
	}
	samples := make([]metrics.Sample, len(runtimeFigures))
	for i, name := range runtimeFigures {
		samples[i].Name = name
	}
	metrics.Read(samples)
	value := func(i int) int64 {
		if samples[i].Value.Kind() != metrics.KindUint64 {
			return 0
		}
		return int64(samples[i].Value.Uint64())
	}
	m = measurement{
		data: e.usedMemory(), heap: value(0), mapped: value(1) - value(2), released: value(2), stacks: value(3), cycles: value(4),
	}
	if m.resident = residentMemory(); m.resident == 0 {
		m.resident = max(m.mapped, m.data)
	}
	m.user, m.system = cpuTime()
	commands := e.stats.commands.Load()
	if !c.at.IsZero() && since > 0 && commands >= c.commands {
		m.ops = float64(commands-c.commands) / since.Seconds()
	}
	c.at, c.last, c.commands = now, m, commands
	c.peak = max(c.peak, m.data)
	return m, c.peak
}

// countKeys counts the keys of each database. u is the unit that asks, when
// there is one: it may hold locks already. Then shards that others hold are
// not waited for, since that could be a deadlock; their last known figures count.
func (e *Engine) countKeys(u *command.Unit) []keyCount {
	total := make([]keyCount, e.space.Databases())
	holding := u != nil && (u.All || len(u.Held) > 0)
	c := &e.figures
	for i, s := range e.shards {
		mine := u != nil && u.Holds(i)
		locked := false
		switch {
		case mine:
		case holding:
			locked = s.mu.TryLock()
		default:
			locked = s.lock(nil)
		}
		var counts []keyCount
		if mine || locked {
			for db := range total {
				counts = append(counts, keyCount{int64(s.DB(db).Len()), int64(s.DB(db).Expires())})
			}
		}
		if locked {
			s.unlock()
		}
		c.mu.Lock()
		if c.counts == nil {
			c.counts = make([][]keyCount, len(e.shards))
		}
		if counts != nil {
			c.counts[i] = counts
		}
		for db, n := range c.counts[i] {
			total[db].keys += n.keys
			total[db].expires += n.expires
		}
		c.mu.Unlock()
	}
	return total
}
