package scripting

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// script is a compiled script of EVAL or SCRIPT LOAD.
type script struct {
	sha, body string
	proto     *lua.FunctionProto
	flags     flags
	wide      atomic.Bool  // it has touched keys that it did not declare
	keep      atomic.Bool  // by SCRIPT LOAD: it is never evicted, and logged
	used      atomic.Int64 // tick of the last use
}

// maxEvalScripts is how many scripts that came by EVAL are kept, as in Redis
// since 7.4: programs that paste values into their scripts would fill the memory.
const maxEvalScripts = 500

// cache holds scripts by SHA1, and by source, which spares the hashing.
type cache struct {
	mu      sync.RWMutex
	bySHA   map[string]*script
	byBody  map[string]*script
	evals   int   // entries without keep
	bytes   int64 // of the sources
	tick    atomic.Int64
	evicted atomic.Int64
	recent  [256]atomic.Pointer[script] // those looked up last, by the SHA1's first letters; stored to under mu
}

func (c *cache) init() { c.bySHA, c.byBody = map[string]*script{}, map[string]*script{} }

// bySource returns the script with the body, compiling it the first time.
func (c *cache) bySource(body []byte, keep bool, sh *shelf) (*script, error) {
	s := c.cached(body)
	if s == nil {
		var err error
		if s, err = newScript(string(body), sh); err != nil {
			return nil, err
		}
		s = c.add(s)
	}
	if keep && !s.keep.Load() {
		c.mu.Lock()
		if !s.keep.Swap(true) {
			c.evals--
		}
		c.mu.Unlock()
	}
	s.used.Store(c.tick.Add(1))
	return s, nil
}

// cached returns the script with the body when it is known, or nil.
func (c *cache) cached(body []byte) *script {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.byBody[string(body)]
}

func newScript(body string, sh *shelf) (*script, error) {
	code, fl, err := scriptShebang(body)
	if err != nil {
		return nil, err
	}
	proto, _, err := compileMain(code, "@user_script", sh, true)
	if err != nil {
		return nil, errCompile(err)
	}
	return &script{sha: sha1hex(body), body: body, proto: proto, flags: fl}, nil
}

// add enters a script, or returns the one that was quicker.
func (c *cache) add(s *script) *script {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.byBody[s.body]; old != nil {
		return old
	}
	if c.evals >= maxEvalScripts {
		c.evict()
	}
	c.bySHA[s.sha], c.byBody[s.body] = s, s
	c.bytes += int64(len(s.body))
	c.evals++
	return s
}

// evict removes the script of EVAL that was not used for the longest time.
func (c *cache) evict() {
	var oldest *script
	for _, s := range c.bySHA {
		if !s.keep.Load() && (oldest == nil || s.used.Load() < oldest.used.Load()) {
			oldest = s
		}
	}
	if oldest != nil {
		delete(c.bySHA, oldest.sha)
		delete(c.byBody, oldest.body)
		c.bytes -= int64(len(oldest.body))
		c.evals--
		c.evicted.Add(1)
		c.forget()
	}
}

// lookup finds a script by its SHA1 in any case, or returns nil.
func (c *cache) lookup(sha []byte) *script {
	if len(sha) != 40 {
		return nil
	}
	slot := &c.recent[sha[0]<<4^sha[1]]
	s := slot.Load()
	if s == nil || s.sha != string(sha) {
		c.mu.RLock()
		s = c.bySHA[string(sha)]
		if s == nil {
			s = c.bySHA[strings.ToLower(string(sha))]
		}
		if s != nil {
			slot.Store(s)
		}
		c.mu.RUnlock()
	}
	if s != nil && !s.keep.Load() {
		s.used.Store(c.tick.Add(1))
	}
	return s
}

// forget makes lookups see what has changed. mu is locked.
func (c *cache) forget() {
	for i := range c.recent {
		c.recent[i].Store(nil)
	}
}

// flush forgets all scripts; kept reports whether any of them is in the log.
func (c *cache) flush() (kept bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.bySHA {
		kept = kept || s.keep.Load()
	}
	clear(c.bySHA)
	clear(c.byBody)
	c.forget()
	c.evals, c.bytes = 0, 0
	return kept
}

// loaded returns the sources of SCRIPT LOAD, in a fixed order.
func (c *cache) loaded() []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var bodies []string
	for _, s := range c.bySHA {
		if s.keep.Load() {
			bodies = append(bodies, s.body)
		}
	}
	slices.Sort(bodies)
	return bodies
}

// size is how long the sources are in all.
func (c *cache) size() int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.bytes
}

func (c *cache) figures() (scripts int, evicted int64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.bySHA), c.evicted.Load()
}
