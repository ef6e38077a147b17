package scripting

import (
	lua "github.com/yuin/gopher-lua"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// relay is the wire.Reply of "return redis.call(…)" at the end of a script: it
// writes the client's reply as it would be after the way into Lua values and
// back. It knows the values of RESP2 only; under redis.setresp(3) there is none.
type relay struct {
	to wire.Reply
}

// relayed is what a script returns whose reply has been written.
var relayed = &lua.LUserData{Metatable: lua.LNil}

var _ wire.Reply = (*relay)(nil)

// Proto is that of redis.call.
func (r *relay) Proto() int { return 2 }

// Int passes a number on; as a Lua number, a large one is rounded.
func (r *relay) Int(n int64) {
	if n > exactInts || n < -exactInts {
		n = truncInt(float64(n))
	}
	r.to.Int(n)
}

// exactInts is up to where floating point holds every integer.
const exactInts = 1 << 53

// Bulk passes a string on.
func (r *relay) Bulk(b []byte) { r.to.Bulk(b) }

// BulkString passes a string on.
func (r *relay) BulkString(s string) { r.to.BulkString(s) }

// Status passes {ok=s} on.
func (r *relay) Status(s string) { r.to.Status(s) }

// Error passes an element {err=…} on.
func (r *relay) Error(e wire.Error) { r.to.Error(e) }

// Null passes false on.
func (r *relay) Null() { r.to.Null() }

// NullArray is Null: Lua has one kind of nothing.
func (r *relay) NullArray() { r.to.Null() }

// Double passes the string of RESP2 on.
func (r *relay) Double(f float64) {
	var scratch [32]byte
	r.to.Bulk(wire.AppendDouble(scratch[:0], f))
}

// DoubleText passes the string of RESP2 on.
func (r *relay) DoubleText(_ float64, text []byte) { r.to.Bulk(text) }

// Bool passes 1 or 0 on.
func (r *relay) Bool(b bool) {
	if b {
		r.to.Int(1)
	} else {
		r.to.Int(0)
	}
}

// BigNumber passes a string on.
func (r *relay) BigNumber(s string) { r.to.BulkString(s) }

// Verbatim passes the text on.
func (r *relay) Verbatim(_, text string) { r.to.BulkString(text) }

// Array passes a table on.
func (r *relay) Array(n int) { r.to.Array(n) }

// Map passes a flat table on.
func (r *relay) Map(n int) { r.to.Array(2 * n) }

// Set passes a table on.
func (r *relay) Set(n int) { r.to.Array(n) }

// Push passes a table on.
func (r *relay) Push(n int) { r.to.Array(n) }

// OpenArray begins a table of unknown length.
func (r *relay) OpenArray() int { return r.to.OpenArray() }

// CloseArray ends it.
func (r *relay) CloseArray(mark, n int) { r.to.CloseArray(mark, n) }

// Mark returns a position for Rewind.
func (r *relay) Mark() int { return r.to.Mark() }

// Rewind forgets what was written since the mark.
func (r *relay) Rewind(mark int) { r.to.Rewind(mark) }
