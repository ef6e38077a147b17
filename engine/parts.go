package engine

import (
	"io"
	"slices"
	"sync"
)

// InfoFunc writes the lines of an INFO section.
type InfoFunc func(add func(name string, value any))

// DumpFunc emits commands that a rewrite of the log puts in front of the keys.
// It is called under all locks and must not wait.
type DumpFunc func(emit func(db int, args ...[]byte) error) error

// parts are what other packages hang into the engine.
type parts struct {
	mu       sync.Mutex
	sections []infoPart
	dump     []DumpFunc
	controls Controls
}

type infoPart struct {
	name string
	fn   InfoFunc
}

// ModuleInfo is a plugin as MODULE LIST shows it.
type ModuleInfo struct {
	Name    string
	Version int
}

// AddInfo adds lines to an INFO section, which is made when it is new; a line
// that the section has already is replaced. fn is called by whoever asks, which
// may be a transaction that holds locks: it must not touch the keyspace or wait.
func (e *Engine) AddInfo(section string, fn func(add func(name string, value any))) {
	e.parts.mu.Lock()
	defer e.parts.mu.Unlock()
	e.parts.sections = append(e.parts.sections, infoPart{section, fn})
}

// AddDump adds what a rewrite keeps besides keys: function libraries, scripts.
func (e *Engine) AddDump(fn func(emit func(db int, args ...[]byte) error) error) {
	e.parts.mu.Lock()
	defer e.parts.mu.Unlock()
	e.parts.dump = append(e.parts.dump, fn)
}

func (p *parts) dumps() []DumpFunc {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.dump)
}

func (p *parts) infos() []infoPart {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sections)
}

// Controls are the functions behind commands that steer what lies outside the
// engine. A nil function makes its command answer that there is nothing to steer.
type Controls struct {
	Rewrite func() error        // BGREWRITEAOF: starts a rewrite in the background
	Modules func() []ModuleInfo // MODULE LIST
	// Reload is HOOK RELOAD: it loads script libraries from their files, and returns
	// the names of those that are loaded then.
	Reload   func() ([]string, error)
	Shutdown func() // SHUTDOWN: begins the orderly end of the process
	// Save is SAVE and BGSAVE: it puts what write writes into the place of the last
	// snapshot, or leaves that when write fails.
	Save func(write func(io.Writer) error) error
	// Spool keeps what write writes until the reader is closed, and says how much it is.
	Spool func(write func(io.Writer) error) (r io.ReadCloser, size int64, err error)
}

// SetControls attaches the controls.
func (e *Engine) SetControls(c Controls) {
	e.parts.mu.Lock()
	defer e.parts.mu.Unlock()
	e.parts.controls = c
}

func (e *Engine) controls() Controls {
	e.parts.mu.Lock()
	defer e.parts.mu.Unlock()
	return e.parts.controls
}
