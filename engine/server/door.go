package server

import (
	"github.com/kevy-lua/kevy-lua/engine"
	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// core is what the server needs of an engine.
type core interface {
	newSession(engine.SessionOptions) (session, error)
	Commit() error
	TryCommit() (done bool, err error)
	Live() *config.Live
}

// session is what a connection needs of an engine.Session.
type session interface {
	Do(args [][]byte, out *wire.Writer) engine.Outcome
	Close()
}

// What a session may have beyond that; see client.
type (
	// batcher wants to know which requests come together.
	batcher interface {
		Batch(requests [][][]byte)
		EndBatch()
	}
	// authenticator tells strangers, whose requests must be small.
	authenticator interface{ NeedsAuth() bool }
	// subscriber tells clients that wait for messages: they have an output limit of their
	// own and may be idle.
	subscriber interface{ Subscribed() bool }
)

// engineCore adapts the engine to core.
type engineCore struct{ *engine.Engine }

func (e engineCore) newSession(o engine.SessionOptions) (session, error) {
	s, err := e.NewSession(o)
	if err != nil {
		return nil, err
	}
	return s, nil
}
