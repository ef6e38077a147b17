package file

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// ShowOptions lists the options of a plugin, as DecodeOptions left them in the struct that from points
// to, for CONFIG GET: "plugin.option", nested ones "plugin.table.option". Values are texts as the file
// has them; what has no such text (a function, a list of tables) is left out.
func ShowOptions(plugin string, from any) []config.Pair {
	v := reflect.ValueOf(from)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return nil
	}
	return appendOptions(nil, plugin, v)
}

func appendOptions(out []config.Pair, prefix string, v reflect.Value) []config.Pair {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, squash, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = strings.ToLower(f.Name)
		}
		text, ok := optionText(v.Field(i))
		switch {
		case ok:
			out = append(out, config.Pair{Name: prefix + "." + name, Value: text})
		case f.Type.Kind() == reflect.Struct && squash == "squash":
			out = appendOptions(out, prefix, v.Field(i))
		case f.Type.Kind() == reflect.Struct:
			out = appendOptions(out, prefix+"."+name, v.Field(i))
		}
	}
	return out
}

// optionText is a value as text, when it is a scalar, a list of scalars or a map of them.
func optionText(v reflect.Value) (string, bool) {
	if !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "", false
	}
	switch x := v.Interface().(type) {
	case time.Duration:
		return x.String(), true
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		return string(text), err == nil
	}
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return "yes", true
		}
		return "no", true
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint,
		reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64:
		return fmt.Sprint(v.Interface()), true
	case reflect.Slice, reflect.Array:
		var list []string
		if _, ok := optionText(reflect.Zero(v.Type().Elem())); !ok {
			return "", false
		}
		for i := range v.Len() {
			text, ok := optionText(v.Index(i))
			if !ok {
				return "", false
			}
			list = append(list, text)
		}
		return strings.Join(list, " "), true
	case reflect.Map:
		return mapText(v)
	}
	return "", false
}

func mapText(v reflect.Value) (string, bool) {
	if _, ok := optionText(reflect.Zero(v.Type().Elem())); !ok {
		return "", false
	}
	texts := map[string]string{}
	for _, k := range v.MapKeys() {
		key, ok := optionText(k)
		text, good := optionText(v.MapIndex(k))
		if !ok || !good {
			return "", false
		}
		texts[key] = text
	}
	var list []string
	for _, k := range slices.Sorted(maps.Keys(texts)) {
		list = append(list, k+"="+texts[k])
	}
	return strings.Join(list, " "), true
}
