package config

import (
	"path"
	"strings"
)

// GetMatching is CONFIG GET: the parameters that match any of the patterns, each once. A pattern with
// one of [*? is a glob over Redis' names and aliases, and the paths of parameters that Redis does not
// have, in the order of the table; any other is a name, and comes back as it was written. Case does not
// count. Hidden parameters are found by their name only.
func (l *Live) GetMatching(patterns []string) []Pair { return l.Get().GetMatching(patterns) }

// GetMatching is Live.GetMatching on one configuration.
func (c *Config) GetMatching(patterns []string) []Pair {
	var out []Pair
	seen := map[string]bool{}
	add := func(name string, p *Param) {
		if !seen[strings.ToLower(name)] {
			seen[strings.ToLower(name)] = true
			out = append(out, Pair{Name: name, Value: c.text(p)})
		}
	}
	for _, pattern := range patterns {
		if !strings.ContainsAny(pattern, "[*?") {
			if p, ok := Lookup(pattern); ok {
				add(pattern, p)
			}
			continue
		}
		for _, p := range table().rows {
			if p.Hidden {
				continue
			}
			for _, name := range append([]string{p.ConfigName()}, p.Aliases...) {
				if matches(pattern, name) {
					add(name, p)
				}
			}
		}
	}
	return out
}

// matches leaves the glob to path.Match: names have no slashes, where the two would differ. A pattern
// that is malformed matches nothing.
func matches(pattern, name string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return ok && err == nil
}
