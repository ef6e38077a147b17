package keyspace

// An epoch has 8 bits. A view that is sliced to its end stamps all records, but one that is aborted
// leaves them as they are, and after 256 of those an old stamp would look like a new one. So after some
// of them the background stamps all records (Compact), a few at a time and between views; only if there
// are still more aborted views meanwhile, Freeze does it at once.

const (
	stampFrom    = 100 // unfinished views after which the background begins
	abortedMax   = 200 // and after which Freeze does not wait for it
	stampSegment = 4   // segments of a step
)

// stamping is where the background stands.
type stamping struct {
	on    bool
	from  int // s.aborted when it began
	table int
	pos   uint64 // hash from which on the table is to be stamped
}

// stampSome stamps the records of some segments and returns how many of these there were; 0 when there
// is nothing to do.
func (s *Shard) stampSome() (n int) {
	st := &s.stamp
	if s.view != nil || !st.on && s.aborted < stampFrom {
		return 0
	}
	if !st.on {
		*st = stamping{on: true, from: s.aborted}
	}
	for n < stampSegment {
		n++
		if st.table == len(s.dbs) {
			s.aborted = max(s.aborted-st.from, 0)
			*st = stamping{}
			break
		}
		t := s.dbs[st.table].t
		if t.n == 0 {
			st.table, st.pos = st.table+1, 0
			continue
		}
		g := t.segment(st.pos)
		for i := range g {
			for j, tag := range g[i].tags {
				if tag != 0 {
					t.at(g[i].refs[j]).setEpoch(s.epoch)
				}
			}
		}
		if st.pos = endOf(st.pos, g.depth()); st.pos == 0 {
			for _, e := range t.spill {
				t.at(e.ref).setEpoch(s.epoch)
			}
			st.table++
		}
	}
	return n
}

// stampAll gives all records the current epoch.
func (s *Shard) stampAll() {
	for _, d := range s.dbs {
		d.t.eachRecord(func(r rec) bool { r.setEpoch(s.epoch); return true })
	}
	s.stamped()
}

// stamped notes that all records carry the current epoch.
func (s *Shard) stamped() { s.aborted, s.stamp = 0, stamping{} }
