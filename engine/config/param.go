package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/hook"
)

// Kind is what a parameter's value is.
type Kind uint8

// The kinds. Each decides how a text is read and printed; see codec.go.
const (
	Bool     Kind = iota // yes or no
	Int                  // a decimal integer between Min and Max
	Octal                // file permissions, written in octal
	Size                 // bytes, with Redis' suffixes
	Duration             // a whole number of Units, or text such as 5s
	String               // any text, or what the row's check accepts
	Enum                 // one of Values, compared without regard to case
	List                 // strings, separated by Separator in one text
	EventSet             // letters of notify-keyspace-events
	Limits               // client-output-buffer-limit
)

// String returns the kind's name as the reference page shows it.
func (k Kind) String() string {
	return [...]string{"yes/no", "integer", "octal", "size", "duration", "string", "enum", "list", "events", "limits"}[k]
}

// Mutability says when a new value takes effect.
type Mutability uint8

const (
	// Mutable parameters change at once: who uses them reads the live value.
	Mutable Mutability = iota
	// Applied parameters change at once where somebody registered for them with Live.OnApply;
	// elsewhere they need a restart.
	Applied
	// Fixed parameters need a restart, always.
	Fixed
)

// Param is one row of the table. Rows are shared and must not be changed.
type Param struct {
	Path    string   // section and key in a file: "persistence.appendfsync"
	Name    string   // the name in Redis; empty when the parameter is ours alone
	Aliases []string // older names in Redis: "lua-time-limit"

	Kind      Kind
	Default   string        // as a text that Parse accepts
	Min, Max  int64         // Int, Octal, Size: bounds; Duration: bounds in Unit
	Values    []string      // Enum: what is allowed, in the order of Redis' error text
	Unit      time.Duration // Duration: what a bare number counts
	Separator string        // List: between elements in one text

	Mutable      Mutability
	Protected    bool // CONFIG SET also needs enable-protected-configs
	Sensitive    bool // never to be shown in logs, slow log, MONITOR or events
	Hidden       bool // CONFIG GET finds it by its exact name only
	Inert        bool // accepted and printed for compatibility; has no effect
	FileRelative bool // List of paths: relative ones in a file are relative to the file's folder
	DenyLoading  bool // CONFIG SET is refused while the log is loaded (the caller checks)

	Doc string // one or two sentences

	expects string                            // overrides Expects
	check   func(text string) (string, error) // String: validates and returns the canonical text
	sameAs  map[string]string                 // Enum: further spellings
	clamp   []int64                           // Int: what is in bounds but outside of these two is moved to the nearer
	field   []int                             // index of the field in Config; nil for inert rows in Compat
}

// Section returns the part of the path before the dot.
func (p *Param) Section() string {
	section, _, _ := strings.Cut(p.Path, ".")
	return section
}

// Key returns the part of the path behind the dot: the key inside the section of a file.
func (p *Param) Key() string {
	_, key, _ := strings.Cut(p.Path, ".")
	return key
}

// ConfigName returns the name for CONFIG GET and SET: Redis' name, or the path of a parameter of ours.
func (p *Param) ConfigName() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Path
}

// Env returns the name of the environment variable: KEVY_PERSISTENCE_APPENDFSYNC.
func (p *Param) Env() string {
	return EnvPrefix + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(p.Path))
}

// EnvPrefix begins the name of every environment variable that sets a parameter.
const EnvPrefix = "KEVY_"

// Expects describes acceptable values, to follow "expected" in an error message.
func (p *Param) Expects() string {
	if p.expects != "" {
		return p.expects
	}
	switch p.Kind {
	case Bool:
		return "yes or no"
	case Int:
		return "an integer" + p.bounds()
	case Octal:
		return `file permissions in octal, as a string such as "700"`
	case Size:
		return "a size in bytes such as 64mb (1k is 1000, 1kb is 1024)" + p.bounds()
	case Duration:
		if p.Name == "" {
			return `a duration such as "500ms" or "10s"` + p.bounds()
		}
		return fmt.Sprintf("a whole number of %s, or a duration such as %q%s", unitName(p.Unit), formatDuration(5*p.Unit), p.bounds())
	case Enum:
		return "one of " + strings.Join(p.Values, ", ")
	case List:
		return "a list of strings"
	case EventSet:
		return "letters of " + hook.Letters
	case Limits:
		return `classes with their limits, such as "normal 0 0 0", "replica 256mb 64mb 60"`
	}
	return "a string"
}

func (p *Param) bounds() string {
	scale := func(n int64) string {
		switch {
		case p.Kind == Size:
			return formatSize(n)
		case p.Kind == Duration && p.Name == "":
			return formatDuration(time.Duration(n) * p.Unit)
		}
		return fmt.Sprint(n)
	}
	switch {
	case p.Max == math.MaxInt64 && p.Min == 0 && p.Kind != Int:
		return ""
	case p.Max >= math.MaxInt32 && p.Min == math.MinInt32:
		return ""
	case p.Max >= math.MaxInt32:
		return ", at least " + scale(p.Min)
	case p.Min == p.Max:
		return ", only " + scale(p.Min)
	}
	return ", between " + scale(p.Min) + " and " + scale(p.Max)
}

// Parse reads a text into a value of the field's type. Some texts change only a part of a value
// (client-output-buffer-limit names classes one by one), so the present configuration is needed too.
// The error's text is the one CONFIG SET shows behind the dash.
func (p *Param) Parse(now *Config, text string) (any, error) {
	var present any
	if p.field != nil {
		present = now.value(p)
	}
	typed, err := p.parse(present, text)
	if err != nil {
		return nil, err
	}
	if p.field == nil {
		return p.print(typed), nil
	}
	return p.toField(typed), nil
}
