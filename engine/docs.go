package engine

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// docArg is an argument in COMMAND DOCS.
type docArg struct {
	Name     string
	Type     string // key, string, integer, double, pattern, unix-time, pure-token, oneof, block
	Token    string // the keyword in front of it, or that it is
	KeySpec  int    // of a key: which key specification finds it; -1 for others
	Optional bool
	Multiple bool
	// MultipleToken is set where the keyword is repeated with the value.
	MultipleToken bool
	Args          []docArg
}

// parseSyntax makes the argument tree of COMMAND DOCS from Spec.Syntax: words
// in lower case are values, others are keywords; [x] may be left out; <a|b> and
// [a|b] are alternatives; a bracket that ends with ... repeats the values in
// front of it. keys is the number of the row's key specifications.
//
// The notation says what a reader needs, not types: those follow from the names
// of the values.
func parseSyntax(syntax string, keys int) []docArg {
	p := &syntaxParser{words: splitSyntax(syntax), keys: keys}
	args, _ := p.sequence(false)
	return args
}

// splitSyntax cuts the notation into brackets, bars, dots and words.
func splitSyntax(s string) (words []string) {
	for _, field := range strings.Fields(s) {
		if field == "..." {
			words = append(words, field)
			continue
		}
		start := 0
		for i := 0; i < len(field); i++ {
			if strings.IndexByte("[]<>|", field[i]) < 0 {
				continue
			}
			if start < i {
				words = append(words, field[start:i])
			}
			words = append(words, field[i:i+1])
			start = i + 1
		}
		if start < len(field) {
			if word, dots := strings.CutSuffix(field[start:], "..."); dots && word != "" {
				words = append(words, word, "...")
			} else {
				words = append(words, field[start:])
			}
		}
	}
	return words
}

type syntaxParser struct {
	words []string
	keys  int // key specifications of the row
	seen  int // keys met so far
}

func (p *syntaxParser) peek() string {
	if len(p.words) == 0 {
		return ""
	}
	return p.words[0]
}

func (p *syntaxParser) next() string {
	w := p.words[0]
	p.words = p.words[1:]
	return w
}

// sequence parses arguments up to a bar or a closing bracket. repeats says
// that it ended with dots. inside is set within brackets, where a keyword
// takes all values behind it rather than one.
func (p *syntaxParser) sequence(inside bool) (args []docArg, repeats bool) {
	for {
		switch w := p.peek(); {
		case w == "" || w == "|" || w == "]" || w == ">":
			return args, repeats
		case w == "...":
			p.next()
			repeats = true
		case w == "[":
			args = p.optional(args)
		case w == "<":
			p.next()
			arg, _ := p.alternatives(">")
			args = append(args, arg...)
		case isKeyword(w):
			args = append(args, p.keyword(inside))
		default:
			args = append(args, p.value(p.next()))
		}
	}
}

// optional parses a bracket behind args: a repetition of what stands there, or
// something that may be left out.
func (p *syntaxParser) optional(args []docArg) []docArg {
	p.next()
	seen := p.seen
	inner, repeats := p.alternatives("]")
	if n := len(inner); repeats && n > 0 && n <= len(args) && sameNames(args[len(args)-n:], inner) {
		p.seen = seen
		return append(args[:len(args)-n], repeated(args[len(args)-n:]))
	}
	if len(inner) > 1 {
		inner = []docArg{block(inner)}
	}
	for i := range inner {
		inner[i].Optional = true
		inner[i].Multiple = inner[i].Multiple || repeats
	}
	return append(args, inner...)
}

func sameNames(a, b []docArg) bool {
	return slices.EqualFunc(a, b, func(x, y docArg) bool { return x.Name == y.Name && x.Token == y.Token })
}

// repeated makes one argument of values that come again and again.
func repeated(args []docArg) docArg {
	arg := args[0]
	if len(args) > 1 {
		arg = block(slices.Clone(args))
	}
	arg.Multiple, arg.MultipleToken = true, arg.Token != ""
	return arg
}

func block(args []docArg) docArg {
	var parts []string
	for _, a := range args {
		parts = append(parts, a.Name)
	}
	return docArg{Name: strings.Join(parts, "_"), Type: "block", KeySpec: -1, Args: args}
}

// alternatives parses what stands between brackets, the closing one included.
func (p *syntaxParser) alternatives(closing string) (args []docArg, repeats bool) {
	var choices []docArg
	for {
		choice, again := p.sequence(true)
		repeats = repeats || again
		if p.peek() != "|" {
			if p.peek() == closing {
				p.next()
			}
			if choices == nil {
				return choice, repeats
			}
			choices = append(choices, single(choice))
			break
		}
		p.next()
		choices = append(choices, single(choice))
	}
	var parts []string
	for _, c := range choices {
		parts = append(parts, c.Name)
	}
	return []docArg{{Name: strings.Join(parts, "-or-"), Type: "oneof", KeySpec: -1, Args: choices}}, repeats
}

func single(args []docArg) docArg {
	if len(args) == 1 {
		return args[0]
	}
	return block(args)
}

// keyword parses a keyword with the values that belong to it.
func (p *syntaxParser) keyword(inside bool) docArg {
	token := p.next()
	var args []docArg
	for inside {
		w := p.peek()
		if w == "<" && len(args) == 0 {
			p.next()
			args, _ = p.alternatives(">")
			break
		}
		if w == "[" && len(args) > 0 && len(p.words) > 1 && p.words[1] == args[len(args)-1].lastName() {
			args = p.optional(args)
			continue
		}
		if w == "" || strings.Contains("[]<>|...", w) || isKeyword(w) {
			break
		}
		args = append(args, p.value(p.next()))
	}
	switch len(args) {
	case 0:
		return docArg{Name: tokenName(token), Type: "pure-token", Token: token, KeySpec: -1}
	case 1:
		args[0].Token = token
		if args[0].Type == "oneof" {
			args[0].Name = tokenName(token)
		}
		return args[0]
	}
	b := block(args)
	b.Name, b.Token = tokenName(token), token
	return b
}

func (a *docArg) lastName() string { return a.Name }

// isKeyword tells keywords, which have no lower-case letter, from values.
func isKeyword(w string) bool {
	return strings.IndexFunc(w, unicode.IsLower) < 0
}

var symbolNames = map[string]string{"=": "equal", "~": "approximately", "*": "auto", "$": "new"}

func tokenName(token string) string {
	if name := symbolNames[token]; name != "" {
		return name
	}
	return strings.ToLower(token)
}

// typesByName are the types of values that are not strings, by the last word
// of the value's name.
var typesByName = map[string]string{
	"seconds": "integer", "milliseconds": "integer", "count": "integer", "index": "integer", "start": "integer",
	"stop": "integer", "end": "integer", "offset": "integer", "numkeys": "integer", "cursor": "integer", "limit": "integer",
	"rank": "integer", "len": "integer", "db": "integer", "id": "integer", "port": "integer", "numreplicas": "integer",
	"matches": "integer", "bit": "integer", "db1": "integer", "db2": "integer", "protover": "integer", "bits": "integer",
	"decrement": "integer", "threshold": "integer", "samples": "integer",
	"score": "double", "weight": "double", "longitude": "double", "latitude": "double", "radius": "double", "width": "double",
	"height": "double", "pattern": "pattern", "timestamp": "unix-time",
}

// keyNames are the names under which keys go.
var keyNames = []string{"key", "key1", "key2", "source", "destination", "dst", "src", "newkey", "destkey", "srckey", "shardchannel"}

// value makes the argument of a word.
func (p *syntaxParser) value(name string) docArg {
	arg := docArg{Name: name, Type: "string", KeySpec: -1}
	last := name[strings.LastIndexByte(name, '-')+1:]
	switch {
	case p.keys > 0 && slices.Contains(keyNames, name):
		arg.Type, arg.KeySpec = "key", min(p.seen, p.keys-1)
		p.seen++
	case strings.HasPrefix(name, "unix-time"):
		arg.Type = "unix-time"
	case name == "client-id":
		arg.Type = "integer"
	case typesByName[last] != "":
		arg.Type = typesByName[last]
	}
	return arg
}

// docsOf is the argument tree of a row.
func docsOf(s *command.Spec) []docArg { return parseSyntax(s.Syntax, len(s.Keys)) }
