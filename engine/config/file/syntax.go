package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/viper"
)

// parse decodes a file by its extension into maps, lists and scalars, with keys as they are written.
func parse(name string, content []byte) (map[string]any, error) {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(name), "."))
	switch format {
	case "toml", "yaml", "yml", "json":
	default:
		return nil, fmt.Errorf("config: %s: the name must end in .toml, .yaml, .yml or .json", name)
	}
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	tree := map[string]any{}
	decoder, err := viper.NewCodecRegistry().Decoder(format)
	if err == nil {
		err = decoder.Decode(content, tree)
	}
	if err == nil && format == "json" {
		err = noTwins(content)
	}
	if err != nil {
		return nil, fmt.Errorf("config: %s%s: %w", name, position(err), err)
	}
	return tree, nil
}

// position is ":line:column" where the decoder says it apart from its text.
func position(err error) string {
	var at interface{ Position() (row, column int) }
	if errors.As(err, &at) {
		row, column := at.Position()
		return fmt.Sprintf(":%d:%d", row, column)
	}
	return ""
}

// noTwins refuses an object with the same key twice. The decoders of TOML and YAML do so themselves;
// that of JSON keeps the last one silently.
func noTwins(content []byte) error {
	type level struct {
		keys  map[string]bool // nil in an array
		value bool            // in an object: a value comes next, not a key
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	var levels []level
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if n := len(levels); n > 0 && levels[n-1].keys != nil {
			top := &levels[n-1]
			if key, ok := token.(string); ok && !top.value {
				if top.keys[key] {
					return fmt.Errorf("key %q is given twice", key)
				}
				top.keys[key] = true
			}
			top.value = !top.value
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{keys: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
