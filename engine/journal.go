package engine

import "github.com/kevy-lua/kevy-lua/engine/command"

// Journal takes what units did and makes it durable. The append-only log of
// package persist is one; a replicated log can be another.
type Journal interface {
	// Append takes one unit's group of records. It is called with the unit's
	// locks held: it copies into a buffer and does no I/O. The position it
	// returns rises with every call.
	Append(group []command.Record) (pos int64)
	// Commit returns when everything up to pos is as durable as the policy
	// promises. It may wait for the disk. The error is sticky: see Err.
	Commit(pos int64) error
	// TryCommit is Commit for who cannot wait for the disk: where it would have
	// to, it does nothing and done is false.
	TryCommit(pos int64) (done bool, err error)
	// Err is why writes are refused at the moment, or nil. It is cheap.
	Err() error
}

// noJournal is the journal of an engine that keeps nothing.
type noJournal struct{}

func (noJournal) Append([]command.Record) int64 { return 0 }
func (noJournal) Commit(int64) error            { return nil }
func (noJournal) TryCommit(int64) (bool, error) { return true, nil }
func (noJournal) Err() error                    { return nil }
