package engine

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// copyOptions are what REPLCONF has said of the snapshot that SYNC is to send.
type copyOptions struct {
	only        bool // the snapshot and nothing behind it
	noKeys      bool
	noLibraries bool
}

// filter takes the words of REPLCONF RDB-FILTER-ONLY.
func (o *copyOptions) filter(words string) error {
	o.noKeys, o.noLibraries = true, true
	for _, w := range strings.Fields(words) {
		if !strings.EqualFold(w, "functions") {
			return wire.Errorf("ERR Unrecognized or unsupported rdb-filter-only: %s", w)
		}
		o.noLibraries = false
	}
	return nil
}

// copyAhead is how many bytes of a snapshot wait in a client's output at most.
const copyAhead = 1 << 20

// sendCopy sends a snapshot and closes the connection. The snapshot is written
// in whole before it is sent: clients may be slow, and while one is being
// written, what others change is kept twice.
func (s *Session) sendCopy() error {
	e, o := s.engine, s.copies
	spool := e.controls().Spool
	if spool == nil {
		return errNoSaves
	}
	s.replyOff, s.pushed = true, true // a reply would break the snapshot
	began := e.tasks.Go(func() {
		defer s.outbox.Close()
		if err := s.writeCopy(o, spool); err != nil {
			e.log.Warn("a snapshot was not sent", "client", s.o.Addr, "error", err)
		}
	})
	if !began {
		s.outbox.Close()
	}
	return nil
}

func (s *Session) writeCopy(o copyOptions, spool func(func(io.Writer) error) (io.ReadCloser, int64, error)) (err error) {
	r, size, err := spool(func(w io.Writer) error {
		snap, err := s.engine.Freeze(func() error { return nil })
		if err != nil {
			return err
		}
		defer snap.Release()
		return snap.writeRDB(s.ctx, w, !o.noKeys, !o.noLibraries)
	})
	if err != nil {
		var w wire.Writer
		w.Error(asReply(err))
		s.outbox.Deliver(w.Buf)
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	s.outbox.Deliver(fmt.Appendf(nil, "$%d\r\n", size))
	_, err = io.CopyBuffer(copyWriter{s}, struct{ io.Reader }{r}, make([]byte, 64<<10))
	return err
}

// copyWriter writes to a client, and waits while it does not read.
type copyWriter struct{ s *Session }

func (w copyWriter) Write(b []byte) (int, error) {
	for w.s.outbox.OutputBytes() > copyAhead {
		t := time.NewTimer(time.Millisecond)
		select {
		case <-t.C:
		case <-w.s.ctx.Done():
			t.Stop()
			return 0, errors.New("the client has gone")
		}
	}
	w.s.outbox.Deliver(b)
	return len(b), nil
}
