// Package file builds a config.Config from a file, environment variables and flags, and watches the
// file. It is the only package that imports viper, fsnotify and mapstructure.
//
// It knows syntaxes, layers and their order: flags over environment over file over defaults. What the
// parameters are it learns from package config's table; it must not know the engine.
//
// viper holds the layers and decodes them, with a fresh instance for each load: its own WatchConfig
// reads into an instance that others read from, and loses a file that is replaced. What is strict is
// checked before viper sees it, because viper folds the case of keys, drops empty sections, and turns
// one type into another without a word.
package file

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
	"github.com/spf13/viper"
)

// Source is where a configuration comes from. It is not changed.
type Source struct {
	// File is the path of a .toml, .yaml, .yml or .json file; empty reads none. A file that is named
	// must exist.
	File string
	// Flags are values from the command line by path, Redis name or alias.
	Flags map[string]string
	// Env are "NAME=value" strings, as os.Environ returns them. Those that begin with KEVY_ must name
	// a parameter; the rest is ignored.
	Env []string
	// Base holds the defaults; nil takes config.Default. Whoever changes a default for good, such as
	// the data directory, must do it here, or a reload would undo it.
	Base *config.Config
}

// Load reads all layers into one valid configuration. The error lists every mistake, a line each, and
// says what was expected or may have been meant.
func Load(src Source) (*config.Config, error) {
	c, _, err := load(src)
	return c, err
}

// load also returns the hash of the file's content, so that the watcher can tell a touch from a change.
func load(src Source) (*config.Config, [sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	l := &loader{viper: viper.New()}
	base := src.Base
	if base == nil {
		base = config.Default()
	}
	l.defaults(base)
	if src.File != "" {
		content, err := os.ReadFile(src.File)
		if err != nil {
			return nil, sum, fmt.Errorf("config: %w", err)
		}
		sum = sha256.Sum256(content)
		tree, err := parse(src.File, content)
		if err != nil {
			return nil, sum, err
		}
		l.file(src.File, tree)
	}
	l.env(src.Env)
	l.flags(src.Flags)
	c, err := l.result()
	return c, sum, err
}

// loader fills the layers. Mistakes are collected, so that a file is mended in one go.
type loader struct {
	viper    *viper.Viper
	now      *config.Config // what the layers so far amount to
	mistakes []error
}

func (l *loader) wrong(format string, args ...any) {
	l.mistakes = append(l.mistakes, fmt.Errorf("config: "+format, args...))
}

func (l *loader) defaults(base *config.Config) {
	for _, p := range config.Params() {
		l.viper.SetDefault(p.Path, base.Value(&p))
	}
	l.now = base.Clone()
}

// decode brings now up to the layers so far. The values are typed already, and the keys known, so an
// error here is a disagreement between the table and Config's tags.
func (l *loader) decode() {
	next := &config.Config{}
	if err := l.viper.UnmarshalExact(next); err != nil {
		l.wrong("decode: %w", err)
		return
	}
	if !l.viper.IsSet("plugins") {
		next.Plugins = l.now.Clone().Plugins
	}
	l.now = next
}

// read turns one value of a layer into the parameter's type. Where is the layer, what the name as it
// was written there.
func (l *loader) read(where, what string, p *config.Param, raw any) (any, bool) {
	text, err := textOf(p, raw)
	if err == nil {
		var value any
		if value, err = p.Parse(l.now, text); err == nil {
			return value, true
		}
	}
	shown := " = " + show(raw)
	if p.Sensitive {
		shown = ""
	}
	l.wrong("%s: %s%s: expected %s", where, what, shown, p.Expects())
	return nil, false
}

func (l *loader) env(environ []string) {
	given := map[string]any{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, config.EnvPrefix) || name == EnvFile || isServiceLink(name, value) {
			continue
		}
		p, ok := config.LookupEnv(name)
		if !ok {
			l.wrong("environment: unknown variable %s%s", name, didYouMean("%s", config.Suggest(name, envNames())))
			continue
		}
		if v, ok := l.read("environment", name, p, value); ok {
			given[p.Path] = v
		}
	}
	l.override(given)
}

func (l *loader) flags(flags map[string]string) {
	given := map[string]any{}
	first := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		p, ok := lookupFlag(name)
		if !ok {
			l.wrong("flags: unknown parameter %q%s", name, didYouMean("%q", config.Suggest(name, allNames())))
			continue
		}
		if other, twice := first[p.Path]; twice {
			l.wrong("flags: %q and %q are the same parameter", other, name)
			continue
		}
		first[p.Path] = name
		if v, ok := l.read("flags", name, p, flags[name]); ok {
			given[p.Path] = v
		}
	}
	l.override(given)
}

// override puts a layer above all earlier ones: viper's override register keeps what was set last.
func (l *loader) override(given map[string]any) {
	if len(given) == 0 {
		return
	}
	for path, value := range given {
		l.viper.Set(path, value)
	}
	l.decode()
}

func (l *loader) result() (*config.Config, error) {
	if len(l.mistakes) > 0 {
		return nil, errors.Join(l.mistakes...)
	}
	if err := l.now.Validate(); err != nil {
		return nil, err
	}
	return l.now, nil
}

// lookupFlag takes underscores for dashes, as files do.
func lookupFlag(name string) (*config.Param, bool) {
	if p, ok := config.Lookup(name); ok {
		return p, true
	}
	if section, key, ok := strings.Cut(name, "."); ok {
		return config.LookupKey(section, key)
	}
	return config.Lookup(strings.ReplaceAll(name, "_", "-"))
}

// show writes a value of a file or a text for a message.
func show(raw any) string {
	switch raw := raw.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(raw)
	case map[string]any:
		return "a table"
	}
	return fmt.Sprint(raw)
}

func didYouMean(verb, suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean "+verb+"?)", suggestion)
}

// allNames are the names that a flag may have, parameters that do something first.
func allNames() []string {
	var names []string
	for _, p := range config.Params() {
		if p.Name != "" {
			names = append(append(names, p.Name), p.Aliases...)
		}
	}
	for _, p := range config.Params() {
		names = append(names, p.Path)
	}
	return names
}
