package persist

// ahead lets the groups of a file be applied on a goroutine of their own while
// the caller reads on: parsing takes about a third of a replay. What is handed
// over is copied, a pack at a time.
type ahead struct {
	apply func(group []Record) error
	at    *int64 // the reader's offset behind the last whole group
	pack  *pack  // being filled
	full  chan *pack
	free  chan *pack
	ended chan struct{}

	// Of the applying goroutine until ended is closed.
	err    error
	failed int64 // where the group stands that could not be applied
	broken chan struct{}
}

// pack is a number of groups.
type pack struct {
	data   []byte // the arguments' bytes
	args   [][]byte
	recs   []Record
	groups []packed
}

// packed is a group: where its records end, and where it stands in the file.
type packed struct {
	end int
	at  int64
}

const (
	packBytes   = 64 << 10 // a pack with more is handed over
	packRecords = 512      // and one with more
	packs       = 4
)

func newAhead(apply func(group []Record) error, at *int64) *ahead {
	a := &ahead{apply: apply, at: at, pack: new(pack), full: make(chan *pack, packs), free: make(chan *pack, packs),
		ended: make(chan struct{}), broken: make(chan struct{})}
	for range packs - 1 {
		a.free <- new(pack)
	}
	go a.run()
	return a
}

// take copies a group. Its error is that of a group before it.
func (a *ahead) take(group []Record) error {
	p := a.pack
	for _, r := range group {
		first := len(p.args)
		for _, arg := range r.Args {
			// Growing moves what comes next; the slices of before keep the old array.
			from := len(p.data)
			p.data = append(p.data, arg...)
			p.args = append(p.args, p.data[from:len(p.data):len(p.data)])
		}
		p.recs = append(p.recs, Record{DB: r.DB, Args: p.args[first:len(p.args):len(p.args)]})
	}
	p.groups = append(p.groups, packed{len(p.recs), *a.at})
	if len(p.data) < packBytes && len(p.recs) < packRecords {
		return nil
	}
	return a.hand()
}

// hand hands the pack over and takes an empty one.
func (a *ahead) hand() error {
	a.full <- a.pack
	select {
	case a.pack = <-a.free:
		return nil
	case <-a.broken:
		a.pack = new(pack)
		<-a.ended
		return a.err
	}
}

// run applies packs until there are no more, or one cannot be applied.
func (a *ahead) run() {
	defer close(a.ended)
	for p := range a.full {
		if a.err = a.each(p); a.err != nil {
			close(a.broken)
			return
		}
		p.reset()
		a.free <- p
	}
}

func (a *ahead) each(p *pack) error {
	from := 0
	for _, g := range p.groups {
		if err := a.apply(p.recs[from:g.end:g.end]); err != nil {
			a.failed = g.at
			return err
		}
		from = g.end
	}
	return nil
}

// maxPack is the size in bytes up to which a pack's memory is used again.
const maxPack = 1 << 20

func (p *pack) reset() {
	if cap(p.data) > maxPack {
		*p = pack{}
		return
	}
	clear(p.args)
	clear(p.recs)
	p.data, p.args, p.recs, p.groups = p.data[:0], p.args[:0], p.recs[:0], p.groups[:0]
}

// stop hands over what is left and waits until all is applied.
func (a *ahead) stop() error {
	select {
	case <-a.broken:
	case a.full <- a.pack:
	}
	close(a.full)
	<-a.ended
	return a.err
}
