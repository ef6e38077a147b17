package keyspace

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/keyspace/stream"
)

// The model test is the package's contract: random operations of every type against plain Go maps,
// with deadlines, scans and views that go on between writes, savepoints and rollbacks.

var (
	modelSeed   = flag.Uint64("model.seed", 0, "seed of the model test; 0 takes a random one")
	modelRounds = flag.Int("model.rounds", 6, "rounds of the model test")
)

type mval struct {
	typ      Type
	deadline int64
	str      string
	list     []string
	hash     map[string]string
	zset     map[string]float64
	conv     bool // encoding was converted
}

func (v *mval) clone() *mval {
	c := *v
	c.list = slices.Clone(v.list)
	c.hash = maps.Clone(v.hash)
	c.zset = maps.Clone(v.zset)
	return &c
}

// mstate is the model's whole state: database → key → value.
type mstate []map[string]*mval

func (m mstate) clone() mstate {
	c := make(mstate, len(m))
	for i := range m {
		c[i] = map[string]*mval{}
		for k, v := range m[i] {
			c[i][k] = v.clone()
		}
	}
	return c
}

type model struct {
	t     *testing.T
	k     *Keyspace
	rng   *rand.Rand
	now   int64
	m     mstate
	keys  int
	size  int // bound of value sizes
	ops   int
	trace []string

	unit  bool
	saved []msave // savepoints of the unit

	view      *View
	viewWant  mstate
	viewGot   mstate
	viewDone  []bool
	batch     Batch
	views     int
	popped    int
	rollbacks int

	scan *mscan
}

type msave struct {
	sp []int
	m  mstate
}

type mscan struct {
	db     int
	shard  int
	cursor uint64
	must   map[string]bool
	seen   map[string]bool
}

func newModel(t *testing.T, seed uint64, keys, size int) *model {
	k := New(Options{Shards: 2, Databases: 3, Seed: seed | 1, Limits: Limits{
		HashEntries: 8, HashValue: 20, ListSize: -2, SetIntset: 6, ZSetEntries: 7, ZSetValue: 20}})
	m := &model{t: t, k: k, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_700_000_000_000, keys: keys, size: size}
	m.m = make(mstate, 3)
	for i := range m.m {
		m.m[i] = map[string]*mval{}
	}
	m.setNow()
	return m
}

func (m *model) fail(format string, args ...any) {
	m.t.Helper()
	for _, l := range m.trace[max(0, len(m.trace)-15):] {
		m.t.Log(l)
	}
	m.t.Fatalf(format, args...)
}

func (m *model) log(format string, args ...any) {
	m.trace = append(m.trace, fmt.Sprintf(format, args...))
	if len(m.trace) > 200 {
		m.trace = slices.Clone(m.trace[100:])
	}
}

func (m *model) setNow() {
	for i := range m.k.Shards() {
		m.k.Shard(i).SetNow(m.now)
	}
}

func (m *model) shard(key string) *Shard { return m.k.Shard(m.k.ShardOf(m.k.HashKey([]byte(key)))) }
func (m *model) db(db int, key string) *DB {
	return m.shard(key).DB(db)
}

func (m *model) randKey() string {
	n := m.rng.IntN(m.keys)
	if n%37 == 0 {
		return fmt.Sprintf("long-%d-%s", n, string(bytes.Repeat([]byte{'k'}, 300)))
	}
	if n%41 == 0 && m.size > 1000 {
		return fmt.Sprintf("huge-%d-%s", n, string(bytes.Repeat([]byte{'k'}, 70000)))
	}
	return "key:" + strconv.Itoa(n)
}

func (m *model) randVal() string {
	switch m.rng.IntN(6) {
	case 0:
		return strconv.Itoa(m.rng.IntN(1000) - 500)
	case 1:
		return ""
	case 2:
		return string(bytes.Repeat([]byte{byte('a' + m.rng.IntN(26))}, m.rng.IntN(m.size)+1))
	}
	return string(bytes.Repeat([]byte{byte('a' + m.rng.IntN(26))}, m.rng.IntN(40)))
}

// member is from a small set, so that it is often there already.
func (m *model) member() string {
	switch m.rng.IntN(8) {
	case 0:
		return "member-" + string(bytes.Repeat([]byte{'m'}, 10+m.rng.IntN(30)))
	case 1:
		return "m" + strconv.Itoa(m.rng.IntN(100))
	}
	return strconv.Itoa(m.rng.IntN(24) - 12)
}

func (m *model) hiddenVal(v *mval) bool { return v.deadline != 0 && v.deadline <= m.now }

// get returns the model's visible value.
func (m *model) get(db int, key string) *mval {
	v := m.m[db][key]
	if v == nil || m.hiddenVal(v) {
		return nil
	}
	return v
}

func (m *model) randDeadline() int64 {
	switch m.rng.IntN(5) {
	case 0:
		return m.now - int64(m.rng.IntN(5))
	case 1:
		return m.now + int64(m.rng.IntN(20))
	case 2:
		return m.now + int64(m.rng.IntN(5000))
	case 3:
		return m.now + m.rng.Int64N(1<<40)
	}
	return m.now + int64(m.rng.IntN(300))
}

// step does one random operation on both sides.
func (m *model) step() {
	m.ops++
	switch n := m.rng.IntN(1000); {
	case n < 8:
		m.unitStep()
	case n < 20:
		m.time()
	case n < 40 || n < 70 && m.keys < 1000:
		m.viewStep()
	case n < 55:
		m.scanStep()
	case n < 57:
		m.clear()
	case n < 59:
		m.swap()
	case n < 95:
		m.rename()
	case n < 180:
		m.deadlineOp()
	case n < 230:
		m.delete()
	case n < 240:
		m.random()
	case n < 245:
		for i := range m.k.Shards() {
			m.k.Shard(i).Compact(20)
		}
	default:
		m.valueOp()
	}
}

func (m *model) unitStep() {
	if !m.unit {
		m.log("begin")
		m.unit, m.saved = true, nil
		for i := range m.k.Shards() {
			m.k.Shard(i).Begin()
		}
		m.savepoint()
		return
	}
	switch m.rng.IntN(4) {
	case 0:
		m.savepoint()
	case 1:
		m.log("commit")
		m.commit()
	default:
		i := m.rng.IntN(len(m.saved))
		m.log("rollback to %d of %d", i, len(m.saved))
		s := m.saved[i]
		for j := range m.k.Shards() {
			m.k.Shard(j).RollbackTo(s.sp[j])
		}
		m.m = s.m.clone()
		m.saved = m.saved[:i+1]
		m.rollbacks++
		if m.scan != nil {
			m.scan = nil // what it must report is not known any more
		}
		m.check()
		if m.rng.IntN(2) == 0 {
			m.commit()
		}
	}
}

func (m *model) savepoint() {
	m.log("savepoint %d", len(m.saved))
	s := msave{m: m.m.clone()}
	for i := range m.k.Shards() {
		s.sp = append(s.sp, m.k.Shard(i).Savepoint())
	}
	m.saved = append(m.saved, s)
}

func (m *model) commit() {
	for i := range m.k.Shards() {
		m.k.Shard(i).Commit()
	}
	m.unit = false
}

// time moves the clock and deletes what is due, or puts it back.
func (m *model) time() {
	switch m.rng.IntN(4) {
	case 0:
		m.now += int64(m.rng.IntN(10))
	case 1:
		m.now += int64(m.rng.IntN(3000))
	case 2:
		m.now++
	case 3:
		m.now += m.rng.Int64N(1 << uint(m.rng.IntN(38)))
	}
	m.setNow()
	m.log("now %d", m.now)
	m.expire()
}

func (m *model) expire() {
	for i := range m.k.Shards() {
		s := m.k.Shard(i)
		want := int64(math.MaxInt64)
		for db := range m.m {
			for key, v := range m.m[db] {
				if v.deadline != 0 && m.shard(key) == s {
					want = min(want, max(v.deadline, m.now)) // a requeued key may have been put back at now
				}
			}
		}
		if got := s.NextDue(); got > want {
			m.fail("NextDue %d, but a deadline is %d", got, want)
		}
		if by := s.DueBy(m.now); want <= m.now && !by || by && s.NextDue() > m.now {
			m.fail("DueBy %v at %d, a deadline is %d, NextDue %d", by, m.now, want, s.NextDue())
		}
		for range 3 {
			due := s.PopDue(m.now, 1+m.rng.IntN(10), nil)
			for _, e := range due {
				m.popDue(s, e)
			}
			if len(due) == 0 {
				break
			}
		}
		if m.rng.IntN(3) > 0 {
			continue
		}
		for {
			due := s.PopDue(m.now, 50, nil)
			if len(due) == 0 && s.NextDue() > m.now {
				break
			}
			for _, e := range due {
				m.popDue(s, e)
			}
		}
		for db := range m.m {
			for key, v := range m.m[db] {
				if v.deadline != 0 && v.deadline <= m.now && m.shard(key) == s {
					m.fail("db %d key %.40q due at %d is not popped at %d", db, key, v.deadline, m.now)
				}
			}
		}
	}
}

func (m *model) popDue(s *Shard, e DueKey) {
	m.popped++
	v := m.m[e.DB][string(e.Key)]
	if v == nil || v.deadline != e.Deadline || e.Deadline > m.now {
		m.fail("popped db %d key %.40q deadline %d at %d; the model has %+v", e.DB, e.Key, e.Deadline, m.now, v)
	}
	if dl, due := s.IsDue(e.DB, e.Key, m.now); !due || dl != e.Deadline {
		m.fail("IsDue of a popped key: %d %v", dl, due)
	}
	if m.rng.IntN(5) == 0 {
		// A failed hook: the key comes back, at once, and is then deleted.
		s.Requeue(e.DB, e.Key, m.now)
		if s.NextDue() > m.now {
			m.fail("a requeued key is not in the index")
		}
	}
	if f, ok := s.DB(e.DB).Freeze(e.Key); !ok {
		m.fail("no frozen record of a due key")
	} else {
		m.compareFrozen(&f, v)
		f.Release()
	}
	if !s.DB(e.DB).Delete(e.Key) {
		m.fail("a due key is not there")
	}
	m.remove(e.DB, string(e.Key))
}

func (m *model) remove(db int, key string) {
	delete(m.m[db], key)
	if m.scan != nil && m.scan.db == db {
		delete(m.scan.must, key)
	}
}

func (m *model) delete() {
	db, key := m.rng.IntN(3), m.randKey()
	_, want := m.m[db][key]
	m.log("delete %d %.30s", db, key)
	if got := m.db(db, key).Delete([]byte(key)); got != want {
		m.fail("Delete(%d %.40q) = %v, want %v", db, key, got, want)
	}
	m.remove(db, key)
}

func (m *model) clear() {
	db := m.rng.IntN(3)
	m.log("clear %d", db)
	got := 0
	for i := range m.k.Shards() {
		got += m.k.Shard(i).DB(db).Clear()
	}
	if got != len(m.m[db]) {
		m.fail("Clear = %d, want %d", got, len(m.m[db]))
	}
	m.m[db] = map[string]*mval{}
	m.scan = nil
}

func (m *model) swap() {
	i, j := m.rng.IntN(3), m.rng.IntN(3)
	m.log("swap %d %d", i, j)
	m.k.SwapDB(i, j)
	m.m[i], m.m[j] = m.m[j], m.m[i]
	m.scan = nil
}

func (m *model) rename() {
	db, key := m.rng.IntN(3), m.randKey()
	v := m.get(db, key)
	if v == nil {
		return
	}
	to, dst := m.rng.IntN(3), m.randKey()
	if to == db && dst == key {
		return
	}
	m.remove(to, dst)
	if m.rng.IntN(2) == 0 {
		m.log("rename %d %.30s %d %.30s", db, key, to, dst)
		m.db(db, key).Rename([]byte(key), m.db(to, dst), []byte(dst))
		m.remove(db, key)
		m.m[to][dst] = v
	} else {
		m.log("copy %d %.30s %d %.30s", db, key, to, dst)
		m.db(db, key).Copy([]byte(key), m.db(to, dst), []byte(dst))
		m.m[to][dst] = v.clone()
	}
}

func (m *model) deadlineOp() {
	db, key := m.rng.IntN(3), m.randKey()
	v := m.get(db, key)
	dl := int64(0)
	if m.rng.IntN(4) > 0 {
		dl = m.randDeadline()
	}
	m.log("deadline %d %.30s %d", db, key, dl)
	if got := m.db(db, key).SetDeadline([]byte(key), dl); got != (v != nil) {
		m.fail("SetDeadline(%d %.40q) = %v", db, key, got)
	}
	if v != nil {
		v.deadline = dl
	}
}

func (m *model) random() {
	db, s := m.rng.IntN(3), m.k.Shard(m.rng.IntN(m.k.Shards()))
	key, ok := s.DB(db).RandomKey()
	if ok && (m.get(db, string(key)) == nil || m.shard(string(key)) != s) {
		m.fail("RandomKey gave %.40q", key)
	}
	if !ok {
		for key := range m.m[db] {
			if m.shard(key) == s && m.get(db, key) != nil {
				m.fail("RandomKey found nothing beside %.40q", key)
			}
		}
	}
}

// scanStep begins a scan of one database and shard, or goes on with it.
func (m *model) scanStep() {
	sc := m.scan
	if sc == nil {
		sc = &mscan{db: m.rng.IntN(3), shard: m.rng.IntN(m.k.Shards()), must: map[string]bool{}, seen: map[string]bool{}}
		for key, v := range m.m[sc.db] {
			if !m.hiddenVal(v) && m.shard(key) == m.k.Shard(sc.shard) {
				sc.must[key] = true
			}
		}
		m.scan = sc
	}
	d := m.k.Shard(sc.shard).DB(sc.db)
	sc.cursor = d.Scan(sc.cursor, 1+m.rng.IntN(m.keys/4+1), func(key []byte, typ Type) {
		v := m.get(sc.db, string(key))
		if v == nil || v.typ != typ {
			m.fail("Scan gave %.40q %v, the model has %+v", key, typ, v)
		}
		sc.seen[string(key)] = true
	})
	if sc.cursor >= 1<<48 {
		m.fail("cursor %d is too large", sc.cursor)
	}
	if sc.cursor != 0 {
		return
	}
	for key := range sc.must {
		if v := m.get(sc.db, key); v != nil && !sc.seen[key] {
			m.fail("Scan missed %.40q", key)
		}
	}
	m.scan = nil
}

func (m *model) viewStep() {
	if m.view == nil {
		if m.unit {
			return
		}
		m.log("freeze")
		m.view = m.k.Freeze()
		m.viewWant = m.m.clone()
		m.viewGot = mstate{{}, {}, {}}
		m.viewDone = make([]bool, m.k.Shards())
		n := 0
		for _, db := range m.m {
			n += len(db)
		}
		if int(m.view.Keys()) != n {
			m.fail("view of %d keys, want %d", m.view.Keys(), n)
		}
		return
	}
	if m.rng.IntN(25) == 0 {
		m.log("abort view")
		m.drain()
		m.view.Abort()
		m.view = nil
		return
	}
	i := m.rng.IntN(m.k.Shards())
	if !m.viewDone[i] {
		m.viewDone[i] = m.view.Slice(i, 1+m.rng.IntN(m.keys/2+2), &m.batch)
	}
	if m.rng.IntN(2) == 0 {
		m.drain()
	}
	if slices.Contains(m.viewDone, false) {
		return
	}
	m.drain()
	for db := range m.viewWant {
		if len(m.viewGot[db]) != len(m.viewWant[db]) {
			m.fail("view: db %d has %d keys, want %d", db, len(m.viewGot[db]), len(m.viewWant[db]))
		}
	}
	m.view.Release()
	m.view = nil
	m.views++
	m.log("view done")
}

// drain reads the batch and compares each record with the model's copy at the freeze.
func (m *model) drain() {
	m.batch.Range(func(f *Frozen) bool {
		want := m.viewWant[f.DB][string(f.Key)]
		if want == nil {
			m.fail("view: record db %d %.40q was not there", f.DB, f.Key)
		}
		if m.viewGot[f.DB][string(f.Key)] != nil {
			m.fail("view: record db %d %.40q comes twice", f.DB, f.Key)
		}
		m.viewGot[f.DB][string(f.Key)] = want
		m.compareFrozen(f, want)
		return true
	})
	m.batch.Reset()
}

func (m *model) compareFrozen(f *Frozen, want *mval) {
	m.t.Helper()
	got := thaw(f)
	if msg := diff(got, want); msg != "" {
		m.fail("frozen db %d %.40q: %s", f.DB, f.Key, msg)
	}
}

// thaw makes a model value of a frozen record.
func thaw(f *Frozen) *mval {
	v := &mval{typ: f.Type, deadline: f.Deadline}
	switch f.Type {
	case String:
		v.str = string(f.Str())
	case Hash:
		v.hash = map[string]string{}
		f.RangeHash(func(k, val []byte) bool { v.hash[string(k)] = string(val); return true })
	case Set:
		v.hash = map[string]string{}
		f.RangeSet(func(k []byte) bool { v.hash[string(k)] = ""; return true })
	case List:
		f.RangeList(func(b []byte) bool { v.list = append(v.list, string(b)); return true })
	case ZSet:
		v.zset = map[string]float64{}
		f.RangeZSet(func(k []byte, s float64) bool { v.zset[string(k)] = s; return true })
	case Stream:
		v.readStream(f.Stream())
		n := 0
		f.RangeStream(func(uint64, uint64, [][]byte) bool { n++; return true })
		if n != f.Len() {
			v.list = nil
		}
	}
	return v
}

// read makes a model value of what the keyspace's handles say.
func read(d *DB, key string) *mval {
	k := []byte(key)
	v := &mval{typ: d.Type(k)}
	v.deadline, _ = d.Deadline(k)
	switch v.typ {
	case None:
		return nil
	case String:
		b, _, _ := d.String(k)
		v.str = string(b)
	case Hash:
		v.hash = map[string]string{}
		h, _ := d.Hash(k)
		h.Range(func(f, val []byte) bool { v.hash[string(f)] = string(val); return true })
	case Set:
		v.hash = map[string]string{}
		h, _ := d.Set(k)
		h.Range(func(f []byte) bool { v.hash[string(f)] = ""; return true })
	case List:
		h, _ := d.List(k)
		h.Range(0, h.Len(), func(b []byte) bool { v.list = append(v.list, string(b)); return true })
	case ZSet:
		v.zset = map[string]float64{}
		h, _ := d.ZSet(k)
		h.Range(0, h.Len(), func(b []byte, s float64) bool { v.zset[string(b)] = s; return true })
	case Stream:
		h, _ := d.Stream(k)
		v.readStream(h.Read())
	}
	return v
}

func diff(got, want *mval) string {
	switch {
	case got == nil && want == nil:
		return ""
	case got == nil || want == nil:
		return fmt.Sprintf("got %.80v, want %.80v", got, want)
	case got.typ != want.typ:
		return fmt.Sprintf("type %v, want %v", got.typ, want.typ)
	case got.deadline != want.deadline:
		return fmt.Sprintf("deadline %d, want %d", got.deadline, want.deadline)
	case got.str != want.str:
		return fmt.Sprintf("string %.60q (%d), want %.60q (%d)", got.str, len(got.str), want.str, len(want.str))
	case !slices.Equal(got.list, want.list):
		return fmt.Sprintf("list %.200q (%d), want %.200q (%d)", got.list, len(got.list), want.list, len(want.list))
	case !maps.Equal(got.hash, want.hash):
		return fmt.Sprintf("hash or set %.200q, want %.200q", got.hash, want.hash)
	case !maps.Equal(got.zset, want.zset):
		return fmt.Sprintf("zset %v, want %v", got.zset, want.zset)
	}
	return ""
}

func (v *mval) encoding() string {
	switch v.typ {
	case String:
		if v.conv {
			return "raw"
		}
		if n, err := strconv.ParseInt(v.str, 10, 64); err == nil && strconv.FormatInt(n, 10) == v.str {
			return "int"
		}
		if len(v.str) <= 44 {
			return "embstr"
		}
		return "raw"
	case List:
		return "quicklist"
	case Stream:
		return "stream"
	case Set:
		return pick(v.conv, "intset", "hashtable")
	case ZSet:
		return pick(v.conv, "listpack", "skiplist")
	}
	return pick(v.conv, "listpack", "hashtable")
}

// check compares everything.
func (m *model) check() {
	m.t.Helper()
	for db := range m.m {
		n, expires, visible := 0, 0, 0
		for i := range m.k.Shards() {
			d := m.k.Shard(i).DB(db)
			n += d.Len()
			expires += d.Expires()
			d.Range(func(key []byte, typ Type) bool {
				visible++
				if v := m.get(db, string(key)); v == nil || v.typ != typ {
					m.fail("Range gave db %d %.40q %v; the model has %+v", db, key, typ, v)
				}
				return true
			})
		}
		wantExpires, wantVisible := 0, 0
		for key, v := range m.m[db] {
			m.checkKey(db, key)
			if v.deadline != 0 {
				wantExpires++
			}
			if !m.hiddenVal(v) {
				wantVisible++
			}
		}
		if n != len(m.m[db]) || expires != wantExpires || visible != wantVisible {
			m.fail("db %d: %d keys, %d with deadline, %d visible; want %d, %d, %d",
				db, n, expires, visible, len(m.m[db]), wantExpires, wantVisible)
		}
	}
}

func (m *model) checkKey(db int, key string) {
	m.t.Helper()
	want := m.get(db, key)
	d := m.db(db, key)
	if msg := diff(read(d, key), want); msg != "" {
		m.fail("db %d %.40q: %s", db, key, msg)
	}
	enc := ""
	if want != nil {
		enc = want.encoding()
	}
	if got := d.Encoding([]byte(key)); got != enc {
		m.fail("db %d %.40q: encoding %q, want %q", db, key, got, enc)
	}
	if got := d.Memory([]byte(key)); (got > 0) != (want != nil) {
		m.fail("db %d %.40q: memory %d", db, key, got)
	}
}

// valueOp does one operation on one key's value.
func (m *model) valueOp() {
	db, key := m.rng.IntN(3), m.randKey()
	v := m.get(db, key)
	typ := []Type{String, String, Hash, Set, List, ZSet, Stream}[m.rng.IntN(7)]
	if v != nil && m.rng.IntN(10) > 0 {
		typ = v.typ
	}
	if v != nil && v.typ != typ {
		m.wrongType(db, key, typ)
		return
	}
	if v == nil {
		if m.scan != nil && m.scan.db == db {
			delete(m.scan.must, key) // it was hidden, perhaps when its turn came
		}
		v = &mval{typ: typ}
		switch typ {
		case Hash, Set, Stream:
			v.hash = map[string]string{}
		case ZSet:
			v.zset = map[string]float64{}
		}
	}
	d := m.db(db, key)
	n := 1
	if typ != String {
		n = 1 + m.rng.IntN(4)
	}
	if typ != String && m.rng.IntN(300) == 0 {
		n = min(m.size/4, 300)
	}
	m.log("%v x%d on %d %.30s", typ, n, db, key)
	var ok bool
	switch typ {
	case String:
		ok = m.stringOp(d, key, v)
	case Hash:
		ok = m.hashOps(d, key, v, n)
	case Set:
		ok = m.setOps(d, key, v, n)
	case List:
		ok = m.listOps(d, key, v, n)
	case ZSet:
		ok = m.zsetOps(d, key, v, n)
	case Stream:
		ok = m.streamOps(d, key, v, n)
	}
	switch {
	case ok:
		m.m[db][key] = v
	case m.get(db, key) != nil:
		m.remove(db, key)
	default:
		// A hidden record goes when something was written in its place, be it for a moment.
		if _, due := d.s.IsDue(db, []byte(key), m.now); !due {
			m.remove(db, key)
		}
	}
	m.checkKey(db, key)
}

func (m *model) wrongType(db int, key string, typ Type) {
	d, k := m.db(db, key), []byte(key)
	var ok bool
	switch typ {
	case String:
		_, _, ok = d.String(k)
		if m.rng.IntN(2) == 0 {
			val := m.randVal()
			d.SetString(k, []byte(val), 0)
			m.m[db][key] = &mval{typ: String, str: val}
			m.log("set over another type %d %.30s", db, key)
		}
	case Hash:
		_, ok = d.Hash(k)
	case Set:
		_, ok = d.Set(k)
	case List:
		_, ok = d.List(k)
	case ZSet:
		_, ok = d.ZSet(k)
	case Stream:
		_, ok = d.Stream(k)
	}
	if ok {
		m.fail("%v of %.40q is given", typ, key)
	}
}

func (m *model) stringOp(d *DB, key string, v *mval) bool {
	k := []byte(key)
	exists := m.m[d.id][key] == v
	val := m.randVal()
	switch m.rng.IntN(5) {
	case 0:
		if exists {
			v.str, v.conv = v.str+val, true
		} else {
			v.str = val
		}
		if n := d.AppendString(k, []byte(val)); n != len(v.str) {
			m.fail("AppendString = %d, want %d", n, len(v.str))
		}
	case 1:
		off := m.rng.IntN(60)
		b := make([]byte, max(len(v.str), off+len(val)))
		copy(b, v.str)
		copy(b[off:], val)
		v.str, v.conv = string(b), true
		if n := d.SetRange(k, off, []byte(val)); n != len(b) {
			m.fail("SetRange = %d, want %d", n, len(b))
		}
	case 2:
		v.str, v.conv = val, false
		d.SetString(k, []byte(val), KeepTTL)
	case 3:
		v.str, v.conv, v.deadline = val, false, m.randDeadline()
		d.SetString(k, []byte(val), v.deadline)
	default:
		v.str, v.conv, v.deadline = val, false, 0
		d.SetString(k, []byte(val), 0)
	}
	return true
}

func (m *model) hashOps(d *DB, key string, v *mval, n int) bool {
	h, ok := d.Hash([]byte(key))
	if !ok {
		m.fail("Hash of %.40q", key)
	}
	for range n {
		f := m.member()
		if n > 10 {
			f = "f" + strconv.Itoa(m.rng.IntN(n))
		}
		old, had := v.hash[f]
		if got, ok := h.Get([]byte(f)); ok != had || string(got) != old {
			m.fail("Get(%.40q) = %.40q %v, want %.40q %v", f, got, ok, old, had)
		}
		if m.rng.IntN(3) == 0 {
			if got := h.Delete([]byte(f)); got != had {
				m.fail("Delete of a field = %v", got)
			}
			delete(v.hash, f)
		} else {
			val := m.randVal()
			if got := h.Set([]byte(f), []byte(val)); got == had {
				m.fail("Set of a field = %v", got)
			}
			v.hash[f] = val
			v.conv = v.conv || len(v.hash) > 8 || len(f) > 20 || len(val) > 20
		}
		if len(v.hash) == 0 {
			*v = mval{typ: Hash, hash: v.hash}
		}
		if h.Len() != len(v.hash) {
			m.fail("Len %d, want %d", h.Len(), len(v.hash))
		}
	}
	f, val := h.Random()
	if want, ok := v.hash[string(f)]; ok != (len(v.hash) > 0) || want != string(val) {
		m.fail("Random gave %.40q %.40q", f, val)
	}
	seen := map[string]string{}
	for c, i := uint64(0), 0; ; i++ {
		c = h.Scan(c, 5, func(f, val []byte) { seen[string(f)] = string(val) })
		if c == 0 {
			break
		}
	}
	if !maps.Equal(seen, v.hash) {
		m.fail("Scan of a hash gave %d fields, want %d", len(seen), len(v.hash))
	}
	return len(v.hash) > 0
}

func (m *model) setOps(d *DB, key string, v *mval, n int) bool {
	h, ok := d.Set([]byte(key))
	if !ok {
		m.fail("Set of %.40q", key)
	}
	for range n {
		f := m.member()
		if n > 10 {
			f = strconv.Itoa(m.rng.IntN(n))
		}
		_, had := v.hash[f]
		if h.Has([]byte(f)) != had {
			m.fail("Has(%q), want %v", f, had)
		}
		if m.rng.IntN(3) == 0 {
			if h.Remove([]byte(f)) != had {
				m.fail("Remove(%q), want %v", f, had)
			}
			delete(v.hash, f)
		} else {
			if h.Add([]byte(f)) == had {
				m.fail("Add(%q), want %v", f, !had)
			}
			v.hash[f] = ""
			v.conv = v.conv || len(v.hash) > 6 || !isInteger([]byte(f))
		}
		if len(v.hash) == 0 {
			*v = mval{typ: Set, hash: v.hash}
		}
		if h.Len() != len(v.hash) {
			m.fail("Len %d, want %d", h.Len(), len(v.hash))
		}
	}
	if !v.conv {
		last := int64(-1 << 63)
		h.Range(func(b []byte) bool {
			n, _ := parseInteger(b)
			if n < last {
				m.fail("an intset out of order")
			}
			last = n
			return true
		})
	}
	if _, ok := v.hash[string(h.Random())]; ok != (len(v.hash) > 0) {
		m.fail("Random of a set")
	}
	seen := map[string]string{}
	for c := h.Scan(0, 5, func(b []byte) { seen[string(b)] = "" }); c != 0; {
		c = h.Scan(c, 5, func(b []byte) { seen[string(b)] = "" })
	}
	if !maps.Equal(seen, v.hash) {
		m.fail("Scan of a set gave %d members, want %d", len(seen), len(v.hash))
	}
	return len(v.hash) > 0
}

func (m *model) listOps(d *DB, key string, v *mval, n int) bool {
	h, ok := d.List([]byte(key))
	if !ok {
		m.fail("List of %.40q", key)
	}
	for range n {
		val := m.randVal()
		l := len(v.list)
		switch op := m.rng.IntN(10); {
		case op < 2 || l == 0:
			h.PushFront([]byte(val))
			v.list = slices.Insert(v.list, 0, val)
		case op < 4:
			h.PushBack([]byte(val))
			v.list = append(v.list, val)
		case op == 4:
			if got := h.PopFront(); string(got) != v.list[0] {
				m.fail("PopFront %.40q, want %.40q", got, v.list[0])
			}
			v.list = v.list[1:]
		case op == 5:
			if got := h.PopBack(); string(got) != v.list[l-1] {
				m.fail("PopBack %.40q, want %.40q", got, v.list[l-1])
			}
			v.list = v.list[:l-1]
		case op == 6:
			i := m.rng.IntN(l)
			h.Set(i, []byte(val))
			v.list[i] = val
		case op == 7:
			i := m.rng.IntN(l + 1)
			h.Insert(i, []byte(val))
			v.list = slices.Insert(v.list, i, val)
		case op == 8:
			i := m.rng.IntN(l)
			c := 1 + m.rng.IntN(min(3, l-i))
			h.Delete(i, c)
			v.list = slices.Delete(v.list, i, i+c)
		default:
			i := m.rng.IntN(l)
			if got := h.Index(i); string(got) != v.list[i] {
				m.fail("Index(%d) %.40q, want %.40q", i, got, v.list[i])
			}
			c := 1 + m.rng.IntN(5)
			var back []string
			h.RangeBack(i, c, func(b []byte) bool { back = append(back, string(b)); return true })
			slices.Reverse(back)
			if !slices.Equal(back, v.list[max(0, i-c+1):i+1]) {
				m.fail("RangeBack(%d, %d)", i, c)
			}
		}
		if len(v.list) == 0 {
			*v = mval{typ: List}
		}
		if h.Len() != len(v.list) {
			m.fail("Len %d, want %d", h.Len(), len(v.list))
		}
	}
	return len(v.list) > 0
}

type mitem struct {
	m string
	s float64
}

func (v *mval) sorted() []mitem {
	var items []mitem
	for k, s := range v.zset {
		items = append(items, mitem{k, s})
	}
	slices.SortFunc(items, func(a, b mitem) int { return cmp.Or(cmp.Compare(a.s, b.s), cmp.Compare(a.m, b.m)) })
	return items
}

func (m *model) zsetOps(d *DB, key string, v *mval, n int) bool {
	h, ok := d.ZSet([]byte(key))
	if !ok {
		m.fail("ZSet of %.40q", key)
	}
	for range n {
		f := m.member()
		if n > 10 {
			f = "z" + strconv.Itoa(m.rng.IntN(n))
		}
		_, had := v.zset[f]
		switch op := m.rng.IntN(8); {
		case op < 2:
			if h.Remove([]byte(f)) != had {
				m.fail("Remove(%q), want %v", f, had)
			}
			delete(v.zset, f)
		case op == 2 && len(v.zset) > 0:
			items := v.sorted()
			r := m.rng.IntN(len(items))
			c := 1 + m.rng.IntN(min(3, len(items)-r))
			h.DeleteRange(r, c)
			for _, it := range items[r : r+c] {
				delete(v.zset, it.m)
			}
		default:
			s := float64(m.rng.IntN(10)) - 5
			if m.rng.IntN(10) == 0 {
				s = m.rng.NormFloat64()
			}
			if h.Set([]byte(f), s) == had {
				m.fail("Set(%q), want %v", f, !had)
			}
			v.zset[f] = s
			v.conv = v.conv || !had && (len(v.zset) > 7 || len(f) > 20)
		}
		if len(v.zset) == 0 {
			*v = mval{typ: ZSet, zset: v.zset}
		}
		if h.Len() != len(v.zset) {
			m.fail("Len %d, want %d", h.Len(), len(v.zset))
		}
	}
	m.checkZSet(&h, v)
	return len(v.zset) > 0
}

// streamOps writes a stream of one group. In the model, str is the last ID, list the entries and hash
// who has what.
func (m *model) streamOps(d *DB, key string, v *mval, n int) bool {
	h, ok := d.Stream([]byte(key))
	if !ok {
		m.fail("Stream of %.40q", key)
	}
	group, cons := []byte("g"), []byte("c"+strconv.Itoa(m.rng.IntN(3)))
	for range n {
		val := m.randVal()
		op := m.rng.IntN(6)
		h.Write(func(s *stream.Stream) {
			s.CreateGroup(group, stream.ID{}, 0)
			id := s.First()
			switch {
			case op == 0:
				if s.Delete(id) != (len(v.list) > 0) {
					m.fail("First is %v of %d entries", id, len(v.list))
				}
				v.list = v.list[min(1, len(v.list)):]
			case op == 1:
				s.CreateConsumer(group, cons, 1)
				s.Assign(group, cons, id, 2, 3)
				v.hash[id.String()] = string(cons)
			case op == 2:
				s.Ack(group, id)
				delete(v.hash, id.String())
			default:
				id, _ = s.Last().Next()
				s.Add(id, [][]byte{group, []byte(val)}, stream.Limits{Entries: 10})
				v.str = id.String()
				v.list = append(v.list, v.str+" "+val)
			}
		})
	}
	if !h.Exists() || h.Read().Len() != len(v.list) {
		m.fail("Len %d, want %d", h.Read().Len(), len(v.list))
	}
	return true
}

func (v *mval) readStream(s *stream.Content) {
	if last := s.Last(); !last.IsZero() {
		v.str = last.String()
	}
	s.Range(stream.ID{}, stream.MaxID, func(e stream.Entry) bool {
		e.Each(func(_, value []byte) { v.list = append(v.list, e.ID.String()+" "+string(value)) })
		return true
	})
	v.hash = map[string]string{}
	if g, ok := s.Group([]byte("g")); ok {
		g.RangePending(stream.ID{}, func(p stream.Pending) bool {
			v.hash[p.ID.String()] = p.Consumer
			return true
		})
	}
}

func (m *model) checkZSet(h *ZSetHandle, v *mval) {
	items := v.sorted()
	var got []mitem
	h.Range(0, len(items), func(b []byte, s float64) bool { got = append(got, mitem{string(b), s}); return true })
	if !slices.Equal(got, items) {
		m.fail("Range of a sorted set: %v, want %v", got, items)
	}
	got = nil
	h.RangeBack(len(items)-1, len(items), func(b []byte, s float64) bool { got = append(got, mitem{string(b), s}); return true })
	slices.Reverse(got)
	if !slices.Equal(got, items) {
		m.fail("RangeBack of a sorted set: %v, want %v", got, items)
	}
	s, orEqual := float64(m.rng.IntN(12))-6, m.rng.IntN(2) == 0
	want := 0
	for _, it := range items {
		if it.s < s || orEqual && it.s == s {
			want++
		}
	}
	if got := h.CountLess(s, orEqual); got != want {
		m.fail("CountLess(%v, %v) = %d, want %d", s, orEqual, got, want)
	}
	if len(items) == 0 {
		return
	}
	r := m.rng.IntN(len(items))
	if rank, ok := h.Rank([]byte(items[r].m)); !ok || rank != r {
		m.fail("Rank = %d %v, want %d", rank, ok, r)
	}
	if b, s := h.At(r); string(b) != items[r].m || s != items[r].s {
		m.fail("At(%d) = %q %v", r, b, s)
	}
	if s, ok := h.Score([]byte(items[r].m)); !ok || s != items[r].s {
		m.fail("Score = %v %v", s, ok)
	}
}

func TestModel(t *testing.T) {
	seed := *modelSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	defer func(was int) { compactSlack = was }(compactSlack)
	compactSlack = 0
	rounds := *modelRounds
	if testing.Short() {
		rounds = min(rounds, 3)
	}
	for round := range rounds {
		keys := []int{20, 100, 2000}[round%3]
		ops := []int{6000, 8000, 14000}[round%3]
		m := newModel(t, seed+uint64(round), keys, []int{300, 6000}[round/3%2])
		for i := range ops {
			m.step()
			if i%(ops/8) == 0 {
				m.check()
			}
		}
		m.check()
		if m.views == 0 || m.popped == 0 || m.rollbacks == 0 {
			t.Errorf("round %d: %d views, %d popped, %d rollbacks: the test tests nothing", round, m.views, m.popped, m.rollbacks)
		}
		t.Logf("round %d: %d views, %d popped, %d rollbacks", round, m.views, m.popped, m.rollbacks)
		m.finish()
	}
}

// finish empties everything: all accounted memory is given back.
func (m *model) finish() {
	if m.unit {
		m.commit()
	}
	if m.view != nil {
		m.view.Abort()
	}
	for db := range m.m {
		m.scan = nil
		for key := range m.m[db] {
			if !m.db(db, key).Delete([]byte(key)) {
				m.fail("the last Delete of %.40q found nothing", key)
			}
		}
		m.m[db] = map[string]*mval{}
	}
	m.check()
	m.k.checkEmpty(m.t)
}

// FuzzModel lets the fuzzer choose the seed and the sizes: what it finds is a seed for TestModel.
func FuzzModel(f *testing.F) {
	f.Add(uint64(1), uint8(20), uint16(300))
	f.Add(uint64(2), uint8(200), uint16(6000))
	f.Fuzz(func(t *testing.T, seed uint64, keys uint8, size uint16) {
		m := newModel(t, seed, int(keys)+2, int(size)+4)
		for range 600 {
			m.step()
		}
		m.check()
		m.finish()
	})
}
