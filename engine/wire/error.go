package wire

import (
	"bytes"
	"fmt"
	"strings"
)

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
	ErrIntRange   Error = "ERR value is out of range, value must between -2147483648 and 2147483647"
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

// Errorf formats an Error. The format starts with the error's code. Arguments
// that are texts end at their first zero byte, as those of C do.
func Errorf(format string, args ...any) Error {
	for i, a := range args {
		switch a := a.(type) {
		case []byte:
			if n := bytes.IndexByte(a, 0); n >= 0 {
				args[i] = a[:n]
			}
		case string:
			if n := strings.IndexByte(a, 0); n >= 0 {
				args[i] = a[:n]
			}
		}
	}
	return Error(fmt.Sprintf(format, args...))
}

// WrongArity is the answer to a command with a wrong number of arguments.
// name is the command's full name in lower case ("config|get" for sub-commands).
func WrongArity(name string) Error {
	return Errorf("ERR wrong number of arguments for '%s' command", name)
}
