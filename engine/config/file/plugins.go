package file

import (
	"encoding"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/kevy-lua/kevy-lua/engine/config"
)

// plugins reads the [[plugins]] tables into maps that decode into config.Plugin.
func (l *loader) plugins(name string, raw any) ([]any, bool) {
	tables, ok := plain(raw).([]any)
	if !ok {
		l.wrong("%s: plugins must be a list of tables: [[plugins]] with name = \"…\" and the plugin's options", name)
		return nil, false
	}
	good := true
	out := make([]any, 0, len(tables))
	for i, item := range tables {
		table, err := pluginTable(item)
		if err != nil {
			l.wrong("%s: plugins, table %d: %w", name, i+1, err)
			good = false
			continue
		}
		out = append(out, table)
	}
	return out, good
}

func pluginTable(item any) (map[string]any, error) {
	given, ok := item.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("it must be a table, not a value")
	}
	table := map[string]any{"enabled": true}
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		low := strings.ToLower(key)
		if seen[low] {
			return nil, fmt.Errorf("key %q is given twice", low)
		}
		seen[low] = true
		table[low] = given[key]
	}
	if name, ok := table["name"].(string); !ok || name == "" {
		return nil, fmt.Errorf("it needs a name")
	}
	switch enabled := table["enabled"].(type) {
	case bool:
	case string:
		switch strings.ToLower(enabled) {
		case "yes", "true":
			table["enabled"] = true
		case "no", "false":
			table["enabled"] = false
		default:
			return nil, fmt.Errorf("enabled = %q: expected yes or no", enabled)
		}
	default:
		return nil, fmt.Errorf("enabled = %v: expected yes or no", enabled)
	}
	return table, nil
}

// plain brings what the three decoders produce to one form: maps by string, []any, int64 for whole
// numbers. So a plugin gets the same options from TOML, YAML and JSON.
func plain(raw any) any {
	switch v := raw.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = plain(item)
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	case int:
		return int64(v)
	case float64:
		if math.Trunc(v) == v && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	}
	return raw
}

// DecodeOptions decodes a plugin's options into the struct that into points to, whose fields have
// mapstructure tags. It is strict: an option without a field is an error that suggests what may have
// been meant, and types are not bent. Fields that are not named keep their value, so the defaults are
// what the struct held before. Text becomes a time.Duration ("10s") or what the field reads with
// UnmarshalText; Bytes is such a type for sizes.
func DecodeOptions(plugin config.Plugin, into any) error {
	var meta mapstructure.Metadata
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:     into,
		Metadata:   &meta,
		MatchName:  func(key, field string) bool { return foldKey(key) == foldKey(field) },
		DecodeHook: mapstructure.ComposeDecodeHookFunc(wholeFloat, durationOnly, mapstructure.TextUnmarshallerHookFunc()),
		// Lists replace what the struct held instead of overwriting its first elements.
		ZeroFields: true,
	})
	if err != nil {
		return fmt.Errorf("config: plugin %s: %w", plugin.Name, err)
	}
	if err := decoder.Decode(plugin.Options); err != nil {
		_, text, many := strings.Cut(err.Error(), ":\n\n") // under a heading, a line each
		if !many {
			text = err.Error()
		}
		return fmt.Errorf("config: plugin %s: %s", plugin.Name, strings.ReplaceAll(text, "\n", "; "))
	}
	if len(meta.Unused) > 0 {
		slices.Sort(meta.Unused)
		near := config.Suggest(meta.Unused[0], append(meta.Unset, meta.Keys...))
		if slices.Contains(meta.Unused, near) {
			near = ""
		}
		return fmt.Errorf("config: plugin %s: unknown option %q%s", plugin.Name, meta.Unused[0], didYouMean("%q", near))
	}
	return nil
}

func foldKey(key string) string { return strings.ReplaceAll(strings.ToLower(key), "_", "-") }

// Bytes is a size in a plugin's options: a number, or text such as "64mb".
type Bytes int64

// UnmarshalText reads Redis' suffixes.
func (b *Bytes) UnmarshalText(text []byte) error {
	n, err := config.ParseSize(string(text))
	*b = Bytes(n)
	return err
}

var _ encoding.TextUnmarshaler = (*Bytes)(nil)

// durationOnly reads durations from text, and refuses bare numbers: they would be nanoseconds.
func durationOnly(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[time.Duration]() || from == to {
		return data, nil
	}
	text, ok := data.(string)
	if !ok {
		return nil, fmt.Errorf("%v is not a duration: write it with its unit, such as \"10s\"", data)
	}
	return time.ParseDuration(text)
}

// wholeFloat lets a whole number stand for a floating-point one: 1 for 1.0.
func wholeFloat(_, to reflect.Type, data any) (any, error) {
	if n, ok := data.(int64); ok && (to.Kind() == reflect.Float64 || to.Kind() == reflect.Float32) {
		return float64(n), nil
	}
	return data, nil
}
