package list

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func element(r *rand.Rand) string {
	switch r.IntN(60) {
	case 0:
		return fmt.Sprintf("%0*d", 500+r.IntN(30), r.IntN(10))
	case 1:
		return fmt.Sprintf("%0*d", r.IntN(3000), r.IntN(10))
	}
	return fmt.Sprintf("%0*d", r.IntN(20), r.IntN(1000))
}

func check(t testing.TB, s *state) {
	t.Helper()
	err := s.Check(func(f *leaf, _, _ *struct{}) error {
		live := 0
		for i := range f.n {
			at := f.off(i)
			if want := f.off(0) + live; f.offs == nil && at != want {
				return fmt.Errorf("element %d of a sealed leaf is at %d, not behind the one before, at %d", i, at, want)
			}
			live += f.Span(at, elementShape)
		}
		if live != f.Live() || live > liveMax+600 {
			return fmt.Errorf("a leaf has %d live bytes, noted %d", live, f.Live())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func collect(s *state) []string {
	var got []string
	ascend(s, 0, s.Len(), func(v []byte) bool {
		got = append(got, string(v))
		return true
	})
	return got
}

func same(t testing.TB, s *state, want []string) {
	t.Helper()
	if got := collect(s); !slices.Equal(got, want) || s.Len() != len(want) {
		t.Fatalf("%d elements (Len %d) differ from the %d wanted", len(got), s.Len(), len(want))
	}
}

type held struct {
	*View
	want []string
}

// write does one random operation on the list and on the slice.
func write(t testing.TB, r *rand.Rand, l *List, want []string, grow bool) []string {
	v := element(r)
	n := len(want)
	op := r.IntN(10)
	if n == 0 || grow && op > 5 {
		op = r.IntN(6)
	}
	switch op {
	case 0, 1:
		l.PushFront([]byte(v))
		return slices.Insert(want, 0, v)
	case 2, 3:
		l.PushBack([]byte(v))
		return append(want, v)
	case 4, 5:
		i := r.IntN(n + 1)
		l.Insert(i, []byte(v))
		return slices.Insert(want, i, v)
	case 6:
		i := r.IntN(n)
		l.Set(i, []byte(v))
		want[i] = v
		return want
	case 7:
		if got := l.PopFront(); string(got) != want[0] {
			t.Fatalf("PopFront %q, want %q", got, want[0])
		}
		return slices.Delete(want, 0, 1)
	case 8:
		if got := l.PopBack(); string(got) != want[n-1] {
			t.Fatalf("PopBack %q, want %q", got, want[n-1])
		}
		return want[:n-1]
	}
	i := r.IntN(n)
	k := 1 + r.IntN(3)
	if r.IntN(40) == 0 {
		k = 1 + r.IntN(n)
	}
	l.Delete(i, k)
	return slices.Delete(want, i, min(i+k, n))
}

func TestAgainstSlice(t *testing.T) {
	r := random(t)
	l := New()
	var want []string
	var views []held
	for round := range 24 {
		for range 500 {
			want = write(t, r, l, want, round%4 < 2)
			if r.IntN(60) == 0 {
				views = append(views, held{l.Freeze(), slices.Clone(want)})
			}
			if len(views) > 0 && r.IntN(70) == 0 {
				i := r.IntN(len(views))
				same(t, &views[i].state, views[i].want)
				if r.IntN(4) == 0 {
					l.Restore(views[i].View)
					want = slices.Clone(views[i].want)
				}
				views[i].Release()
				views = slices.Delete(views, i, i+1)
			}
		}
		check(t, &l.order.State)
		same(t, &l.order.State, want)
		for _, v := range views {
			check(t, &v.state)
			same(t, &v.state, v.want)
		}
		for i := range want {
			if string(l.Index(i)) != want[i] {
				t.Fatalf("Index(%d) = %q", i, l.Index(i))
			}
		}
		ranges(t, r, l, want)
	}
	for len(want) > 0 {
		l.PopFront()
		want = want[1:]
	}
	check(t, &l.order.State)
}

func ranges(t *testing.T, r *rand.Rand, l *List, want []string) {
	if len(want) == 0 {
		return
	}
	for range 20 {
		i, n := r.IntN(len(want)), r.IntN(300)
		var got []string
		add := func(v []byte) bool {
			got = append(got, string(v))
			return true
		}
		l.Range(i, n, add)
		if w := want[i:min(i+n, len(want))]; !slices.Equal(got, w) {
			t.Fatalf("Range(%d, %d) gave %d elements, want %d", i, n, len(got), len(w))
		}
		got = nil
		l.RangeBack(i, n, add)
		w := slices.Clone(want[max(0, i-n+1) : i+1])
		slices.Reverse(w)
		if !slices.Equal(got, w) {
			t.Fatalf("RangeBack(%d, %d) gave %d elements, want %d", i, n, len(got), len(w))
		}
	}
}

// TestCuts removes ranges of all sizes from large lists.
func TestCuts(t *testing.T) {
	r := random(t)
	rounds := 25
	if testing.Short() {
		rounds = 6
	}
	for range rounds {
		l := New()
		var want []string
		for i := range r.IntN(25000) {
			want = append(want, fmt.Sprint(i))
			l.PushBack([]byte(want[i]))
		}
		view := held{l.Freeze(), slices.Clone(want)}
		for len(want) > 0 && r.IntN(8) > 0 {
			i := r.IntN(len(want))
			n := 1 + r.IntN(1+r.IntN(len(want)-i))
			l.Delete(i, n)
			want = slices.Delete(want, i, i+n)
			check(t, &l.order.State)
			same(t, &l.order.State, want)
		}
		same(t, &view.state, view.want)
		view.Release()
	}
}

// TestQueueStaysDense pushes at one end and pops at the other; the memory must not grow.
// TestSealed: leaves that pushes leave behind are sealed, in either direction, and what is done to such
// leaves goes right, under views of all ages.
func TestSealed(t *testing.T) {
	r := random(t)
	for _, front := range []bool{true, false} {
		l := New()
		var want []string
		for range 5000 {
			v := element(r)
			if front {
				l.PushFront([]byte(v))
			} else {
				l.PushBack([]byte(v))
			}
			want = append(want, v)
		}
		if front {
			slices.Reverse(want)
		}
		leaves, sealed := 0, 0
		l.order.Ascend(0, func(f *leaf, _ int) bool {
			leaves++
			if f.offs == nil {
				sealed++
			}
			return true
		})
		if sealed != leaves-1 {
			t.Errorf("%d of %d leaves are sealed", sealed, leaves)
		}
		var views []held
		for range 40 {
			check(t, &l.order.State)
			same(t, &l.order.State, want)
			views = append(views, held{l.Freeze(), slices.Clone(want)})
			for range 20 {
				want = write(t, r, l, want, true)
			}
			for k := r.IntN(60); k > 0; k-- {
				l.PopFront()
				l.PopBack()
				want = want[1 : len(want)-1]
			}
			for range 50 {
				i := r.IntN(len(want))
				if string(l.Index(i)) != want[i] {
					t.Fatalf("Index(%d) = %q", i, l.Index(i))
				}
			}
			ranges(t, r, l, want)
		}
		for _, v := range views {
			check(t, &v.state)
			same(t, &v.state, v.want)
			v.Release()
		}
	}
}

func TestQueueStaysDense(t *testing.T) {
	l := New()
	for i := range 200_000 {
		l.PushBack(fmt.Append(nil, i))
		if i >= 1000 {
			if got := string(l.PopFront()); got != fmt.Sprint(i-1000) {
				t.Fatalf("popped %q", got)
			}
		}
	}
	check(t, &l.order.State)
	if l.Len() != 1000 || l.Bytes() > 40_000 {
		t.Errorf("%d elements take %d bytes", l.Len(), l.Bytes())
	}
}

// TestTrimmedAgainAndAgain: a capped list (push, then trim) keeps its shape.
func TestTrimmedAgainAndAgain(t *testing.T) {
	l := New()
	for i := range 100_000 {
		l.PushFront(fmt.Append(nil, i))
		if i%7 == 0 && l.Len() > 2000 {
			l.Delete(2000, l.Len()-2000)
		}
	}
	check(t, &l.order.State)
	if l.Bytes() > 80_000 {
		t.Errorf("%d elements take %d bytes", l.Len(), l.Bytes())
	}
}

// TestPoppedStaysValid: what Pop returns survives later writes.
func TestPoppedStaysValid(t *testing.T) {
	r := random(t)
	l := New()
	for i := range 3000 {
		l.PushBack(fmt.Appendf(nil, "%05d", i))
	}
	var popped [][]byte
	for i := range 1500 {
		popped = append(popped, l.PopFront())
		for range 3 {
			l.Set(r.IntN(l.Len()), []byte("xxxxx"))
			l.PushFront([]byte("yyyyy"))
			l.PopFront()
		}
		if i%2 == 0 {
			l.PushBack([]byte("zzzzz"))
		}
	}
	for i, v := range popped {
		if s := string(v); s != fmt.Sprintf("%05d", i) && s != "xxxxx" {
			t.Fatalf("element %d became %q", i, s)
		}
	}
}

// TestWalkersWithoutLock is for the race detector: views are read while the list is written.
func TestWalkersWithoutLock(t *testing.T) {
	r := random(t)
	l := New()
	var want []string
	for range 5000 {
		want = write(t, r, l, want, true)
	}
	var walkers sync.WaitGroup
	for range 10 {
		v := held{l.Freeze(), slices.Clone(want)}
		walkers.Go(func() {
			same(t, &v.state, v.want)
			v.Release()
		})
		for range 500 {
			want = write(t, r, l, want, true)
		}
	}
	walkers.Wait()
	check(t, &l.order.State)
	same(t, &l.order.State, want)
}

// TestCopiedBytes: the first write after a freeze copies one path.
func TestCopiedBytes(t *testing.T) {
	n := 1 << 20
	if testing.Short() {
		n >>= 5
	}
	l := New()
	for i := range n {
		l.PushBack(fmt.Appendf(nil, "%016d", i))
	}
	t.Logf("%.1f bytes an element", float64(l.Bytes())/float64(n))
	r := random(t)
	for _, write := range []struct {
		name string
		most int64
		do   func()
	}{
		{"insert", 8192, func() { l.Insert(r.IntN(l.Len()), []byte("0123456789abcdef")) }},
		{"set", 8192, func() { l.Set(r.IntN(l.Len()), []byte("0123456789abcdef")) }},
		{"push front", 8192, func() { l.PushFront([]byte("0123456789abcdef")) }},
		{"pop back", 8192, func() { l.PopBack() }},
		{"trim to a half", 24 << 10, func() { l.Delete(l.Len()/2, 100) }},
	} {
		var most int64
		for range 200 {
			v := l.Freeze()
			before := l.Copied()
			write.do()
			most = max(most, l.Copied()-before)
			v.Release()
		}
		t.Logf("%s: at most %d bytes", write.name, most)
		if most > write.most {
			t.Errorf("%s copied %d bytes", write.name, most)
		}
	}
	before := l.Copied()
	for range 1000 {
		l.Set(r.IntN(l.Len()), []byte("x"))
	}
	if l.Copied() != before {
		t.Error("writes copied without a view")
	}
}

func BenchmarkList(b *testing.B) {
	v := []byte("0123456789abcdef")
	for _, n := range []int{100, 10_000, 1_000_000} {
		l := New()
		for range n {
			l.PushBack(v)
		}
		r := rand.New(rand.NewPCG(1, 2))
		run := func(name string, fn func()) {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					fn()
				}
			})
		}
		run("push front+pop", func() { l.PushFront(v); l.PopBack() })
		run("push+pop", func() { l.PushBack(v); l.PopFront() })
		run("set", func() { l.Set(r.IntN(n), v) })
		run("index", func() { l.Index(r.IntN(n)) })
		run("insert+delete", func() { l.Insert(r.IntN(n), v); l.Delete(r.IntN(n), 1) })
		run("range100", func() { l.Range(r.IntN(n), 100, func([]byte) bool { return true }) })
		run("freeze+push+pop", func() {
			f := l.Freeze()
			l.PushBack(v)
			l.PopFront()
			f.Release()
		})
	}
}
