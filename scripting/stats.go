package scripting

import (
	"fmt"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// shown is what FUNCTION STATS tells about a run. It is made when the run has
// become busy, for before that nobody asks.
type shown struct {
	name    string
	command []string
	ms      int64
}

// longest returns the busy script or function that has run longest, or nil.
func (r *Runner) longest() *shown {
	r.mu.Lock()
	defer r.mu.Unlock()
	var longest *state
	for s := range r.states {
		if kind := s.running.Load(); kind != runScript && kind != runFunction || s.shown.Load() == nil {
			continue
		}
		if longest == nil || s.olderThan(longest) {
			longest = s
		}
	}
	if longest == nil {
		return nil
	}
	v := *longest.shown.Load()
	v.ms = (r.now().UnixNano() - longest.startedAt.Load()) / 1e6
	return &v
}

// olderThan reports whether the state's run began before the other's. One that
// has yet to read the clock is the younger.
func (s *state) olderThan(other *state) bool {
	a, b := s.startedAt.Load(), other.startedAt.Load()
	return a != 0 && (b == 0 || a < b)
}

// show lets others see what runs.
func (s *state) show(c *command.Call) {
	v := &shown{name: s.name}
	for _, a := range c.Args {
		v.command = append(v.command, string(a))
	}
	s.shown.Store(v)
}

// usec is the time that scripts and functions have taken: that of the commands
// that run them.
func (r *Runner) usec() (n int64) {
	for _, name := range []string{"eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro"} {
		if spec, ok := r.core.Table().Lookup([]byte(name)); ok {
			n += spec.Stats().Usec.Load()
		}
	}
	return n
}

// What a cached script, a library and a Lua state take, about: their sources,
// and the code and tables made from them. Go's heap is not divided among them.
const (
	scriptBytes = 512
	stateBytes  = 48 << 10
	codeFactor  = 4 // bytes of code and positions for a byte of source
)

// memoryInfo adds Redis' figures about scripts to INFO memory.
func (r *Runner) memoryInfo(add func(name string, value any)) {
	scripts, _ := r.scripts.figures()
	libs, fns := r.libs.figures()
	ofScripts := int64(scripts)*scriptBytes + codeFactor*r.scripts.size()
	ofLibs, states := int64(0), int64(0)
	for _, l := range r.libs.all() {
		ofLibs += scriptBytes + codeFactor*int64(len(l.code))
		states += l.held()
	}
	r.mu.Lock()
	all := int64(len(r.states))
	r.mu.Unlock()
	vm, total := max(all-states, 0)*stateBytes, all*stateBytes
	add("used_memory_lua", vm)
	add("used_memory_vm_eval", vm)
	add("used_memory_lua_human", human(vm))
	add("used_memory_scripts_eval", ofScripts)
	add("number_of_cached_scripts", scripts)
	add("number_of_functions", fns)
	add("number_of_libraries", libs)
	add("used_memory_vm_functions", total-vm)
	add("used_memory_vm_total", total)
	add("used_memory_vm_total_human", human(total))
	add("used_memory_functions", ofLibs)
	add("used_memory_scripts", ofScripts+ofLibs)
	add("used_memory_scripts_human", human(ofScripts+ofLibs))
}

// human is a number of bytes as INFO shows it besides the exact one.
func human(n int64) string {
	switch f := float64(n); {
	case n < 1<<10:
		return fmt.Sprintf("%dB", n)
	case n < 1<<20:
		return fmt.Sprintf("%.2fK", f/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.2fM", f/(1<<20))
	default:
		return fmt.Sprintf("%.2fG", f/(1<<30))
	}
}
