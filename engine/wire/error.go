package wire

import "fmt"

// Error is a reply of RESP's error type: an upper-case code, a space and a
// text, without the leading '-' and without line breaks. Client-visible errors
// are constants of this type with Redis' exact text, declared once.
type Error string

// Error returns the reply's text, its code included.
func (e Error) Error() string { return string(e) }

// Errors that more than one package answers with. The texts are Redis 7's.
const (
	ErrSyntax     Error = "ERR syntax error"
	ErrWrongType  Error = "WRONGTYPE Operation against a key holding the wrong kind of value"
	ErrNotInteger Error = "ERR value is not an integer or out of range"
	ErrNotFloat   Error = "ERR value is not a valid float"
	ErrNoSuchKey  Error = "ERR no such key"
	ErrOutOfRange Error = "ERR index out of range"
	ErrOverflow   Error = "ERR increment or decrement would overflow"
	ErrSameObject Error = "ERR source and destination objects are the same"
	ErrTimeout    Error = "ERR timeout is not a float or out of range"
	ErrNegTimeout Error = "ERR timeout is negative"
	ErrNoAuth     Error = "NOAUTH Authentication required."
	ErrOOM        Error = "OOM command not allowed when used memory > 'maxmemory'."
	ErrExecAbort  Error = "EXECABORT Transaction discarded because of previous errors."
)

// Errorf formats an Error. The format starts with the error's code.
func Errorf(format string, args ...any) Error { return Error(fmt.Sprintf(format, args...)) }

// WrongArity is the answer to a command with a wrong number of arguments.
// name is the command's full name in lower case ("config|get" for sub-commands).
func WrongArity(name string) Error {
	return Errorf("ERR wrong number of arguments for '%s' command", name)
}
