package wire

import (
	"bufio"
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/tidwall/resp"
)

// say writes one of everything.
func say(r Reply) {
	outer := r.OpenArray()
	r.Int(-3)
	r.Bulk([]byte("a\r\nb"))
	r.BulkString("")
	r.Status("two\r\nlines")
	r.Error("ERR two\r\nlines")
	r.Null()
	r.NullArray()
	r.Double(2.5)
	r.Double(math.Inf(1))
	r.Bool(true)
	r.Bool(false)
	r.BigNumber("123456789012345678901234567890")
	r.Verbatim("mkd", "# x")
	r.Array(2)
	r.Array(0)
	r.Int(1)
	r.Map(1)
	r.BulkString("k")
	r.Map(0)
	r.Set(1)
	r.Int(7)
	inner := r.OpenArray()
	mark := r.Mark()
	r.Array(5)
	r.BulkString("never seen")
	r.Rewind(mark)
	r.Int(8)
	r.CloseArray(inner, 1)
	r.CloseArray(outer, 17)
}

// What a Collector gathers is what a client reads from a Writer's bytes.
func TestCollectorLikeWriter(t *testing.T) {
	for _, resp3 := range []bool{false, true} {
		w := Writer{RESP3: resp3}
		c := Collector{RESP3: resp3}
		say(&w)
		say(&c)
		r := bufio.NewReader(bytes.NewReader(w.Buf))
		want, err := ReadValue(r)
		if err != nil || r.Buffered() > 0 {
			t.Fatalf("RESP3 %v: %v, %d bytes left in %q", resp3, err, r.Buffered(), w.Buf)
		}
		got, err := c.Typed()
		if err != nil {
			t.Fatal(err)
		}
		if show(got) != show(want) {
			t.Errorf("RESP3 %v:\n%s\nwant\n%s", resp3, show(got), show(want))
		}
		if c.Proto() != w.Proto() {
			t.Errorf("Proto %d, %d", c.Proto(), w.Proto())
		}
	}
}

// tidwall/resp reads the bytes that Writer makes of what Collector hands out.
func TestCollectorLikeResp(t *testing.T) {
	var w Writer
	var c Collector
	say(&w)
	say(&c)
	want, n, err := resp.NewReader(bytes.NewReader(w.Buf)).ReadValue()
	if err != nil || n != len(w.Buf) {
		t.Fatalf("%d of %d bytes, %v", n, len(w.Buf), err)
	}
	if got := c.Value(); !got.Equals(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestCollectorRESP3Degrades(t *testing.T) {
	c := Collector{RESP3: true}
	c.Map(1)
	c.BulkString("k")
	c.Double(0.5)
	c.Bool(true)
	c.Null()
	all, err := c.All()
	if err != nil || len(all) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	want := resp.ArrayValue([]resp.Value{resp.StringValue("k"), resp.StringValue("0.5")})
	if got := c.Value(); !got.Equals(want) {
		t.Errorf("map became %v", got)
	}
	if got := all[1].Resp(); got.Type() != resp.Integer || got.Integer() != 1 {
		t.Errorf("true became %v", got)
	}
	if got := all[2].Resp(); !got.IsNull() {
		t.Errorf("null became %v", got)
	}
}

func TestCollectorIncomplete(t *testing.T) {
	for name, write := range map[string]func(*Collector){
		"nothing":          func(*Collector) {},
		"missing element":  func(c *Collector) { c.Array(2); c.Int(1) },
		"missing in inner": func(c *Collector) { c.Array(1); c.Array(1) },
		"never closed":     func(c *Collector) { c.OpenArray(); c.Int(1) },
	} {
		var c Collector
		write(&c)
		if v, err := c.Typed(); !errors.Is(err, ErrIncomplete) {
			t.Errorf("%s: %s, %v", name, show(v), err)
		}
		if !c.Value().IsNull() {
			t.Errorf("%s: %v", name, c.Value())
		}
	}
}

// Values outlive Reset, and what was handed in may be overwritten.
func TestCollectorOwnsItsBytes(t *testing.T) {
	var c Collector
	b := []byte("first")
	c.Bulk(b)
	copy(b, "XXXXX")
	first := c.Value()
	c.Reset()
	c.BulkString("second value")
	if first.String() != "first" || c.Value().String() != "second value" {
		t.Errorf("%q, then %q", first.String(), c.Value().String())
	}
}

func TestValueErr(t *testing.T) {
	var c Collector
	c.Error(ErrSyntax)
	v, err := c.Typed()
	if err != nil || !errors.Is(v.Err(), ErrSyntax) {
		t.Errorf("%v, %v", v.Err(), err)
	}
	if (Value{Kind: KindInt}).Err() != nil {
		t.Error("an integer is an error")
	}
}

func TestValueString(t *testing.T) {
	c := Collector{RESP3: true}
	c.Array(7)
	c.Int(1)
	c.BulkString("a\nb")
	c.Null()
	c.Bool(true)
	c.Double(1.5)
	c.Status("OK")
	c.Map(1)
	c.BulkString("k")
	c.Array(0)
	v, err := c.Typed()
	if want := `[1 "a\nb" nil true 1.5 OK ["k" []]]`; err != nil || v.String() != want {
		t.Errorf("%s, %v; want %s", v, err, want)
	}
}
