package block

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

var pairs = Shape{Items: 2, Tail: 3}

func add(b *Block, r *rand.Rand) (uint16, [2][]byte) {
	var items [2][]byte
	for i := range items {
		size := []int{0, 1, 63, 64, 100, Inline, Inline + 1, 5000}[r.IntN(8)]
		items[i] = bytes.Repeat([]byte{byte(r.IntN(256))}, size)
	}
	b.Reserve(Size(items[0]) + Size(items[1]) + 3)
	at := b.Len()
	b.Add(items[0])
	b.Add(items[1])
	b.AddTail([]byte("end"))
	return uint16(at), items
}

func compare(t *testing.T, b *Block, offs []uint16, want [][2][]byte) {
	t.Helper()
	live := 0
	for i, off := range offs {
		if !b.Equal(int(off), want[i][0]) || b.Equal(int(off), []byte("none of them")) {
			t.Fatalf("record %d: the first item is not equal", i)
		}
		first, next := b.Item(int(off))
		second, end := b.Item(next)
		if !bytes.Equal(first, want[i][0]) || !bytes.Equal(second, want[i][1]) || string(b.Tail(end, 3)) != "end" {
			t.Fatalf("record %d differs", i)
		}
		if b.Span(int(off), pairs) != end+3-int(off) {
			t.Fatalf("record %d spans %d bytes", i, b.Span(int(off), pairs))
		}
		live += end + 3 - int(off)
	}
	if live != b.Live() {
		t.Fatalf("%d live bytes, noted %d", live, b.Live())
	}
}

func farBytes(items [][2][]byte) (n int64) {
	for _, item := range items {
		for _, v := range item {
			if len(v) > Inline {
				n += int64(len(v))
			}
		}
	}
	return n
}

func TestRecords(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var b Block
		var offs []uint16
		var want [][2][]byte
		for range 100 {
			if len(offs) > 0 && r.IntN(3) == 0 {
				i := r.IntN(len(offs))
				b.Free(int(offs[i]), pairs)
				offs[i], want[i] = offs[len(offs)-1], want[len(offs)-1]
				offs, want = offs[:len(offs)-1], want[:len(offs)-1]
			} else {
				off, items := add(&b, r)
				offs, want = append(offs, off), append(want, items)
			}
			if b.Sparse() {
				b.Compact(offs, pairs, 0)
			}
		}
		compare(t, &b, offs, want)
		if b.far != nil && b.far.bytes < farBytes(want) {
			t.Fatalf("%d far bytes, noted %d", farBytes(want), b.far.bytes)
		}

		// What is written to a clone does not reach the block, and the other way round.
		theirs := append([]uint16(nil), offs...)
		c := b.Clone(theirs, pairs, 10)
		compare(t, &c, theirs, want)
		for i := range offs {
			at, _ := c.Item(int(theirs[i]))
			c.Replace(int(theirs[i]), bytes.Repeat([]byte{'~'}, len(at)))
			add(&c, r)
		}
		compare(t, &b, offs, want)
	}
}

func TestReplace(t *testing.T) {
	var b Block
	b.Add([]byte("inline"))
	far := b.Len()
	b.Add(bytes.Repeat([]byte{'f'}, 600))
	old, _ := b.Item(far)
	if b.Replace(0, []byte("longer than before")) || b.Replace(far, []byte("short")) {
		t.Error("an item of another length was replaced")
	}
	if !b.Replace(0, []byte("INLINE")) || !b.Replace(far, bytes.Repeat([]byte{'g'}, 600)) {
		t.Error("an item of the same length was not replaced")
	}
	if !b.Equal(0, []byte("INLINE")) || !b.Equal(far, bytes.Repeat([]byte{'g'}, 600)) {
		t.Error("the new items are not there")
	}
	if old[0] != 'f' {
		t.Error("a far slice was written in place")
	}
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 63, 64, 100, Inline, Inline + 1, 8191, 8192, 1 << 20} {
		v := make([]byte, n)
		var b Block
		b.Add(v)
		if b.Len() != Size(v) {
			t.Errorf("an item of %d bytes takes %d bytes in a block, Size says %d", n, b.Len(), Size(v))
		}
		s := Seq(nil).Splice(0, 0, ItemSize(v), 1, Shape{Items: 1})
		if end := s.Put(SeqHead, v); end != len(s) {
			t.Errorf("an item of %d bytes ends at %d in a sequence of %d", n, end, len(s))
		}
	}
}

func FuzzSeqValid(f *testing.F) {
	f.Add([]byte{}, uint8(1), uint8(0))
	f.Add([]byte{1, 0, 2, 'a'}, uint8(1), uint8(0))
	f.Add([]byte{1, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, uint8(1), uint8(8))
	f.Fuzz(func(t *testing.T, data []byte, items, tail uint8) {
		shape := Shape{Items: 1 + items%2, Tail: tail % 16}
		s := Seq(data)
		if !s.Valid(shape) {
			return
		}
		off := SeqHead
		n := s.Len(shape)
		for range n {
			off = s.Skip(off, shape)
		}
		if off != max(len(data), SeqHead) {
			t.Fatalf("%d records end at %d of %d bytes", n, off, len(data))
		}
	})
}

func TestSort(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 2))
	for range 50 {
		var b Block
		var offs []uint16
		var want [][]byte
		for i := range r.IntN(80) {
			v := bytes.Repeat([]byte{byte(i)}, []int{0, 1, 63, 64, 300, Inline + 1}[r.IntN(6)])
			offs, want = append(offs, uint16(b.Len())), append(want, v)
			b.Reserve(Size(v))
			b.Add(v)
		}
		r.Shuffle(len(offs), func(i, j int) {
			offs[i], offs[j] = offs[j], offs[i]
			want[i], want[j] = want[j], want[i]
		})
		b.Sort(offs)
		at := 0
		for i, v := range want {
			if int(offs[i]) != at || !b.Equal(at, v) {
				t.Fatalf("seed %d: record %d is at %d, not at %d, or differs", seed, i, offs[i], at)
			}
			at = b.Skip(at)
		}
		if at != b.Len() {
			t.Fatalf("seed %d: the records end at %d of %d bytes", seed, at, b.Len())
		}
	}
}
