package command

// index finds rows by name in any case: a hash table with open addressing that
// is made anew whenever a row comes or goes. It is here because every command
// starts with it, and a map of strings first wants the name in lower case.
type index struct {
	slots []*Spec // at least twice as many as rows; a power of two
}

func newIndex(rows map[string]*Spec) index {
	n := 64
	for n < 4*len(rows) {
		n *= 2
	}
	x := index{slots: make([]*Spec, n)}
	for name, s := range rows {
		at := x.home([]byte(name))
		for x.slots[at] != nil {
			at = (at + 1) & (n - 1)
		}
		x.slots[at] = s
	}
	return x
}

// home is where a name is looked for first. Four of its bytes and its length
// tell nearly all commands apart.
func (x *index) home(name []byte) int {
	n := len(name)
	h := uint32(name[0]) | uint32(name[min(1, n-1)])<<8 | uint32(name[n/2])<<16 | uint32(name[n-1])<<24
	h = (h | 0x20202020) + uint32(n)
	return int(h*0x9e3779b1>>12) & (len(x.slots) - 1)
}

func (x *index) find(name []byte) *Spec {
	if len(name) == 0 {
		return nil
	}
	for at := x.home(name); ; at = (at + 1) & (len(x.slots) - 1) {
		s := x.slots[at]
		if s == nil || EqualFold(name, s.Name) {
			return s
		}
	}
}
