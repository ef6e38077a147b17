package rdb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"strconv"
)

// Magic begins every RDB file.
const Magic = "REDIS"

// checksumFrom is the first version that ends in a checksum.
const checksumFrom = 5

// FileError says what is wrong with a file, and where.
type FileError struct {
	Offset int64
	Reason string
}

func (e *FileError) Error() string { return fmt.Sprintf("rdb: offset %d: %s", e.Offset, e.Reason) }

// Entry is what Reader.Next found: the source of a library of functions, or a key
// with its value.
type Entry struct {
	Library    []byte // nil for a key
	DB         int
	Key        []byte
	DeadlineMs int64 // Unix milliseconds; 0 for none
	Value      *Value
}

// Reader reads an RDB file of any version up to 12, an entry at a time.
type Reader struct {
	r       reader
	src     source
	version int
	db      int
}

// NewReader reads from in, which stands at the beginning of a file that has size
// bytes, or fewer of RDB with something else behind it. It reads in pieces and
// beyond the end of the RDB part: see Offset.
func NewReader(in io.Reader, size int64) *Reader {
	f := &Reader{src: source{in: in, left: size}}
	f.r.src = &f.src
	return f
}

// Offset is how much has been used: at the end, where the RDB part ends.
func (f *Reader) Offset() int64 { return f.src.used }

// Next returns the next entry, which is valid until the call after that. The error
// is io.EOF at the end, a *FileError for what is not as it should be, or that of
// the reader below.
func (f *Reader) Next() (*Entry, error) {
	if f.version == 0 {
		if err := f.header(); err != nil {
			return nil, err
		}
	}
	for {
		f.r.src.begin(&f.r)
		e := &Entry{DB: f.db}
		op, err := f.prelude(e)
		switch {
		case err != nil:
			return nil, err
		case op == opEOF:
			return nil, f.end()
		case op == opFunction:
			e.Library = f.r.string()
			return e, f.err("a library of functions")
		}
		e.Key = f.r.string()
		if err := f.err("a key"); err != nil {
			return nil, err
		}
		if e.Value, err = f.value(Type(op), e.Key); err != nil {
			return nil, err
		}
		if e.Value.Kind == Stream || len(e.Value.Items) > 0 {
			return e, nil // an empty collection is no key: Redis has written such, and passes over it too
		}
	}
}

func (f *Reader) value(t Type, key []byte) (*Value, error) {
	if _, known := forms[t]; !known {
		return nil, f.bad("the key %q has a value of type %d, which this program does not read", key, t)
	}
	v := f.r.value(t)
	if f.r.err != nil || f.src.err != nil {
		return nil, f.err(fmt.Sprintf("the value of the key %q", key))
	}
	if v.Kind != Stream && len(v.Items) > 0 && !v.sound() {
		return nil, f.bad("the value of the key %q holds something twice, or a score that is no number", key)
	}
	return v, nil
}

// prelude reads up to a value's type, or another opcode that is the caller's.
func (f *Reader) prelude(e *Entry) (op byte, err error) {
	r := &f.r
	for {
		op = r.byte()
		switch op {
		case opSelect:
			f.db = int(min(r.length(), 1<<31-1))
			e.DB = f.db
		case opResize:
			r.length()
			r.length()
		case opAux:
			r.string()
			r.string()
		case opIdle:
			r.length()
		case opFreq:
			r.byte()
		case opSlot:
			r.length()
			r.length()
			r.length()
		case opExpireMs:
			e.DeadlineMs = r.timeMs()
		case opExpire:
			if b := r.cut(4); b != nil {
				e.DeadlineMs = int64(binary.LittleEndian.Uint32(b)) * 1000
			}
		case opModuleAux:
			return op, f.bad("the file holds data of a Redis module")
		default:
			return op, f.err("an entry")
		}
		if err := f.err("an entry"); err != nil {
			return op, err
		}
	}
}

func (f *Reader) header() error {
	h := f.r.cut(uint64(len(Magic)) + 4)
	if f.src.err != nil {
		return f.err("")
	}
	if len(h) == 0 || string(h[:len(Magic)]) != Magic {
		return &FileError{Reason: "the file does not begin like an RDB file"}
	}
	version, err := strconv.Atoi(string(h[len(Magic):]))
	if err != nil || version < 1 {
		return &FileError{Reason: "the file does not begin like an RDB file"}
	}
	if version > readVersion {
		return &FileError{Reason: fmt.Sprintf("RDB version %d is newer than this program reads (%d)", version, readVersion)}
	}
	f.version = version
	return nil
}

// end looks at the checksum; zero says that the writer made none.
func (f *Reader) end() error {
	if f.version < checksumFrom {
		return io.EOF
	}
	f.src.sum(&f.r)
	want := f.src.crc
	b := f.r.cut(8)
	if err := f.err("the checksum"); err != nil {
		return err
	}
	if got := binary.LittleEndian.Uint64(b); got != 0 && got != want {
		return f.bad("the checksum is %016x, that of the content %016x", got, want)
	}
	return io.EOF
}

// err is what has gone wrong while what was read.
func (f *Reader) err(what string) error {
	switch {
	case f.src.err != nil:
		return f.src.err
	case f.r.err != nil && f.src.short:
		return f.bad("the file ends inside %s", what)
	case f.r.err != nil:
		return f.bad("%s is damaged", what)
	}
	return nil
}

func (f *Reader) bad(format string, a ...any) error {
	return &FileError{Offset: f.src.used, Reason: "RDB: " + fmt.Sprintf(format, a...)}
}

// source is what a reader gets its bytes from when they are not all there.
type source struct {
	in     io.Reader
	left   int64 // not read yet
	used   int64
	buf    []byte // whose end r.b is
	crc    uint64 // of what was used, but for what is used in buf from summed on
	summed int
	short  bool  // more was wanted than there is
	err    error // of in
}

// window is how much is read at a time.
const window = 64 << 10

// begin says that nothing that was handed out is needed any more. What is left in the buffer moves to
// its front when it is little: each byte moves once at most.
func (s *source) begin(r *reader) {
	if len(r.b) > cap(s.buf)/8 {
		return
	}
	s.sum(r)
	s.buf, s.summed = s.buf[:copy(s.buf[:cap(s.buf)], r.b)], 0
	r.b = s.buf
}

// sum adds what was used to the checksum: much at a time, since short pieces cost twice as much.
func (s *source) sum(r *reader) {
	end := len(s.buf) - len(r.b)
	s.crc = ^crc64.Update(^s.crc, jones, s.buf[s.summed:end])
	s.summed = end
}

// fill makes r.b at least n bytes long, if there are so many.
func (s *source) fill(r *reader, n uint64) bool {
	have := len(r.b)
	if n > uint64(have)+uint64(max(s.left, 0)) {
		s.short = true
		return false
	}
	// What was handed out stays where it is: when the buffer is full, there is a new one.
	if more := int(n) - have; cap(s.buf)-len(s.buf) < more {
		moved := make([]byte, have, int(min(int64(max(int(n), window)), int64(have)+s.left)))
		copy(moved, r.b)
		s.sum(r)
		s.buf, s.summed = moved, 0
	}
	from := len(s.buf)
	size := int(min(int64(cap(s.buf)-from), s.left))
	got, err := io.ReadFull(s.in, s.buf[from:from+size])
	s.buf = s.buf[:from+got]
	r.b = s.buf[from-have:]
	s.left -= int64(got)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.short, s.left = true, 0
	default:
		s.err = fmt.Errorf("rdb: read at offset %d: %w", s.used+int64(len(r.b)), err)
	}
	return len(r.b) >= int(n)
}
