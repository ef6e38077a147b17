package stream

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"
)

func random(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// model is a stream as plain values.
type model struct {
	entries []modelEntry
	last    ID
	deleted ID
	added   uint64
	groups  map[string]*modelGroup
}

type modelEntry struct {
	id     ID
	fields []string
}

type modelGroup struct {
	last      ID
	read      int64
	pending   map[ID]Pending
	consumers map[string]int64 // seen
}

func (m *model) clone() *model {
	c := *m
	c.entries = slices.Clone(m.entries)
	c.groups = map[string]*modelGroup{}
	for n, g := range m.groups {
		c.groups[n] = &modelGroup{g.last, g.read, maps.Clone(g.pending), maps.Clone(g.consumers)}
	}
	return &c
}

// text shows everything, so that two streams are compared by their texts.
func (m *model) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %v deleted %v added %d\n", m.last, m.deleted, m.added)
	for _, e := range m.entries {
		fmt.Fprintf(&b, "%v %q\n", e.id, e.fields)
	}
	for _, n := range slices.Sorted(maps.Keys(m.groups)) {
		g := m.groups[n]
		fmt.Fprintf(&b, "group %s last %v read %d\n", n, g.last, g.read)
		for _, id := range slices.SortedFunc(maps.Keys(g.pending), ID.Compare) {
			fmt.Fprintf(&b, "pending %v\n", g.pending[id])
		}
		for _, c := range slices.Sorted(maps.Keys(g.consumers)) {
			fmt.Fprintf(&b, "consumer %s seen %d", c, g.consumers[c])
			for _, id := range slices.SortedFunc(maps.Keys(g.pending), ID.Compare) {
				if g.pending[id].Consumer == c {
					fmt.Fprintf(&b, " %v", g.pending[id])
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func fieldsOf(e Entry) (fields []string) {
	e.Each(func(name, value []byte) { fields = append(fields, string(name), string(value)) })
	return fields
}

func text(c *Content) string {
	var b strings.Builder
	fmt.Fprintf(&b, "last %v deleted %v added %d\n", c.Last(), c.MaxDeleted(), c.Added())
	c.Range(ID{}, MaxID, func(e Entry) bool {
		fmt.Fprintf(&b, "%v %q\n", e.ID, fieldsOf(e))
		return true
	})
	c.RangeGroups(func(g Group) bool {
		fmt.Fprintf(&b, "group %s last %v read %d\n", g.Name(), g.Last(), g.Read())
		g.RangePending(ID{}, func(p Pending) bool {
			fmt.Fprintf(&b, "pending %v\n", p)
			return true
		})
		g.RangeConsumers(func(c Consumer) bool {
			fmt.Fprintf(&b, "consumer %s seen %d", c.Name(), c.Seen())
			c.RangePending(ID{}, func(p Pending) bool {
				fmt.Fprintf(&b, " %v", p)
				return true
			})
			b.WriteByte('\n')
			return true
		})
		return true
	})
	return b.String()
}

// check verifies what the stream notes about itself.
func check(t testing.TB, c *Content) {
	t.Helper()
	err := c.entries.Check(func(l *leaf, low, high *ID) error {
		if low != nil && l.first.Less(*low) || high != nil && !l.last.Less(*high) {
			return fmt.Errorf("a block from %v to %v lies outside of its separators", l.first, l.last)
		}
		var far, end int64
		off := 0
		for range l.n {
			off = l.skip(off)
		}
		for _, b := range l.far {
			far += int64(cap(b))
		}
		if end = int64(len(l.data)); int64(off) != end || far != l.farBytes {
			return fmt.Errorf("entries end at %d of %d, %d far bytes, noted %d", off, end, far, l.farBytes)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var held int64
	c.RangeGroups(func(g Group) bool {
		var nested int64
		g.RangeConsumers(func(c Consumer) bool {
			nested += c.c.bytes()
			return true
		})
		if nested != g.g.nested {
			t.Fatalf("consumers take %d bytes, noted %d", nested, g.g.nested)
		}
		err = g.g.pending.Check(func(*page[ID, delivery], *ID, *ID) error { return nil })
		held += g.g.bytes()
		return err == nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if held != c.groupBytes {
		t.Fatalf("groups take %d bytes, noted %d", held, c.groupBytes)
	}
	if err := c.groups.Check(func(*page[name, *group], *name, *name) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func same(t testing.TB, c *Content, m *model) {
	t.Helper()
	check(t, c)
	if got, want := text(c), m.text(); got != want {
		t.Fatalf("the stream is\n%.3000s\nnot\n%.3000s", got, want)
	}
	if c.Len() != len(m.entries) {
		t.Fatalf("Len %d, want %d", c.Len(), len(m.entries))
	}
}

func randomFields(r *rand.Rand) []string {
	var fields []string
	n := 1 + r.IntN(3)
	if r.IntN(100) == 0 {
		n = 300
	}
	for i := range n {
		fname := fmt.Sprintf("f%d", i)
		if r.IntN(4) == 0 {
			fname = fmt.Sprintf("other%d", r.IntN(3))
		}
		size := r.IntN(20)
		if r.IntN(60) == 0 {
			size = r.IntN(3000)
		}
		fields = append(fields, fname, fmt.Sprintf("%0*d", size, r.IntN(1000)))
	}
	return fields
}

func raw(fields []string) [][]byte {
	b := make([][]byte, len(fields))
	for i, f := range fields {
		b[i] = []byte(f)
	}
	return b
}

// someID returns an ID that is, or could be, one of the stream's.
func (m *model) someID(r *rand.Rand) ID {
	if len(m.entries) > 0 && r.IntN(4) > 0 {
		return m.entries[r.IntN(len(m.entries))].id
	}
	if m.last.Ms == 0 {
		return ID{0, r.Uint64N(5)}
	}
	return ID{r.Uint64N(m.last.Ms + 3), r.Uint64N(3)}
}

func (m *model) rank(id ID) int {
	i, _ := slices.BinarySearchFunc(m.entries, id, func(e modelEntry, id ID) int { return e.id.Compare(id) })
	return i
}

// write does one random operation on both.
func write(t testing.TB, r *rand.Rand, s *Stream, m *model, lim Limits) {
	t.Helper()
	switch op := r.IntN(100); {
	case op < 50:
		id, ok := m.last.Next()
		if r.IntN(2) == 0 {
			id = ID{m.last.Ms + r.Uint64N(1+r.Uint64N(3000)), r.Uint64N(3)}
			ok = m.last.Less(id)
		}
		if ok {
			fields := randomFields(r)
			s.Add(id, raw(fields), lim)
			m.entries, m.last, m.added = append(m.entries, modelEntry{id, fields}), id, m.added+1
		}
	case op < 65:
		id := m.someID(r)
		i := m.rank(id)
		had := i < len(m.entries) && m.entries[i].id == id
		if s.Delete(id) != had {
			t.Fatalf("Delete(%v) is not %v", id, had)
		}
		if had {
			m.entries = slices.Delete(slices.Clone(m.entries), i, i+1)
			if m.deleted.Less(id) {
				m.deleted = id
			}
		}
	case op < 67:
		trim(t, r, s, m)
	default:
		writeGroup(t, r, s, m)
	}
}

func trim(t testing.TB, r *rand.Rand, s *Stream, m *model) {
	t.Helper()
	b := Bound{MaxLen: uint64(len(m.entries) - r.IntN(1+len(m.entries)/3)), MinID: m.someID(r), ByID: r.IntN(2) == 0}
	if b.ByID && r.IntN(4) > 0 && len(m.entries) > 0 {
		b.MinID = m.entries[r.IntN(1+len(m.entries)/4)].id
	}
	want := len(m.entries) - int(b.MaxLen)
	if b.ByID {
		want = m.rank(b.MinID)
	}
	approx, limit := r.IntN(2) == 0, int64(r.IntN(3)*100)
	got := s.Trim(b, approx, limit)
	switch {
	case !approx && got != want:
		t.Fatalf("Trim(%v) removed %d of %d", b, got, want)
	case approx && (got > want || limit != 0 && int64(got) > limit):
		t.Fatalf("Trim(%v, ~, %d) removed %d, at most %d", b, limit, got, want)
	case approx && limit == 0 && want-got > maxEntries:
		t.Fatalf("Trim(%v, ~) left %d of %d", b, want-got, want)
	}
	m.entries = m.entries[got:]
}

func writeGroup(t testing.TB, r *rand.Rand, s *Stream, m *model) {
	t.Helper()
	gname, cname := fmt.Sprintf("g%d", r.IntN(3)), fmt.Sprintf("c%d", r.IntN(90))
	group, cons := []byte(gname), []byte(cname)
	g := m.groups[gname]
	if g == nil {
		if !s.CreateGroup(group, m.last, 7) || s.DestroyGroup([]byte("none")) {
			t.Fatal("a group was not created")
		}
		m.groups[gname] = &modelGroup{m.last, 7, map[ID]Pending{}, map[string]int64{}}
		return
	}
	_, known := g.consumers[cname]
	now := r.Int64N(1 << 40)
	switch op := r.IntN(60); {
	case op == 0 && r.IntN(10) == 0:
		s.DestroyGroup(group)
		delete(m.groups, gname)
	case op == 1:
		n, ok := s.DeleteConsumer(group, cons)
		count := 0
		for id, p := range g.pending {
			if p.Consumer == cname {
				delete(g.pending, id)
				count++
			}
		}
		delete(g.consumers, cname)
		if ok != known || n != count {
			t.Fatalf("DeleteConsumer is %d, %v; want %d, %v", n, ok, count, known)
		}
	case op == 2:
		id := m.someID(r)
		s.SetGroup(group, id, now)
		g.last, g.read = id, now
	case op < 15:
		id := m.someID(r)
		for pending := range g.pending { // any
			id = pending
			break
		}
		_, had := g.pending[id]
		delete(g.pending, id)
		if s.Ack(group, id) != had {
			t.Fatalf("Ack(%v) is not %v", id, had)
		}
	case !known:
		if !s.CreateConsumer(group, cons, now) || s.CreateConsumer(group, cons, now+1) {
			t.Fatal("a consumer was not created just once")
		}
		g.consumers[cname] = now
	case op < 20:
		s.See(group, cons, now)
		g.consumers[cname] = now
	default:
		id := m.someID(r)
		s.Assign(group, cons, id, now, r.Uint64N(9))
		p, ok := mustGroup(t, s, group).Find(id)
		if !ok || p.Delivered != now {
			t.Fatalf("pending is %v", p)
		}
		g.pending[id] = Pending{id, cname, now, p.Count}
	}
}

func mustGroup(t testing.TB, s *Stream, n []byte) Group {
	t.Helper()
	g, ok := s.Group(n)
	if !ok {
		t.Fatal("no group")
	}
	return g
}

type held struct {
	*View
	want *model
}

func TestAgainstModel(t *testing.T) {
	r := random(t)
	for round := range 6 {
		s, m := New(), &model{groups: map[string]*modelGroup{}}
		lim := Limits{Bytes: []int64{4096, 0, 300}[round%3], Entries: []int64{100, 10, 0}[round%3]}
		var views []held
		for step := range 4000 {
			write(t, r, s, m, lim)
			if r.IntN(100) == 0 {
				views = append(views, held{s.Freeze(), m.clone()})
			}
			if len(views) > 0 && r.IntN(120) == 0 {
				i := r.IntN(len(views))
				same(t, &views[i].Content, views[i].want)
				if r.IntN(4) == 0 {
					s.Restore(views[i].View)
					m = views[i].want.clone()
				}
				views[i].Release()
				views = slices.Delete(views, i, i+1)
			}
			if step%1000 == 999 {
				same(t, &s.Content, m)
				ranges(t, r, &s.Content, m)
				c := s.Copy()
				same(t, &c.Content, m)
			}
		}
		for _, v := range views {
			same(t, &v.Content, v.want)
		}
	}
}

// ranges compares both directions of iteration between random IDs.
func ranges(t testing.TB, r *rand.Rand, c *Content, m *model) {
	t.Helper()
	for range 100 {
		from, to := m.someID(r), m.someID(r)
		lo, hi := m.rank(from), m.rank(to)
		if hi < len(m.entries) && m.entries[hi].id == to {
			hi++
		}
		var want, got, back []ID
		for i := lo; i < hi; i++ {
			want = append(want, m.entries[i].id)
		}
		c.Range(from, to, func(e Entry) bool { got = append(got, e.ID); return true })
		c.RangeBack(from, to, func(e Entry) bool { back = append(back, e.ID); return true })
		slices.Reverse(back)
		if !slices.Equal(got, want) || !slices.Equal(back, want) {
			t.Fatalf("from %v to %v: %v, back %v, want %v", from, to, got, back, want)
		}
	}
	if len(m.entries) > 0 && (c.First() != m.entries[0].id || c.Top() != m.entries[len(m.entries)-1].id) {
		t.Fatalf("from %v to %v", c.First(), c.Top())
	}
}

// TestConcurrentViews: views are read without a lock while the stream is written.
func TestConcurrentViews(t *testing.T) {
	r := random(t)
	s, m := New(), &model{groups: map[string]*modelGroup{}}
	var wg sync.WaitGroup
	for range 20 {
		for range 200 {
			write(t, r, s, m, Limits{4096, 100})
		}
		v, want := s.Freeze(), m.text()
		wg.Add(1)
		go func() {
			defer wg.Done()
			if text(&v.Content) != want {
				t.Error("a view differs")
			}
			v.Release()
		}()
	}
	wg.Wait()
}

// TestWritesCopyLittle: after a freeze a write copies a path, however long the stream is.
func TestWritesCopyLittle(t *testing.T) {
	s := New()
	group, cons := []byte("g"), []byte("c")
	s.CreateGroup(group, ID{}, 0)
	s.CreateConsumer(group, cons, 1)
	for i := range uint64(100_000) {
		s.Add(ID{i + 1, 0}, raw([]string{"name", "value"}), Limits{4096, 100})
		s.Assign(group, cons, ID{i + 1, 0}, 1, 1)
	}
	v := s.Freeze()
	defer v.Release()
	s.Add(ID{200_000, 0}, raw([]string{"name", "value"}), Limits{4096, 100})
	s.Delete(ID{50_000, 0})
	s.Ack(group, ID{50_000, 0})
	if s.Copied() > 64<<10 {
		t.Errorf("three writes copied %d bytes", s.Copied())
	}
	if v.Len() != 100_000 || s.Len() != 100_000 {
		t.Errorf("the view has %d entries, the stream %d", v.Len(), s.Len())
	}
	if perEntry := s.Bytes() / 100_000; perEntry > 150 {
		t.Errorf("%d bytes an entry", perEntry)
	}
}

func TestDeliveryHasNoPointers(t *testing.T) {
	if n := unsafe.Sizeof(delivery{}); n != 24 {
		t.Errorf("a delivery takes %d bytes", n)
	}
}

func TestIDs(t *testing.T) {
	for _, tc := range []struct{ id, next ID }{
		{ID{0, 0}, ID{0, 1}}, {ID{5, MaxID.Seq}, ID{6, 0}}, {ID{MaxID.Ms, 7}, ID{MaxID.Ms, 8}},
	} {
		if next, ok := tc.id.Next(); !ok || next != tc.next {
			t.Errorf("after %v comes %v", tc.id, next)
		}
		if prev, ok := tc.next.Prev(); !ok || prev != tc.id {
			t.Errorf("before %v comes %v", tc.next, prev)
		}
	}
	if _, ok := MaxID.Next(); ok {
		t.Error("something comes after the last ID")
	}
	if _, ok := (ID{}).Prev(); ok {
		t.Error("something comes before the first ID")
	}
	if got := MaxID.String(); got != "18446744073709551615-18446744073709551615" {
		t.Error(got)
	}
}

func TestLargeEntriesAreShared(t *testing.T) {
	s := New()
	big := bytes.Repeat([]byte("x"), 1<<20)
	s.Add(ID{1, 1}, [][]byte{[]byte("f"), big}, Limits{})
	v := s.Freeze()
	defer v.Release()
	s.Add(ID{1, 2}, [][]byte{[]byte("f"), []byte("small")}, Limits{})
	s.Delete(ID{1, 2})
	s.Add(ID{1, 3}, [][]byte{[]byte("f"), []byte("small")}, Limits{})
	if len(s.Copy().entryBodies()) != 2 || &s.entryBodies()[0][0] != &v.entryBodies()[0][0] {
		t.Error("the large body was copied")
	}
}

func (c *Content) entryBodies() (bodies [][]byte) {
	c.Range(ID{}, MaxID, func(e Entry) bool {
		bodies = append(bodies, e.body)
		return true
	})
	return bodies
}

func BenchmarkAdd(b *testing.B) {
	s := New()
	fields := raw([]string{"name", "0123456789abcdef", "other", "0123456789abcdef"})
	for i := range b.N {
		s.Add(ID{uint64(i/3) + 1, uint64(i % 3)}, fields, Limits{4096, 100})
	}
	b.ReportMetric(float64(s.Bytes())/float64(b.N), "B/entry")
}

func BenchmarkFind(b *testing.B) {
	s := New()
	fields := raw([]string{"name", "0123456789abcdef"})
	for i := range uint64(100_000) {
		s.Add(ID{i + 1, 0}, fields, Limits{4096, 100})
	}
	for i := range b.N {
		s.Has(ID{uint64(i*7919%100_000) + 1, 0})
	}
}
