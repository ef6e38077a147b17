package plugins

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// Set is the plugins of one engine, in the order of their configuration.
type Set struct {
	shared  shared
	started int

	mu      sync.Mutex // guards what follows
	members []member
	told    bool // INFO has a section about them
}

type member struct {
	host   *Host
	plugin Plugin
	part   bool // of the program itself: not listed
}

// Add provisions a plugin that is given as a value.
func (s *Set) Add(core Core, name string, p Plugin) error {
	return s.provision(core, config.Plugin{Name: name, Enabled: true}, p, false)
}

// AddPart provisions what is no plugin to a user but a part of the program, such
// as scripting.
func (s *Set) AddPart(core Core, name string, p Plugin) error {
	return s.provision(core, config.Plugin{Name: name, Enabled: true}, p, true)
}

// Provision makes and provisions the plugins that the configuration names. On
// an error the caller stops the set.
func (s *Set) Provision(core Core, confs []config.Plugin) error {
	for _, c := range confs {
		if !c.Enabled {
			continue
		}
		f, ok := lookup(c.Name)
		if !ok {
			return fmt.Errorf("plugins: no plugin %q is compiled in (there are: %s)", c.Name, strings.Join(Registered(), ", "))
		}
		if err := s.provision(core, c, f(), false); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) provision(core Core, c config.Plugin, p Plugin, part bool) error {
	name := strings.ToLower(c.Name)
	for _, m := range s.list() {
		if m.host.name == name {
			return fmt.Errorf("plugins: %q is configured twice", name)
		}
	}
	h := newHost(name, core, c, &s.shared)
	if err := h.try("Provision", func() error { return p.Provision(h) }); err != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
		defer cancel()
		return errors.Join(fmt.Errorf("plugins: provision %s: %w", h.name, err), h.stop(ctx))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members = append(s.members, member{h, p, part})
	if !part && !s.told {
		s.told = true
		core.AddInfo("plugins", s.info)
	}
	return nil
}

func (s *Set) list() []member {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.members)
}

// Start starts the plugins in order. On an error the caller stops the set.
func (s *Set) Start(ctx context.Context) error {
	for _, m := range s.list()[s.started:] {
		m.host.begin()
		if st, ok := m.plugin.(Starter); ok {
			if err := m.host.try("Start", func() error { return st.Start(ctx) }); err != nil {
				return fmt.Errorf("plugins: start %s: %w", m.host.name, err)
			}
		}
		s.started++
	}
	return nil
}

// stopGrace is what plugins get, after their context has ended, to notice that.
const stopGrace = time.Second

// Stop ends the plugins in the reverse order: first what the host started for
// one, then the plugin itself. A moment after ctx has ended, what does not end is
// left behind and named in the error. It is idempotent.
func (s *Set) Stop(ctx context.Context) error {
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		grace := time.NewTimer(stopGrace)
		defer grace.Stop()
		select {
		case <-grace.C:
			cancel()
		case <-last.Done():
		}
	})()
	var errs []error
	members := s.list()
	for i := len(members) - 1; i >= 0; i-- {
		m := members[i]
		errs = append(errs, m.host.stop(last))
		if st, ok := m.plugin.(Stopper); ok && i < s.started {
			errs = append(errs, m.host.stopPlugin(ctx, last, st))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members, s.started = nil, 0
	return errors.Join(errs...)
}

// stopPlugin calls the plugin's own Stop, and waits for it until last ends.
func (h *Host) stopPlugin(ctx, last context.Context, st Stopper) (err error) {
	ended := make(chan error, 1)
	go func() { ended <- h.try("Stop", func() error { return st.Stop(ctx) }) }()
	select {
	case err = <-ended:
	case <-last.Done():
		err = fmt.Errorf("it does not end: %w", last.Err())
	}
	if err != nil {
		return fmt.Errorf("plugins: stop %s: %w", h.name, err)
	}
	return nil
}

// Get returns the plugin of a name, nil when there is none.
func (s *Set) Get(name string) Plugin {
	for _, m := range s.list() {
		if m.host.name == strings.ToLower(name) {
			return m.plugin
		}
	}
	return nil
}

// Info is what a listing says about a plugin.
type Info struct {
	Name    string
	Version int
}

// List lists the plugins in order, without the parts of the program.
func (s *Set) List() (list []Info) {
	for _, m := range s.list() {
		if m.part {
			continue
		}
		info := Info{Name: m.host.name, Version: 1}
		if v, ok := m.plugin.(Versioned); ok {
			m.host.guard("Version", func() { info.Version = v.Version() })
		}
		list = append(list, info)
	}
	return list
}

// info writes INFO plugins: what of each plugin was caught and restarted.
func (s *Set) info(add func(name string, value any)) {
	for _, m := range s.list() {
		if m.part {
			continue
		}
		f, l := &m.host.faults, m.host.life.figures()
		add("plugin_"+m.host.name, fmt.Sprintf("panics=%d,restarts=%d,timers=%d", f.panics.Load(), f.restarts.Load(), l))
	}
}
