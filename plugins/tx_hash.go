package plugins

import (
	"maps"
	"slices"
)

// Hash is a hash inside a unit. Its methods fail with wire.ErrWrongType when
// the key holds another type.
type Hash struct{ Key }

// Hash returns a handle of a hash, which need not exist.
func (t *Tx) Hash(name string) Hash { return Hash{t.Key(name)} }

// Get returns a field's value; ok is false when there is none.
func (h Hash) Get(field string) (value string, ok bool, err error) {
	return h.tx.text("HGET", h.name, field)
}

// Set sets a field to anything that Args takes.
func (h Hash) Set(field string, value any) error {
	_, err := h.tx.Do("HSET", h.name, field, value)
	return err
}

// SetAll sets several fields; none is no error.
func (h Hash) SetAll(fields map[string]string) error {
	if len(fields) == 0 {
		return nil
	}
	args := []any{"HSET", h.name}
	for _, f := range slices.Sorted(maps.Keys(fields)) {
		args = append(args, f, fields[f])
	}
	_, err := h.tx.Do(args...)
	return err
}

// Delete removes fields and returns how many were there.
func (h Hash) Delete(fields ...string) (int64, error) {
	return h.tx.integer(list(fields, "HDEL", h.name)...)
}

// Has reports whether there is such a field.
func (h Hash) Has(field string) (bool, error) { return h.tx.flag("HEXISTS", h.name, field) }

// All returns all fields with their values.
func (h Hash) All() (map[string]string, error) {
	v, err := h.tx.Do("HGETALL", h.name)
	return v.Fields(), err
}

// Fields returns the names of all fields.
func (h Hash) Fields() ([]string, error) { return h.tx.texts("HKEYS", h.name) }

// Len is the number of fields.
func (h Hash) Len() (int64, error) { return h.tx.integer("HLEN", h.name) }

// Add adds to the number in a field (a missing one is 0) and returns the sum.
func (h Hash) Add(field string, n int64) (int64, error) {
	return h.tx.integer("HINCRBY", h.name, field, n)
}
