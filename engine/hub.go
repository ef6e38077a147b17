package engine

import (
	"maps"
	"slices"
	"sync"

	"github.com/kevy-lua/kevy-lua/engine/glob"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// hub carries messages from publishers to subscribed sessions. Channels,
// patterns and shard channels are three name spaces.
type hub struct {
	mu       sync.RWMutex
	channels map[string]map[*Session]struct{}
	patterns map[string]map[*Session]struct{}
	shards   map[string]map[*Session]struct{}
}

func newHub() *hub {
	return &hub{
		channels: map[string]map[*Session]struct{}{},
		patterns: map[string]map[*Session]struct{}{},
		shards:   map[string]map[*Session]struct{}{},
	}
}

// space is one of the hub's name spaces, with a session's side of it.
type space struct {
	kind string // the prefix of the commands' and messages' names: "", "p", "s"
	all  func(*hub) map[string]map[*Session]struct{}
	own  func(*Session) *map[string]struct{}
}

var (
	channelSpace = space{"", func(h *hub) map[string]map[*Session]struct{} { return h.channels }, func(s *Session) *map[string]struct{} { return &s.channels }}
	patternSpace = space{"p", func(h *hub) map[string]map[*Session]struct{} { return h.patterns }, func(s *Session) *map[string]struct{} { return &s.patterns }}
	shardSpace   = space{"s", func(h *hub) map[string]map[*Session]struct{} { return h.shards }, func(s *Session) *map[string]struct{} { return &s.shardChs }}
)

// join subscribes s and returns what SUBSCRIBE reports as its count.
func (h *hub) join(sp space, s *Session, name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := sp.all(h)
	if all[name] == nil {
		all[name] = map[*Session]struct{}{}
	}
	all[name][s] = struct{}{}
	s.mu.Lock()
	defer s.mu.Unlock()
	own := sp.own(s)
	if *own == nil {
		*own = map[string]struct{}{}
	}
	(*own)[name] = struct{}{}
	return s.countSubs(sp)
}

// part ends a subscription.
func (h *hub) part(sp space, s *Session, name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.partLocked(sp, s, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(*sp.own(s), name)
	return s.countSubs(sp)
}

func (h *hub) partLocked(sp space, s *Session, name string) {
	all := sp.all(h)
	delete(all[name], s)
	if len(all[name]) == 0 {
		delete(all, name)
	}
}

// leave ends all of a session's subscriptions.
func (h *hub) leave(s *Session) {
	for _, sp := range []space{channelSpace, patternSpace, shardSpace} {
		for _, name := range s.subscribed(sp) {
			h.part(sp, s, name)
		}
	}
}

// countSubs updates the session's total and returns the figure of a reply:
// channels and patterns are counted together, shard channels apart. s.mu is held.
func (s *Session) countSubs(sp space) int {
	n := len(s.channels) + len(s.patterns)
	s.subs.Store(int32(n + len(s.shardChs)))
	if sp.kind == "s" {
		return len(s.shardChs)
	}
	return n
}

// subscribed lists a session's subscriptions in one name space, sorted.
func (s *Session) subscribed(sp space) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(*sp.own(s)))
}

// publish sends a message to the channel's subscribers and those of matching
// patterns, and returns how many received it.
func (h *hub) publish(from *Session, channel, message []byte) (receivers int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out [2][]byte // the encoded message for RESP2 and RESP3
	for s := range h.channels[string(channel)] {
		s.deliver(&out, "message", channel, message)
		receivers++
	}
	if len(h.patterns) == 0 {
		return receivers
	}
	for p, subscribers := range h.patterns {
		if !glob.Match([]byte(p), channel, false) {
			continue
		}
		var out [2][]byte
		for s := range subscribers {
			s.deliver(&out, "pmessage", []byte(p), channel, message)
			receivers++
		}
	}
	return receivers
}

// publishShard is publish for shard channels, which have no patterns.
func (h *hub) publishShard(channel, message []byte) (receivers int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var out [2][]byte
	for s := range h.shards[string(channel)] {
		s.deliver(&out, "smessage", channel, message)
		receivers++
	}
	return receivers
}

// deliver sends a push made of kind and parts, encoding it once per protocol.
func (s *Session) deliver(cache *[2][]byte, kind string, parts ...[]byte) {
	v := 0
	if s.proto3.Load() {
		v = 1
	}
	if cache[v] == nil {
		w := wire.Writer{RESP3: v == 1}
		w.Push(1 + len(parts))
		w.BulkString(kind)
		for _, p := range parts {
			w.Bulk(p)
		}
		cache[v] = w.Buf
	}
	if s.outbox != nil {
		s.outbox.Deliver(cache[v])
	}
}
