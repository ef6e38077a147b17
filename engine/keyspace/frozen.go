package keyspace

// Frozen is an immutable record. It is read without a lock, until Release.
type Frozen struct {
	DB       int
	Key      []byte
	Type     Type
	Deadline int64 // Unix ms; 0: none
	r        *record
}

// Freeze returns the record of key as it is now, also of one that is due and hidden.
func (d *DB) Freeze(key []byte) (Frozen, bool) {
	r := d.t.get(key)
	if r == nil {
		return Frozen{}, false
	}
	return freeze(d.id, r), true
}

func freeze(db int, r *record) Frozen {
	return Frozen{DB: db, Key: bytesOf(r.key), Type: r.typ, Deadline: r.deadline, r: r.copy()}
}

// Str returns the value of a string, nil for other types.
func (f *Frozen) Str() []byte {
	if f.Type != String {
		return nil
	}
	return f.r.val.(*str).b
}

// Len returns the number of elements of a collection, of bytes of a string.
func (f *Frozen) Len() int {
	switch v := f.r.val.(type) {
	case *str:
		return len(v.b)
	case *dict:
		return len(v.keys)
	case *zset:
		return len(v.items)
	case *list:
		return len(v.live())
	}
	return 0
}

// RangeHash calls fn for all fields of a hash until it returns false.
func (f *Frozen) RangeHash(fn func(field, value []byte) bool) {
	if f.Type == Hash {
		f.r.val.(*dict).each(fn)
	}
}

// RangeList calls fn for all elements of a list, in order, until it returns false.
func (f *Frozen) RangeList(fn func(v []byte) bool) {
	if f.Type != List {
		return
	}
	for _, v := range f.r.val.(*list).live() {
		if !fn(v) {
			return
		}
	}
}

// RangeSet calls fn for all members of a set until it returns false.
func (f *Frozen) RangeSet(fn func(m []byte) bool) {
	if f.Type == Set {
		f.r.eachMember(fn)
	}
}

// RangeZSet calls fn for all members of a sorted set, in order, until it returns false.
func (f *Frozen) RangeZSet(fn func(m []byte, score float64) bool) {
	if f.Type != ZSet {
		return
	}
	for _, it := range f.r.val.(*zset).items {
		if !fn(bytesOf(it.member), it.score) {
			return
		}
	}
}

// Release gives back what the frozen record holds; it is not read afterwards. It needs no lock and
// may be called more than once.
func (f *Frozen) Release() { f.r = nil }
