package file

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// errValue stands for "not what was expected"; the message around it says what was.
var errValue = errors.New("unexpected value")

// textOf turns what a decoder made of a value into the text that the table's row reads. It is strict
// where a guess could be wrong: a number where a text is wanted (YAML reads 0700 as 448), an empty text
// where something is needed (an environment variable that was left empty).
func textOf(p *config.Param, raw any) (string, error) {
	switch raw := raw.(type) {
	case string:
		return textOfString(p, raw)
	case bool:
		if !takesYes(p) {
			return "", errValue
		}
		return yesNo(raw), nil
	case []any:
		return textOfList(p, raw)
	}
	number, ok := decimal(raw)
	if !ok || !takesNumber(p) {
		return "", errValue
	}
	return number, nil
}

func textOfString(p *config.Param, text string) (string, error) {
	switch p.Kind {
	case config.Bool, config.Int, config.Octal, config.Size, config.Duration, config.Enum:
		if text == "" {
			return "", errValue
		}
	}
	if takesYes(p) {
		switch strings.ToLower(text) {
		case "true":
			return yesNo(true), nil
		case "false":
			return yesNo(false), nil
		}
	}
	return text, nil
}

// textOfList joins lists. An element that has the separator in it would become two.
func textOfList(p *config.Param, items []any) (string, error) {
	separator := " "
	switch {
	case p.Kind == config.List:
		separator = p.Separator
	case p.Kind != config.Limits && p.Path != "persistence.save" && !(p.Inert && p.Kind == config.String):
		return "", errValue
	}
	words := make([]string, len(items))
	for i, item := range items {
		word, ok := item.(string)
		if p.Kind == config.List {
			ok = ok && word != "" && !strings.Contains(word, separator)
		} else if !ok {
			word, ok = decimal(item)
		}
		if !ok {
			return "", errValue
		}
		words[i] = word
	}
	return strings.Join(words, separator), nil
}

// takesYes: rows of inert texts are among them, because some of Redis' switches are such rows here.
func takesYes(p *config.Param) bool {
	return p.Kind == config.Bool || slices.Contains(p.Values, "yes") || p.Inert && p.Kind == config.String
}

func takesNumber(p *config.Param) bool {
	switch p.Kind {
	case config.Int, config.Size, config.Duration:
		return true
	}
	return p.Inert && p.Kind == config.String
}

// decimal writes a number. JSON has floating-point numbers only: one that is whole is as good as an
// integer as long as it is exact.
func decimal(raw any) (string, bool) {
	switch n := raw.(type) {
	case int:
		return strconv.Itoa(n), true
	case int64:
		return strconv.FormatInt(n, 10), true
	case uint64:
		return strconv.FormatUint(n, 10), true
	case float64:
		if math.Trunc(n) == n && math.Abs(n) >= 1<<53 || math.IsNaN(n) {
			return "", false
		}
		return strconv.FormatFloat(n, 'f', -1, 64), true
	}
	return "", false
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
