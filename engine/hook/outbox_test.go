package hook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
)

func TestEventsSurviveAnOutbox(t *testing.T) {
	b := func(list ...string) (out stored) {
		for _, s := range list {
			out = append(out, []byte(s))
		}
		return out
	}
	show := func(v Value, typ string) (out []string) {
		one := func(x []byte) bool { out = append(out, string(x)); return true }
		switch typ {
		case "string":
			one(v.Str())
		case "list":
			v.RangeList(one)
		case "set":
			v.RangeSet(one)
		case "hash":
			v.RangeHash(func(f, x []byte) bool { return one(f) && one(x) })
		case "zset":
			v.RangeZSet(func(m []byte, s float64) bool { return one(m) && one(fmt.Append(nil, s)) })
		case "stream":
			v.RangeStream(func(ms, seq uint64, list [][]byte) bool { return one(fmt.Appendf(nil, "%d-%d %s", ms, seq, list)) })
		}
		return out
	}
	for _, tc := range []struct {
		typ   string
		value stored
		n     int
		want  []string
	}{
		{"string", b("v", "a\x00\r\n"), 1, []string{"a\x00\r\n"}},
		{"string", b("v", ""), 1, []string{""}},
		{"list", b("v", "x", "v", "type", "v", ""), 3, []string{"x", "type", ""}},
		{"set", b("v", "m"), 1, []string{"m"}},
		{"hash", b("f", "type", "v", "1", "f", "g", "v", "omitted"), 2, []string{"type", "1", "g", "omitted"}},
		{"zset", b("m", "a", "s", "1.5", "m", "b", "s", "-inf"), 2, []string{"a", "1.5", "b", "-Inf"}},
		{"stream", b("e", "1-2", "f", "a", "v", "b", "f", "e", "v", "e", "e", "3-4", "f", "a", "v", "c"), 2, []string{"1-2 [a b e e]", "3-4 [a c]"}},
		{"stream", nil, 0, nil},
	} {
		ev := &Expired{Origin: Origin{DB: 3, Nest: 2, AtMs: 1007}, Key: []byte("k\xff"), Type: tc.typ, DeadlineMs: 1000, Cause: CauseAccess, Value: tc.value}
		fields, ok := Encode(ev)
		if !ok {
			t.Fatal("an expiry is not carried")
		}
		got, err := Decode(fields)
		if err != nil {
			t.Fatal(err)
		}
		back := got.(*Expired)
		if back.DB != 3 || back.Nest != 2 || string(back.Key) != "k\xff" || back.LatenessMs() != 7 || back.Cause != CauseAccess || back.Type != tc.typ {
			t.Errorf("%s: %+v", tc.typ, back)
		}
		if got := show(back.Value, tc.typ); !slices.Equal(got, tc.want) || back.Value.Len() != tc.n {
			t.Errorf("%s: %q, %d long", tc.typ, got, back.Value.Len())
		}
	}
	big := &Expired{Type: "string", Value: b("v", string(make([]byte, maxStored+1)))}
	fields, _ := Encode(big)
	if back, err := Decode(fields); err != nil || back.(*Expired).Value != nil {
		t.Errorf("%v, %v", back, err)
	}
	fields, _ = Encode(&Key{Origin: Origin{DB: 1}, Key: []byte("k"), Name: "lpush", Class: List})
	if back, err := Decode(fields); err != nil || back.(*Key).Name != "lpush" || back.(*Key).Class != List {
		t.Errorf("%v, %v", back, err)
	}
	fields, _ = Encode(&Evicted{Origin: Origin{DB: 1, AtMs: 7}, Key: []byte("k"), Type: "string", Policy: "allkeys-lru", Value: b("v", "x")})
	if back, err := Decode(fields); err != nil || back.(*Evicted).Policy != "allkeys-lru" || string(back.(*Evicted).Value.Str()) != "x" {
		t.Errorf("%v, %v", back, err)
	}
	for _, fields := range []stored{nil, b("event"), b("event", "rewrite"), b("event", "key", "db", "x")} {
		if ev, err := Decode(fields); err == nil {
			t.Errorf("%q is %v", fields, ev)
		}
	}
	if _, ok := Encode(&Rewrite{}); ok {
		t.Error("a rewrite is carried")
	}
}

func TestOutboxesBeginWhenOpened(t *testing.T) {
	b := NewBus(nil, nil)
	o := Options{Name: "n", Owner: "o", Kind: KindKey, Stream: "s"}
	running, ended := make(chan bool), make(chan bool, 2)
	consume := func(ctx context.Context, h *Hook) {
		running <- true
		<-ctx.Done()
		ended <- true
	}
	listed, writer, err := b.Outbox(o, consume)
	if err != nil {
		t.Fatal(err)
	}
	if o := listed.Options(); o.Mode != Outbox || o.DeadLetter != "s:dead" || o.Tries != 5 {
		t.Errorf("%+v", o)
	}
	select {
	case <-running:
		t.Error("it runs before the data is there")
	default:
	}
	b.OpenOutboxes()
	<-running
	listed.Disable()
	if ev := (&Key{Key: []byte("k"), Class: Generic}); listed.Wants(ev) || !writer.Wants(ev) {
		t.Error("events of a disabled hook are lost")
	}
	b.Remove("o")
	<-ended
	if _, _, err := b.Outbox(o, consume); err != nil {
		t.Fatal(err)
	}
	<-running
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-ended
	if _, _, err := b.Outbox(Options{Name: "n", Owner: "o", Kind: KindKey}, consume); err == nil {
		t.Error("an outbox without a stream")
	}
}

// A consumer that does not end holds nobody up; the limits of both hooks follow
// the defaults, and the writer never trips.
func TestOutboxesThatMisbehave(t *testing.T) {
	b := NewBus(nil, quiet())
	running, release := make(chan bool), make(chan bool)
	listed, writer, err := b.Outbox(Options{Name: "n", Owner: "o", Kind: KindKey, Stream: "s"}, func(context.Context, *Hook) {
		running <- true
		<-release
	})
	if err != nil {
		t.Fatal(err)
	}
	d := standard
	d.Retries, d.TripAfter = 2, 1
	b.SetDefaults(d)
	if o := listed.Options(); o.Tries != 2 || o.DeadLetter != "s:dead" || o.TripAfter != 1 {
		t.Errorf("listed: %+v", o)
	}
	for range 20 {
		writer.Run(func() error { return errors.New("no room") })
	}
	if s := writer.Stats(); s.State != "armed" || writer.Retries() != 2 {
		t.Errorf("writer: %+v", s)
	}
	b.OpenOutboxes()
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wait := b.Remove("o")
	if err := wait(ctx); err == nil {
		t.Error("the consumer has not ended, and nobody says so")
	}
	close(release)
	if err := wait(t.Context()); err != nil {
		t.Error(err)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
