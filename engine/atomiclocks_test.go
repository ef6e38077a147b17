package engine

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// TestAtomicHookSeesItsKeysOnly: a unit that cannot cause the event of an atomic
// hook goes on beside others; one that can, by whatever command, runs it.
func TestAtomicHookSeesItsKeysOnly(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	hold := command.Spec{Name: "t.hold", Arity: 2, Flags: command.Write, Summary: "Holds a key",
		Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Run: func(c *command.Call) error {
			entered <- struct{}{}
			<-leave
			c.Reply.Status("OK")
			return nil
		}}
	r := newRig(t, 4, nil, hold)
	var seen []string
	r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "s:*"}, func(c *command.Call, ev hook.Event) error {
		seen = append(seen, fmt.Sprintf("%s %s", ev.(*hook.Key).Name, ev.Subject()))
		return c.Do(&wire.Collector{}, words("INCR", "n")...)
	})
	c, holder := r.connect(), r.connect()
	other := ""
	for i := 0; other == ""; i++ {
		if k := fmt.Sprint("o", i); r.shardOf([]byte(k)) != r.shardOf([]byte("held")) {
			other = k
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		holder.do("T.HOLD held")
	}()
	<-entered
	beside := make(chan string)
	go func() { beside <- c.do("SET " + other + " 1") }()
	select {
	case got := <-beside:
		equal(t, "SET beside another unit", got, "OK")
	case <-time.After(time.Minute):
		t.Error("a unit that does not concern the hook waits for all locks")
	}
	close(leave)
	<-done
	for _, line := range []string{"SET s:1 a", "MSET a 1 s:2 b", "RENAME a s:3", "LPUSH l x", "LMOVE l s:4 LEFT LEFT", "MULTI", "SET b 1", "SET s:5 1", "EXEC", "COPY s:5 s:6", "DEL b s:5"} {
		c.do(line)
	}
	equal(t, "seen", strings.Join(seen, ", "), "set s:1, set s:2, rename_to s:3, lpush s:4, set s:5, copy_to s:6, del s:5")
	c.want("GET n", `"7"`)
}

// TestHookedBeyondTheKeys: an atomic hook on key events sees also what hooks on expiry do in the unit of a
// command whose own key does not concern it.
func TestHookedBeyondTheKeys(t *testing.T) {
	for _, shards := range []int{1, 4} {
		r := newRig(t, shards, nil)
		var seen []string
		r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "s:*"}, func(c *command.Call, ev hook.Event) error {
			seen = append(seen, fmt.Sprintf("%s %s", ev.(*hook.Key).Name, ev.Subject()))
			return nil
		})
		c := r.connect()
		c.want("SET e:1 x PX 10", "OK")
		c.want("SET s:1 x", "OK")
		r.attach(hook.Options{Name: "e", Kind: hook.KindExpired, Match: "e:*"}, func(c *command.Call, ev hook.Event) error {
			return c.Do(&wire.Collector{}, words("SET", "s:3", "z")...)
		})
		r.advance(time.Second)
		c.want("SET e:1 z", "OK")
		equal(t, fmt.Sprint(shards, " shards: seen"), strings.Join(seen, ", "), "set s:1, set s:3")
	}
}

// TestAllLocksStay: a transaction that needs all locks has them, whatever comes behind what needs them.
func TestAllLocksStay(t *testing.T) {
	r := newRig(t, 4, nil)
	r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "s:*", Keys: []string{"n"}}, func(c *command.Call, ev hook.Event) error {
		return c.Do(&wire.Collector{}, words("INCR", "n")...)
	})
	c := r.connect()
	for _, line := range []string{"SET a 1", "MULTI", "FLUSHALL", "SET s:1 x", "DBSIZE", "EXEC"} {
		c.do(line)
	}
	c.want("GET n", `"1"`)
	c.want("EXISTS a", "(integer) 0")
}

// elsewhere is a key that begins so, in none of the shards of others.
func (r *rig) elsewhere(begin string, others ...string) string {
	for i := 0; ; i++ {
		key, shared := fmt.Sprint(begin, i), false
		for _, o := range others {
			shared = shared || r.shardOf([]byte(key)) == r.shardOf([]byte(o))
		}
		if !shared {
			return key
		}
	}
}

// TestAtomicHookThatNamesItsKeys: a unit that causes its events goes on beside others on
// other keys, by whatever command; the hook can touch no other key.
func TestAtomicHookThatNamesItsKeys(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	hold := command.Spec{Name: "t.hold", Arity: 2, Flags: command.Write, Summary: "Holds a key",
		Keys: []command.KeySpec{command.Key(1, command.KeyRW)}, Run: func(c *command.Call) error {
			entered <- struct{}{}
			<-leave
			c.Reply.Status("OK")
			return nil
		}}
	r := newRig(t, 4, nil, hold)
	held := r.elsewhere("held", "n")
	other := r.elsewhere("other", "n", held)
	touch := "n"
	r.attach(hook.Options{Name: "h", Kind: hook.KindKey, Match: "other*", Keys: []string{"n"}}, func(c *command.Call, ev hook.Event) error {
		return c.Do(&wire.Collector{}, words("INCR", touch)...)
	})
	c, holder := r.connect(), r.connect()
	done := make(chan struct{})
	go func() {
		defer close(done)
		holder.do("T.HOLD " + held)
	}()
	<-entered
	beside := make(chan string)
	go func() {
		for _, line := range []string{"SET k v", "MULTI", "SET k w", "EXEC", "EXPIRE k 1"} {
			beside <- c.do(strings.ReplaceAll(line, "k", other))
		}
		r.advance(2 * time.Second)
		beside <- c.do("INCR " + other)                                   // meets the expiry
		beside <- fmt.Sprint(r.expireShard(r.shardOf([]byte(other)), 10)) // as the reaper does
	}()
	for _, want := range []string{"OK", "OK", "QUEUED", "OK", "1", "1", "0"} {
		select {
		case got := <-beside:
			if !strings.Contains(got, want) {
				t.Errorf("%s, want %s", got, want)
			}
		case <-time.After(time.Minute):
			t.Fatal("a unit waits for locks that it does not need")
		}
	}
	close(leave)
	<-done
	c.want("GET n", `"5"`) // set, set, expire, expired, incrby
	touch = held
	c.want("SET "+other+" x", "OK")
	c.want("EXISTS "+held, "(integer) 0")
	for _, h := range r.Bus().Hooks() {
		if s := h.Stats(); s.Runs != 6 || s.Errors != 1 || s.LastError != string(errUnnamed) {
			t.Errorf("%+v", s)
		}
	}
	r.attach(hook.Options{Name: "any", Kind: hook.KindKey, Match: "other*"}, func(*command.Call, hook.Event) error { return nil })
	c.want("SET "+other+" x", "OK") // under all locks now
	c.want("EXISTS "+held, "(integer) 1")
}

// TestNamedKeysUnderLoad: what hooks count beside many writers is what they wrote.
func TestNamedKeysUnderLoad(t *testing.T) {
	r := newRig(t, 8, nil)
	for _, n := range []string{"n", "m"} {
		r.attach(hook.Options{Name: n, Kind: hook.KindKey, Match: "s:*", Keys: []string{n}}, func(c *command.Call, ev hook.Event) error {
			return c.Do(&wire.Collector{}, words("INCR", n)...)
		})
	}
	r.attach(hook.Options{Name: "chain", Kind: hook.KindKey, Match: "n", Keys: []string{"chained"}}, func(c *command.Call, ev hook.Event) error {
		return c.Do(&wire.Collector{}, words("INCR", "chained")...)
	})
	const clients, each = 4, 200
	var tasks sync.WaitGroup
	for i := range clients {
		c := r.connect()
		tasks.Go(func() {
			for j := range each {
				c.do(fmt.Sprintf("SET s:%d:%d 1", i, j%50))
				c.do(fmt.Sprintf("MSET o:%d 1 s:%d 2", j, i))
			}
		})
	}
	tasks.Wait()
	c := r.connect()
	for _, key := range []string{"n", "m", "chained"} {
		c.want("GET "+key, fmt.Sprintf("%q", fmt.Sprint(2*clients*each)))
	}
}
