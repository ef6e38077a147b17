package cow

import "testing"

// After a Fork neither side owns what was there before, also when views come and go.
func TestFork(t *testing.T) {
	var h Header
	old := h.Stamp()
	v := h.Freeze()
	c := h.Fork()
	v.Release()
	for name, head := range map[string]*Header{"value": &h, "copy": &c} {
		if head.Owned(old) {
			t.Errorf("%s: owns a shared node", name)
		}
		fresh := head.Stamp()
		if !head.Owned(fresh) {
			t.Errorf("%s: does not own its own node", name)
		}
		w := head.Freeze()
		if head.Owned(fresh) || !head.Owned(head.Stamp()) {
			t.Errorf("%s: a view does not protect", name)
		}
		w.Release()
		if !head.Owned(fresh) || head.Owned(old) {
			t.Errorf("%s: after the view", name)
		}
	}
}
