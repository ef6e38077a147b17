package persist

// Append encodes a group of records, which is to be applied as a whole or not at all, into the
// buffer, and returns the position behind it for Commit. It does no I/O, copies what it needs, and
// never fails: what goes wrong later is Commit's and Err's to tell. The order of the appends is the
// order of the log, so that the caller appends while it still holds what orders its changes. An
// empty group, and any group after Close or before Start, is dropped.
func (l *Log) Append(group []Record) (pos int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(group) == 0 || l.state != stateStarted {
		return l.appended
	}
	c := l.tail()
	if l.o.TimestampAnnotations {
		if now := l.o.Now().Unix(); now != l.stamped {
			l.stamped = now
			l.add(c, appendTimestamp(c.data, now))
		}
	}
	data, selected := appendGroup(c.data, l.selected, group)
	l.selected = selected
	l.add(c, data)
	return l.appended
}

// tail returns the chunk that takes the next bytes. Called with mu held.
func (l *Log) tail() *chunk {
	to := l.current()
	if n := len(l.pending); n > 0 && l.pending[n-1].to == to {
		return l.pending[n-1]
	}
	c := &chunk{to: to, off: to.size, data: l.spare[:0]}
	l.spare = nil
	l.pending = append(l.pending, c)
	return c
}

// add replaces the data of the last pending chunk, which has grown. Called with mu held.
func (l *Log) add(c *chunk, data []byte) {
	grown := int64(len(data) - len(c.data))
	c.data = data
	c.to.size += grown
	l.appended += grown
	c.end = l.appended
}

// switchTo makes next the increment that is appended to, beginning with a note of what the current
// one holds. Called with mu held.
func (l *Log) switchTo(next *target) {
	before := l.current()
	l.open = append(l.open, next)
	l.selected = noDB
	c := l.tail()
	l.add(c, appendPrevNote(c.data, before.seq, before.size))
}
