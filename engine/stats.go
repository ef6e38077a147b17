package engine

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// stats are the engine's counters since its start or CONFIG RESETSTAT.
type stats struct {
	commands, connections, rejected atomic.Int64
	expired, panics, dirty          atomic.Int64
	evicted                         atomic.Int64
	hits, misses                    atomic.Int64
	errorReplies                    atomic.Int64
	blocked                         atomic.Int64 // clients blocked now
	lazyFreed                       atomic.Int64 // values that were left to the collector
	late                            [len(latenessBounds) + 1]atomic.Int64

	mu     sync.Mutex
	errors map[string]int64 // error replies by code
}

// latenessBounds are the upper bounds, in milliseconds, of the histogram of how
// late expiries were.
var latenessBounds = [...]int64{1, 2, 5, 10, 20, 50, 100, 1000}

func (s *stats) lateness(ms int64) {
	i := 0
	for i < len(latenessBounds) && ms > latenessBounds[i] {
		i++
	}
	s.late[i].Add(1)
}

// reset sets the counters back that CONFIG RESETSTAT is for.
func (s *stats) reset() {
	for _, c := range []*atomic.Int64{&s.commands, &s.connections, &s.rejected, &s.expired, &s.evicted, &s.hits, &s.misses, &s.errorReplies, &s.lazyFreed} {
		c.Store(0)
	}
	for i := range s.late {
		s.late[i].Store(0)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errors = nil
}

// resetStats is CONFIG RESETSTAT.
func (e *Engine) resetStats() {
	e.stats.reset()
	e.histograms.Range(func(_, h any) bool {
		h.(*histogram).reset()
		return true
	})
	e.eachSpec(func(s *command.Spec) {
		st := s.Stats()
		for _, c := range []*atomic.Int64{&st.Calls, &st.Rejected, &st.Failed, &st.Usec} {
			c.Store(0)
		}
	})
}

// maxErrorCodes bounds what scripts with made-up codes can grow.
const maxErrorCodes = 128

// countError counts an error reply by its code, once: what a script was told by
// a command, and passes on, has been counted where it came from.
func (e *Engine) countError(err error) {
	if command.IsCounted(err) {
		return
	}
	e.stats.errorReplies.Add(1)
	code, _, _ := strings.Cut(string(asReply(err)), " ")
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	if e.stats.errors == nil {
		e.stats.errors = map[string]int64{}
	}
	if _, known := e.stats.errors[code]; known || len(e.stats.errors) < maxErrorCodes {
		e.stats.errors[code]++
	}
}

// account counts the command that the session has just executed in its batch.
// replied is the length of the reply.
func (s *Session) account(spec *command.Spec, args [][]byte, err error, replied int) {
	b := &s.batch
	if spec.Any(untallied) {
		took := s.tick()
		s.engine.account(s, spec, args, took, err)
		b.share = s.engine.sharesReadings() // that may have been CONFIG SET
		s.told(s.followed(spec, args, took, err))
		return
	}
	if err == nil && b.shares(spec, args, replied) {
		b.tally.spec = spec
		b.tally.open++
		return
	}
	n := b.tally.open + 1
	b.tally.open = 0
	took := s.tick()
	b.tally.add(s, spec, n, took)
	s.engine.remark(s, spec, args, took, err)
	s.told(s.followed(spec, args, took, err))
}

// account counts an executed command at once. It is called by who holds the
// session's call.
func (e *Engine) account(s *Session, spec *command.Spec, args [][]byte, took time.Duration, err error) {
	var t tally
	t.add(s, spec, 1, took)
	t.fold(s)
	e.remark(s, spec, args, took, err)
}

// remark counts a failure and shows a slow command.
func (e *Engine) remark(s *Session, spec *command.Spec, args [][]byte, took time.Duration, err error) {
	if err != nil {
		spec.Stats().Failed.Add(1)
		e.countError(err)
	}
	cfg := &e.live.Get().Server
	if limit := cfg.SlowlogLogSlowerThan; limit >= 0 && took >= limit && !spec.Any(command.SkipSlowlog) {
		e.slowlog.add(slowEntry{
			at: e.now(), took: took, args: shorten(redact(spec, args)), addr: s.o.Addr, name: s.Name(),
		}, int(cfg.SlowlogMaxLen))
	}
	if cfg.LatencyMonitorThreshold > 0 {
		event := "command"
		if spec.Is(command.Fast) {
			event = "fast-command"
		}
		e.latency.note(e, event, took)
	}
}

// clientEvent publishes a change of a session's state.
func (e *Engine) clientEvent(s *Session, what string) {
	if e.bus.Wants(hook.KindClient) {
		e.bus.Offer(&hook.Client{What: what, ID: s.id, Addr: s.o.Addr, User: s.User(), Name: s.Name()})
	}
}
