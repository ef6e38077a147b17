package tree

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/cow"
)

const tinyCap = 4

// tiny is a leaf of few sorted numbers, so that trees of many levels stay small.
type tiny struct {
	epoch uint64
	keys  []int
}

func (l *tiny) Len() int      { return len(l.keys) }
func (l *tiny) Bytes() int64  { return int64(unsafe.Sizeof(*l)) + 8*int64(len(l.keys)) }
func (l *tiny) Epoch() uint64 { return l.epoch }
func (l *tiny) Clone(epoch uint64) *tiny {
	return &tiny{epoch: epoch, keys: slices.Clone(l.keys)}
}
func (l *tiny) Small() bool           { return len(l.keys) < 2 }
func (l *tiny) Fits(right *tiny) bool { return len(l.keys)+len(right.keys) <= 3 }
func (l *tiny) Append(right *tiny)    { l.keys = append(l.keys, right.keys...) }
func (l *tiny) Cut(from, to int)      { l.keys = slices.Delete(l.keys, from, to) }

type numbers struct {
	head cow.Header
	Tree[int, tiny, *tiny]
}

func newNumbers() *numbers {
	n := &numbers{}
	n.Tree = New[int, tiny, *tiny](&n.head)
	return n
}

func (n *numbers) find(key int, p *Path[int, tiny]) (i int, ok bool) {
	n.Descend(func(seps []int) int {
		i, found := slices.BinarySearch(seps, key)
		if found {
			i++
		}
		return i
	}, p)
	if p.Leaf == nil {
		return 0, false
	}
	return slices.BinarySearch(p.Leaf.keys, key)
}

func (n *numbers) insert(key int) bool {
	var p Path[int, tiny]
	i, ok := n.find(key, &p)
	if ok {
		return false
	}
	if p.Leaf == nil {
		n.Plant(&tiny{epoch: n.head.Stamp(), keys: []int{key}})
		return true
	}
	n.Own(&p)
	p.Leaf.keys = slices.Insert(p.Leaf.keys, i, key)
	if len(p.Leaf.keys) <= tinyCap {
		n.Done(&p)
		return true
	}
	at := len(p.Leaf.keys) / 2
	if _, last := n.Edges(&p); last && i == tinyCap {
		at = tinyCap
	}
	right := &tiny{epoch: n.head.Stamp(), keys: slices.Clone(p.Leaf.keys[at:])}
	p.Leaf.keys = p.Leaf.keys[:at:at]
	n.DoneSplit(&p, right, right.keys[0])
	return true
}

func (n *numbers) remove(key int) bool {
	var p Path[int, tiny]
	i, ok := n.find(key, &p)
	if !ok {
		return false
	}
	n.Own(&p)
	p.Leaf.Cut(i, i+1)
	n.Done(&p)
	return true
}

func collect(s *State[int, tiny, *tiny]) []int {
	var got []int
	s.Ascend(0, func(l *tiny, off int) bool {
		got = append(got, l.keys[off:]...)
		return true
	})
	return got
}

func check(t *testing.T, s *State[int, tiny, *tiny], want []int) {
	t.Helper()
	err := s.Check(func(l *tiny, low, high *int) error {
		if low != nil && *low > l.keys[0] || high != nil && *high <= l.keys[len(l.keys)-1] {
			return fmt.Errorf("keys %v lie outside of their separators", l.keys)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := collect(s); !slices.Equal(got, want) || s.Len() != len(want) {
		t.Fatalf("%d keys (Len %d) differ from the %d wanted", len(got), s.Len(), len(want))
	}
}

type heldView struct {
	State[int, tiny, *tiny]
	hold *cow.View
	want []int
}

func TestAgainstSlice(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	deepest := 0
	for round := range 12 {
		n := newNumbers()
		var want []int
		var views []heldView
		for key := 0; round == 1 && key < 20000; key += 5 { // one that is deep, whatever the seed
			n.insert(key)
			want = append(want, key)
		}
		for step := range 3000 {
			key := r.IntN(20000)
			if round%3 == 0 {
				key = step * 7
			}
			i, had := slices.BinarySearch(want, key)
			switch op := r.IntN(100); {
			case op == 0 && len(want) > 0:
				from := r.IntN(len(want))
				to := from + 1 + r.IntN(1+r.IntN(len(want)-from))
				n.Cut(from, to)
				want = slices.Delete(want, from, to)
				check(t, &n.State, want)
			case op < 20+step/100:
				if len(want) > 0 && r.IntN(2) == 0 {
					i, had = r.IntN(len(want)), true
					key = want[i]
				}
				if n.remove(key) != had {
					t.Fatalf("remove %d", key)
				}
				if had {
					want = slices.Delete(want, i, i+1)
				}
			default:
				if n.insert(key) == had {
					t.Fatalf("insert %d", key)
				}
				if !had {
					want = slices.Insert(want, i, key)
				}
			}
			deepest = max(deepest, n.height)
			if r.IntN(150) == 0 {
				views = append(views, heldView{n.State, n.head.Freeze(), slices.Clone(want)})
			}
			if len(views) > 0 && r.IntN(200) == 0 {
				v := views[0]
				check(t, &v.State, v.want)
				if r.IntN(2) == 0 {
					n.State, want = v.State, slices.Clone(v.want)
				}
				v.hold.Release()
				views = views[1:]
			}
		}
		check(t, &n.State, want)
		for _, v := range views {
			check(t, &v.State, v.want)
		}
		positions(t, n, want)
	}
	if deepest < 3 {
		t.Errorf("the deepest tree had %d levels", deepest)
	}
}

// positions compares ranks, seeks and both directions of iteration.
func positions(t *testing.T, n *numbers, want []int) {
	t.Helper()
	for i, key := range want {
		var p Path[int, tiny]
		off, _ := n.find(key, &p)
		if n.Before(&p)+off != i {
			t.Fatalf("key %d has rank %d, want %d", key, n.Before(&p)+off, i)
		}
		n.Seek(i, &p)
		if p.Leaf.keys[p.Off] != key {
			t.Fatalf("Seek(%d) leads to %d, want %d", i, p.Leaf.keys[p.Off], key)
		}
		if i%50 != 0 {
			continue
		}
		var back []int
		n.Descent(i, func(l *tiny, off int) bool {
			for ; off >= 0; off-- {
				back = append(back, l.keys[off])
			}
			return true
		})
		slices.Reverse(back)
		if !slices.Equal(back, want[:i+1]) {
			t.Fatalf("Descent(%d) gave %d keys", i, len(back))
		}
	}
}

func TestBuild(t *testing.T) {
	for _, leaves := range []int{0, 1, 2, 16, 17, 255, 256, 257, 5000} {
		n := newNumbers()
		var want []int
		var all []*tiny
		var seps []int
		for i := range leaves {
			all = append(all, &tiny{epoch: n.head.Stamp(), keys: []int{3 * i, 3*i + 1}})
			seps = append(seps, 3*i)
			want = append(want, 3*i, 3*i+1)
		}
		n.Build(all, seps)
		check(t, &n.State, want)
		positions(t, n, want)
		for i := range leaves {
			n.insert(3*i + 2)
			want = append(want, 3*i+2)
		}
		slices.Sort(want)
		check(t, &n.State, want)
	}
}

// TestCutCopiesPaths: however much is cut, only the nodes on its two edges are copied.
func TestCutCopiesPaths(t *testing.T) {
	n := newNumbers()
	for i := range 100_000 {
		n.insert(i)
	}
	hold := n.head.Freeze()
	defer hold.Release()
	n.Cut(100, 99_900)
	if limit := 4 * int64(n.height+5) * nodeBytes[int](); n.head.Copied() > limit {
		t.Errorf("the cut copied %d bytes, limit %d", n.head.Copied(), limit)
	}
}

// TestShrunkTreeIsLow: after most keys are gone the tree has few levels again.
func TestShrunkTreeIsLow(t *testing.T) {
	n := newNumbers()
	for i := range 50_000 {
		n.insert(i)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, i := range r.Perm(50_000)[:49_950] {
		n.remove(i)
	}
	if n.Len() != 50 || n.height > 2 {
		t.Errorf("%d keys on %d levels", n.Len(), n.height)
	}
}
