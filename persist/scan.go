package persist

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// readBuffer is how much of a file is read at a time.
const readBuffer = 256 << 10

// readFrom returns a buffered reader of the bytes [off, size) of a file.
func readFrom(f vfs.File, off, size int64) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(f, off, size-off), int(min(max(size-off, 4<<10), readBuffer)))
}

// scanned is what reading a file, or the AOF part of one, has found.
type scanned struct {
	// end is the offset behind the last whole group or annotation: where a repair would cut.
	end int64
	// fault is nil when the file ends there.
	fault            *fault
	commands, groups int64
	// prev and synced are the notes that were read.
	prev   *prevNote
	synced []int64
}

// scanner reads groups: single commands, and what stands between MULTI and EXEC.
type scanner struct {
	rec   *recordReader
	apply func(group []Record) error
	out   scanned

	db    int
	group []Record
	open  bool // between MULTI and EXEC
}

// scan reads the commands of a file from offset off, where r stands, to its end, and calls apply
// with each group; the group is valid during the call. The error is apply's, the reader's or that
// of ctx; what is wrong with the file itself is in scanned.fault.
func scan(ctx context.Context, r *bufio.Reader, off, size int64, apply func([]Record) error) (scanned, error) {
	s := newScanner(r, off, size, apply)
	return s.run(ctx)
}

// scanAhead is scan with apply on a goroutine of its own, which has ended when scanAhead returns.
func scanAhead(ctx context.Context, r *bufio.Reader, off, size int64, apply func([]Record) error) (scanned, error) {
	s := newScanner(r, off, size, nil)
	a := newAhead(apply, &s.out.end)
	s.apply = a.take
	out, err := s.run(ctx)
	if failed := a.stop(); failed != nil {
		out.end = a.failed
		return out, failed
	}
	return out, err
}

func newScanner(r *bufio.Reader, off, size int64, apply func([]Record) error) *scanner {
	s := &scanner{rec: newRecordReader(r, off, size), apply: apply}
	s.out.end = off
	return s
}

func (s *scanner) run(ctx context.Context) (scanned, error) {
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return s.out, ctx.Err()
		}
		args, note, err := s.rec.next()
		if err == nil {
			err = s.take(args, note)
		}
		if err == nil {
			continue
		}
		if f, ok := asFault(err); ok {
			s.out.fault = f
			return s.out, nil
		}
		if !errors.Is(err, io.EOF) {
			return s.out, err
		}
		if s.open {
			s.out.fault = &fault{offset: s.out.end, torn: true, unclosed: true, reason: "the file ends between MULTI and EXEC"}
		}
		return s.out, nil
	}
}

// take handles one command or annotation.
func (s *scanner) take(args [][]byte, note []byte) error {
	if args == nil {
		prev, synced := parseNote(note)
		if prev != nil && s.out.commands == 0 && s.out.prev == nil {
			s.out.prev = prev
		}
		if synced != 0 {
			s.out.synced = append(s.out.synced, synced)
		}
		if !s.open {
			s.out.end = s.rec.off
		}
		return nil
	}
	switch verb(args[0]) {
	case "SELECT":
		return s.selectDB(args)
	case "MULTI":
		if s.open {
			return s.rec.bad("MULTI between MULTI and EXEC")
		}
		// The group's records are kept until EXEC: from here on each has bytes of its own.
		s.open, s.rec.fresh = true, true
		return nil
	case "EXEC":
		if !s.open {
			return s.rec.bad("EXEC without MULTI")
		}
		s.open, s.rec.fresh = false, false
		s.out.groups++
		return s.flush()
	}
	s.group = append(s.group, Record{DB: s.db, Args: args})
	if s.open {
		return nil
	}
	return s.flush()
}

func (s *scanner) selectDB(args [][]byte) error {
	if len(args) != 2 {
		return s.rec.bad("SELECT with %d arguments", len(args)-1)
	}
	db, err := strconv.Atoi(string(args[1]))
	if err != nil || db < 0 {
		return s.rec.bad("SELECT of the database %q", args[1])
	}
	s.db = db
	if !s.open {
		s.out.end = s.rec.off
	}
	return nil
}

func (s *scanner) flush() error {
	group := s.group
	s.group = s.group[:0]
	if len(group) > 0 {
		if err := s.apply(group); err != nil {
			return err
		}
	}
	clear(group)
	s.out.commands += int64(len(group))
	s.out.end = s.rec.off
	return nil
}

// verb returns the name of a bracket command, or "" for all others.
func verb(name []byte) string {
	for _, v := range [...]string{"SELECT", "MULTI", "EXEC"} {
		if len(name) == len(v) && bytes.EqualFold(name, []byte(v)) {
			return v
		}
	}
	return ""
}

// judge decides whether what scan found is a torn tail, which is what a crash leaves, or damage. A
// record that is cut off by the file's end may also be one whose length was damaged, so that it
// swallows whole records behind it: then it is not torn. On the other hand a file may end in zeros,
// where its size reached the disk and its data did not: that is torn.
func judge(f vfs.File, size int64, found *fault) (*fault, error) {
	if found.unclosed {
		return found, nil
	}
	if !found.torn {
		torn, err := tornByZeros(f, size, found.offset)
		if err != nil || !torn {
			return found, err
		}
		return &fault{offset: found.offset, torn: true, reason: "the file ends in zeros"}, nil
	}
	at, err := hiddenRecord(f, size, found.offset)
	if err != nil || at < 0 {
		return found, err
	}
	return &fault{offset: found.offset,
		reason: fmt.Sprintf("%s, yet there are whole records behind it, at offset %d", found.reason, at)}, nil
}

// tornByZeros says whether the record at start would be a torn one, or none, were it not for the
// zeros that the file ends in.
func tornByZeros(f vfs.File, size, start int64) (bool, error) {
	data, err := lastNonZero(f, start, size)
	if err != nil || data == size {
		return false, err
	}
	if data <= start {
		return true, nil
	}
	rec := newRecordReader(readFrom(f, start, data), start, data)
	for {
		_, _, err := rec.next()
		var flt *fault
		switch {
		case errors.Is(err, io.EOF):
			return true, nil
		case errors.As(err, &flt):
			return flt.torn, nil
		case err != nil:
			return false, err
		}
	}
}

// lastNonZero returns the offset behind the last byte in [start, size) that is not zero.
func lastNonZero(f vfs.File, start, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > start; {
		n := min(int64(len(buf)), end-start)
		if _, err := f.ReadAt(buf[:n], end-n); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		if rest := bytes.TrimRight(buf[:n], "\x00"); len(rest) > 0 {
			return end - n + int64(len(rest)), nil
		}
		end -= n
	}
	return start, nil
}

// hiddenRecord looks behind the record at start for another one that is whole and is followed by
// the file's end, by a further record or by a torn one. It returns -1 when there is none.
func hiddenRecord(f vfs.File, size, start int64) (int64, error) {
	r := readFrom(f, start, size)
	off := start
	for {
		line, err := r.ReadSlice('\n')
		off += int64(len(line))
		if errors.Is(err, io.EOF) {
			return -1, nil
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return -1, err
		}
		if next, err := r.Peek(1); err != nil || next[0] != '*' || !bytes.HasSuffix(line, []byte("\r\n")) {
			continue
		}
		rec := newRecordReader(readFrom(f, off, size), off, size)
		if _, _, err := rec.next(); err != nil {
			continue
		}
		_, _, err = rec.next()
		var flt *fault
		if err == nil || errors.Is(err, io.EOF) || errors.As(err, &flt) && flt.torn {
			return off, nil
		}
	}
}
