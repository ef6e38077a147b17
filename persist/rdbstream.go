package persist

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strconv"
)

// streamID is the ID of a stream's entry.
type streamID struct{ ms, seq uint64 }

func (id streamID) text() []byte {
	b := strconv.AppendUint(nil, id.ms, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, id.seq, 10)
}

func decimal(n uint64) []byte { return strconv.AppendUint(nil, n, 10) }

// stream reads a stream and hands it over as commands: its entries with all that XADD remembers,
// then its groups, consumers and pending entries.
func (f *rdbFrame) stream(typ byte) error {
	key, err := f.str()
	if err != nil {
		return err
	}
	f.streams++
	nodes, err := f.count()
	if err != nil {
		return err
	}
	for range nodes {
		if err := f.streamNode(key); err != nil {
			return err
		}
	}
	if err := f.streamMeta(key, typ); err != nil {
		return err
	}
	groups, err := f.count()
	if err != nil {
		return err
	}
	for range groups {
		if err := f.streamGroup(key, typ); err != nil {
			return err
		}
	}
	if f.expireMs > 0 {
		return f.command("PEXPIREAT", key, decimal(uint64(f.expireMs)))
	}
	return nil
}

func (f *rdbFrame) command(name string, args ...[]byte) error {
	if f.take == nil {
		return nil
	}
	return f.take(f.db, append([][]byte{[]byte(name)}, args...)...)
}

func (f *rdbFrame) id() (id streamID, err error) {
	ms, err := f.length()
	if err != nil {
		return id, err
	}
	seq, err := f.length()
	return streamID{uint64(ms), uint64(seq)}, err
}

// fixedID reads an ID of 16 bytes, as the lists of pending entries have it.
func (f *rdbFrame) fixedID() (id streamID, err error) {
	b, err := f.bytes(16)
	if err != nil {
		return id, err
	}
	return streamID{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}, nil
}

// streamMeta reads what stands between entries and groups.
func (f *rdbFrame) streamMeta(key []byte, typ byte) error {
	length, err := f.length()
	if err != nil {
		return err
	}
	last, err := f.id()
	if err != nil {
		return err
	}
	if length == 0 {
		// A stream without entries exists all the same: add one, which MAXLEN 0 takes away.
		first := last
		if first == (streamID{}) {
			first.seq = 1
		}
		if err := f.command("XADD", key, []byte("MAXLEN"), []byte("0"), first.text(), []byte("x"), []byte("y")); err != nil {
			return err
		}
	}
	if typ == rdbStream {
		return f.command("XSETID", key, last.text())
	}
	if _, err := f.id(); err != nil { // the first entry's ID, which the entries tell
		return err
	}
	deleted, err := f.id()
	if err != nil {
		return err
	}
	added, err := f.length()
	if err != nil {
		return err
	}
	return f.command("XSETID", key, last.text(), []byte("ENTRIESADDED"), decimal(uint64(added)),
		[]byte("MAXDELETEDID"), deleted.text())
}

// pendingEntry is what a group knows of an entry that was delivered and not acknowledged.
type pendingEntry struct {
	delivered uint64 // ms
	count     uint64
}

func (f *rdbFrame) streamGroup(key []byte, typ byte) error {
	group, err := f.str()
	if err != nil {
		return err
	}
	last, err := f.id()
	if err != nil {
		return err
	}
	create := [][]byte{[]byte("CREATE"), key, group, last.text()}
	if typ != rdbStream {
		read, err := f.length()
		if err != nil {
			return err
		}
		create = append(create, []byte("ENTRIESREAD"), strconv.AppendInt(nil, read, 10))
	}
	if err := f.command("XGROUP", create...); err != nil {
		return err
	}
	pending, err := f.streamPending()
	if err != nil {
		return err
	}
	consumers, err := f.count()
	if err != nil {
		return err
	}
	for range consumers {
		if err := f.streamConsumer(key, group, typ, pending); err != nil {
			return err
		}
	}
	return nil
}

func (f *rdbFrame) streamPending() (map[streamID]pendingEntry, error) {
	n, err := f.count()
	if err != nil {
		return nil, err
	}
	pending := map[streamID]pendingEntry{}
	for range n {
		id, err := f.fixedID()
		if err != nil {
			return nil, err
		}
		b, err := f.bytes(8)
		if err != nil {
			return nil, err
		}
		delivered := binary.LittleEndian.Uint64(b)
		count, err := f.length()
		if err != nil {
			return nil, err
		}
		pending[id] = pendingEntry{delivered, uint64(count)}
	}
	return pending, nil
}

func (f *rdbFrame) streamConsumer(key, group []byte, typ byte, pending map[streamID]pendingEntry) error {
	consumer, err := f.str()
	if err != nil {
		return err
	}
	times := int64(8) // when it was seen
	if typ == rdbStream3 {
		times += 8 // and when it was active
	}
	if _, err := f.bytes(times); err != nil {
		return err
	}
	if err := f.command("XGROUP", []byte("CREATECONSUMER"), key, group, consumer); err != nil {
		return err
	}
	n, err := f.count()
	if err != nil {
		return err
	}
	for range n {
		id, err := f.fixedID()
		if err != nil {
			return err
		}
		p, ok := pending[id]
		if !ok {
			return f.bad("the consumer %q has an entry that its group does not have", consumer)
		}
		err = f.command("XCLAIM", key, group, consumer, []byte("0"), id.text(), []byte("TIME"), decimal(p.delivered),
			[]byte("RETRYCOUNT"), decimal(p.count), []byte("JUSTID"), []byte("FORCE"))
		if err != nil {
			return err
		}
	}
	return nil
}

// Flags of a stream entry.
const (
	streamDeleted    = 1
	streamSameFields = 2
)

// streamNode reads one node: a master ID, and a listpack of entries that are stored as differences
// from it.
func (f *rdbFrame) streamNode(key []byte) error {
	head, err := f.str()
	if err != nil {
		return err
	}
	if len(head) != 16 && f.take != nil {
		return f.bad("a stream node's ID has %d bytes", len(head))
	}
	packed, err := f.str()
	if err != nil || f.take == nil {
		return err
	}
	master := streamID{binary.BigEndian.Uint64(head), binary.BigEndian.Uint64(head[8:])}
	p := &listpack{b: packed}
	p.skipHeader()
	total := p.integer() + p.integer() // entries, and deleted ones
	fields := make([][]byte, 0, 8)
	for n := p.integer(); n > 0 && p.err == nil; n-- {
		fields = append(fields, p.entry())
	}
	p.entry() // the end of the master entry
	for ; total > 0 && p.err == nil; total-- {
		args, deleted := p.streamEntry(key, master, fields)
		if p.err != nil || deleted {
			continue
		}
		if err := f.command("XADD", args...); err != nil {
			return err
		}
	}
	if p.err != nil {
		return f.bad("the stream %q: %v", key, p.err)
	}
	return nil
}

// streamEntry reads an entry as XADD's arguments.
func (p *listpack) streamEntry(key []byte, master streamID, fields [][]byte) (args [][]byte, deleted bool) {
	flags := p.integer()
	id := streamID{master.ms + uint64(p.integer()), master.seq + uint64(p.integer())}
	args = [][]byte{key, id.text()}
	if flags&streamSameFields != 0 {
		for _, name := range fields {
			args = append(args, name, p.entry())
		}
	} else {
		for n := p.integer(); n > 0 && p.err == nil; n-- {
			args = append(args, p.entry(), p.entry())
		}
	}
	p.integer() // how many elements the entry has, for reading backwards
	return args, flags&streamDeleted != 0
}

// listpack reads a listpack's elements; after an error all is empty or zero.
type listpack struct {
	b   []byte
	err error
}

var errListpack = errors.New("a listpack is damaged")

func (p *listpack) cut(n int) []byte {
	if p.err != nil || n < 0 || n > len(p.b) {
		p.err = errListpack
		return nil
	}
	b := p.b[:n]
	p.b = p.b[n:]
	return b
}

// skipHeader skips the total size and the element count.
func (p *listpack) skipHeader() { p.cut(6) }

func (p *listpack) integer() int64 {
	n, err := strconv.ParseInt(string(p.entry()), 10, 64)
	if err != nil && p.err == nil {
		p.err = errListpack
	}
	return n
}

// entry reads an element; an integer is returned as its digits. The result is a copy.
func (p *listpack) entry() []byte {
	before := len(p.b)
	value := p.element()
	p.cut(backLen(before - len(p.b)))
	return value
}

// backLen is how many bytes the size of an element of n bytes takes behind it. The limits are
// Redis', which are one short of what 7 bits a byte could hold.
func backLen(n int) int {
	switch {
	case n <= 127:
		return 1
	case n < 1<<14-1:
		return 2
	case n < 1<<21-1:
		return 3
	case n < 1<<28-1:
		return 4
	}
	return 5
}

func (p *listpack) element() []byte {
	head := p.cut(1)
	if p.err != nil {
		return nil
	}
	h := head[0]
	switch {
	case h < 0x80: // 7 bits, unsigned
		return decimal(uint64(h))
	case h < 0xc0: // string of 6 bits length
		return bytes.Clone(p.cut(int(h & 0x3f)))
	case h < 0xe0: // 13 bits, signed
		low := p.cut(1)
		if p.err != nil {
			return nil
		}
		n := int64(h&0x1f)<<8 | int64(low[0])
		return strconv.AppendInt(nil, n<<51>>51, 10)
	case h < 0xf0: // string of 12 bits length
		low := p.cut(1)
		if p.err != nil {
			return nil
		}
		return bytes.Clone(p.cut(int(h&0x0f)<<8 | int(low[0])))
	case h == 0xf0: // string of 32 bits length
		size := p.cut(4)
		if p.err != nil {
			return nil
		}
		return bytes.Clone(p.cut(int(binary.LittleEndian.Uint32(size))))
	}
	width, ok := map[byte]int{0xf1: 2, 0xf2: 3, 0xf3: 4, 0xf4: 8}[h]
	if !ok {
		p.err = errListpack
		return nil
	}
	var wide [8]byte
	copy(wide[8-width:], p.cut(width))
	return strconv.AppendInt(nil, int64(binary.LittleEndian.Uint64(wide[:]))>>(64-8*width), 10)
}
