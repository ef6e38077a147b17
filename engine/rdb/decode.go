package rdb

import (
	"math"
	"strconv"
)

// decode reads a type and the value behind it, which is all of b.
func decode(b []byte) (*Value, error) {
	r := &reader{b: b}
	v := r.value(Type(r.byte()))
	if r.err != nil || len(r.b) > 0 || !v.sound() {
		return nil, ErrFormat
	}
	return v, nil
}

// form is how the types of collections are read.
var forms = map[Type]struct {
	kind Kind
	read func(r *reader, v *Value)
}{
	typeString:     {String, func(r *reader, v *Value) { v.Items = [][]byte{r.string()} }},
	typeList:       {List, func(r *reader, v *Value) { r.strings(v, 1) }},
	typeSet:        {Set, func(r *reader, v *Value) { r.strings(v, 1) }},
	typeHash:       {Hash, func(r *reader, v *Value) { r.strings(v, 2) }},
	typeZSet:       {ZSet, func(r *reader, v *Value) { r.scored(v, 9, r.double) }},
	typeZSetText:   {ZSet, func(r *reader, v *Value) { r.scored(v, 2, r.textDouble) }},
	typeZipmap:     {Hash, packed(zipmap)},
	typeZiplist:    {List, packed(ziplist)},
	typeIntset:     {Set, packed(intset)},
	typeHashZip:    {Hash, packed(ziplist)},
	typeHashPack:   {Hash, packed(listpack)},
	typeSetPack:    {Set, packed(listpack)},
	typeZSetZip:    {ZSet, packedScores(ziplist)},
	typeZSetPack:   {ZSet, packedScores(listpack)},
	typeQuicklist:  {List, (*reader).quicklist},
	typeQuicklist2: {List, (*reader).quicklist2},
	typeStream:     {Stream, func(r *reader, v *Value) { v.Stream = r.stream(typeStream) }},
	typeStream2:    {Stream, func(r *reader, v *Value) { v.Stream = r.stream(typeStream2) }},
	typeStream3:    {Stream, func(r *reader, v *Value) { v.Stream = r.stream(typeStream3) }},
}

func (r *reader) value(t Type) *Value {
	f, ok := forms[t]
	if !ok {
		r.fail()
		return nil
	}
	v := &Value{Kind: f.kind}
	f.read(r, v)
	return v
}

// maxAhead is for how many items there is room at once: what a number promises may
// not be there.
const maxAhead = 1 << 16

// strings reads a number and that many strings, or that many times each.
func (r *reader) strings(v *Value, each int) {
	n := r.count(uint64(each)) * each
	v.Items = make([][]byte, 0, min(n, maxAhead))
	for ; n > 0 && r.err == nil; n-- {
		v.Items = append(v.Items, r.string())
	}
}

// scored reads a sorted set whose members take at least so many bytes each.
func (r *reader) scored(v *Value, bytes uint64, score func() float64) {
	n := r.count(bytes)
	v.Items, v.Scores = make([][]byte, 0, min(n, maxAhead)), make([]float64, 0, min(n, maxAhead))
	for ; n > 0 && r.err == nil; n-- {
		v.Items = append(v.Items, r.string())
		v.Scores = append(v.Scores, score())
	}
}

// packed reads a value that is one string with all items in it.
func packed(unpack func([]byte) ([][]byte, bool)) func(*reader, *Value) {
	return func(r *reader, v *Value) { v.Items = r.items(unpack) }
}

func (r *reader) items(unpack func([]byte) ([][]byte, bool)) [][]byte {
	b := r.string()
	if r.err != nil {
		return nil
	}
	items, ok := unpack(b)
	if !ok {
		r.fail()
	}
	return items
}

// packedScores is packed for members and scores in turns.
func packedScores(unpack func([]byte) ([][]byte, bool)) func(*reader, *Value) {
	return func(r *reader, v *Value) {
		items := r.items(unpack)
		if len(items)%2 != 0 {
			r.fail()
			return
		}
		for i := 0; i < len(items); i += 2 {
			score, err := strconv.ParseFloat(string(items[i+1]), 64)
			if err != nil {
				r.fail()
				return
			}
			v.Items, v.Scores = append(v.Items, items[i]), append(v.Scores, score)
		}
	}
}

// quicklist reads a list in pieces.
func (r *reader) quicklist(v *Value) {
	for n := r.count(1); n > 0 && r.err == nil; n-- {
		v.Items = append(v.Items, r.items(ziplist)...)
	}
}

// quicklist2 reads a list in pieces, each a listpack or a single large element.
func (r *reader) quicklist2(v *Value) {
	const single, several = 1, 2
	for n := r.count(2); n > 0 && r.err == nil; n-- {
		switch r.length() {
		case single:
			v.Items = append(v.Items, r.string())
		case several:
			v.Items = append(v.Items, r.items(listpack)...)
		default:
			r.fail()
		}
	}
}

// sound reports whether a value is one that may exist: no empty collection, no
// member or field twice, no score that is no number.
func (v *Value) sound() bool {
	if v.Kind == Stream {
		return v.Stream != nil
	}
	if len(v.Items) == 0 {
		return false
	}
	for _, score := range v.Scores {
		if math.IsNaN(score) {
			return false
		}
	}
	switch v.Kind {
	case Hash:
		return len(v.Items)%2 == 0 && distinct(v.Items, 2)
	case Set, ZSet:
		return distinct(v.Items, 1)
	}
	return true
}

// distinct reports whether every step-th item is another one.
func distinct(items [][]byte, step int) bool {
	seen := make(map[string]struct{}, len(items)/step)
	for i := 0; i < len(items); i += step {
		seen[string(items[i])] = struct{}{}
	}
	return len(seen) == len(items)/step
}
