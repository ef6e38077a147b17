package scripting

import (
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// pool is a free list of states, the one that was used last first: its memory
// is still in the processor's cache. It is safe for concurrent use.
type pool struct {
	last atomic.Pointer[state] // may hold one more
	mu   sync.Mutex
	free []*state
	most int
}

func newPool(n int) *pool { return &pool{most: n - 1} }

func (p *pool) get(r *Runner) *state {
	if s := p.last.Swap(nil); s != nil {
		return s
	}
	p.mu.Lock()
	n := len(p.free) - 1
	if n < 0 {
		p.mu.Unlock()
		return r.newState()
	}
	s := p.free[n]
	p.free[n] = nil
	p.free = p.free[:n]
	p.mu.Unlock()
	return s
}

// put takes a state back, unless it is tainted or there are enough.
func (p *pool) put(s *state) (kept bool) {
	if s.tainted || s.stopErr != nil || s.heavy() {
		return false
	}
	if p.last.CompareAndSwap(nil, s) {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) >= p.most {
		return false
	}
	p.free = append(p.free, s)
	return true
}

// mains are the main functions of scripts, as a state has made them: they have
// no upvalues, and scripts cannot change them.
type mains map[*lua.FunctionProto]*lua.LFunction

// maxMains is how many a state keeps.
const maxMains = 64

// main returns the main function of a script. Nothing runs in the state.
func (s *state) main(proto *lua.FunctionProto) *lua.LFunction {
	fn := s.mains[proto]
	if fn == nil {
		if len(s.mains) >= maxMains || s.mains == nil {
			s.mains = make(mains, maxMains)
		}
		fn = s.L.NewFunctionFromProto(proto)
		s.mains[proto] = fn
	}
	return fn
}
