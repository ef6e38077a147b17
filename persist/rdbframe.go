package persist

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"github.com/hdt3213/rdb/crc64jones"
)

// The library that reads RDB files knows neither functions nor the order of a stream entry's
// fields, does not look at the checksum, and believes each length it reads. So the file goes
// through rdbFrame first, which knows how an RDB file is framed, but not what the encodings hold:
// it checks lengths and checksum, takes functions and streams out and reads them itself, and
// passes all else on as it is.

// Opcodes and types of RDB versions up to 12 (rdb.h).
const (
	rdbOpFunction  = 245
	rdbOpModuleAux = 247
	rdbOpIdle      = 248
	rdbOpFreq      = 249
	rdbOpAux       = 250
	rdbOpResize    = 251
	rdbOpExpireMs  = 252
	rdbOpExpire    = 253
	rdbOpSelect    = 254
	rdbOpEOF       = 255

	rdbString     = 0
	rdbList       = 1
	rdbSet        = 2
	rdbZset       = 3
	rdbHash       = 4
	rdbZset2      = 5
	rdbZipMap     = 9
	rdbZipListL   = 10
	rdbIntSet     = 11
	rdbZipListZ   = 12
	rdbZipListH   = 13
	rdbQuickList  = 14
	rdbStream     = 15
	rdbListPackH  = 16
	rdbListPackZ  = 17
	rdbQuickList2 = 18
	rdbStream2    = 19
	rdbListPackS  = 20
	rdbStream3    = 21
)

const (
	rdbMagic      = "REDIS"
	rdbMaxVersion = 12
	// rdbChecksumFrom is the first version that ends in a checksum.
	rdbChecksumFrom = 5
)

// rdbFrame is a reader that yields the RDB file without what take gets.
type rdbFrame struct {
	in   *bufio.Reader
	off  int64
	size int64
	crc  hash.Hash64

	// take receives functions and streams as commands that rebuild them; the args are its own. nil
	// only checks.
	take      func(db int, args ...[]byte) error
	libraries int64
	streams   int64

	version  int
	db       int
	expireMs int64 // of the current object; 0 for none
	buf      []byte
	pos      int
	done     bool
	err      error
}

// newRDBFrame reads from in, which stands at the beginning of a file of the given size.
func newRDBFrame(in *bufio.Reader, size int64, take func(db int, args ...[]byte) error) *rdbFrame {
	return &rdbFrame{in: in, size: size, take: take, crc: crc64jones.New()}
}

// Read implements io.Reader. An error that is not io.EOF stays in f.err, which is better than what
// the library makes of it: a *fault, or what take returned.
func (f *rdbFrame) Read(p []byte) (int, error) {
	for f.pos == len(f.buf) {
		if f.err != nil {
			return 0, f.err
		}
		if f.done {
			return 0, io.EOF
		}
		f.buf, f.pos = f.buf[:0], 0
		f.err = f.step()
	}
	n := copy(p, f.buf[f.pos:])
	f.pos += n
	return n, nil
}

// drain reads to the end and checks only.
func (f *rdbFrame) drain() error {
	for !f.done {
		f.buf = f.buf[:0]
		if err := f.step(); err != nil {
			return err
		}
	}
	return nil
}

func (f *rdbFrame) bad(format string, a ...any) error {
	return &fault{offset: f.off, reason: fmt.Sprintf(format, a...)}
}

// bytes reads n bytes and appends them to buf; the result is valid until the next call.
func (f *rdbFrame) bytes(n int64) ([]byte, error) {
	if n < 0 || n > f.size-f.off {
		return nil, f.bad("the RDB file ends in a value of %d bytes", n)
	}
	have := len(f.buf)
	if need := have + int(n); need > cap(f.buf) {
		bigger := make([]byte, have, need+need/4)
		copy(bigger, f.buf)
		f.buf = bigger
	}
	f.buf = f.buf[:have+int(n)]
	m, err := io.ReadFull(f.in, f.buf[have:])
	f.off += int64(m)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, f.bad("the RDB file ends in a value of %d bytes", n)
	}
	if err != nil {
		return nil, err
	}
	f.crc.Write(f.buf[have:]) // a hash's Write returns no error
	return f.buf[have:], nil
}

func (f *rdbFrame) byte() (byte, error) {
	b, err := f.bytes(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// step reads the header, an opcode, or an object with what stands before it.
func (f *rdbFrame) step() error {
	if f.version == 0 {
		return f.header()
	}
	f.expireMs = 0
	mark := len(f.buf)
	for {
		op, err := f.byte()
		if err != nil {
			return err
		}
		switch op {
		case rdbOpSelect:
			db, err := f.length()
			f.db = int(db)
			return err
		case rdbOpResize:
			return f.lengths(2)
		case rdbOpAux:
			return f.strings(2)
		case rdbOpFunction:
			err := f.function()
			f.buf = f.buf[:mark]
			return err
		case rdbOpEOF:
			return f.eof()
		case rdbOpModuleAux:
			return f.bad("the RDB file holds data of a Redis module")
		case rdbOpExpireMs, rdbOpExpire:
			err = f.expiry(op)
		case rdbOpIdle:
			err = f.lengths(1)
		case rdbOpFreq:
			_, err = f.byte()
		case rdbStream, rdbStream2, rdbStream3:
			err := f.stream(op)
			f.buf = f.buf[:mark]
			return err
		default:
			if err := f.strings(1); err != nil { // the key
				return err
			}
			return f.object(op)
		}
		if err != nil {
			return err
		}
	}
}

func (f *rdbFrame) header() error {
	h, err := f.bytes(int64(len(rdbMagic)) + 4)
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(string(h[len(rdbMagic):]))
	if string(h[:len(rdbMagic)]) != rdbMagic || err != nil || version < 1 {
		return &fault{reason: "the file does not begin like an RDB file"}
	}
	if version > rdbMaxVersion {
		return &fault{reason: fmt.Sprintf("RDB version %d is newer than this program reads (%d)", version, rdbMaxVersion)}
	}
	f.version = version
	return nil
}

func (f *rdbFrame) expiry(op byte) error {
	if op == rdbOpExpire {
		b, err := f.bytes(4)
		if err == nil {
			f.expireMs = int64(binary.LittleEndian.Uint32(b)) * 1000
		}
		return err
	}
	b, err := f.bytes(8)
	if err == nil {
		f.expireMs = int64(binary.LittleEndian.Uint64(b))
	}
	return err
}

func (f *rdbFrame) eof() error {
	f.done = true
	if f.version < rdbChecksumFrom {
		return nil
	}
	want := f.crc.Sum64()
	b, err := f.bytes(8)
	if err != nil {
		f.done = false
		return err
	}
	// Zero says that the writer had checksums disabled.
	if got := binary.LittleEndian.Uint64(b); got != 0 && got != want {
		f.done = false
		return f.bad("the RDB file's checksum is %016x, its content's %016x", got, want)
	}
	return nil
}

// function reads a library and hands it over as the command that loads it.
func (f *rdbFrame) function() error {
	code, err := f.str()
	if err != nil {
		return err
	}
	f.libraries++
	if f.take == nil {
		return nil
	}
	return f.take(0, []byte("FUNCTION"), []byte("LOAD"), code)
}

// object skips a value.
func (f *rdbFrame) object(typ byte) error {
	switch typ {
	case rdbIntSet:
		return f.intset()
	case rdbString, rdbZipMap, rdbZipListL, rdbZipListZ, rdbZipListH,
		rdbListPackH, rdbListPackZ, rdbListPackS:
		return f.strings(1)
	case rdbList, rdbSet, rdbQuickList, rdbHash:
		n, err := f.count()
		if err == nil && typ == rdbHash {
			n *= 2
		}
		if err != nil {
			return err
		}
		return f.strings(n)
	case rdbZset, rdbZset2, rdbQuickList2:
		n, err := f.count()
		for ; n > 0 && err == nil; n-- {
			err = f.pair(typ)
		}
		return err
	}
	return f.bad("the RDB file holds a value of type %d, which this program does not read", typ)
}

// intset skips a set of integers, whose count the library takes for the truth.
func (f *rdbFrame) intset() error {
	raw, encoding, err := f.rawString()
	if err != nil || f.take == nil && encoding == rdbEncLZF {
		return err // compressed: it is looked at when it is unpacked
	}
	if encoding != rdbPlain && encoding != rdbEncLZF || len(raw) < 8 ||
		uint64(len(raw)-8) != uint64(binary.LittleEndian.Uint32(raw))*uint64(binary.LittleEndian.Uint32(raw[4:])) {
		return f.bad("a set of integers whose size is not what it says")
	}
	return nil
}

// pair skips an element that is more than strings.
func (f *rdbFrame) pair(typ byte) error {
	if typ == rdbQuickList2 {
		if err := f.lengths(1); err != nil { // plain or packed
			return err
		}
		return f.strings(1)
	}
	if err := f.strings(1); err != nil {
		return err
	}
	size := int64(8)
	if typ == rdbZset {
		b, err := f.byte()
		if err != nil {
			return err
		}
		if size = int64(b); b >= 253 { // infinities and NaN have no digits
			return nil
		}
	}
	_, err := f.bytes(size)
	return err
}
