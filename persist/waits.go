package persist

// Waits reports whether a Commit now may wait for the disk: under Always, or while a write or an fsync
// is in flight. A server that gets true commits away from its loop.
func (l *Log) Waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.policy == Always || l.writing || l.syncing || l.held >= l.retainLimit
}
