package scripting

import (
	"fmt"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
	"strings"
)

func TestOnlyReadsFields(t *testing.T) {
	for body, want := range map[string]string{
		"":           "[]",
		"n = n + 1":  "[]",
		"n = ev.key": "[key]",
		"if ev.name == 'set' then n = #ev.key end": "[name key]",
		"local a, b = ev.key, ev.at return a .. b": "[key at]",
		"return ev.key:match('^x') or ev.db":       "[key db]",
		"f(ev.key, {ev.name})":                     "[key name]",
		"for i = 1, 3 do n = n + ev.at end":        "[at]",
		"local function g() return n end g()":      "[]",
		"return ev":                                "no",
		"n = ev":                                   "no",
		"local e = ev n = e.key":                   "no",
		"local a, e = 1, ev":                       "no",
		"f(ev)":                                    "no",
		"f(1, ev)":                                 "no",
		"n = {ev}":                                 "no",
		"n = {e = ev}":                             "no",
		"n[ev] = 1":                                "no",
		"n.e = ev":                                 "no",
		"ev.key = 1":                               "no",
		"ev[1] = 1":                                "no",
		"n = ev[n]":                                "no",
		"ev:keep(1)":                               "no",
		"n = function() return ev.key end":         "no",
		"n = ev == m":                              "no",
		"n = n < ev":                               "no",
		"n = #ev":                                  "no",
		"n = -ev":                                  "no",
		"n = not ev":                               "no",
		"n = ev and 1":                             "no",
		"n = 1 and ev":                             "no",
		"n = m or ev":                              "no",
		"if ev then n = 1 end":                     "no",
		"n = 'a' .. ev":                            "no",
		"n = ev .. 'a'":                            "no",
		"n = ev + 1":                               "no",
		"n = 1 / ev":                               "no",
		"for k, v in pairs(ev) do n = k end":       "no",
		"for k, v in next, ev do n = k end":        "no",
		"ev()":                                     "no",
		"n = ev.key ev = nil":                      "[key]",
	} {
		chunk, err := parse.Parse(strings.NewReader("local n, m, f\nreturn function(ev) "+body+" end"), "test")
		if err != nil {
			t.Fatal(body, err)
		}
		p, err := lua.Compile(chunk, "test")
		if err != nil {
			t.Fatal(body, err)
		}
		got := "no"
		if fields, only := onlyReadsFields(p.FunctionPrototypes[0]); only {
			got = fmt.Sprint(fields)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
