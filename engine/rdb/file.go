package rdb

import (
	"encoding/binary"
	"fmt"
	"hash/crc64"
	"io"
)

// Opcodes of an RDB file.
const (
	opSlot      = 244 // sizes of a cluster's slot, 7.4
	opFunction  = 245
	opModuleAux = 247
	opIdle      = 248
	opFreq      = 249
	opAux       = 250
	opResize    = 251 // sizes of a database
	opExpireMs  = 252
	opExpire    = 253 // in seconds
	opSelect    = 254
	opEOF       = 255
)

// flushBytes is how much is gathered before it is written.
const flushBytes = 64 << 10

// File writes an RDB file of version 10. After an error nothing more is written,
// and Close returns it.
type File struct {
	w   io.Writer
	b   []byte
	crc uint64
	db  int
	err error
}

// NewFile begins a file.
func NewFile(w io.Writer) *File {
	return &File{w: w, b: fmt.Appendf(nil, "REDIS%04d", writeVersion), db: -1}
}

// Aux notes a fact about the file, which whoever reads it may show.
func (f *File) Aux(name, value string) {
	f.b = append(f.b, opAux)
	f.b = appendString(f.b, []byte(name))
	f.b = appendString(f.b, []byte(value))
}

// Library adds the source of a library of functions.
func (f *File) Library(code []byte) error {
	f.b = append(f.b, opFunction)
	f.b = appendString(f.b, code)
	return f.flush(flushBytes)
}

// Value adds a key: encoded is what the Append functions and StreamWriter make,
// and deadlineMs its deadline in Unix milliseconds, 0 for none.
func (f *File) Value(db int, key []byte, deadlineMs int64, encoded []byte) error {
	if db != f.db {
		f.db = db
		f.b = appendLength(append(f.b, opSelect), uint64(db))
	}
	if deadlineMs != 0 {
		f.b = appendTime(append(f.b, opExpireMs), deadlineMs)
	}
	f.b = appendString(append(f.b, encoded[0]), key)
	f.b = append(f.b, encoded[1:]...)
	return f.flush(flushBytes)
}

// flush writes what was gathered when it is at least so much.
func (f *File) flush(least int) error {
	if f.err != nil || len(f.b) < least {
		return f.err
	}
	f.crc = ^crc64.Update(^f.crc, jones, f.b)
	if _, f.err = f.w.Write(f.b); f.err != nil {
		f.err = fmt.Errorf("rdb: %w", f.err)
	}
	f.b = f.b[:0]
	return f.err
}

// Close ends the file. The writer stays open: it is the caller's.
func (f *File) Close() error {
	f.b = append(f.b, opEOF)
	if err := f.flush(0); err != nil {
		return err
	}
	f.b = binary.LittleEndian.AppendUint64(f.b, f.crc)
	return f.flush(0)
}
