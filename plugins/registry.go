package plugins

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// Plugin is code that extends an engine. One value serves one engine.
type Plugin interface {
	// Provision subscribes to events, registers commands and decodes the
	// configuration. It does no I/O and starts no goroutines. An error keeps the
	// engine from opening.
	Provision(h *Host) error
}

// Starter is implemented by plugins that do something once the log is loaded,
// before listeners open. What it starts it owns; Host.Go is the easy way.
type Starter interface {
	Start(ctx context.Context) error
}

// Versioned is implemented by plugins whose version MODULE LIST is to show; the
// others have version 1.
type Versioned interface {
	Version() int
}

// Stopper is implemented by plugins that have to end something. It is called
// after listeners have closed, in the reverse order of Start. What the Host
// started for the plugin has ended before.
type Stopper interface {
	Stop(ctx context.Context) error
}

var registry struct {
	sync.Mutex
	factories map[string]func() Plugin
}

// Register makes a plugin available under a name, in lower case. It is called
// in init, and panics on an empty or taken name.
func Register(name string, factory func() Plugin) {
	registry.Lock()
	defer registry.Unlock()
	if name == "" || name != strings.ToLower(name) || factory == nil {
		panic(fmt.Sprintf("plugins: %q is no name for a plugin (lower case, not empty)", name))
	}
	if other, taken := registry.factories[name]; taken {
		panic(fmt.Sprintf("plugins: two plugins have the name %q: of %s and of %s", name, origin(other), origin(factory)))
	}
	if registry.factories == nil {
		registry.factories = map[string]func() Plugin{}
	}
	registry.factories[name] = factory
}

// origin is the package of a factory and its name there.
func origin(factory func() Plugin) string {
	return runtime.FuncForPC(reflect.ValueOf(factory).Pointer()).Name()
}

// Registered lists the names of the plugins that are compiled in, sorted.
func Registered() []string {
	registry.Lock()
	defer registry.Unlock()
	return slices.Sorted(maps.Keys(registry.factories))
}

func lookup(name string) (func() Plugin, bool) {
	registry.Lock()
	defer registry.Unlock()
	f, ok := registry.factories[strings.ToLower(name)]
	return f, ok
}
