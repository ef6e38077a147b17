package keyspace

import "testing"

func TestIdle(t *testing.T) {
	k := New(Options{})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	key := []byte("k")
	d.SetString(key, []byte("v"), 0) // loaded: there is no time yet
	const base = 1_700_000_000_000
	s.SetNow(base)
	steps := []struct {
		name string
		do   func()
		at   int64
		want int64
	}{
		{"since it was loaded", func() {}, base + 5000, 5},
		{"a lookup", func() { d.String(key) }, base + 9000, 4},
		{"Exists, Type and Deadline are no access", func() {
			d.Exists(key)
			d.Type(key)
			d.Deadline(key)
			d.SetDeadline(key, base*2)
		}, base + 10000, 5},
		{"Touch", func() { d.Touch(key) }, base + 10999, 0},
		{"a write", func() { d.AppendString(key, key) }, base + 13000, 3},
		{"a rename keeps it", func() {
			d.Rename(key, d, []byte("other"))
			d.Rename([]byte("other"), d, key)
		}, base + 14000, 4},
	}
	for _, step := range steps {
		step.do()
		s.SetNow(step.at)
		if got, ok := d.Idle(key); !ok || got != step.want {
			t.Errorf("%s: idle for %d s %v, want %d", step.name, got, ok, step.want)
		}
	}
	if _, ok := d.Idle([]byte("none")); ok {
		t.Error("an absent key is idle")
	}
}

func TestFreq(t *testing.T) {
	l := DefaultLimits()
	l.LFU = true
	k := New(Options{Limits: l, Seed: 9})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	const base = 1_700_000_000_000
	s.SetNow(base)
	d.SetString([]byte("hot"), nil, 0)
	d.SetString([]byte("cold"), nil, 0)
	if got, _ := d.Freq([]byte("cold")); got != lfuInit {
		t.Errorf("a new key has %d, want %d", got, lfuInit)
	}
	for range 10000 {
		d.Touch([]byte("hot"))
	}
	hot, _ := d.Freq([]byte("hot"))
	if hot < 20 || hot > 120 { // about 10 for a hundred accesses, 60 for ten thousand
		t.Errorf("after 10000 accesses %d", hot)
	}
	s.SetNow(base + 7*60_000)
	if got, _ := d.Freq([]byte("hot")); got != hot-7 {
		t.Errorf("after 7 minutes %d, want %d", got, hot-7)
	}
	if got, _ := d.Freq([]byte("cold")); got != 0 {
		t.Errorf("after 7 minutes the cold key has %d", got)
	}
}

func TestHiddenKeys(t *testing.T) {
	k := New(Options{})
	s, d := k.Shard(0), k.Shard(0).DB(0)
	key := []byte("k")
	s.SetNow(1000)
	d.SetString(key, []byte("v"), 1000)
	if d.Exists(key) || d.Touch(key) || d.Type(key) != None || d.Encoding(key) != "" || d.SetDeadline(key, 5000) || d.Memory(key) != 0 {
		t.Error("a due key is visible")
	}
	if _, ok := d.RandomKey(); ok {
		t.Error("a due key is drawn")
	}
	if d.Len() != 1 || d.Expires() != 1 {
		t.Errorf("%d keys, %d with a deadline", d.Len(), d.Expires())
	}
	if f, ok := d.Freeze(key); !ok || string(f.Str()) != "v" || f.Deadline != 1000 {
		t.Errorf("frozen %+v %v", f, ok)
	}
	if at, due := s.IsDue(0, key, 1000); !due || at != 1000 {
		t.Errorf("due %d %v", at, due)
	}
	if _, due := s.IsDue(0, key, 999); due {
		t.Error("due too early")
	}
	d.SetString(key, []byte("w"), KeepTTL) // the old one is as good as gone, and so is its deadline
	if at, ok := d.Deadline(key); !ok || at != 0 {
		t.Errorf("deadline %d %v", at, ok)
	}
	if d.Expires() != 0 || s.NextDue() < 1<<62 {
		t.Errorf("%d deadlines, next %d", d.Expires(), s.NextDue())
	}
	d.SetString(key, nil, 900)
	h, ok := d.Hash(key)
	if !ok || h.Len() != 0 {
		t.Error("a due string is in the way of a hash")
	}
	h.Set([]byte("f"), nil)
	if d.Type(key) != Hash || d.Expires() != 0 || d.Len() != 1 {
		t.Errorf("%v, %d deadlines, %d keys", d.Type(key), d.Expires(), d.Len())
	}
}
