package scripting_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// soak is how long TestSoak goes on: go test ./scripting -run TestSoak -soak 30m -timeout 0
var soak = flag.Duration("soak", 0, "time of TestSoak; without it, it runs a fixed number of scripts")

// soakSteps is what one client does in a TestSoak without -soak.
const soakSteps = 60

// soaker is one client of TestSoak: its valid scripts are counted in a key of
// its own, so that a lost or doubled effect shows.
type soaker struct {
	r     *rig
	id    int
	rand  *rand.Rand
	shas  [3]string
	wrote int // what the counter must say
}

// soakScripts are valid: each adds 1 to the counter KEYS[1].
var soakScripts = [3]string{
	`return redis.call('INCR', KEYS[1])`,
	`local t = {} for i = 1, 50 do t[i] = cjson.encode({i, ARGV[1]}) end redis.call('INCR', KEYS[1]) return #table.concat(t)`,
	`local n = 0 for w in ('the quick brown fox'):gmatch('%a+') do n = n + #w end redis.call('INCR', KEYS[1]) redis.call('SET', 'undeclared'..ARGV[1], n) return n`,
}

func (c *soaker) key() string { return fmt.Sprintf("counter%d", c.id) }

func (c *soaker) step() {
	r, n := c.r, c.rand.IntN(100)
	id := fmt.Sprint(c.id)
	switch {
	case n < 40:
		i := c.rand.IntN(len(soakScripts))
		got := text(r.do("EVALSHA", c.shas[i], "1", c.key(), id))
		if strings.HasPrefix(got, "-NOSCRIPT") {
			got = text(r.do("EVAL", soakScripts[i], "1", c.key(), id))
		}
		c.count(got)
	case n < 55:
		c.count(text(r.do("FCALL", "count", "1", c.key())))
	case n < 60:
		r.do("SET", "hooked"+id, "x")
	case n < 64:
		r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=l"+id+"\nlocal n = 0\nredis.register_function('f"+id+"', function() n = n + 1 return n end)\n"+
			"kevy.register_hook{ event = 'key', match = 'hooked"+id+"', callback = function() n = n + 1 if n % 3 == 0 then while true do end end end }")
	case n < 68:
		r.do("FCALL", "f"+id, "0")
	case n < 70:
		r.do("FUNCTION", "DELETE", "l"+id)
	case n < 72:
		r.do("SCRIPT", "KILL")
	case n < 73:
		r.do("SCRIPT", "FLUSH")
	case n < 80:
		h := hostile[c.rand.IntN(len(hostile))]
		if got := text(r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=h"+id+"\nredis.register_function('h"+id+"', function(KEYS, ARGV) "+h.script+" \nend)")); got == "h"+id {
			r.do("FCALL", "h"+id, "0")
		}
	default:
		h := hostile[c.rand.IntN(len(hostile))]
		if c.rand.IntN(4) == 0 {
			h.script = mangle(c.rand, h.script)
		}
		r.do("EVAL", h.script, "0")
	}
}

// count notes a valid script, which another client's SCRIPT KILL may have ended.
func (c *soaker) count(got string) {
	switch {
	case got[0] != '-':
		c.wrote++
	case strings.Contains(got, "killed by user"), strings.Contains(got, errLimit), strings.HasPrefix(got, "-BUSY"):
	case strings.Contains(got, errHeap): // a neighbour's bomb
	default:
		c.r.t.Errorf("a valid script got %.300s", got)
	}
}

// mangle changes a script somewhere.
func mangle(r *rand.Rand, script string) string {
	b := []byte(script)
	for range 1 + r.IntN(4) {
		i, j := r.IntN(len(b)), r.IntN(len(b))
		switch r.IntN(3) {
		case 0:
			b[i] = b[j]
		case 1:
			b[i] = byte(r.IntN(256))
		case 2:
			b = append(b[:i], b[min(i+1, len(b)-1):]...)
		}
	}
	return string(b)
}

// TestSoak runs random valid and hostile scripts, functions and hooks from
// several clients at once. Afterwards every effect is there once, nothing runs
// any more, and the memory is back.
func TestSoak(t *testing.T) {
	if testing.Short() && *soak == 0 {
		t.Skip("takes seconds")
	}
	r := newRig(t, shards(4), busyAfter(5*time.Millisecond), with(func(c *config.Config) {
		c.Scripting.TimeLimit = 50 * time.Millisecond
		c.Scripting.MaxMemory, c.Hooks.MemoryBudget = 32<<20, 16<<20
		c.Scripting.KillAfterWrite = "rollback"
	}))
	r.journal.off = true // it would be what stays
	r.load("#!lua name=valid\nredis.register_function('count', function(keys) return redis.call('INCR', keys[1]) end)")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var shas [3]string
	for i, s := range soakScripts {
		shas[i] = text(r.do("SCRIPT", "LOAD", s))
	}
	before, threads := aliveBytes(), runtime.NumGoroutine()
	var steps atomic.Int64
	deadline := time.Now().Add(*soak)
	clients := make([]*soaker, 4)
	var tasks sync.WaitGroup
	for i := range clients {
		c := &soaker{r: r, id: i, rand: rand.New(rand.NewPCG(seed, uint64(i))), shas: shas}
		clients[i] = c
		tasks.Add(1)
		go func() {
			defer tasks.Done()
			for n := 0; n < soakSteps || *soak > 0 && time.Now().Before(deadline); n++ {
				c.step()
				steps.Add(1)
			}
		}()
	}
	if *soak > 0 {
		go func() { // what a long run looks like while it goes on
			for range time.Tick(10 * time.Second) {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				fmt.Printf("%8d scripts  heap %4d MB  system %4d MB  goroutines %d\n", steps.Load(), m.HeapAlloc>>20, m.Sys>>20, runtime.NumGoroutine())
			}
		}()
	}
	tasks.Wait()
	for _, c := range clients {
		r.do("FUNCTION", "DELETE", fmt.Sprintf("l%d", c.id))
		r.do("FUNCTION", "DELETE", fmt.Sprintf("h%d", c.id))
	}
	await(t, "the last hooks", func() bool { return runtime.NumGoroutine() <= threads+2 })
	for _, c := range clients {
		if got := text(r.do("GET", c.key())); got != fmt.Sprint(c.wrote) && !(got == "nil" && c.wrote == 0) {
			t.Errorf("client %d: the counter says %s, %d scripts were answered", c.id, got, c.wrote)
		}
	}
	r.expect("-NOTBUSY No scripts in execution right now.", "SCRIPT", "KILL")
	r.check(t)
	if grown := aliveBytes() - before; grown > 64<<20 {
		t.Errorf("%d MB stay", grown>>20)
	}
	t.Logf("%d steps", steps.Load())
}
