package engine

import (
	"fmt"
	"strings"
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
