package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// TestEventsOfABatch: hooks are told what a batch did when it ends, or before a command
// that may last or brings events about in another way; in order in any case.
func TestEventsOfABatch(t *testing.T) {
	r := newRig(t, 4, nil)
	var got []string
	_, err := r.Bus().Observe(hook.Options{Name: "h", Owner: "test", Kind: hook.KindKey, DB: hook.AnyDB},
		func(_ context.Context, ev hook.Event) error {
			k := ev.(*hook.Key)
			got = append(got, k.Name+" "+string(k.Key))
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	sees := func(want ...string) {
		t.Helper()
		if err := r.Bus().Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, "events", fmt.Sprint(got), fmt.Sprint(want))
		got = nil
	}
	c, waits := r.connect(), r.connect()
	waits.blocks("BLPOP q 0")
	c.Batch(nil)
	c.do("SET a 1")
	c.do("INCR a")
	sees()
	c.do("DBSIZE") // takes all locks: it may last
	sees("set a", "incrby a")
	c.do("SET b 1")
	c.do("RPUSH q x") // serves the other client at once
	sees("set b", "rpush q", "lpop q", "del q")
	waits.next()
	c.do("SET c 1")
	c.do("MULTI")
	c.do("SET d 1")
	c.do("DEL c")
	c.do("EXEC")
	sees("set c", "set d", "del c")
	c.do("SET e 1")
	c.do("MSET " + strings.Repeat("f 1 ", 70))
	c.EndBatch()
	sees(append([]string{"set e"}, strings.Split(strings.Repeat("set f,", 69)+"set f", ",")...)...)
	c.do("SET g 1") // a batch of one
	sees("set g")
}
