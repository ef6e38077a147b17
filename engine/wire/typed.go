package wire

import (
	"strconv"
	"strings"
)

// Text is the text of a scalar: a string as it is, a number in decimal, a
// boolean as 1 or 0. Nulls and aggregates have none.
func (v Value) Text() string {
	switch v.Kind {
	case KindInt, KindBool:
		return strconv.FormatInt(v.Int, 10)
	}
	return string(v.Str)
}

// String shows a value to people, on one line: bulk strings in quotes, aggregates
// in brackets, nulls as nil.
func (v Value) String() string {
	switch {
	case v.Kind == 0:
		return "no reply"
	case v.IsNull():
		return "nil"
	}
	switch v.Kind {
	case KindInt:
		return strconv.FormatInt(v.Int, 10)
	case KindBool:
		return strconv.FormatBool(v.Int != 0)
	case KindBulk, KindVerbatim:
		return strconv.Quote(string(v.Str))
	case KindArray, KindMap, KindSet, KindPush:
		elems := make([]string, len(v.Elems))
		for i, e := range v.Elems {
			elems[i] = e.String()
		}
		return "[" + strings.Join(elems, " ") + "]"
	}
	return string(v.Str)
}

// Texts are the texts of an aggregate's elements; of a map, keys and values in turn.
func (v Value) Texts() []string {
	out := make([]string, len(v.Elems))
	for i, e := range v.Elems {
		out[i] = e.Text()
	}
	return out
}

// Fields are a map's texts by key. RESP2's form of one, an array of keys and
// values in turn, is as good.
func (v Value) Fields() map[string]string {
	out := make(map[string]string, len(v.Elems)/2)
	for i := 0; i+1 < len(v.Elems); i += 2 {
		out[v.Elems[i].Text()] = v.Elems[i+1].Text()
	}
	return out
}

// Number is the number that a scalar is or whose text it holds.
func (v Value) Number() (float64, bool) {
	if v.Kind == KindInt || v.Kind == KindBool {
		return float64(v.Int), true
	}
	if v.IsNull() {
		return 0, false
	}
	return parseDouble(string(v.Str))
}
