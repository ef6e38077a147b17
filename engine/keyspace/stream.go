package keyspace

import "github.com/kevy-lua/kevy-lua/engine/keyspace/stream"

// StreamHandle gives access to one stream, as HashHandle does to a hash. A stream is always a large
// value, and an empty one is not deleted.
type StreamHandle struct{ handle }

// Stream returns a handle of the stream at key; ok is false when the key holds another type. key must
// stay unchanged while the handle is in use.
func (d *DB) Stream(key []byte) (h StreamHandle, ok bool) {
	ok = h.open(d, key, Stream)
	return h, ok
}

func (h *StreamHandle) large() *stream.Stream {
	if v, ok := h.col().(largeStream); ok {
		return v.Stream
	}
	return nil
}

// Exists reports whether there is a stream, be it empty.
func (h *StreamHandle) Exists() bool { return h.large() != nil }

var noStream = &stream.New().Content

// Read returns what is in the stream, valid until the next write; for a missing key, what is in an
// empty one.
func (h *StreamHandle) Read() *stream.Content {
	if s := h.large(); s != nil {
		return &s.Content
	}
	return noStream
}

// Write calls fn with the stream, which comes into being if the key is missing. All writes go through
// it: it saves the stream for undo before, and accounts for its memory afterwards.
func (h *StreamHandle) Write(fn func(s *stream.Stream)) {
	s := h.large()
	if s == nil {
		s = stream.New()
		fn(s)
		h.promote(Stream, largeStream{s}, false)
		return
	}
	h.save()
	fn(s)
	h.wrote(1, false)
}

// Stream returns a stream as it was frozen, nil for other types. It is valid until Release.
func (f *Frozen) Stream() *stream.Content {
	if f.Type != Stream {
		return nil
	}
	return &f.snap.col.(*stream.View).Content
}

// RangeStream calls fn for all entries of a stream, oldest first, until it returns false. fields are
// names and values in turn, valid during the call.
func (f *Frozen) RangeStream(fn func(ms, seq uint64, fields [][]byte) bool) {
	s := f.Stream()
	if s == nil {
		return
	}
	var fields [][]byte
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		fields = fields[:0]
		e.Each(func(name, value []byte) { fields = append(fields, name, value) })
		return fn(e.ID.Ms, e.ID.Seq, fields)
	})
}
