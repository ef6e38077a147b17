package kevylua_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	kevylua "github.com/kevy-lua/kevy-lua"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/errfs"
	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

// powerLibrary has an atomic expiry hook: its effect and the expiry are one group.
const powerLibrary = `#!lua name=power
kevy.register_hook{name='ended', event='expired', match='e:*', mode='atomic',
  callback=function(ev) redis.call('RPUSH', 'ended', ev.key) redis.call('INCR', 'count') end}
redis.register_function('twin', function(keys) redis.call('INCR', keys[1]) redis.call('HINCRBY', keys[2], 'n', 1) return 1 end)`

// powerSteps is a life with every type and every kind of group in it. A step that begins with !
// is done by other means than a command. Each is one group in the log: of keys that expire, too,
// one comes due at a time, or a cut between two of them would leave a state that is none here.
var powerSteps = []string{
	"FUNCTION LOAD " + powerLibrary,
	"SET s v", "APPEND s w", "SET t v PX 5000", "INCR n", "SETBIT b 100 1", "SETRANGE s 5 xyz",
	"RPUSH l a b c d", "LMOVE l l2 LEFT RIGHT", "LTRIM l 1 -1", "SADD S 1 2 3", "SPOP S", "SADD S x y",
	"HSET h f v g w", "HDEL h g", "ZADD z 1 a 2 b 3 c", "ZPOPMIN z", "ZRANGESTORE z2 z 0 0", "GEOADD g 1 1 x",
	"XADD x 1-1 a b", "XADD x 1-2 a c", "XGROUP CREATE x g 0", "XREADGROUP GROUP g me COUNT 1 STREAMS x >", "XACK x g 1-1",
	"XREADGROUP GROUP g me COUNT 1 STREAMS x >", "XADD x MAXLEN 1 2-1 a d",
	"SET e:1 v PX 100", "SET e:2 v PX 120", "HSET e:3 f v", "PEXPIRE e:3 150",
	"!tx", "EVAL redis.call('SET','u','1')redis.call('RPUSH','l','u')redis.call('SPOP','S') 0", "FCALL twin 2 n h",
	"!rewrite", "INCR n", "RENAME l2 l3", "COPY h h2", "!expire 100", "!expire 20", "INCR n", "GETEX s PX 100000", "PERSIST s",
	"!tx", "!rewrite", "!expire 200", "MSET m1 a m2 b m3 c", "DEL m1 m2", "RPOPLPUSH l l3", "SINTERSTORE S2 S S", "SET last 1",
	"FLUSHALL", "SET again 1", "!tx", "!rewrite", "INCR n", "INCR n",
}

// extraSteps are done while a rewrite dumps.
var extraSteps = []string{"INCR n", "RPUSH l during", "XADD x * a d", "!tx", "SET during 1 PX 5000"}

// life is one life of a store, whose power may be cut at any moment.
type life struct {
	t       *testing.T
	policy  string
	fs      *errfs.FS
	db      *kevylua.DB
	clock   atomic.Int64 // ms
	acked   atomic.Int64 // steps that returned
	mu      sync.Mutex
	states  []string // the store after each step that was begun; the first is the empty one
	nested  bool
	crashes []powerCut
	disks   int // to look at for each moment
	every   int // moments to look at
	calls   int
	base    *memfs.FS
}

type powerCut struct {
	fs          *memfs.FS
	op          errfs.Op
	seed        int64
	acked, done int
}

func (l *life) open(fsys vfs.FS) *kevylua.DB {
	l.t.Helper()
	cfg := kevylua.DefaultConfig()
	cfg.Persistence.Dir, cfg.Persistence.AppendFsync = "data", l.policy
	cfg.Persistence.AutoAOFRewritePercentage = 0
	cfg.Reaper.Mode, cfg.Security.EnableDebugCommand = "manual", "yes"
	db, err := kevylua.Open(kevylua.Options{Config: cfg, FS: fsys, Now: func() time.Time { return time.UnixMilli(l.clock.Load()) }})
	if err != nil {
		l.t.Fatal(err)
	}
	return db
}

func state(t *testing.T, db *kevylua.DB) string {
	t.Helper()
	v, err := db.Do(context.Background(), "DEBUG", "DIGEST")
	if err != nil {
		t.Fatal(err)
	}
	return v.String()
}

// step does one step, which must succeed.
func (l *life) step(text string) {
	if err := l.do(text); err != nil {
		l.t.Errorf("%s: %v", text, err)
	}
	now := state(l.t, l.db) // asking may write, too
	l.mu.Lock()
	l.states = append(l.states, now)
	l.mu.Unlock()
	l.acked.Add(1)
}

// do does one step.
func (l *life) do(text string) (err error) {
	ctx := context.Background()
	words := strings.Fields(text)
	switch words[0] {
	case "!tx":
		err = l.db.Tx(ctx, []string{"x1", "x2"}, func(tx *kevylua.Tx) error {
			for _, args := range [][]any{{"INCR", "x1"}, {"RPUSH", "x2", "v"}} {
				if _, err := tx.Do(args...); err != nil {
					return err
				}
			}
			return nil
		})
	case "!rewrite":
		err = l.db.Rewrite(ctx)
	case "!expire":
		var ms int64
		if _, err = fmt.Sscan(words[1], &ms); err == nil {
			l.clock.Add(ms)
			for more := true; more; {
				_, more = l.db.Tick(ctx)
			}
		}
	case "FUNCTION", "EVAL":
		args := []any{words[0]}
		if words[0] == "FUNCTION" {
			args = append(args, words[1], strings.TrimPrefix(text, "FUNCTION LOAD "))
		} else {
			args = append(args, strings.TrimSuffix(strings.TrimPrefix(text, "EVAL "), " 0"), 0)
		}
		_, err = l.db.Do(ctx, args...)
	default:
		args := make([]any, len(words))
		for i, w := range words {
			args[i] = w
		}
		_, err = l.db.Do(ctx, args...)
	}
	return err
}

// before is called ahead of each I/O call.
func (l *life) before(op errfs.Op) {
	if op.Method == "write" && strings.Contains(op.Path, "temp-") && strings.HasSuffix(op.Path, "base.aof") && !l.nested {
		l.nested = true // the steps come back here
		for _, s := range extraSteps {
			l.step(s)
		}
		l.nested = false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.calls%l.every != 0 {
		return
	}
	acked := int(l.acked.Load())
	for seed := range int64(l.disks) {
		if seed > 1 {
			seed = int64(l.calls)*10 + seed
		}
		// The step under way has no state yet: it is known when the life is over.
		l.crashes = append(l.crashes, powerCut{l.base.Crash(seed), op, seed, acked, len(l.states)})
	}
}

// TestPowerCut cuts the power ahead of each I/O call of a store's life, and requires that what is
// left is the store as it was after some step: under always none before the last that was
// acknowledged, and never half of one. What is done then is there the next time.
func TestPowerCut(t *testing.T) {
	for _, policy := range []string{"always", "everysec", "no"} {
		t.Run(policy, func(t *testing.T) {
			l := &life{t: t, policy: policy, disks: 3, every: 1}
			if testing.Short() {
				l.disks, l.every = 2, 11
			}
			l.clock.Store(1_800_000_000_000)
			l.base = memfs.New(func() time.Time { return time.UnixMilli(l.clock.Load()) })
			l.fs = errfs.New(l.base)
			l.db = l.open(l.fs)
			l.states = []string{state(t, l.db)}
			l.fs.Before(l.before)
			for _, s := range powerSteps {
				l.step(s)
			}
			l.fs.Before(nil)
			if err := l.db.Close(); err != nil {
				t.Fatal(err)
			}
			l.clock.Store(1_800_000_000_000) // nothing is due when it is looked at
			for i, cut := range l.crashes {
				l.look(i, cut)
				if t.Failed() {
					return
				}
			}
			t.Logf("%d I/O calls, %d crashes, %d states", l.calls, len(l.crashes), len(l.states))
		})
	}
}

// look opens what a power cut has left.
func (l *life) look(i int, cut powerCut) {
	db := l.open(cut.fs)
	got := state(l.t, db)
	first := 0
	if l.policy == "always" || cut.seed == 0 { // with seed 0 only the process has died
		first = cut.acked
	}
	last := min(cut.done+1, len(l.states))
	if first >= last || !slices.Contains(l.states[first:last], got) {
		l.t.Errorf("crash %d before %s %s, seed %d: what is left is none of the states %d to %d, but %d",
			i, cut.op.Method, cut.op.Path, cut.seed, first, last-1, slices.Index(l.states, got))
	}
	if i%5 == 0 {
		if _, err := db.Do(context.Background(), "INCR", "more"); err != nil {
			l.t.Errorf("crash %d: %v", i, err)
		}
		got = state(l.t, db)
		if err := db.Close(); err != nil {
			l.t.Errorf("crash %d: %v", i, err)
		}
		db = l.open(cut.fs)
		if again := state(l.t, db); again != got {
			l.t.Errorf("crash %d: what was done after it is gone", i)
		}
	}
	if err := db.Close(); err != nil {
		l.t.Errorf("crash %d: %v", i, err)
	}
}
