package file

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// file checks a decoded file against the table and hands viper what is left: known paths with values
// of the right type. A file replaces the plugins of the base as a whole when it names any.
func (l *loader) file(name string, tree map[string]any) {
	given := map[string]any{}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(tree)) {
		section := strings.ToLower(key)
		if seen[section] {
			l.wrong("%s: section %q is given twice", name, key)
			continue
		}
		seen[section] = true
		switch {
		case section == "plugins":
			if plugins, ok := l.plugins(name, tree[key]); ok {
				given["plugins"] = plugins
			}
		case !slices.Contains(config.Sections(), section):
			l.unknownSection(name, key, tree[key])
		default:
			if values := l.section(name, section, tree[key]); len(values) > 0 {
				given[section] = values
			}
		}
	}
	if err := l.viper.MergeConfigMap(given); err != nil {
		l.wrong("%s: %w", name, err)
	}
	l.decode()
}

func (l *loader) section(name, section string, raw any) map[string]any {
	keys, ok := raw.(map[string]any)
	if !ok {
		if raw != nil { // YAML: a section with nothing in it
			l.wrong("%s: %s must be a section, not a value", name, section)
		}
		return nil
	}
	values := map[string]any{}
	first := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		p, ok := config.LookupKey(section, key)
		if !ok {
			l.wrong("%s: unknown key %q%s", name, section+"."+key, l.hint(section, key))
			continue
		}
		if other, twice := first[p.Path]; twice {
			l.wrong("%s: %s.%s and %s.%s are the same parameter", name, section, other, section, key)
			continue
		}
		first[p.Path] = key
		if v, ok := l.read(name, section+"."+key, p, keys[key]); ok {
			if paths, ok := v.([]string); ok && p.FileRelative {
				v = relativeTo(filepath.Dir(name), paths)
			}
			values[p.Key()] = v
		}
	}
	return values
}

// relativeTo puts a folder in front of paths that have none of their own.
func relativeTo(dir string, paths []string) []string {
	out := slices.Clone(paths)
	for i, p := range out {
		if p != "" && !filepath.IsAbs(p) {
			out[i] = filepath.Join(dir, p)
		}
	}
	return out
}

// hint says for an unknown key where it belongs, or what it may have been meant to be: first among the
// keys of its own section, then among all.
func (l *loader) hint(section, key string) string {
	if p, ok := config.Lookup(strings.ReplaceAll(key, "_", "-")); ok {
		return fmt.Sprintf(" (it belongs in [%s])", p.Section())
	}
	var own, all []string
	for _, p := range config.Params() {
		if p.Section() == section {
			own = append(append(own, p.Key()), p.Aliases...)
		}
		all = append(all, p.Path)
	}
	if near := config.Suggest(key, own); near != "" {
		return didYouMean("%q", near)
	}
	if near := config.Suggest(section+"."+key, all); near != "" {
		return didYouMean("%q", near)
	}
	return didYouMean("%q", config.Suggest(key, allNames()))
}

// unknownSection also meets keys that stand above the first section.
func (l *loader) unknownSection(name, key string, raw any) {
	if _, isSection := raw.(map[string]any); isSection {
		near := config.Suggest(key, append(config.Sections(), "plugins"))
		l.wrong("%s: unknown section %q%s", name, key, didYouMean("%q", near))
		return
	}
	if p, ok := config.Lookup(strings.ReplaceAll(key, "_", "-")); ok {
		l.wrong("%s: unknown key %q (it belongs in [%s])", name, key, p.Section())
		return
	}
	l.wrong("%s: unknown key %q%s", name, key, didYouMean("%q", config.Suggest(key, allNames())))
}
