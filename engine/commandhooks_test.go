package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// TestBeforeCommands: a hook sees a command's name and arguments and may refuse
// it; one that fails refuses nothing.
func TestBeforeCommands(t *testing.T) {
	r := newRig(t, 4, nil)
	var seen []string
	h, err := r.Bus().Ask(hook.Options{Name: "guard", Owner: "test", Kind: hook.KindCommand, DB: hook.AnyDB, Match: "[sfa]*"}, func(ctx context.Context, ev hook.Event) error {
		c := ev.(*hook.Command)
		seen = append(seen, fmt.Sprintf("%s %q %d", c.Name, c.Args[1:], c.DB))
		switch {
		case c.Name == "flushall":
			return hook.Refuse(wire.Error("NOPERM not here"))
		case len(c.Args) > 1 && string(c.Args[1]) == "forbidden":
			return hook.Refuse(errors.New("that key is taken"))
		case len(c.Args) > 1 && string(c.Args[1]) == "broken":
			panic("boom")
		}
		// It may use the store, and is not asked about that.
		return r.Do(ctx, 0, words("SET", "asked", c.Name), &wire.Collector{})
	})
	if err != nil {
		t.Fatal(err)
	}
	c := r.connect()
	c.want("FLUSHALL", "(error) NOPERM not here")
	c.want("SET forbidden x", "(error) ERR that key is taken")
	c.want("SET broken x", "OK")
	c.want("SET k x", "OK")
	c.want("GET asked", `"set"`)
	c.want("MULTI", "OK")
	c.want("SET a 1", "QUEUED")
	c.want("SET forbidden 1", "(error) ERR that key is taken")
	c.want("EXEC", "(error) EXECABORT Transaction discarded because of previous errors.")
	c.want("EXISTS a forbidden", "(integer) 0")
	c.want("AUTH secret", "(error) ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?")
	if err := r.Do(t.Context(), 0, words("SET", "forbidden", "x"), &wire.Collector{}); err == nil {
		t.Error("the embedding program was not refused")
	}
	equal(t, "seen", strings.Join(seen, "; "), strings.Join([]string{`flushall [] 0`, `set ["forbidden" "x"] 0`, `set ["broken" "x"] 0`, `set ["k" "x"] 0`,
		`set ["a" "1"] 0`, `set ["forbidden" "1"] 0`, `auth ["(redacted)"] 0`, `set ["forbidden" "x"] 0`}, "; "))
	if s := h.Stats(); s.Runs != 8 || s.Errors != 1 || s.LastError != "panic: boom" {
		t.Errorf("%+v", s)
	}
}

// TestAskedAboutItself: a hook that uses the store with another context than
// its own is asked about its own commands; that ends.
func TestAskedAboutItself(t *testing.T) {
	r := newRig(t, 1, nil)
	h, err := r.Bus().Ask(hook.Options{Name: "guard", Owner: "test", Kind: hook.KindCommand, DB: hook.AnyDB, Budget: time.Minute}, func(context.Context, hook.Event) error {
		return r.Do(context.Background(), 0, words("GET", "k"), &wire.Collector{})
	})
	if err != nil {
		t.Fatal(err)
	}
	r.connect().want("SET k x", "OK")
	if s := h.Stats(); s.Errors != 1 || !strings.Contains(s.LastError, "context") {
		t.Errorf("%+v", s)
	}
}

// TestAfterCommands: what was executed is told with its error; the hook's own
// commands are not.
func TestAfterCommands(t *testing.T) {
	r := newRig(t, 4, nil)
	var mu sync.Mutex
	var seen []string
	_, err := r.Bus().Observe(hook.Options{Name: "h", Owner: "test", Kind: hook.KindCommand, DB: hook.AnyDB, Match: "[^e]*"}, func(ctx context.Context, ev hook.Event) error {
		c := ev.(*hook.Command)
		mu.Lock()
		seen = append(seen, fmt.Sprintf("%s %q %v", c.Name, c.Args[1:], c.Err))
		mu.Unlock()
		return r.Do(ctx, 0, words("INCR", "n"), &wire.Collector{})
	})
	if err != nil {
		t.Fatal(err)
	}
	c, other := r.connect(), r.connect()
	c.want("SET k x", "OK")
	c.do("LPUSH k x")
	c.want("MULTI", "OK")
	c.want("SET a 1", "QUEUED")
	c.want("CONFIG SET timeout 0", "QUEUED")
	c.do("EXEC")
	other.blocks("BLPOP l 0")
	c.want("LPUSH l v", "(integer) 1")
	equal(t, "answer", other.next(), `["l" "v"]`)
	if err := r.Bus().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	equal(t, "seen", strings.Join(seen, "\n"), strings.Join([]string{`set ["k" "x"] <nil>`,
		`lpush ["k" "x"] WRONGTYPE Operation against a key holding the wrong kind of value`, `multi [] <nil>`, `set ["a" "1"] <nil>`,
		`config|set ["SET" "timeout" "0"] <nil>`, `blpop ["l" "0"] <nil>`, `lpush ["l" "v"] <nil>`}, "\n"))
	c.want("GET n", `"7"`)
}
