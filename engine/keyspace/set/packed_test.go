package set

import (
	"fmt"
	"hash/maphash"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
)

func packedMembers(p Packed) map[string]bool {
	got := map[string]bool{}
	p.Range(func(m []byte) bool {
		got[string(m)] = true
		return true
	})
	return got
}

func TestPackedAgainstMap(t *testing.T) {
	for _, c := range []struct {
		name   string
		ints   bool
		member func(r *rand.Rand) string
	}{
		{"small integers", true, func(r *rand.Rand) string { return fmt.Sprint(r.IntN(200) - 100) }},
		{"all widths", true, func(r *rand.Rand) string { return fmt.Sprint(int64(r.Uint64()) >> (8 * r.IntN(8))) }},
		{"words", false, func(r *rand.Rand) string { return fmt.Sprintf("m%d", r.IntN(100)) }},
		{"mixed", false, func(r *rand.Rand) string {
			return []string{"", "-", "m", "0"}[r.IntN(4)] + fmt.Sprint(r.IntN(50))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := random(t)
			var p Packed
			want := map[string]bool{}
			for i := range 10000 {
				m := c.member(r)
				if len(want) > 200 {
					m, _ = anyOf(want)
				}
				if r.IntN(2) == 0 || len(want) > 200 {
					var ok bool
					if p, ok = p.Remove([]byte(m)); ok != want[m] {
						t.Fatalf("Remove %q = %v", m, ok)
					}
					delete(want, m)
				} else {
					var added bool
					if p, added = p.Add([]byte(m)); added == want[m] {
						t.Fatalf("Add %q = %v", m, added)
					}
					want[m] = true
				}
				if p.Has([]byte(m)) != want[m] {
					t.Fatalf("Has %q", m)
				}
				if i%100 == 0 && (!p.Valid() || p.Len() != len(want) || !maps.Equal(packedMembers(p), want)) {
					t.Fatalf("%d members differ from the %d wanted, valid %v", p.Len(), len(want), p.Valid())
				}
			}
			if p.Ints() != c.ints {
				t.Errorf("the form is integers: %v", p.Ints())
			}
			same(t, p.Large(maphash.MakeSeed()), want)
			if plain := p.Plain(); plain.Ints() || !plain.Valid() || !maps.Equal(packedMembers(plain), want) {
				t.Error("the plain form differs")
			}
		})
	}
}

func anyOf(m map[string]bool) (string, bool) {
	for k := range m {
		return k, true
	}
	return "", false
}

func TestIntegersInOrder(t *testing.T) {
	var p Packed
	for _, m := range []int64{5, -3, math.MaxInt64, 0, math.MinInt64, 70000, -32768, 32767, -32769} {
		p, _ = p.Add(strconv.AppendInt(nil, m, 10))
	}
	var got []int64
	p.Range(func(m []byte) bool {
		v, _ := strconv.ParseInt(string(m), 10, 64)
		got = append(got, v)
		return true
	})
	if len(got) != 9 || !slices.IsSorted(got) || !p.Ints() {
		t.Errorf("integers %v", got)
	}
	if m := p.At(0, nil); string(m) != "-9223372036854775808" {
		t.Errorf("At(0) = %s", m)
	}
}

func TestWidths(t *testing.T) {
	var p Packed
	for _, c := range []struct {
		member string
		width  int
	}{
		{"1", 2}, {"-32768", 2}, {"32768", 4}, {"-2147483648", 4}, {"2147483648", 8}, {"2", 8},
	} {
		p, _ = p.Add([]byte(c.member))
		if p.width() != c.width {
			t.Errorf("after %s integers are %d bytes wide", c.member, p.width())
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in string
		ok bool
	}{
		{"0", true}, {"-1", true}, {"9223372036854775807", true}, {"-9223372036854775808", true},
		{"9223372036854775808", false}, {"-9223372036854775809", false}, {"99999999999999999999", false},
		{"", false}, {"-", false}, {"-0", false}, {"00", false}, {"01", false}, {"+1", false},
		{" 1", false}, {"1 ", false}, {"1.0", false}, {"a", false},
	} {
		v, ok := parse([]byte(c.in))
		if ok != c.ok || ok && fmt.Sprint(v) != c.in {
			t.Errorf("parse(%q) = %d, %v", c.in, v, ok)
		}
	}
}

func TestPackedRandom(t *testing.T) {
	r := random(t)
	var p Packed
	for i := range 10 {
		p, _ = p.Add(fmt.Append(nil, i))
	}
	for _, p := range []Packed{p, p.Plain()} {
		hits := map[string]int{}
		room := make([]byte, 20)
		for range 10000 {
			hits[string(p.Random(r, room))]++
		}
		for i := range 10 {
			if n := hits[fmt.Sprint(i)]; n < 800 || n > 1200 {
				t.Errorf("member %d was drawn %d of 10000 times", i, n)
			}
		}
	}
}

func FuzzPacked(f *testing.F) {
	f.Add([]byte(nil), []byte("1"))
	f.Add([]byte{0xf2, 0xff, 1, 0, 2, 0}, []byte("70000"))
	f.Add([]byte{0xf8, 0xff, 1, 0, 2, 0}, []byte("70000"))
	f.Add([]byte{0xf3, 0xff, 1, 0, 2}, []byte("70000"))
	f.Add([]byte{1, 0, 2, 'a'}, []byte("a"))
	f.Fuzz(func(t *testing.T, data, m []byte) {
		p := Packed(slices.Clone(data)) // written in place below
		if !p.Valid() {
			return
		}
		want := packedMembers(p)
		if p.Len() != len(want) {
			t.Fatalf("Len %d, Range gave %d", p.Len(), len(want))
		}
		p, added := p.Add(m)
		if added == want[string(m)] {
			t.Fatalf("Add = %v", added)
		}
		want[string(m)] = true
		if !p.Valid() || !p.Has(m) || !maps.Equal(packedMembers(p), want) {
			t.Fatal("wrong after Add")
		}
		p, ok := p.Remove(m)
		delete(want, string(m))
		if !ok || !p.Valid() || p.Has(m) || !maps.Equal(packedMembers(p), want) {
			t.Fatal("wrong after Remove")
		}
	})
}
