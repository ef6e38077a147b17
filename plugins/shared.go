package plugins

import (
	"fmt"
	"sync"
)

// shared is what the plugins of one engine offer each other.
type shared struct {
	mu     sync.Mutex
	values map[string]any
}

// Provide offers a value to the plugins that come later in the configuration,
// under a name that should begin with the plugin's own.
func (h *Host) Provide(name string, value any) error {
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	if _, taken := h.shared.values[name]; taken {
		return fmt.Errorf("plugins: %s: %q is provided already", h.name, name)
	}
	if h.shared.values == nil {
		h.shared.values = map[string]any{}
	}
	h.shared.values[name] = value
	return nil
}

// Lookup returns what another plugin, earlier in the configuration, has provided.
func Lookup[T any](h *Host, name string) (value T, err error) {
	h.shared.mu.Lock()
	defer h.shared.mu.Unlock()
	v, ok := h.shared.values[name]
	if !ok {
		return value, fmt.Errorf("plugins: %s: nobody before it provides %q", h.name, name)
	}
	value, ok = v.(T)
	if !ok {
		return value, fmt.Errorf("plugins: %s: %q is a %T, not a %T", h.name, name, v, value)
	}
	return value, nil
}
