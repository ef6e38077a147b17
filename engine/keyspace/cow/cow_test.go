package cow

import "testing"

func TestOwned(t *testing.T) {
	var h Header
	old := h.Stamp()
	if !h.Owned(old) {
		t.Fatal("a node of a value without views is not owned")
	}
	first := h.Freeze()
	between := h.Stamp()
	second := h.Freeze()
	fresh := h.Stamp()
	steps := []struct {
		name                string
		release             *View
		old, between, fresh bool
	}{
		{"both held", nil, false, false, true},
		{"newest released", second, false, true, true},
		{"released twice", second, false, true, true},
		{"all released", first, true, true, true},
	}
	for _, s := range steps {
		if s.release != nil {
			s.release.Release()
		}
		if got := [3]bool{h.Owned(old), h.Owned(between), h.Owned(fresh)}; got != [3]bool{s.old, s.between, s.fresh} {
			t.Errorf("%s: owned old, between, fresh = %v", s.name, got)
		}
	}
	if h.prune(); len(h.views) != 0 {
		t.Errorf("%d views are held", len(h.views))
	}
}

func TestOldestReleasedFirst(t *testing.T) {
	var h Header
	old := h.Stamp()
	first := h.Freeze()
	between := h.Stamp()
	second := h.Freeze()
	first.Release()
	if h.Owned(old) || h.Owned(between) {
		t.Error("a node that the second view holds is owned")
	}
	second.Release()
	if !h.Owned(old) || !h.Owned(between) {
		t.Error("a node that no view holds is not owned")
	}
}

func TestReleasedViewsAreForgotten(t *testing.T) {
	var h Header
	for range 1000 {
		h.Freeze().Release()
	}
	if len(h.views) > 1 {
		t.Errorf("%d released views are remembered", len(h.views))
	}
}
