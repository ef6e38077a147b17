package scripting

import (
	"encoding/binary"
	"errors"
	"hash/crc64"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// FUNCTION DUMP and RESTORE speak the format of Redis' snapshots, so that
// libraries travel both ways: for each library an opcode and its code as a
// string, then the format's version and a CRC64 of all before.
const (
	opFunction  = 245 // RDB_OPCODE_FUNCTION2
	rdbVersion  = 10
	footerBytes = 10
)

const (
	errDumpPayload wire.Error = "ERR DUMP payload version or checksum are wrong"
	errDumpPolicy  wire.Error = "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."
	errDumpFormat  wire.Error = "ERR failed loading functions payload"
)

// crcTable is of Jones' polynomial, which Redis uses, bits reversed.
var crcTable = crc64.MakeTable(0x95ac9329ac4bc9b5)

// crc64Jones is Redis' checksum: Go's starts and ends with the complement.
func crc64Jones(b []byte) uint64 { return ^crc64.Update(^uint64(0), crcTable, b) }

func (r *Runner) functionDump(c *command.Call) error {
	var b []byte
	for _, code := range r.libs.codes() {
		b = append(appendLength(append(b, opFunction), len(code)), code...)
	}
	b = binary.LittleEndian.AppendUint16(b, rdbVersion)
	b = binary.LittleEndian.AppendUint64(b, crc64Jones(b))
	c.Reply.Bulk(b)
	return nil
}

// appendLength appends a length as snapshots have it.
func appendLength(b []byte, n int) []byte {
	switch {
	case n < 1<<6:
		return append(b, byte(n))
	case n < 1<<14:
		return append(b, 0x40|byte(n>>8), byte(n))
	}
	return binary.BigEndian.AppendUint32(append(b, 0x80), uint32(n))
}

// undump reads the libraries of a dump.
func undump(b []byte) ([]string, error) {
	if len(b) < footerBytes {
		return nil, errDumpPayload
	}
	body, sum := b[:len(b)-8], binary.LittleEndian.Uint64(b[len(b)-8:])
	version := binary.LittleEndian.Uint16(body[len(body)-2:])
	if version > rdbVersion+2 || sum != 0 && sum != crc64Jones(body) {
		return nil, errDumpPayload
	}
	r := &dumpReader{b: body[:len(body)-2]}
	var codes []string
	for len(r.b) > 0 {
		if op := r.take(1); op[0] != opFunction {
			return nil, errDumpFormat
		}
		code := r.text()
		if r.err != nil {
			return nil, errDumpFormat
		}
		codes = append(codes, code)
	}
	return codes, nil
}

// dumpReader reads strings of a snapshot. After an error it yields nothing.
type dumpReader struct {
	b   []byte
	err error
}

var errDumpShort = errors.New("scripting: the dump is cut off")

func (r *dumpReader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		r.err = errDumpShort
		return make([]byte, max(min(n, 16), 1))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

// length reads a length, or the kind of a specially encoded string.
func (r *dumpReader) length() (n int, special bool) {
	first := r.take(1)[0]
	switch first >> 6 {
	case 0:
		return int(first & 0x3f), false
	case 1:
		return int(first&0x3f)<<8 | int(r.take(1)[0]), false
	case 3:
		return int(first & 0x3f), true
	}
	if first == 0x81 {
		return int(min(binary.BigEndian.Uint64(r.take(8)), 1<<40)), false
	}
	return int(binary.BigEndian.Uint32(r.take(4))), false
}

// encodingLZF is the special kind of compressed strings.
const encodingLZF = 3

func (r *dumpReader) text() string {
	n, special := r.length()
	if !special {
		return string(r.take(n))
	}
	if n != encodingLZF {
		r.err = errDumpShort
		return ""
	}
	packed, _ := r.length()
	size, _ := r.length()
	out, ok := unpackLZF(r.take(packed), size)
	if !ok {
		r.err = errDumpShort
	}
	return string(out)
}

// unpackLZF unpacks what Redis compressed: runs of bytes as they are, and
// references to what came before.
func unpackLZF(in []byte, size int) ([]byte, bool) {
	if size < 0 || size > maxString {
		return nil, false
	}
	out := make([]byte, 0, min(size, 1<<20))
	for i := 0; i < len(in); {
		c := int(in[i])
		i++
		if c < 32 {
			if i+c+1 > len(in) {
				return nil, false
			}
			out = append(out, in[i:i+c+1]...)
			i += c + 1
			continue
		}
		n := c >> 5
		if n == 7 {
			if i == len(in) {
				return nil, false
			}
			n += int(in[i])
			i++
		}
		if i == len(in) {
			return nil, false
		}
		back := len(out) - ((c&0x1f)<<8 | int(in[i])) - 1
		i++
		if back < 0 || len(out)+n+2 > size {
			return nil, false
		}
		for k := range n + 2 {
			out = append(out, out[back+k]) // the copy may overlap its source
		}
	}
	return out, len(out) == size
}

func (r *Runner) functionRestore(c *command.Call) error {
	policy := "append"
	if len(c.Args) > 4 {
		return wire.Errorf("ERR unknown subcommand or wrong number of arguments for '%s'. Try FUNCTION HELP.", c.Args[1])
	}
	if len(c.Args) == 4 {
		switch {
		case c.Is(3, "append"):
		case c.Is(3, "replace"):
			policy = "replace"
		case c.Is(3, "flush"):
			policy = "flush"
		default:
			return errDumpPolicy
		}
	}
	codes, err := undump(c.Args[2])
	if err != nil {
		return err
	}
	if err := r.restore(codes, policy); err != nil {
		return err
	}
	logged(c, c.Args...)
	c.Reply.Status("OK")
	return nil
}

// restore loads libraries; when one of them cannot be loaded, all is as before.
func (r *Runner) restore(codes []string, policy string) error {
	r.libs.load.Lock()
	before := r.libs.codes()
	if policy == "flush" {
		r.flush()
	}
	r.libs.load.Unlock()
	for _, code := range codes {
		_, err := r.load(code, userFunction, policy == "replace", false)
		if err == nil {
			continue
		}
		var exists libraryExists
		if errors.As(err, &exists) {
			err = wire.Errorf("ERR Library %s already exists", string(exists)) // without the quotes of FUNCTION LOAD
		}
		r.libs.load.Lock()
		r.flush()
		r.libs.load.Unlock()
		for _, code := range before {
			if _, back := r.load(code, userFunction, true, true); back != nil {
				return errors.Join(err, back)
			}
		}
		return err
	}
	return nil
}
