package scripting

import (
	"strings"

	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// flags are what a script or function declares about itself.
type flags struct {
	declared bool // there was a shebang line: the others say something
	noWrites bool
	allowOOM bool
	atomic   bool // ours: an error undoes what the script has written
	names    []string
}

// The flags that Redis knows, then ours.
var flagNames = map[string]func(*flags){
	"no-writes":             func(f *flags) { f.noWrites = true },
	"allow-oom":             func(f *flags) { f.allowOOM = true },
	"allow-stale":           func(*flags) {},
	"no-cluster":            func(*flags) {},
	"allow-cross-slot-keys": func(*flags) {},
	"atomic":                func(f *flags) { f.atomic = true },
}

// set adds one flag; ok is false when nobody knows it.
func (f *flags) set(name string) (ok bool) {
	fn, ok := flagNames[name]
	if ok {
		fn(f)
		f.names = append(f.names, name)
	}
	return ok
}

// scriptShebang splits the first line off a script that has one. The line's
// end stays, so that line numbers are right.
func scriptShebang(body string) (code string, f flags, err error) {
	if !strings.HasPrefix(body, "#!") {
		return body, f, nil
	}
	line, _, found := strings.Cut(body, "\n")
	if !found {
		return "", f, wire.Error("ERR Invalid script shebang")
	}
	words, ok := shebangWords(line)
	if !ok {
		return "", f, wire.Error("ERR Invalid engine in script shebang")
	}
	if words[0] != "#!lua" {
		return "", f, wire.Errorf("ERR Unexpected engine in script shebang: %s", words[0])
	}
	f.declared = true
	for _, w := range words[1:] {
		list, ok := strings.CutPrefix(w, "flags=")
		if !ok {
			return "", f, wire.Errorf("ERR Unknown lua shebang option: %s", w)
		}
		for _, name := range strings.Split(list, ",") {
			if name != "" && !f.set(name) {
				return "", f, wire.Errorf("ERR Unexpected flag in script shebang: %s", name)
			}
		}
	}
	return body[len(line):], f, nil
}

// shebangWords splits a first line into words, which may be quoted as on the
// command line. ok is false when quotes are unbalanced.
func shebangWords(line string) (words []string, ok bool) {
	args, ok := wire.SplitArgs(nil, []byte(line))
	for _, a := range args {
		words = append(words, string(a))
	}
	return words, ok
}

// libraryShebang reads the first line of a library: its engine and name.
func libraryShebang(code string) (name, rest string, err error) {
	if !strings.HasPrefix(code, "#!") {
		return "", "", wire.Error("ERR Missing library metadata")
	}
	line, _, found := strings.Cut(code, "\n")
	if !found {
		return "", "", wire.Error("ERR Invalid library metadata")
	}
	words, ok := shebangWords(line)
	if !ok {
		return "", "", wire.Error("ERR Invalid library metadata")
	}
	engine := strings.TrimPrefix(words[0], "#!")
	for _, w := range words[1:] {
		v, ok := strings.CutPrefix(w, "name=")
		switch {
		case !ok:
			return "", "", wire.Errorf("ERR Invalid metadata value given: %s", w)
		case name != "":
			return "", "", wire.Error("ERR Invalid metadata value, name argument was given multiple times")
		}
		name = v
	}
	switch {
	case name == "":
		return "", "", wire.Error("ERR Library name was not given")
	case !validName(name):
		return "", "", wire.Error("ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long")
	case !strings.EqualFold(engine, "lua"):
		return "", "", wire.Errorf("ERR Engine '%s' not found", engine)
	}
	return name, code[len(line):], nil
}

// validName is the rule for names of libraries and functions.
func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlpha(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return s != ""
}
