package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// parse reads a text into the kind's own type: bool, int64 (Int, Octal, Size), time.Duration, string,
// []string, hook.Class, OutputLimits.
func (p *Param) parse(present any, text string) (any, error) {
	switch p.Kind {
	case Bool:
		switch strings.ToLower(text) {
		case "yes":
			return true, nil
		case "no":
			return false, nil
		}
		return nil, errBool
	case Int:
		n, err := parseInt(text)
		if err != nil {
			return nil, err
		}
		if p.clamp != nil && p.within(n) == nil {
			n = min(max(n, p.clamp[0]), p.clamp[1])
		}
		return n, p.within(n)
	case Octal:
		n, err := strconv.ParseInt(text, 8, 64)
		if err != nil {
			return nil, errOctal
		}
		return n, p.within(n)
	case Size:
		n, err := ParseSize(text)
		if err != nil {
			return nil, err
		}
		return n, p.within(n)
	case Duration:
		return p.parseDuration(text)
	case Enum:
		return p.parseEnum(text)
	case List:
		return p.parseList(text)
	case EventSet:
		class, ok := hook.ParseClass(text)
		if !ok {
			return nil, errEvents
		}
		return class, nil
	case Limits:
		limits, _ := present.(OutputLimits)
		return limits.with(text)
	}
	if p.check != nil {
		return p.check(text)
	}
	return text, nil
}

// print writes a value of the kind's own type as CONFIG GET shows it. It is the inverse of parse.
func (p *Param) print(value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case int64:
		if p.Kind == Octal {
			return strconv.FormatInt(v, 8)
		}
		return strconv.FormatInt(v, 10)
	case time.Duration:
		if p.Name == "" {
			return formatDuration(v)
		}
		return strconv.FormatInt(int64(v/p.Unit), 10)
	case []string:
		return strings.Join(v, p.Separator)
	case fmt.Stringer:
		return v.String()
	}
	return value.(string)
}

// toField converts from the kind's own type to the field's; fromField is the way back. They differ in
// the width of integers only.
func (p *Param) toField(value any) any {
	n, ok := value.(int64)
	if !ok {
		return value
	}
	root := reflect.TypeFor[Config]()
	return reflect.ValueOf(n).Convert(root.FieldByIndex(p.field).Type).Interface()
}

func (p *Param) fromField(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case uint32:
		return int64(v)
	}
	return value
}

func (p *Param) within(n int64) error {
	if n >= p.Min && n <= p.Max {
		return nil
	}
	if p.Kind == Octal {
		return fmt.Errorf("argument must be between %o and %o inclusive", p.Min, p.Max)
	}
	return fmt.Errorf("argument must be between %d and %d inclusive", p.Min, p.Max)
}

func (p *Param) parseEnum(text string) (any, error) {
	if value, ok := p.sameAs[strings.ToLower(text)]; ok {
		return value, nil
	}
	for _, value := range p.Values {
		if strings.EqualFold(text, value) {
			return value, nil
		}
	}
	return nil, errors.New("argument(s) must be one of the following: " + strings.Join(p.Values, ", "))
}

// parseList splits at every separator. An element that is empty is a mistake, the empty text is the
// empty list. Elements of a comma-separated list are trimmed.
func (p *Param) parseList(text string) (any, error) {
	if text == "" {
		return []string(nil), nil
	}
	items := strings.Split(text, p.Separator)
	for i := range items {
		if p.Separator == "," {
			items[i] = strings.TrimSpace(items[i])
		}
		if items[i] == "" {
			return nil, errors.New("argument must not have empty elements")
		}
	}
	if p.Max != 0 && int64(len(items)) > p.Max {
		return nil, fmt.Errorf("argument must not have more than %d elements", p.Max)
	}
	return items, nil
}

// parseDuration takes a bare number of units, as Redis does, or a Go duration that is a whole number
// of units. Numbers that a time.Duration cannot hold become the longest one: 292 years.
func (p *Param) parseDuration(text string) (any, error) {
	n, err := parseInt(text)
	if err != nil {
		return p.parseUnits(text)
	}
	if p.Name == "" && n != 0 {
		return nil, fmt.Errorf("argument must have a unit, such as %dms or %ds", n, n)
	}
	if err := p.within(n); err != nil {
		return nil, err
	}
	if longest := math.MaxInt64 / int64(p.Unit); n > longest {
		n = longest
	}
	return time.Duration(n) * p.Unit, nil
}

func (p *Param) parseUnits(text string) (any, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil && p.Name == "":
		return nil, errors.New("argument must be a duration such as 500ms or 10s")
	case err != nil:
		return nil, errInt
	case d%p.Unit != 0:
		return nil, fmt.Errorf("argument must be a whole number of %s", unitName(p.Unit))
	}
	n := int64(d / p.Unit)
	if p.Name == "" && (n < p.Min || n > p.Max) {
		return nil, fmt.Errorf("argument must be between %s and %s",
			formatDuration(time.Duration(p.Min)*p.Unit), formatDuration(time.Duration(p.Max)*p.Unit))
	}
	return d, p.within(n)
}

// parseInt takes the decimal form that Redis takes: no plus sign, no leading zero, no space.
func parseInt(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return 0, errInt
	}
	return n, nil
}
