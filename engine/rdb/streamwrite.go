package rdb

import "encoding/binary"

// A node holds so many entries at most, or so many bytes and one entry more.
const (
	nodeEntries = 100
	nodeBytes   = 4096
)

// StreamWriter writes a stream. The entries come first, oldest first, then what
// End takes.
type StreamWriter struct {
	b     []byte
	nodes int
	body  []byte // complete nodes

	entries int // in all
	first   ID  // of all

	node    packer
	inside  int // entries in the node
	master  ID
	names   [][]byte
	patchAt int
}

// NewStreamWriter begins a stream that is appended to b.
func NewStreamWriter(b []byte) *StreamWriter {
	return &StreamWriter{b: append(b, byte(typeStream2))}
}

// Entry adds an entry; each field is followed by its value. They are copied.
func (w *StreamWriter) Entry(id ID, fields [][]byte) {
	if w.inside == nodeEntries || len(w.node.b) > nodeBytes {
		w.endNode()
	}
	if w.entries == 0 {
		w.first = id
	}
	if w.inside == 0 {
		w.beginNode(id, fields)
	}
	p, before := &w.node, w.node.n
	same := w.sameNames(fields)
	if same {
		p.int(entrySameFields)
	} else {
		p.int(0)
	}
	p.int(int64(id.Ms - w.master.Ms))
	p.int(int64(id.Seq - w.master.Seq))
	if same {
		for i := 1; i < len(fields); i += 2 {
			p.string(fields[i])
		}
	} else {
		p.int(int64(len(fields) / 2))
		for _, f := range fields {
			p.string(f)
		}
	}
	p.int(int64(p.n - before))
	w.inside++
	w.entries++
}

// beginNode writes the master entry: the number of entries, which is not known
// yet, that of the deleted ones, and the names of the first entry's fields.
func (w *StreamWriter) beginNode(id ID, fields [][]byte) {
	w.master, w.names = id, w.names[:0]
	for i := 0; i < len(fields); i += 2 {
		w.names = append(w.names, append([]byte(nil), fields[i]...))
	}
	w.node = newPacker()
	w.patchAt = len(w.node.b)
	w.node.int(nodeEntries) // takes one byte, as every smaller number
	w.node.int(0)
	w.node.int(int64(len(w.names)))
	for _, n := range w.names {
		w.node.string(n)
	}
	w.node.int(0)
}

func (w *StreamWriter) sameNames(fields [][]byte) bool {
	if len(fields) != 2*len(w.names) {
		return false
	}
	for i, n := range w.names {
		if string(fields[2*i]) != string(n) {
			return false
		}
	}
	return true
}

func (w *StreamWriter) endNode() {
	if w.inside == 0 {
		return
	}
	w.node.b[w.patchAt] = byte(w.inside)
	w.body = append(w.body, 16)
	w.body = appendRawID(w.body, w.master)
	pack := w.node.bytes()
	w.body = append(appendLength(w.body, uint64(len(pack))), pack...)
	w.nodes++
	w.inside, w.node = 0, packer{}
}

func appendRawID(b []byte, id ID) []byte {
	b = binary.BigEndian.AppendUint64(b, id.Ms)
	return binary.BigEndian.AppendUint64(b, id.Seq)
}

func appendID(b []byte, id ID) []byte { return appendLength(appendLength(b, id.Ms), id.Seq) }

func appendTime(b []byte, ms int64) []byte { return binary.LittleEndian.AppendUint64(b, uint64(ms)) }

// End completes the stream with its counters and groups (s.Entries is not
// looked at) and returns all that was written.
func (w *StreamWriter) End(s *StreamValue) []byte {
	w.endNode()
	b := append(appendLength(w.b, uint64(w.nodes)), w.body...)
	b = appendLength(b, uint64(w.entries))
	b = appendID(b, s.Last)
	b = appendID(b, w.first)
	b = appendID(b, s.MaxDeleted)
	b = appendLength(b, s.Added)
	b = appendLength(b, uint64(len(s.Groups)))
	for i := range s.Groups {
		b = appendGroup(b, &s.Groups[i])
	}
	return b
}

func appendGroup(b []byte, g *StreamGroup) []byte {
	b = appendString(b, g.Name)
	b = appendID(b, g.Last)
	b = appendLength(b, uint64(g.Read))
	b = appendLength(b, uint64(len(g.Pending)))
	of := make([][]ID, len(g.Consumers))
	for _, p := range g.Pending {
		b = appendRawID(b, p.ID)
		b = appendTime(b, p.DeliveredMs)
		b = appendLength(b, p.Count)
		of[p.Consumer] = append(of[p.Consumer], p.ID)
	}
	b = appendLength(b, uint64(len(g.Consumers)))
	for i, c := range g.Consumers {
		b = appendString(b, c.Name)
		b = appendTime(b, c.SeenMs)
		b = appendLength(b, uint64(len(of[i])))
		for _, id := range of[i] {
			b = appendRawID(b, id)
		}
	}
	return b
}
