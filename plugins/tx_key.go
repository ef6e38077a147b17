package plugins

import "time"

// Key is a key of any type inside a unit.
type Key struct {
	tx   *Tx
	name string
}

// Key returns a handle of a key of any type, which need not exist.
func (t *Tx) Key(name string) Key { return Key{t, name} }

// Name is the key's name.
func (k Key) Name() string { return k.name }

// Exists reports whether the key is there.
func (k Key) Exists() (bool, error) { return k.tx.flag("EXISTS", k.name) }

// Type is string, hash, list, set, zset or stream, and none when there is no key.
func (k Key) Type() (string, error) {
	v, _, err := k.tx.text("TYPE", k.name)
	return v, err
}

// Delete removes the key, and reports whether it was there.
func (k Key) Delete() (bool, error) { return k.tx.flag("DEL", k.name) }

// ExpireIn gives the key a lifetime from the unit's time, and reports whether
// the key was there. One that is not above 0 deletes it.
func (k Key) ExpireIn(d time.Duration) (bool, error) {
	return k.tx.flag("PEXPIRE", k.name, d.Milliseconds())
}

// ExpireAt gives the key a deadline, in milliseconds' precision.
func (k Key) ExpireAt(at time.Time) (bool, error) {
	return k.tx.flag("PEXPIREAT", k.name, at.UnixMilli())
}

// Persist takes the deadline away, and reports whether there was one.
func (k Key) Persist() (bool, error) { return k.tx.flag("PERSIST", k.name) }

// Deadline is when the key expires; ok is false for a key without a deadline,
// and for one that is not there.
func (k Key) Deadline() (at time.Time, ok bool, err error) {
	ms, err := k.tx.integer("PEXPIRETIME", k.name)
	if err != nil || ms < 0 {
		return time.Time{}, false, err
	}
	return time.UnixMilli(ms), true, nil
}

// String is a string inside a unit. Its methods fail with wire.ErrWrongType
// when the key holds another type.
type String struct{ Key }

// String returns a handle of a string, which need not exist.
func (t *Tx) String(name string) String { return String{t.Key(name)} }

// Get returns the value; ok is false when there is none.
func (s String) Get() (value string, ok bool, err error) { return s.tx.text("GET", s.name) }

// Set sets the value, which is anything that Args takes, and ends a deadline.
func (s String) Set(value any) error {
	_, err := s.tx.Do("SET", s.name, value)
	return err
}

// SetFor sets the value and its lifetime, which must be at least a millisecond.
func (s String) SetFor(value any, d time.Duration) error {
	_, err := s.tx.Do("SET", s.name, value, "PX", d.Milliseconds())
	return err
}

// SetNew sets the value if the key is not there, and reports whether it did.
func (s String) SetNew(value any) (bool, error) { return s.tx.flag("SETNX", s.name, value) }

// Add adds to the number that the string holds (a missing one is 0) and returns
// the sum.
func (s String) Add(n int64) (int64, error) { return s.tx.integer("INCRBY", s.name, n) }

// Append adds text at the end and returns the new length in bytes.
func (s String) Append(text string) (int64, error) { return s.tx.integer("APPEND", s.name, text) }

// Len is the length in bytes.
func (s String) Len() (int64, error) { return s.tx.integer("STRLEN", s.name) }
