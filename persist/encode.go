package persist

import "strconv"

// Record is one command of the log. The log copies what it needs of Args in Append, and lends Args
// to Replay's function for the call. It is an alias of an unnamed type, so that who appends can have the
// same one without knowing this package.
type Record = struct {
	// DB is the database that the command runs in.
	DB int
	// Args are the command's name and its arguments; at least one.
	Args [][]byte
}

const (
	multiRecord = "*1\r\n$5\r\nMULTI\r\n"
	execRecord  = "*1\r\n$4\r\nEXEC\r\n"
)

// noDB is the selected database of a file that nothing has been appended to: each file starts with
// its own SELECT, whatever the one before ended with.
const noDB = -1

// appendRecord encodes one command as a RESP array of bulk strings.
func appendRecord(b []byte, args [][]byte) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	b = append(b, '\r', '\n')
	for _, a := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(a)), 10)
		b = append(b, '\r', '\n')
		b = append(b, a...)
		b = append(b, '\r', '\n')
	}
	return b
}

func appendSelect(b []byte, db int) []byte {
	var digits [20]byte
	n := strconv.AppendInt(digits[:0], int64(db), 10)
	b = append(b, "*2\r\n$6\r\nSELECT\r\n$"...)
	b = strconv.AppendInt(b, int64(len(n)), 10)
	b = append(b, '\r', '\n')
	b = append(b, n...)
	return append(b, '\r', '\n')
}

// appendGroup encodes what must be applied together, after selected was the database, and returns
// the one that is selected then.
func appendGroup(b []byte, selected int, group []Record) ([]byte, int) {
	bracket := len(group) > 1
	for i, r := range group {
		if r.DB != selected {
			b = appendSelect(b, r.DB)
			selected = r.DB
		}
		if i == 0 && bracket {
			b = append(b, multiRecord...)
		}
		b = appendRecord(b, r.Args)
	}
	if bracket {
		b = append(b, execRecord...)
	}
	return b, selected
}
