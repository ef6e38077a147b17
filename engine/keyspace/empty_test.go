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
			if len(d.t.due) != 0 {
				t.Errorf("%d deadlines of nothing", len(d.t.due))
			}
		}
	}
}
