package wire

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/tidwall/resp"
)

// Kind is the type of a Value: RESP's type byte.
type Kind byte

// The kinds of RESP2 and RESP3.
const (
	KindStatus    Kind = '+'
	KindError     Kind = '-' // also RESP3's bulk error
	KindInt       Kind = ':'
	KindBulk      Kind = '$'
	KindArray     Kind = '*'
	KindNull      Kind = '_' // RESP3's; RESP2's nulls are KindBulk or KindArray with Null set
	KindDouble    Kind = ','
	KindBool      Kind = '#'
	KindBigNumber Kind = '('
	KindVerbatim  Kind = '='
	KindMap       Kind = '%'
	KindSet       Kind = '~'
	KindPush      Kind = '>'
)

// Value is one reply as a client sees it, with all types of RESP3. The zero
// value is no reply.
type Value struct {
	Kind Kind
	Null bool
	// Str is the text of a status, error, bulk string, double (as it was sent),
	// big number, or verbatim string without its format.
	Str    []byte
	Format string // of a verbatim string: three letters
	Int    int64  // of an integer; 1 or 0 of a boolean
	// Elems are an aggregate's elements; of a map, keys and values in turn.
	Elems []Value
	// Attrs are the attributes sent before the value, keys and values in turn.
	Attrs []Value
}

// IsNull reports whether v is any of the protocol's nulls.
func (v Value) IsNull() bool { return v.Null || v.Kind == KindNull }

// Err returns the error that v is, or nil.
func (v Value) Err() error {
	if v.Kind == KindError {
		return Error(v.Str)
	}
	return nil
}

// Float returns the number of a double; 0 when v is none.
func (v Value) Float() float64 {
	if v.Kind != KindDouble {
		return 0
	}
	f, _ := parseDouble(string(v.Str))
	return f
}

// Send writes v into r. Nulls, maps and the like degrade as r's protocol wants;
// attributes are left out.
func (v Value) Send(r Reply) {
	switch {
	case v.Kind == KindArray && v.Null:
		r.NullArray()
		return
	case v.IsNull():
		r.Null()
		return
	}
	switch v.Kind {
	case KindStatus:
		r.Status(string(v.Str))
	case KindError:
		r.Error(Error(v.Str))
	case KindInt:
		r.Int(v.Int)
	case KindBulk:
		r.Bulk(v.Str)
	case KindDouble:
		r.Double(v.Float())
	case KindBool:
		r.Bool(v.Int != 0)
	case KindBigNumber:
		r.BigNumber(string(v.Str))
	case KindVerbatim:
		r.Verbatim(v.Format, string(v.Str))
	case KindArray:
		r.Array(len(v.Elems))
	case KindMap:
		r.Map(len(v.Elems) / 2)
	case KindSet:
		r.Set(len(v.Elems))
	case KindPush:
		r.Push(len(v.Elems))
	}
	for _, e := range v.Elems {
		e.Send(r)
	}
}

// Resp returns v as a value of tidwall/resp, which has RESP2's types only: a
// map becomes an array of keys and values in turn, a set or push an array, a
// boolean the integer 1 or 0, a double, big number or verbatim string a bulk
// string, a null the null bulk string. Strings share memory with v.
func (v Value) Resp() resp.Value {
	switch {
	case v.Kind == KindArray && v.Null:
		return respNullArray
	case v.IsNull():
		return resp.NullValue()
	}
	switch v.Kind {
	case KindStatus:
		return resp.SimpleStringValue(string(v.Str))
	case KindError:
		return resp.ErrorValue(Error(v.Str))
	case KindInt, KindBool:
		return resp.IntegerValue(int(v.Int))
	case KindArray, KindMap, KindSet, KindPush:
		vals := make([]resp.Value, len(v.Elems))
		for i, e := range v.Elems {
			vals[i] = e.Resp()
		}
		return resp.ArrayValue(vals)
	}
	return resp.BytesValue(v.Str)
}

// respNullArray has no constructor in tidwall/resp: it can only be read.
var respNullArray = func() resp.Value {
	v, _, err := resp.NewReader(strings.NewReader("*-1\r\n")).ReadValue()
	if err != nil {
		panic(err)
	}
	return v
}()

// parseDouble reads RESP3's doubles. Go's own syntax is wider: digits with
// underscores, hexadecimal and words are refused.
func parseDouble(s string) (f float64, ok bool) {
	switch s {
	case "inf", "+inf":
		return math.Inf(1), true
	case "-inf":
		return math.Inf(-1), true
	case "nan", "-nan":
		return math.NaN(), true
	}
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// validBigNumber accepts an optional sign and decimal digits.
func validBigNumber(s string) bool {
	_, ok := new(big.Int).SetString(s, 10)
	return ok && !strings.Contains(s, "_")
}
