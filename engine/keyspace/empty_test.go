package keyspace

import "testing"

// checkEmpty fails unless a keyspace without keys has given everything back.
func (k *Keyspace) checkEmpty(t *testing.T) {
	t.Helper()
	if used := k.Used(); used != 0 {
		t.Errorf("%d bytes are used by nothing", used)
	}
	for _, s := range k.shards {
		for _, d := range s.dbs {
			tb := d.t
			if tb.live != 0 || tb.used != 0 || len(tb.side.free) != int(tb.side.made) {
				t.Errorf("live %d, used %d, large values %d of %d", tb.live, tb.used, len(tb.side.free), tb.side.made)
			}
			if tb.wheel != nil && tb.wheel.n != 0 {
				t.Errorf("%d deadlines of nothing", tb.wheel.n)
			}
		}
	}
}
