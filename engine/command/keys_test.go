package command_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

func TestAppendKeys(t *testing.T) {
	const f = command.KeyRO
	keyword := command.KeySpec{Keyword: "STREAMS", StartFrom: 1, Last: -1, Step: 1, Limit: 2}
	for _, tc := range []struct {
		name string
		spec command.KeySpec
		line string
		want string // indexes
		bad  bool
	}{
		{name: "one", spec: command.Key(1, f), line: "GET k", want: "1"},
		{name: "one of many arguments", spec: command.Key(1, f), line: "SET k v EX 5", want: "1"},
		{name: "absent", spec: command.Key(2, f), line: "X a", want: ""},
		{name: "all", spec: command.Keys(1, -1, 1, f), line: "DEL a b c", want: "1 2 3"},
		{name: "pairs", spec: command.Keys(1, -1, 2, f), line: "MSET a 1 b 2", want: "1 3"},
		{name: "pairs, odd", spec: command.Keys(1, -1, 2, f), line: "MSET a 1 b", want: "1 3"},
		{name: "all but the last", spec: command.Keys(1, -2, 1, f), line: "BLPOP a b 0", want: "1 2"},
		{name: "all but the last of one", spec: command.Keys(1, -2, 1, f), line: "BLPOP a", want: ""},
		{name: "two", spec: command.Keys(1, 1, 1, f), line: "LCS a b LEN", want: "1 2"},
		{name: "two, one missing", spec: command.Keys(1, 1, 1, f), line: "LCS a", want: "", bad: true},
		{name: "counted", spec: command.NumKeys(1, f), line: "SINTERCARD 2 a b LIMIT 1", want: "2 3"},
		{name: "counted, none", spec: command.NumKeys(1, f), line: "EVAL 0", want: ""},
		{name: "counted, too few", spec: command.NumKeys(1, f), line: "SINTERCARD 3 a b", want: "", bad: true},
		{name: "counted, negative", spec: command.NumKeys(1, f), line: "SINTERCARD -1 a", want: "", bad: true},
		{name: "counted, no number", spec: command.NumKeys(1, f), line: "SINTERCARD x a", want: "", bad: true},
		{name: "counted, huge", spec: command.NumKeys(1, f), line: "SINTERCARD 9223372036854775807 a", want: "", bad: true},
		{name: "behind a keyword, first half", spec: keyword, line: "XREAD COUNT 1 streams a b 0 0", want: "4 5"},
		{name: "keyword missing", spec: keyword, line: "XREAD COUNT 1", want: ""},
		{name: "keyword last", spec: keyword, line: "XREAD STREAMS", want: ""},
		{name: "keyword from the end", spec: command.KeySpec{Keyword: "KEYS", StartFrom: -2, Last: -1, Step: 1}, line: "MIGRATE h p KEYS a b KEYS", want: "4 5 6"},
		{name: "no key", spec: command.Keys(1, -1, 1, command.KeyNotKey), line: "SUBSCRIBE a b", want: ""},
		{name: "unknown", spec: command.KeySpec{Flags: f}, line: `SORT k BY ""`, want: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := command.Spec{Name: "x", Keys: []command.KeySpec{tc.spec}}
			var args [][]byte
			for _, w := range strings.Fields(tc.line) {
				args = append(args, []byte(strings.Trim(w, `"`)))
			}
			keys, ok := spec.AppendKeys(nil, args)
			var got []string
			for _, k := range keys {
				got = append(got, fmt.Sprint(k.Index))
			}
			if strings.Join(got, " ") != tc.want || ok == tc.bad {
				t.Errorf("%s: keys at %v, ok %v", tc.line, got, ok)
			}
		})
	}
}

// FuzzAppendKeys: no arguments make a key lie outside of them.
func FuzzAppendKeys(f *testing.F) {
	f.Add("EVAL x 2 a b", 1, "", 0, -1, 1, 0, 0, 0)
	f.Add("XREAD STREAMS a 0", 0, "streams", 1, -1, 1, 2, 0, 0)
	f.Add("X 5 a", 1, "", 0, 0, 1, 0, 1, 1)
	f.Fuzz(func(t *testing.T, line string, index int, word string, from, last, step, limit, keyNum, first int) {
		if index < 0 || last < -5 || step < 0 || limit < 0 || keyNum < 0 || first < 0 || last > 100 || step > 100 || keyNum > 100 || first > 100 || index > 100 || limit > 100 || from > 100 || from < -100 {
			return // no row is like that
		}
		if last < -2 || keyNum > 1 || first > 2 {
			return
		}
		spec := command.Spec{Name: "x", Keys: []command.KeySpec{{Index: index, Keyword: word, StartFrom: from, Last: last, Step: step, Limit: limit, KeyNum: keyNum, First: first}}}
		var args [][]byte
		for _, w := range strings.Fields(line) {
			args = append(args, []byte(w))
		}
		keys, _ := spec.AppendKeys(nil, args)
		for _, k := range keys {
			if k.Index < 0 || k.Index >= len(args) {
				t.Fatalf("key at %d of %d arguments", k.Index, len(args))
			}
		}
	})
}
