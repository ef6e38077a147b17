package stream

// How far a group is behind follows from counters: how many entries there ever were, and how many of
// them the group has read. Entries that were deleted in the middle make the second unknown, until the
// group has passed the last of them.

// Fragmented reports whether entries behind an ID may have been deleted by name.
func (c *Content) Fragmented(after ID) bool {
	if c.Len() == 0 || c.deleted.IsZero() || c.deleted.Less(c.First()) {
		return false
	}
	return !c.deleted.Less(after)
}

// Ordinal returns how many entries were ever added up to an ID, or -1 when that cannot be told.
func (c *Content) Ordinal(id ID) int64 {
	if c.added == 0 {
		return 0
	}
	atLast := id.Compare(c.last)
	switch {
	case atLast == 0 || c.Len() == 0 && atLast < 0:
		return int64(c.added)
	case atLast > 0:
		return -1
	}
	first := c.First()
	if c.deleted.IsZero() || c.deleted.Less(first) {
		switch before := int64(c.added) - int64(c.Len()); id.Compare(first) {
		case -1:
			return before
		case 0:
			return before + 1
		}
	}
	return -1
}

// Lag returns how many entries a group has not read; ok is false when that cannot be told.
func (c *Content) Lag(g Group) (lag int64, ok bool) {
	if c.added == 0 {
		return 0, true
	}
	read := g.Read()
	if read < 0 || c.Fragmented(g.Last()) {
		read = c.Ordinal(g.Last())
	}
	return int64(c.added) - read, read >= 0
}

// Counted returns the number of entries that a group has read once it is given the one with an ID.
func (c *Content) Counted(g Group, id ID) int64 {
	if read := g.Read(); read >= 0 && !c.Fragmented(id) {
		return read + 1
	}
	if c.added > 0 {
		return c.Ordinal(id)
	}
	return g.Read()
}
