package wire

// ProtocolError says that a request breaks the protocol. What follows it
// cannot be trusted: the connection answers with Reply and is closed. The texts
// are those of Redis 7.
type ProtocolError string

// Protocol errors of requests. A wrong type byte has its own text, made by the parser.
const (
	ErrInlineTooBig       ProtocolError = "too big inline request"
	ErrUnbalancedQuotes   ProtocolError = "unbalanced quotes in request"
	ErrCountTooBig        ProtocolError = "too big mbulk count string"
	ErrCountInvalid       ProtocolError = "invalid multibulk length"
	ErrCountNoAuth        ProtocolError = "unauthenticated multibulk length"
	ErrBulkCountTooBig    ProtocolError = "too big bulk count string"
	ErrBulkInvalid        ProtocolError = "invalid bulk length"
	ErrBulkNoAuth         ProtocolError = "unauthenticated bulk length"
	protocolErrorExpected               = "expected '$', got '"
)

// Error returns the text without an error code.
func (e ProtocolError) Error() string { return "Protocol error: " + string(e) }

// Reply returns the error that the client is sent.
func (e ProtocolError) Reply() Error { return Error("ERR " + e.Error()) }
