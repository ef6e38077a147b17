package plugins

// List is a list inside a unit. Its methods fail with wire.ErrWrongType when
// the key holds another type. Positions count from 0, negative ones from the end.
type List struct{ Key }

// List returns a handle of a list, which need not exist.
func (t *Tx) List(name string) List { return List{t.Key(name)} }

// PushLeft adds elements at the head, one after the other, and returns the new
// length. There must be at least one.
func (l List) PushLeft(elements ...any) (int64, error) {
	return l.tx.integer(list(elements, "LPUSH", l.name)...)
}

// PushRight adds elements at the tail and returns the new length. There must be
// at least one.
func (l List) PushRight(elements ...any) (int64, error) {
	return l.tx.integer(list(elements, "RPUSH", l.name)...)
}

// PopLeft takes the first element; ok is false when there is none.
func (l List) PopLeft() (element string, ok bool, err error) { return l.tx.text("LPOP", l.name) }

// PopRight takes the last element; ok is false when there is none.
func (l List) PopRight() (element string, ok bool, err error) { return l.tx.text("RPOP", l.name) }

// Range returns the elements from one position to another, both included.
func (l List) Range(from, to int) ([]string, error) { return l.tx.texts("LRANGE", l.name, from, to) }

// Index returns the element at a position; ok is false when there is none.
func (l List) Index(i int) (element string, ok bool, err error) {
	return l.tx.text("LINDEX", l.name, i)
}

// Trim keeps the elements from one position to another, both included.
func (l List) Trim(from, to int) error {
	_, err := l.tx.Do("LTRIM", l.name, from, to)
	return err
}

// Remove removes all elements that are equal to one, and returns how many there were.
func (l List) Remove(element any) (int64, error) {
	return l.tx.integer("LREM", l.name, 0, element)
}

// Len is the number of elements.
func (l List) Len() (int64, error) { return l.tx.integer("LLEN", l.name) }
