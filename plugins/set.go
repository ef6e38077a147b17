package plugins

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// Set is the plugins of one engine, in the order of their configuration.
type Set struct {
	members []member
	started int
}

type member struct {
	host   *Host
	plugin Plugin
}

// Add provisions a plugin that is part of the assembly itself rather than of
// the configuration, such as scripting.
func (s *Set) Add(core Core, name string, p Plugin) error {
	return s.provision(core, config.Plugin{Name: name, Enabled: true}, p)
}

// Provision makes and provisions the plugins that the configuration names. On
// an error, those provisioned before are stopped.
func (s *Set) Provision(core Core, confs []config.Plugin) error {
	for _, c := range confs {
		if !c.Enabled {
			continue
		}
		f, ok := lookup(c.Name)
		if !ok {
			s.Stop(context.Background())
			return fmt.Errorf("plugins: no plugin %q is compiled in (there are: %s)", c.Name, strings.Join(Registered(), ", "))
		}
		if err := s.provision(core, c, f()); err != nil {
			s.Stop(context.Background())
			return err
		}
	}
	return nil
}

func (s *Set) provision(core Core, c config.Plugin, p Plugin) error {
	h := newHost(strings.ToLower(c.Name), core, c)
	for _, m := range s.members {
		if m.host.name == h.name {
			return fmt.Errorf("plugins: %q is configured twice", h.name)
		}
	}
	if err := p.Provision(h); err != nil {
		h.stop()
		return fmt.Errorf("plugins: provision %s: %w", h.name, err)
	}
	s.members = append(s.members, member{h, p})
	return nil
}

// Start starts the plugins in order. On an error the caller stops the set.
func (s *Set) Start(ctx context.Context) error {
	for _, m := range s.members[s.started:] {
		if st, ok := m.plugin.(Starter); ok {
			if err := st.Start(ctx); err != nil {
				return fmt.Errorf("plugins: start %s: %w", m.host.name, err)
			}
		}
		s.started++
	}
	return nil
}

// Stop ends the plugins in the reverse order: first what the host started for
// one, then the plugin itself. It is idempotent.
func (s *Set) Stop(ctx context.Context) error {
	var errs []error
	for i := len(s.members) - 1; i >= 0; i-- {
		m := s.members[i]
		m.host.stop()
		if st, ok := m.plugin.(Stopper); ok && i < s.started {
			if err := st.Stop(ctx); err != nil {
				errs = append(errs, fmt.Errorf("plugins: stop %s: %w", m.host.name, err))
			}
		}
	}
	s.members, s.started = nil, 0
	return errors.Join(errs...)
}

// Names lists the plugins in order.
func (s *Set) Names() []string {
	var names []string
	for _, m := range s.members {
		names = append(names, m.host.name)
	}
	return names
}
