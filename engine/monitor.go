package engine

import (
	"fmt"
	"strconv"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// monitored reports whether a command is shown to somebody. Commands for
// operators are not; scripts are, though their rows say otherwise because Redis
// shows them itself.
func (e *Engine) monitored(spec *command.Spec) bool {
	if e.monitors.Load() == 0 || spec.Any(command.Admin) {
		return false
	}
	return !spec.Any(command.SkipMonitor) || spec.Group == command.GroupScripting
}

// monitor shows a command to the sessions that watch all of them. from is the
// client's address, or what stands for it.
func (e *Engine) monitor(spec *command.Spec, db int, from string, args [][]byte, at time.Time) {
	line := fmt.Appendf(nil, "%d.%06d [%d %s]", at.Unix(), at.Nanosecond()/1000, db, from)
	for _, a := range redact(spec, args) {
		line = append(line, ' ')
		line = appendQuoted(line, a)
	}
	var w wire.Writer
	w.Status(string(line))
	e.sessions.each(func(s *Session) {
		s.mu.Lock()
		watches := s.shown.monitor
		s.mu.Unlock()
		if watches {
			s.outbox.Deliver(w.Buf)
		}
	})
}

func (s *Session) enterMonitor() {
	if !s.monitoring {
		s.monitoring = true
		s.engine.monitors.Add(1)
		s.show()
	}
}

func (s *Session) leaveMonitor() {
	if s.monitoring {
		s.monitoring = false
		s.engine.monitors.Add(-1)
		s.show()
	}
}

// appendQuoted appends b as MONITOR and the slow log print it: in double
// quotes, what is not printable escaped.
func appendQuoted(line, b []byte) []byte {
	line = append(line, '"')
	for _, c := range b {
		switch {
		case c == '\\' || c == '"':
			line = append(line, '\\', c)
		case c == '\n':
			line = append(line, '\\', 'n')
		case c == '\r':
			line = append(line, '\\', 'r')
		case c == '\t':
			line = append(line, '\\', 't')
		case c == '\a':
			line = append(line, '\\', 'a')
		case c == '\b':
			line = append(line, '\\', 'b')
		case c < 0x20 || c > 0x7e:
			line = append(line, '\\', 'x')
			if c < 16 {
				line = append(line, '0')
			}
			line = strconv.AppendUint(line, uint64(c), 16)
		default:
			line = append(line, c)
		}
	}
	return append(line, '"')
}
