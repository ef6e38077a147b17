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
			if tb.live != 0 || tb.used != 0 {
				t.Errorf("live %d, used %d", tb.live, tb.used)
			}
			for i, p := range tb.side.chunks {
				if p != nil && (p.used != 0 || len(tb.side.chunks) > 1) {
					t.Errorf("chunk %d of the large values has %d", i, p.used)
				}
			}
			if tb.wheel != nil && tb.wheel.n != 0 {
				t.Errorf("%d deadlines of nothing", tb.wheel.n)
			}
		}
	}
}
