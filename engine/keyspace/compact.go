package keyspace

// Slabs waste memory when sizes change: after churn a table may hold several times the pages that its
// records need. Compaction empties pages that are less than half full by moving their records to
// others of the class, and gives emptied pages back to the system. When there are none such, and still
// too many pages, those that are less than four fifths full will do. It goes in bounded steps, and
// chooses by walking the pages once around, some at a time.

const (
	freeMost   = 64 // emptied pages that a table keeps at most
	freeLeast  = 4  // and those that it keeps whatever its size
	pagesStep  = 64 // pages looked at in a step
	spareKeep  = 1  // chunks of cleared tables that a shard keeps
	chunksStep = 1  // chunks unmapped in a step
)

// compactSlack is how many pages more than needed are worth no work. Tests lower it.
var compactSlack = 8

// compaction is where the work on an arena stands.
type compaction struct {
	cursor int32 // page last looked at
	barren int32 // pages looked at since the last one that was chosen
	tight  bool  // pages less than four fifths full are chosen
	page   int32 // page being emptied, 0 none
	slot   uint32
}

// needed is how many pages the records would take if they were packed, each class for itself.
func (a *arena) needed() (pages int) {
	for class, slots := range a.slots {
		per := pageUnits / uint32(classUnits[class])
		pages += int((slots + per - 1) / per)
	}
	return pages
}

// wasteful reports whether the arena has an eighth more pages than its records need.
func (a *arena) wasteful() bool {
	need := a.needed()
	return int(a.made-a.nfree-a.ndropped)-compactSlack > need+need/8
}

// Compact does a bounded step of compaction, of up to budget records moved, and returns how much it has
// done: records moved, pages given back, looks at some pages in vain, segments stamped. 0 says that there
// is nothing to do. A table is worked on when it has an eighth more pages than it needs.
func (s *Shard) Compact(budget int) (moved int) {
	for _, d := range s.dbs {
		t := d.t
		for moved < budget && (t.compact.page != 0 || t.wasteful()) {
			if t.compact.page == 0 && !t.chooseVictim() {
				if t.goOn() {
					moved++
				}
				break
			}
			moved += t.evacuate(budget - moved)
		}
		moved += t.discardFree()
	}
	moved += s.stampSome()
	for range chunksStep {
		if n := len(s.spare.list); n > spareKeep {
			s.takeChunk().release()
			moved++
		}
	}
	return moved
}

// chooseVictim looks for a page to be emptied; false when there was none among the next few.
func (t *table) chooseVictim() bool {
	c := &t.compact
	for range min(pagesStep, t.made) {
		if c.cursor++; c.cursor > t.made {
			c.cursor = 1
		}
		p := t.page(c.cursor)
		c.barren++
		// The only page with room cannot be emptied into another.
		if p.state != pageActive || p.next == 0 && p.prev == 0 || !c.wants(p) {
			continue
		}
		c.barren = 0
		t.unlink(&t.partial[p.class], p)
		p.state = pageLeaving
		c.page, c.slot = c.cursor, 0
		return true
	}
	return false
}

// wants reports whether a page has so little in it that it should be emptied.
func (c *compaction) wants(p *page) bool {
	slots, live := int(pageUnits/classUnits[p.class]), int(p.live)
	if c.tight {
		return live*5 < slots*4
	}
	return live*2 < slots
}

// goOn is called when no page was chosen, and reports whether it is worth looking on: until all pages
// were looked at, with either measure.
func (t *table) goOn() bool {
	c := &t.compact
	if c.barren < t.made {
		return true
	}
	c.barren = 0
	c.tight = !c.tight
	return c.tight
}

// evacuate moves up to max records out of the page being emptied. Slots are told from free ones by
// their first byte. The page is done when its last record has gone, by this or by itself.
func (t *table) evacuate(max int) (moved int) {
	c := &t.compact
	p := t.page(c.page)
	units := uint32(classUnits[p.class])
	base := uint32(c.page-1) * pageUnits
	for ; p.state == pageLeaving && moved < max; c.slot++ {
		ref := base + c.slot*units
		if t.at(ref)[0] != freeSlot {
			t.move(ref, int(units)*unitBytes)
			moved++
		}
	}
	if p.state != pageLeaving {
		c.page = 0
	}
	return moved
}

// move copies a record to another slot of its class.
func (t *table) move(ref uint32, bytes int) {
	r := t.at(ref)
	to := t.alloc(t.s, bytes)
	copy(t.at(to)[:bytes], r[:bytes])
	t.setRef(t.placeOf(t.s.hash(t.key(r)), ref), to)
	if pos := r.wheelPos(); pos != 0 {
		*t.wheel.at(pos) = to
	}
	t.release(ref)
	t.s.gen++
}

// discardFree gives the memory of some of the free pages that are above the number kept back to the
// system, and returns how many.
func (t *table) discardFree() (n int) {
	used := t.made - t.nfree - t.ndropped
	keep := min(freeLeast+used/32, freeMost)
	for ; t.nfree > keep && n < 8; n++ {
		no := t.free
		c := t.chunks.list[(no-1)/pagesPerChunk]
		if !c.discard(int(no-1) % pagesPerChunk) {
			return n
		}
		p := t.page(no)
		t.unlink(&t.free, p)
		t.nfree--
		t.link(&t.dropped, no, p)
		t.ndropped++
	}
	return n
}
