package config

import (
	"path"
	"slices"
	"strings"
)

// GetMatching is CONFIG GET: the parameters that match any of the patterns, each once. A pattern with
// one of [*? is a glob over Redis' names and aliases, and the paths of parameters that Redis does not
// have, in the order of the table; any other is a name, and comes back as it was written. Case does not
// count. Hidden parameters are found by their name only.
func (l *Live) GetMatching(patterns []string) []Pair {
	out := l.Get().GetMatching(patterns)
	for _, p := range l.shown() {
		for _, pattern := range patterns {
			if matches(pattern, p.Name) {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

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

// Show adds names that CONFIG GET answers and CONFIG SET refuses: the options of plugins, which are
// read once, at the start. A name that was shown before gets the new value.
func (l *Live) Show(pairs []Pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := slices.Clone(l.shown())
	for _, p := range pairs {
		if i := shownIndex(next, p.Name); i >= 0 {
			next[i] = p
		} else {
			next = append(next, p)
		}
	}
	l.more.Store(&next)
}

func (l *Live) shown() []Pair {
	if more := l.more.Load(); more != nil {
		return *more
	}
	return nil
}

func shownIndex(pairs []Pair, name string) int {
	return slices.IndexFunc(pairs, func(p Pair) bool { return strings.EqualFold(p.Name, name) })
}

// matches leaves the glob to path.Match: names have no slashes, where the two would differ. A pattern
// that is malformed matches nothing.
func matches(pattern, name string) bool {
	ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
	return ok && err == nil
}
