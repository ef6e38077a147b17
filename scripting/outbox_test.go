package scripting_test

import (
	"strings"
	"testing"
	"time"
)

func TestOutboxHook(t *testing.T) {
	var c clock
	r := newRig(t, withClock(&c))
	r.load(`#!lua name=sessions
kevy.register_hook{
  name = 'ended', event = 'expired', match = 'session:*', mode = 'outbox', stream = 'out', dead_letter = 'dead', tries = 2,
  callback = function(ev)
    redis.call('RPUSH', 'runs', ev.key)
    if ev.key == 'session:bad' then error('no') end
    redis.call('RPUSH', 'ended', cjson.encode{ key = ev.key, value = ev.value, late = ev.lateness, cause = ev.cause, type = ev.type, id = #ev.id > 2 })
  end,
}`)
	r.do("SET", "session:1", "alice", "PX", "100")
	c.add(105 * time.Millisecond)
	r.Expire(100)
	r.do("SET", "session:bad", "x", "PX", "100")
	c.add(105 * time.Millisecond)
	r.Expire(100)
	r.do("XADD", "session:2", "1-1", "f", "v")
	r.do("PEXPIRE", "session:2", "100")
	c.add(105 * time.Millisecond)
	r.Expire(100)
	r.expect("3", "XLEN", "out")
	log := strings.Join(r.journal.take(), "\n")
	if !strings.Contains(log, "DEL session:1\nXADD out ") {
		t.Errorf("logged %s", log)
	}
	r.Bus().OpenOutboxes()
	for start := time.Now(); text(r.do("XLEN", "out")) != "0"; time.Sleep(time.Millisecond) { // it has a clock of its own
		if time.Since(start) > time.Minute {
			t.Fatalf("it keeps %s", text(r.do("XRANGE", "out", "-", "+")))
		}
	}
	r.expect("[session:1 session:bad session:bad session:2]", "LRANGE", "runs", "0", "-1")
	got := text(r.do("LRANGE", "ended", "0", "-1"))
	for _, want := range []string{`"key":"session:1"`, `"value":"alice"`, `"late":5`, `"id":true`, `"value":[["1-1",["f","v"]]]`, `"type":"stream"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	if dead := text(r.do("XRANGE", "dead", "-", "+")); !strings.Contains(dead, "hook lua:sessions/ended entry ") || !strings.Contains(dead, " tries 2 error ") {
		t.Errorf("dead letters: %s", dead)
	}
}
