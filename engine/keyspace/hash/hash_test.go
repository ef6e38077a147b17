package hash

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

type ranger interface {
	Len() int
	Get(field []byte) ([]byte, bool)
	Range(fn func(field, value []byte) bool)
}

func same(t testing.TB, h ranger, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	h.Range(func(f, v []byte) bool {
		got[string(f)] = string(v)
		return true
	})
	if !maps.Equal(got, want) || h.Len() != len(want) {
		t.Fatalf("%d fields (Len %d) differ from the %d wanted", len(got), h.Len(), len(want))
	}
	for f, v := range want {
		if g, ok := h.Get([]byte(f)); !ok || string(g) != v {
			t.Fatalf("Get %.20q = %.20q, %v", f, g, ok)
		}
	}
	if _, ok := h.Get([]byte("never set")); ok {
		t.Fatal("Get found what was never set")
	}
}

// TestViewsAndUndo writes while views are read by other goroutines, and restores savepoints.
func TestViewsAndUndo(t *testing.T) {
	r := random(t)
	h, want := New(maphash.MakeSeed()), map[string]string{}
	write := func() {
		f := fmt.Sprint(r.IntN(2000))
		_, had := want[f]
		if r.IntN(3) == 0 {
			if h.Delete([]byte(f)) != had {
				t.Fatalf("Delete %s", f)
			}
			delete(want, f)
			return
		}
		v := fmt.Sprintf("%0*d", r.IntN(1+r.IntN(1500)), r.IntN(10))
		if h.Set([]byte(f), []byte(v)) == had {
			t.Fatalf("Set %s", f)
		}
		want[f] = v
	}
	var readers sync.WaitGroup
	for range 60 {
		view, then := h.Freeze(), maps.Clone(want)
		readers.Go(func() {
			same(t, view, then)
			view.Release()
		})
		for range 200 {
			write()
		}
		save, before := h.Freeze(), maps.Clone(want)
		inner := h.Freeze()
		for range 50 {
			write()
		}
		h.Restore(inner)
		inner.Release()
		want = maps.Clone(before)
		same(t, h, want)
		for range 50 {
			write()
		}
		if r.IntN(2) == 0 {
			h.Restore(save)
			want = before
		}
		save.Release()
	}
	readers.Wait()
	same(t, h, want)
}

func TestScanAndRandomGiveFields(t *testing.T) {
	r := random(t)
	h := New(maphash.MakeSeed())
	for i := range 500 {
		h.Set(fmt.Appendf(nil, "f%d", i), fmt.Appendf(nil, "v%d", i))
	}
	seen := map[string]bool{}
	pair := func(f, v []byte) {
		if string(f[1:]) != string(v[1:]) {
			t.Errorf("field %s came with value %s", f, v)
		}
		seen[string(f)] = true
	}
	for cursor := uint64(0); ; {
		if cursor = h.Scan(cursor, 10, pair); cursor == 0 {
			break
		}
	}
	if len(seen) != 500 {
		t.Errorf("Scan gave %d of 500 fields", len(seen))
	}
	for range 100 {
		pair(h.Random(r))
	}
}
