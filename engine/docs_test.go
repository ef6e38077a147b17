package engine

import (
	"fmt"
	"strings"
	"testing"
)

// tree prints an argument tree: name:type, with =TOKEN, ? for optional, + for
// multiple, #n for a key.
func tree(args []docArg) string {
	var out []string
	for _, a := range args {
		s := a.Name + ":" + a.Type
		if a.Token != "" {
			s += "=" + a.Token
		}
		if a.KeySpec >= 0 {
			s += fmt.Sprintf("#%d", a.KeySpec)
		}
		if a.Optional {
			s += "?"
		}
		if a.Multiple {
			s += "+"
		}
		if a.MultipleToken {
			s += "+"
		}
		if len(a.Args) > 0 {
			s += "(" + tree(a.Args) + ")"
		}
		out = append(out, s)
	}
	return strings.Join(out, " ")
}

func TestParseSyntax(t *testing.T) {
	for _, tc := range []struct {
		syntax string
		keys   int
		want   string
	}{
		{"", 0, ""},
		{"key", 1, "key:key#0"},
		{"key", 0, "key:string"},
		{"source destination", 2, "source:key#0 destination:key#1"},
		{"key [key ...]", 1, "key:key#0+"},
		{"key value [key value ...]", 1, "key_value:block+(key:key#0 value:string)"},
		{"[channel [channel ...]]", 0, "channel:string?+"},
		{"key [NX|XX] [GET]", 1, "key:key#0 nx-or-xx:oneof?(nx:pure-token=NX xx:pure-token=XX) get:pure-token=GET?"},
		{"key [EX seconds|KEEPTTL]", 1, "key:key#0 seconds-or-keepttl:oneof?(seconds:integer=EX keepttl:pure-token=KEEPTTL)"},
		{"key [LIMIT offset count]", 1, "key:key#0 limit:block=LIMIT?(offset:integer count:integer)"},
		{"<LEFT|RIGHT>", 0, "left-or-right:oneof(left:pure-token=LEFT right:pure-token=RIGHT)"},
		{"[AGGREGATE <SUM|MIN>]", 0, "aggregate:oneof=AGGREGATE?(sum:pure-token=SUM min:pure-token=MIN)"},
		{"numkeys key [key ...] [WEIGHTS weight [weight ...]]", 1, "numkeys:integer key:key#0+ weight:double=WEIGHTS?+"},
		{"[BY pattern] [GET pattern [GET pattern ...]]", 0, "pattern:pattern=BY? pattern:pattern=GET?++"},
		{"[ID client-id [client-id ...]]", 0, "client-id:integer=ID?+"},
		{"[=|~] threshold", 0, "equal-or-approximately:oneof?(equal:pure-token== approximately:pure-token=~) threshold:integer"},
		{"[protover [AUTH username password]]", 0, "protover_auth:block?(protover:integer auth:block=AUTH?(username:string password:string))"},
		{"unix-time-seconds", 0, "unix-time-seconds:unix-time"},
		{"[", 0, ""}, {"]", 0, ""}, {"<a|", 0, "a-or-:oneof(a:string :block)"}, {"...", 0, ""},
	} {
		t.Run(tc.syntax, func(t *testing.T) {
			equal(t, tc.syntax, tree(parseSyntax(tc.syntax, tc.keys)), tc.want)
		})
	}
}

// TestDocsOfAllRows parses every row's syntax: each ends where the notation
// does, and the keys of a row are in it.
func TestDocsOfAllRows(t *testing.T) {
	r := newRig(t, 1, nil)
	for _, s := range r.Table().All() {
		if len(s.Keys) > 0 && !strings.Contains(tree(docsOf(s)), ":key#0") {
			t.Errorf("%s %s: no key in %s", s.FullName(), s.Syntax, tree(docsOf(s)))
		}
		if s.Summary == "" || strings.HasSuffix(s.Summary, ".") {
			t.Errorf("%s: summary %q", s.FullName(), s.Summary)
		}
	}
	c := r.connect()
	if v := c.value("COMMAND DOCS"); len(v.Elems) != 2*r.Table().Len() {
		t.Errorf("COMMAND DOCS has %d elements", len(v.Elems))
	}
}

func FuzzParseSyntax(f *testing.F) {
	for _, s := range []string{"key [key ...]", "<a|b [c ...]>", "[[[", "]]] > | ...", "A b [C d [C d ...]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { parseSyntax(s, 1) })
}
