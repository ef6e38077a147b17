package commandtest

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Words splits a line as redis-cli does.
func Words(t testing.TB, line string) []string {
	t.Helper()
	args, ok := wire.SplitArgs(nil, []byte(line))
	if !ok || len(args) == 0 {
		t.Fatalf("not a command line: %s", line)
	}
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = string(a)
	}
	return words
}

// Line is the reverse of Words.
func Line(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = Quote(a)
	}
	return strings.Join(quoted, " ")
}

// Quote puts s in double quotes when it is not a plain word.
func Quote(s string) string {
	plain := s != ""
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\' {
			plain = false
		}
	}
	if plain {
		return s
	}
	return quoted(s)
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c >= 0x7f:
			const hex = "0123456789abcdef"
			b.WriteString(`\x`)
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Text shows a reply in one line: a status bare, an integer as (integer) 1, a
// bulk string in double quotes, an error as (error) ERR …, nulls as (nil) and
// (nil array), arrays as [a b], maps as {k: v}, sets as ~[a b], pushes as
// >[a b], doubles as (double) 1.5, booleans as (true), big numbers as
// (number) 1, verbatim strings as (txt) "…", and no reply as (none).
func Text(v wire.Value) string {
	switch {
	case v.Kind == 0:
		return "(none)"
	case v.Kind == wire.KindArray && v.Null:
		return "(nil array)"
	case v.Kind == wire.KindNull:
		return "(null)"
	case v.IsNull():
		return "(nil)"
	}
	switch v.Kind {
	case wire.KindStatus:
		return string(v.Str)
	case wire.KindError:
		return "(error) " + string(v.Str)
	case wire.KindInt:
		return "(integer) " + strconv.FormatInt(v.Int, 10)
	case wire.KindBulk:
		return quoted(string(v.Str))
	case wire.KindDouble:
		return "(double) " + string(v.Str)
	case wire.KindBool:
		return "(" + strconv.FormatBool(v.Int != 0) + ")"
	case wire.KindBigNumber:
		return "(number) " + string(v.Str)
	case wire.KindVerbatim:
		return "(" + v.Format + ") " + quoted(string(v.Str))
	}
	return aggregate(v, elements(v))
}

// elements returns the texts of an aggregate's elements, of a map the pairs.
func elements(v wire.Value) []string {
	step := 1
	if v.Kind == wire.KindMap {
		step = 2
	}
	var parts []string
	for i := 0; i+step <= len(v.Elems); i += step {
		part := Text(v.Elems[i])
		if step == 2 {
			part += ": " + Text(v.Elems[i+1])
		}
		parts = append(parts, part)
	}
	return parts
}

func aggregate(v wire.Value, parts []string) string {
	opening, closing := "[", "]"
	switch v.Kind {
	case wire.KindMap:
		opening, closing = "{", "}"
	case wire.KindSet:
		opening = "~["
	case wire.KindPush:
		opening = ">["
	}
	return opening + strings.Join(parts, " ") + closing
}

// Sorted is Text with the elements of the outermost aggregate in order, and of
// the aggregates directly inside it (SCAN and its kin reply a cursor and an array).
func Sorted(v wire.Value) string {
	if len(v.Elems) == 0 {
		return Text(v)
	}
	parts := elements(v)
	if v.Kind != wire.KindMap {
		for i, e := range v.Elems {
			if len(e.Elems) > 0 {
				inner := elements(e)
				slices.Sort(inner)
				parts[i] = aggregate(e, inner)
			}
		}
	}
	slices.Sort(parts)
	return aggregate(v, parts)
}
