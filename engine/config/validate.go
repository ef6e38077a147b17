package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Validate checks every value against its row, and what rows cannot say: names of plugins. It reports
// all mistakes, joined. Configurations that Load or Live built are valid; one that a program put
// together by hand may not be.
func (c *Config) Validate() error {
	var mistakes []error
	for _, p := range table().rows {
		if err := c.validateRow(p); err != nil {
			mistakes = append(mistakes, err)
		}
	}
	mistakes = append(mistakes, c.validatePlugins()...)
	return errors.Join(mistakes...)
}

// validateRow prints the value and reads it back: what does not come back as it was is out of range,
// of no known value, or not in its canonical form.
func (c *Config) validateRow(p *Param) error {
	value := c.value(p)
	if p.field == nil {
		if _, ok := c.Compat[p.Key()]; !ok {
			return fmt.Errorf("config: %s: no value", p.Path)
		}
	}
	back, err := p.Parse(c, c.text(p))
	if err != nil || !same(back, value) {
		shown := fmt.Sprintf("%q", c.text(p))
		if p.Sensitive {
			shown = "the value"
		}
		return fmt.Errorf("config: %s: %s is not valid: expected %s", p.Path, shown, p.Expects())
	}
	return nil
}

func (c *Config) validatePlugins() []error {
	var mistakes []error
	seen := map[string]bool{}
	for i, plugin := range c.Plugins {
		name := strings.ToLower(plugin.Name)
		switch {
		case name == "":
			mistakes = append(mistakes, fmt.Errorf("config: plugins: table %d has no name", i+1))
		case seen[name]:
			mistakes = append(mistakes, fmt.Errorf("config: plugins: %q is named twice", plugin.Name))
		}
		seen[name] = true
	}
	return mistakes
}

// same compares two values of one row; an empty list is as good as none.
func same(a, b any) bool {
	if a, ok := a.([]string); ok && len(a) == 0 {
		return len(b.([]string)) == 0
	}
	return reflect.DeepEqual(a, b)
}
