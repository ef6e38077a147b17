package persist

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxLine bounds the lines of the format in bytes: counts, lengths and annotations.
const maxLine = 1024

// fault is why a file could not be read to its end.
type fault struct {
	// offset is where the record that could not be read starts.
	offset int64
	// torn: the file ends inside the record, and what there is of it is as it should be.
	torn bool
	// unclosed: the file ends between records, but also between MULTI and EXEC; offset is MULTI's.
	unclosed bool
	reason   string
}

func (f *fault) Error() string { return fmt.Sprintf("offset %d: %s", f.offset, f.reason) }

// recordReader reads commands and annotations from a file whose size is known, so that no length in
// it can make the reader allocate more than the file has.
type recordReader struct {
	r     *bufio.Reader
	off   int64 // of the next byte
	size  int64
	start int64 // of the current record

	// fresh makes each record's bytes its own; otherwise they are valid until the next read.
	fresh bool
	slab  []byte
	ends  []int
	args  [][]byte
}

// newRecordReader reads from r, which stands at offset off of a file of the given size.
func newRecordReader(r *bufio.Reader, off, size int64) *recordReader {
	return &recordReader{r: r, off: off, size: size}
}

// next returns the next command, or the next annotation (without # and line end) as note. The
// error is io.EOF at the file's end, a *fault, or that of the reader.
func (r *recordReader) next() (args [][]byte, note []byte, err error) {
	r.start = r.off
	first, err := r.r.Peek(1)
	if err != nil {
		return nil, nil, err
	}
	switch first[0] {
	case '*':
		args, err = r.command()
		return args, nil, err
	case '#':
		note, err = r.annotation()
		return nil, note, err
	}
	return nil, nil, r.bad("expected '*' or '#', found %q", first[0])
}

func (r *recordReader) bad(format string, a ...any) error {
	return &fault{offset: r.start, reason: fmt.Sprintf(format, a...)}
}

func (r *recordReader) torn(where string) error {
	return &fault{offset: r.start, torn: true, reason: "the file ends in " + where}
}

func (r *recordReader) annotation() ([]byte, error) {
	line, err := r.r.ReadSlice('\n')
	r.off += int64(len(line))
	switch {
	case errors.Is(err, io.EOF):
		return nil, r.torn("an annotation")
	case errors.Is(err, bufio.ErrBufferFull) || len(line) > maxLine:
		return nil, r.bad("an annotation is longer than %d bytes", maxLine)
	case err != nil:
		return nil, err
	}
	return bytes.TrimRight(line[1:], "\r\n"), nil
}

// number reads a line that consists of mark and a decimal number.
func (r *recordReader) number(mark byte, what string) (int64, error) {
	line, err := r.r.ReadSlice('\n')
	r.off += int64(len(line))
	ended := err == nil
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return 0, err
	}
	if len(line) == 0 {
		return 0, r.torn(what)
	}
	if line[0] != mark {
		return 0, r.bad("expected '%c' for %s, found %q", mark, what, line[0])
	}
	digits := line[1:]
	for len(digits) > 0 && digits[0] >= '0' && digits[0] <= '9' {
		digits = digits[1:]
	}
	count := len(line) - 1 - len(digits)
	if count > 18 {
		return 0, r.bad("%s has more than 18 digits", what)
	}
	if !ended && (len(digits) == 0 || count > 0 && string(digits) == "\r") {
		return 0, r.torn(what)
	}
	if count == 0 || string(digits) != "\r\n" {
		return 0, r.bad("%s is not a number", what)
	}
	n, err := strconv.ParseInt(string(line[1:1+count]), 10, 64)
	if err != nil {
		return 0, r.bad("%s: %v", what, err)
	}
	return n, nil
}

func (r *recordReader) command() ([][]byte, error) {
	n, err := r.number('*', "the argument count")
	if err != nil {
		return nil, err
	}
	if n < 1 {
		return nil, r.bad("a command without arguments")
	}
	if r.fresh {
		r.slab, r.args = nil, nil
	}
	r.slab, r.ends, r.args = r.slab[:0], r.ends[:0], r.args[:0]
	for range n {
		size, err := r.number('$', "an argument's length")
		if err != nil {
			return nil, err
		}
		if err := r.argument(size); err != nil {
			return nil, err
		}
	}
	start := 0
	for _, end := range r.ends {
		r.args = append(r.args, r.slab[start:end:end])
		start = end
	}
	return r.args, nil
}

// argument reads an argument's bytes and line end onto the slab.
func (r *recordReader) argument(size int64) error {
	if size > r.size-r.off-2 {
		// What there is of the line end must be one: a length that was damaged is more often found
		// here than not.
		if r.size-r.off == size+1 {
			if err := r.grow(size + 1); err != nil {
				return err
			}
			if r.slab[len(r.slab)-1] != '\r' {
				return r.bad("an argument does not end where its length says")
			}
		}
		return r.torn("an argument")
	}
	if err := r.grow(size + 2); err != nil {
		return err
	}
	end := len(r.slab) - 2
	if string(r.slab[end:]) != "\r\n" {
		return r.bad("an argument does not end where its length says")
	}
	r.slab = r.slab[:end]
	r.ends = append(r.ends, end)
	return nil
}

// grow reads n bytes onto the slab; the file has them.
func (r *recordReader) grow(n int64) error {
	have := len(r.slab)
	if need := have + int(n); need > cap(r.slab) {
		bigger := make([]byte, need, need+need/4)
		copy(bigger, r.slab)
		r.slab = bigger
	}
	r.slab = r.slab[:have+int(n)]
	m, err := io.ReadFull(r.r, r.slab[have:])
	r.off += int64(m)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.torn("an argument") // somebody shortened the file while it was read
	}
	return err
}
