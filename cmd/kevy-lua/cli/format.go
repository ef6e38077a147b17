package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// Format writes a reply for people: types, quotes, numbered elements.
func Format(v wire.Value) string {
	var b strings.Builder
	appendFormat(&b, v, "")
	return b.String()
}

// appendFormat writes v and a line end. Lines after the first begin with indent.
func appendFormat(b *strings.Builder, v wire.Value, indent string) {
	if v.IsNull() {
		b.WriteString("(nil)\n")
		return
	}
	switch v.Kind {
	case wire.KindError:
		fmt.Fprintf(b, "(error) %s\n", v.Str)
	case wire.KindInt:
		fmt.Fprintf(b, "(integer) %d\n", v.Int)
	case wire.KindDouble:
		fmt.Fprintf(b, "(double) %s\n", v.Str)
	case wire.KindBigNumber:
		fmt.Fprintf(b, "(big number) %s\n", v.Str)
	case wire.KindBool:
		fmt.Fprintf(b, "(%t)\n", v.Int != 0)
	case wire.KindBulk:
		b.WriteString(quote(v.Str))
		b.WriteByte('\n')
	case wire.KindArray, wire.KindSet, wire.KindPush, wire.KindMap:
		appendElems(b, v, indent)
	default: // status, verbatim
		b.Write(v.Str)
		b.WriteByte('\n')
	}
}

// aggregates say how the elements of a kind are marked, and what none is called.
var aggregates = map[wire.Kind]struct {
	mark  byte
	empty string
}{
	wire.KindArray: {')', "(empty array)"},
	wire.KindPush:  {')', "(empty push)"},
	wire.KindSet:   {'~', "(empty set)"},
	wire.KindMap:   {'#', "(empty hash)"},
}

func appendElems(b *strings.Builder, v wire.Value, indent string) {
	kind := aggregates[v.Kind]
	if len(v.Elems) == 0 {
		b.WriteString(kind.empty)
		b.WriteByte('\n')
		return
	}
	step := 1
	if v.Kind == wire.KindMap {
		step = 2
	}
	width := len(strconv.Itoa(len(v.Elems) / step))
	inner := indent + strings.Repeat(" ", width+2)
	for i := 0; i < len(v.Elems); i += step {
		if i > 0 {
			b.WriteString(indent)
		}
		fmt.Fprintf(b, "%*d%c ", width, i/step+1, kind.mark)
		if step == 2 {
			appendPair(b, v.Elems[i], v.Elems[i+1], inner)
		} else {
			appendFormat(b, v.Elems[i], inner)
		}
	}
}

// appendPair writes a key and its value; a value of several lines begins on a line of its own.
func appendPair(b *strings.Builder, key, value wire.Value, indent string) {
	var left, right strings.Builder
	appendFormat(&left, key, indent)
	appendFormat(&right, value, indent)
	b.WriteString(strings.TrimSuffix(left.String(), "\n"))
	b.WriteString(" => ")
	if len(value.Elems) > 0 && strings.Count(right.String(), "\n") > 1 {
		b.WriteString("\n" + indent)
	}
	b.WriteString(right.String())
}

// formatRaw writes the bare values, one a line, without the last line's end.
func formatRaw(v wire.Value) string {
	if v.IsNull() {
		return ""
	}
	switch v.Kind {
	case wire.KindError:
		return string(v.Str) + "\n"
	case wire.KindInt:
		return strconv.FormatInt(v.Int, 10)
	case wire.KindBool:
		return fmt.Sprintf("(%t)", v.Int != 0)
	case wire.KindMap:
		var lines []string
		for i := 0; i+1 < len(v.Elems); i += 2 {
			lines = append(lines, formatRaw(v.Elems[i])+" "+formatRaw(v.Elems[i+1]))
		}
		return strings.Join(lines, "\n")
	case wire.KindArray, wire.KindSet, wire.KindPush:
		var lines []string
		for _, e := range v.Elems {
			lines = append(lines, formatRaw(e))
		}
		return strings.Join(lines, "\n")
	}
	return string(v.Str)
}

// quote writes bytes so that they can be typed again: what is no printable
// ASCII is escaped.
func quote(s []byte) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch c {
		case '\\', '"':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\a':
			b.WriteString(`\a`)
		case '\b':
			b.WriteString(`\b`)
		default:
			if c >= ' ' && c <= '~' {
				b.WriteByte(c)
			} else {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}
