package server

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// listenRefused are Redis' words, which CONFIG SET shows.
const listenRefused = "Unable to listen on this port"

// rebind moves the TCP listeners to where next says. What is open already
// stays open; when an address cannot be opened, everything is as it was. It may
// be called from inside a command.
func (s *Server) rebind(next *config.Config) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.front == nil {
		return nil
	}
	want := endpoints(next.Server.Bind, next.Server.Port)
	old := s.listeners
	var stay, leave []*listener
	for _, l := range old {
		if l.transport == "unix" || slices.Contains(want, l.want) {
			stay = append(stay, l)
		} else {
			leave = append(leave, l)
		}
	}
	var missing []endpoint
	for _, e := range want {
		if !slices.ContainsFunc(stay, func(l *listener) bool { return l.want == e }) {
			missing = append(missing, e)
		}
	}
	s.listeners = stay
	err := s.open(missing, next.Server.TCPBacklog)
	if errors.Is(err, syscall.EADDRINUSE) && len(leave) > 0 {
		// Perhaps the addresses to leave are in the way: "127.0.0.1" of "*".
		s.leave(leave)
		if err = s.open(missing, next.Server.TCPBacklog); err != nil {
			err = errors.Join(err, s.reopen(leave))
		}
		leave = nil
	}
	if err != nil {
		s.listeners = append(s.listeners, leave...)
		return fmt.Errorf("%s: %w", listenRefused, err)
	}
	s.leave(leave)
	return nil
}

// open opens endpoints and gives them to the front, all or none. Called with mu held.
func (s *Server) open(missing []endpoint, backlog int) error {
	opened, err := openEach(missing, backlog)
	if err != nil {
		return err
	}
	if err := s.attach(opened); err != nil {
		closeAll(opened)
		return err
	}
	return nil
}

func (s *Server) leave(ls []*listener) {
	for _, l := range ls {
		s.front.remove(l)
	}
}

// reopen takes addresses back that were left in vain.
func (s *Server) reopen(left []*listener) error {
	var again []endpoint
	for _, l := range left {
		again = append(again, l.want)
	}
	return s.open(again, s.core.Live().Get().Server.TCPBacklog)
}
