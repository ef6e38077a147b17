package stream

import (
	"cmp"
	"math"
	"strconv"
)

// ID names an entry: the millisecond at which it came, and its number in it. IDs of one stream only grow.
type ID struct{ Ms, Seq uint64 }

// MaxID is the last ID there is. The zero ID is before all entries.
var MaxID = ID{math.MaxUint64, math.MaxUint64}

// Compare returns -1, 0 or 1.
func (id ID) Compare(other ID) int {
	if c := cmp.Compare(id.Ms, other.Ms); c != 0 {
		return c
	}
	return cmp.Compare(id.Seq, other.Seq)
}

// Less reports whether the ID comes before the other one.
func (id ID) Less(other ID) bool {
	return id.Ms < other.Ms || id.Ms == other.Ms && id.Seq < other.Seq
}

// IsZero reports whether the ID is 0-0.
func (id ID) IsZero() bool { return id == ID{} }

// Next returns the ID that follows; ok is false after MaxID.
func (id ID) Next() (next ID, ok bool) {
	switch {
	case id.Seq < math.MaxUint64:
		return ID{id.Ms, id.Seq + 1}, true
	case id.Ms < math.MaxUint64:
		return ID{id.Ms + 1, 0}, true
	}
	return ID{}, false
}

// Prev returns the ID before; ok is false at 0-0.
func (id ID) Prev() (prev ID, ok bool) {
	switch {
	case id.Seq > 0:
		return ID{id.Ms, id.Seq - 1}, true
	case id.Ms > 0:
		return ID{id.Ms - 1, math.MaxUint64}, true
	}
	return ID{}, false
}

// MaxText is the length of the longest ID as text.
const MaxText = 2*20 + 1

// Append appends the ID as text, "ms-seq".
func (id ID) Append(b []byte) []byte {
	b = strconv.AppendUint(b, id.Ms, 10)
	b = append(b, '-')
	return strconv.AppendUint(b, id.Seq, 10)
}

// String returns the ID as text.
func (id ID) String() string { return string(id.Append(nil)) }
