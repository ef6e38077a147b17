package set

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
	Has(m []byte) bool
	Range(fn func(m []byte) bool)
}

func same(t testing.TB, s ranger, want map[string]bool) {
	t.Helper()
	got := map[string]bool{}
	s.Range(func(m []byte) bool {
		got[string(m)] = true
		return true
	})
	if !maps.Equal(got, want) || s.Len() != len(want) {
		t.Fatalf("%d members (Len %d) differ from the %d wanted", len(got), s.Len(), len(want))
	}
	for m := range want {
		if !s.Has([]byte(m)) {
			t.Fatalf("Has %.20q is false", m)
		}
	}
	if s.Has([]byte("never added")) {
		t.Fatal("Has found what was never added")
	}
}

// TestViewsAndUndo writes while views are read by other goroutines, and restores savepoints.
func TestViewsAndUndo(t *testing.T) {
	r := random(t)
	s, want := New(maphash.MakeSeed()), map[string]bool{}
	write := func() {
		m := fmt.Sprint(r.IntN(3000))
		if r.IntN(3) == 0 {
			if s.Remove([]byte(m)) != want[m] {
				t.Fatalf("Remove %s", m)
			}
			delete(want, m)
			return
		}
		if s.Add([]byte(m)) == want[m] {
			t.Fatalf("Add %s", m)
		}
		want[m] = true
	}
	var readers sync.WaitGroup
	for range 60 {
		view, then := s.Freeze(), maps.Clone(want)
		readers.Go(func() {
			same(t, view, then)
			view.Release()
		})
		save, before := s.Freeze(), maps.Clone(want)
		for range 300 {
			write()
		}
		if r.IntN(2) == 0 {
			s.Restore(save)
			want = before
		}
		save.Release()
		same(t, s, want)
	}
	readers.Wait()
}

func TestAddOfAMemberCopiesNothing(t *testing.T) {
	s := New(maphash.MakeSeed())
	s.Add([]byte("m"))
	v := s.Freeze()
	defer v.Release()
	if s.Add([]byte("m")) || s.Remove([]byte("other")) || s.Copied() != 0 {
		t.Errorf("a write without effect copied %d bytes", s.Copied())
	}
}

func TestScanAndRandomGiveMembers(t *testing.T) {
	r := random(t)
	s := New(maphash.MakeSeed())
	for i := range 500 {
		s.Add(fmt.Append(nil, i))
	}
	seen := map[string]bool{}
	for cursor := uint64(0); ; {
		if cursor = s.Scan(cursor, 10, func(m []byte) { seen[string(m)] = true }); cursor == 0 {
			break
		}
	}
	if len(seen) != 500 {
		t.Errorf("Scan gave %d of 500 members", len(seen))
	}
	for range 100 {
		if m := s.Random(r); !s.Has(m) {
			t.Errorf("Random gave %q", m)
		}
	}
}
