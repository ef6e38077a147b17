package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
)

// TestChecksum is the value that Redis' crc64.c names for this text.
func TestChecksum(t *testing.T) {
	if got := Checksum([]byte("123456789")); got != 0xe9c6d914c4b8d9ca {
		t.Errorf("%x", got)
	}
}

// text shows a value.
func text(v *Value) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q", v.Kind, v.Items)
	if v.Scores != nil {
		fmt.Fprintf(&b, " %v", v.Scores)
	}
	if s := v.Stream; s != nil {
		fmt.Fprintf(&b, " %v %v %d", s.Last, s.MaxDeleted, s.Added)
		for _, e := range s.Entries {
			fmt.Fprintf(&b, " %v%q", e.ID, e.Fields)
		}
		for _, g := range s.Groups {
			fmt.Fprintf(&b, " (%q %v %d %v", g.Name, g.Last, g.Read, g.Pending)
			for _, c := range g.Consumers {
				fmt.Fprintf(&b, " %q %d", c.Name, c.SeenMs)
			}
		}
	}
	return b.String()
}

// encode writes a value anew.
func encode(v *Value) []byte {
	switch v.Kind {
	case String:
		return AppendString(nil, v.Items[0])
	case Stream:
		w := NewStreamWriter(nil)
		for _, e := range v.Stream.Entries {
			w.Entry(e.ID, e.Fields)
		}
		return w.End(v.Stream)
	case Hash:
		b := AppendCollection(nil, Hash, len(v.Items)/2)
		for _, item := range v.Items {
			b = AppendItem(b, item)
		}
		return b
	}
	b := AppendCollection(nil, v.Kind, len(v.Items))
	for i, item := range v.Items {
		b = AppendItem(b, item)
		if v.Kind == ZSet {
			b = AppendScore(b, v.Scores[i])
		}
	}
	return b
}

func items(s ...string) (b [][]byte) {
	for _, v := range s {
		b = append(b, []byte(v))
	}
	return b
}

// values are of every kind, with the borders of the encodings in them.
func values() (all []*Value) {
	numbers := items("0", "-1", "127", "128", "-128", "-129", "4095", "4096", "-4096", "-4097", "32767", "32768", "8388607", "8388608", "-8388609",
		"2147483647", "2147483648", "-2147483649", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "-0", "+1", "")
	for _, n := range []int{63, 64, 127, 128, 4095, 4096, 16383, 16384, 70000} {
		numbers = append(numbers, bytes.Repeat([]byte{byte(n)}, n))
	}
	for _, n := range numbers {
		all = append(all, &Value{Kind: String, Items: [][]byte{n}})
	}
	all = append(all, &Value{Kind: List, Items: numbers}, &Value{Kind: List, Items: items("a", "a")}, &Value{Kind: Set, Items: numbers},
		&Value{Kind: Hash, Items: items("a", "1", "b", "1")},
		&Value{Kind: ZSet, Items: items("a", "b", "c", "d"), Scores: []float64{1, -1.5, math.Inf(1), math.Inf(-1)}})
	s := &StreamValue{Last: ID{7000, 1}, MaxDeleted: ID{3, 3}, Added: 5000}
	all = append(all, &Value{Kind: Stream, Stream: &StreamValue{Last: s.Last, MaxDeleted: s.MaxDeleted, Added: s.Added}})
	for i := range 350 {
		fields := items("name", fmt.Sprint(i))
		if i%7 == 0 {
			fields = items("other", "", "and", strings.Repeat("x", i*10))
		}
		s.Entries = append(s.Entries, StreamEntry{ID{uint64(i) << (i % 20), uint64(i)}, fields})
		if i > 0 && !s.Entries[i-1].ID.Less(s.Entries[i].ID) {
			s.Entries[i].ID.Ms = s.Entries[i-1].ID.Ms + 1
		}
	}
	s.Last = s.Entries[len(s.Entries)-1].ID
	s.Groups = []StreamGroup{
		{Name: []byte("g"), Last: ID{5, 5}, Read: 3, Consumers: []StreamConsumer{{[]byte("a"), 1000}, {[]byte("idle"), 2000}, {[]byte("b"), 3000}},
			Pending: []StreamPending{{ID{1, 1}, 500, 1, 0}, {ID{2, 2}, 600, 70, 2}, {ID{3, 3}, 700, 1, 0}}},
		{Name: []byte("new"), Read: -1},
	}
	return append(all, &Value{Kind: Stream, Stream: s})
}

func TestRoundTrip(t *testing.T) {
	for i, v := range values() {
		got, err := Open(Seal(encode(v)))
		if err != nil {
			t.Errorf("value %d: %v", i, err)
		} else if text(got) != text(v) {
			t.Errorf("value %d\n got %.200s\nwant %.200s", i, text(got), text(v))
		}
	}
}

// TestOldForms reads what this package does not write.
func TestOldForms(t *testing.T) {
	pack := func(build func(p *packer)) []byte {
		p := newPacker()
		build(&p)
		return p.bytes()
	}
	words := pack(func(p *packer) {
		for _, w := range []string{"a", "1", "b", "-70000"} {
			p.string([]byte(w))
		}
	})
	zip := []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00" + "\x00\x01a" + "\x03\xf2" + "\x02\x01b" + "\x03\xf0\x90\xee\xfe" + "\xff")
	binary.LittleEndian.PutUint32(zip, uint32(len(zip)))
	str := func(b []byte) string { return string(appendLength(nil, uint64(len(b)))) + string(b) }
	for _, tc := range []struct{ name, body, want string }{
		{"ziplist", "\x0a" + str(zip), `1 ["a" "1" "b" "-70000"]`},
		{"hash in a ziplist", "\x0d" + str(zip), `4 ["a" "1" "b" "-70000"]`},
		{"sorted set in a ziplist", "\x0c" + str(zip), `3 ["a" "b"] [1 -70000]`},
		{"quicklist", "\x0e\x02" + str(zip) + str(zip), `1 ["a" "1" "b" "-70000" "a" "1" "b" "-70000"]`},
		{"hash in a listpack", "\x10" + str(words), `4 ["a" "1" "b" "-70000"]`},
		{"sorted set in a listpack", "\x11" + str(words), `3 ["a" "b"] [1 -70000]`},
		{"set in a listpack", "\x14" + str(words), `2 ["a" "1" "b" "-70000"]`},
		{"quicklist of listpacks", "\x12\x02\x02" + str(words) + "\x01" + str([]byte("plain")), `1 ["a" "1" "b" "-70000" "plain"]`},
		{"intset of 2", "\x0b" + str([]byte("\x02\x00\x00\x00\x02\x00\x00\x00\xff\xff\x05\x00")), `2 ["-1" "5"]`},
		{"intset of 8", "\x0b" + str([]byte("\x08\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\x7f")), `2 ["9223372036854775807"]`},
		{"zipmap", "\x09" + str([]byte("\x02\x01a\x02\x00xy\x01b\x01\x02z..\xff")), `4 ["a" "xy" "b" "z"]`},
		{"scores as text", "\x03\x03\x01a\x031.5\x01b\xfe\x01c\xff", `3 ["a" "b" "c"] [1.5 +Inf -Inf]`},
		{"compressed", "\x00\xc3\x05\x0a\x00a\xe0\x00\x00", `0 ["aaaaaaaaaa"]`},
		{"32-bit length", "\x00\x80\x00\x00\x00\x02hi", `0 ["hi"]`},
		{"64-bit length", "\x00\x81\x00\x00\x00\x00\x00\x00\x00\x02hi", `0 ["hi"]`},
	} {
		v, err := decode([]byte(tc.body))
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		} else if got := text(v); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.name, got, tc.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, tc := range []struct{ name, body string }{
		{"nothing", ""}, {"no value", "\x00"}, {"unknown type", "\x06\x01a"}, {"more behind it", "\x00\x01ab"}, {"empty list", "\x01\x00"},
		{"member twice", "\x02\x02\x01a\x01a"}, {"field twice", "\x04\x02\x01a\x011\x01a\x012"}, {"a number that is none", "\x05\x01\x01a\x00\x00\x00\x00\x00\x00\xf8\x7f"},
		{"a count beyond the end", "\x01\x80\xff\xff\xff\xff\x01a"}, {"a length beyond the end", "\x00\x81\x7f\xff\xff\xff\xff\xff\xff\xff"},
		{"compressed from nothing", "\x00\xc3\x02\x81\x00\x00\x00\xff\x00\x00\x00\x00aa"}, {"compressed, back before the start", "\x00\xc3\x02\x03\x20\x00"},
		{"listpack without end", "\x10\x08\x08\x00\x00\x00\x00\x00\x01\x01"}, {"intset out of order", "\x0b\x0c\x02\x00\x00\x00\x02\x00\x00\x00\x05\x00\x01\x00"},
		{"unknown length", "\x00\x82\x01a"},
	} {
		if v, err := Open(Seal([]byte(tc.body))); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %v, %v", tc.name, v, err)
		}
	}
	good := Seal(AppendString(nil, []byte("abc")))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if v, err := Open(bad); !errors.Is(err, ErrPayload) {
			t.Errorf("byte %d: %v, %v", i, v, err)
		}
	}
	for n := range good {
		if _, err := Open(good[:n]); !errors.Is(err, ErrPayload) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// FuzzDecode: nothing makes it panic, and what it takes for a value is one,
// which can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, v := range values() {
		if b := encode(v); len(b) < 10000 {
			f.Add(b)
		}
	}
	f.Add([]byte("\x00\xc3\x05\x0a\x00a\xe0\x00\x00"))
	f.Add([]byte("\x09\x0f\x02\x01a\x02\x00xy\x01b\x01\x02z..\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		v, err := decode(body)
		if err != nil {
			return
		}
		again, err := Open(Seal(encode(v)))
		if err != nil || text(again) != text(v) {
			t.Fatalf("%v\n got %s\nwant %s", err, text(again), text(v))
		}
	})
}
