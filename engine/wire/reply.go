package wire

// Reply receives one command's reply, value by value, depth first: after
// Array(2) the next two values are its elements. Handlers write to this
// interface and never learn whether the values become RESP bytes (Writer), Lua
// values or Go values (Collector).
//
// Byte slices given to a Reply are copied before the call returns.
type Reply interface {
	// Proto is the RESP version the receiver understands, 2 or 3. Most handlers
	// need not ask: the methods below degrade by themselves on RESP2.
	Proto() int

	Int(n int64)
	Bulk(b []byte)
	BulkString(s string)
	// Status writes a simple string. It must not contain CR or LF.
	Status(s string)
	// Error writes an error reply; line breaks in it become spaces.
	Error(e Error)
	// Null is RESP3's null, and RESP2's null bulk string.
	Null()
	// NullArray is RESP3's null, and RESP2's null array.
	NullArray()
	// Double is a RESP3 double, and a bulk string on RESP2.
	Double(f float64)
	// DoubleText is Double with the digits of f as they are to be shown.
	DoubleText(f float64, text []byte)
	// Bool is a RESP3 boolean, and the integer 1 or 0 on RESP2.
	Bool(b bool)
	BigNumber(s string)
	// Verbatim is a RESP3 verbatim string with a format of three letters ("txt",
	// "mkd"), and a bulk string on RESP2.
	Verbatim(format, text string)

	Array(n int)
	// Map announces n key-value pairs: a RESP3 map, and an array of 2n on RESP2.
	Map(n int)
	// Set is a RESP3 set, and an array on RESP2.
	Set(n int)
	// Push is a RESP3 out-of-band push, and an array on RESP2.
	Push(n int)

	// OpenArray begins an array whose length is not known yet. CloseArray ends
	// it with the number of elements written since; mark is what OpenArray
	// returned. Both calls nest.
	OpenArray() (mark int)
	CloseArray(mark, n int)

	// Mark is the position to which Rewind cuts the reply back, so that a
	// failing handler never leaves half a reply.
	Mark() int
	Rewind(mark int)
}
