package engine

import (
	"slices"
	"strconv"

	"github.com/kevy-lua/kevy-lua/engine/keyspace"
	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// streamDump writes the commands that rebuild a stream: its entries, its groups
// with what is pending in them, its counters.
//
// A claim needs the entry that it is about, and what is pending may have been
// deleted since. Such ghosts come first, are claimed, and are trimmed away
// again, which leaves no trace in the counters.
type streamDump struct {
	f      *keyspace.Frozen
	s      *stream.Content
	emit   func(db int, args ...[]byte) error
	ghosts []stream.ID
	args   [][]byte
	err    error
}

func emitStream(f *keyspace.Frozen, emit func(db int, args ...[]byte) error) error {
	d := &streamDump{f: f, s: f.Stream(), emit: emit}
	d.findGhosts()
	if len(d.ghosts) > 0 {
		for _, id := range d.ghosts {
			d.do(xadd, id.Append(nil), []byte("x"), []byte("y"))
		}
		d.groups()
		d.claims(true)
		d.do([]string{"XTRIM"}, []byte("MAXLEN"), []byte("="), []byte("0"))
		d.do(xsetid, []byte("0-0"))
		d.entries()
	} else {
		d.entries()
		d.groups()
	}
	d.claims(false)
	d.counters()
	return d.err
}

var xadd, xsetid = []string{"XADD"}, []string{"XSETID"}

// do emits one command on the key.
func (d *streamDump) do(words []string, more ...[]byte) {
	if d.err != nil {
		return
	}
	d.args = d.args[:0]
	for i, w := range words {
		d.args = append(d.args, []byte(w))
		if i == len(words)-1 {
			d.args = append(d.args, d.f.Key)
		}
	}
	d.args = append(d.args, more...)
	d.err = d.emit(d.f.DB, d.args...)
}

// findGhosts looks for pending IDs whose entries are gone.
func (d *streamDump) findGhosts() {
	d.s.RangeGroups(func(g stream.Group) bool {
		g.RangePending(stream.ID{}, func(p stream.Pending) bool {
			if !d.s.Has(p.ID) {
				d.ghosts = append(d.ghosts, p.ID)
			}
			return true
		})
		return true
	})
	slices.SortFunc(d.ghosts, stream.ID.Compare)
	d.ghosts = slices.Compact(d.ghosts)
}

func (d *streamDump) isGhost(id stream.ID) bool {
	_, found := slices.BinarySearchFunc(d.ghosts, id, stream.ID.Compare)
	return found
}

func (d *streamDump) entries() {
	var id []byte
	var fields [][]byte
	d.s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		id = e.ID.Append(id[:0])
		fields = append(fields[:0], id)
		e.Each(func(name, value []byte) { fields = append(fields, name, value) })
		d.do(xadd, fields...)
		return d.err == nil
	})
	if d.s.Len() == 0 && len(d.ghosts) == 0 { // it exists all the same
		first := d.s.Last()
		if first.IsZero() {
			first.Seq = 1
		}
		d.do(xadd, []byte("MAXLEN"), []byte("0"), first.Append(nil), []byte("x"), []byte("y"))
	}
}

func (d *streamDump) groups() {
	d.s.RangeGroups(func(g stream.Group) bool {
		name := []byte(g.Name())
		d.do([]string{"XGROUP", "CREATE"}, name, g.Last().Append(nil), []byte("ENTRIESREAD"), appendInt(nil, g.Read()))
		g.RangeConsumers(func(c stream.Consumer) bool {
			d.do([]string{"XGROUP", "CREATECONSUMER"}, name, []byte(c.Name()))
			return d.err == nil
		})
		return d.err == nil
	})
}

// claims makes pending again what is a ghost, or what is not.
func (d *streamDump) claims(ghosts bool) {
	var batch []stream.Pending
	d.s.RangeGroups(func(g stream.Group) bool {
		g.RangeConsumers(func(c stream.Consumer) bool {
			c.RangePending(stream.ID{}, func(p stream.Pending) bool {
				if d.isGhost(p.ID) != ghosts {
					return true
				}
				if n := len(batch); n == batchElements || n > 0 && (batch[0].Delivered != p.Delivered || batch[0].Count != p.Count) {
					d.claim(g.Name(), batch)
					batch = batch[:0]
				}
				batch = append(batch, p)
				return d.err == nil
			})
			d.claim(g.Name(), batch)
			batch = batch[:0]
			return d.err == nil
		})
		return d.err == nil
	})
}

// claim makes entries pending that were delivered to a consumer together.
func (d *streamDump) claim(group string, batch []stream.Pending) {
	if len(batch) == 0 {
		return
	}
	p := batch[0]
	args := append(make([][]byte, 0, len(batch)+9), []byte(group), []byte(p.Consumer), []byte("0"))
	for _, p := range batch {
		args = append(args, p.ID.Append(nil))
	}
	d.do([]string{"XCLAIM"}, append(args, []byte("TIME"), appendInt(nil, p.Delivered),
		[]byte("RETRYCOUNT"), strconv.AppendUint(nil, p.Count, 10), []byte("FORCE"), []byte("JUSTID"))...)
}

// counters sets the last ID, which XSETID may have set below the highest that
// was deleted: one command cannot say that.
func (d *streamDump) counters() {
	last, deleted := d.s.Last().Append(nil), d.s.MaxDeleted().Append(nil)
	if d.s.Last().Less(d.s.MaxDeleted()) {
		d.do(xsetid, deleted, []byte("MAXDELETEDID"), deleted)
		deleted = []byte("0-0") // leaves it as it is
	}
	d.do(xsetid, last, []byte("ENTRIESADDED"), strconv.AppendUint(nil, d.s.Added(), 10), []byte("MAXDELETEDID"), deleted)
}
