package scripting_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// TestOutOfMemory: what has no shebang is refused by its first write, what has
// one as a whole, unless it says that it may go on or writes nothing.
func TestOutOfMemory(t *testing.T) {
	const oom = "-OOM command not allowed when used memory > 'maxmemory'."
	r := newRig(t)
	r.load(`#!lua name=l
redis.register_function('w', function() return redis.call('SET', 'f', 1) end)
redis.register_function{ function_name = 'o', callback = function() return redis.call('SET', 'f', 2) end, flags = {'allow-oom'} }
redis.register_function{ function_name = 'r', callback = function() return redis.call('GET', 'f') end, flags = {'no-writes'} }`)
	if _, err := r.Live().Set([]config.Pair{{Name: "maxmemory", Value: "1"}}, "test"); err != nil {
		t.Fatal(err)
	}
	for _, tc := range [][]string{
		{oom + " script: ", "EVAL", "return redis.call('SET','x',1)", "0"},
		{"nil", "EVAL", "return redis.call('GET','x')", "0"},
		{oom, "EVAL", "#!lua\nreturn 1", "0"},
		{"1", "EVAL", "#!lua flags=no-writes\nreturn 1", "0"},
		{"+OK", "EVAL", "#!lua flags=allow-oom\nreturn redis.call('SET','x',1)", "0"},
		{"1", "EVAL_RO", "return redis.call('EXISTS','x')", "0"},
		{oom, "FCALL", "w", "0"},
		{"+OK", "FCALL", "o", "0"},
		{"2", "FCALL_RO", "r", "0"},
		{oom, "FUNCTION", "LOAD", "#!lua name=m\nredis.register_function('m', function() end)"},
	} {
		if got := text(r.do(tc[1:]...)); !strings.HasPrefix(got, tc[0]) {
			t.Errorf("%q: %s", tc[1:], got)
		}
	}
}

// TestErrorFigures: an error is counted once, where it arose.
func TestErrorFigures(t *testing.T) {
	r := newRig(t)
	for _, tc := range []struct{ script, want string }{
		{"return redis.call('SELECT', 99)", "ERR 1, select 1 1 0, eval 1 1 0"},
		{"local t = redis.pcall('SELECT', 99) return 1", "ERR 1, select 1 1 0, eval 1 0 0"},
		{"return redis.pcall('SELECT', 99)", "ERR 1, select 1 1 0, eval 1 1 0"},
		{"redis.call('NOSUCH')", "ERR 1, eval 1 1 0"},
		{"redis.call('SUBSCRIBE', 'x')", "ERR 1, subscribe 0 0 1, eval 1 1 0"},
		{"return {err = 'MINE x'}", "MINE 1, eval 1 1 0"},
		{"error({err = 'MINE x'})", "MINE 1, eval 1 1 0"},
		{"redis.call()", "ERR 1, eval 1 1 0"},
		{"x = 1", "ERR 1, eval 1 1 0"},
		{"return redis.error_reply('MINE x')", "MINE 1, eval 1 1 0"},
	} {
		r.do("CONFIG", "RESETSTAT")
		r.eval(tc.script)
		var got []string
		for _, m := range regexp.MustCompile(`errorstat_(\w+):count=(\d+)`).FindAllStringSubmatch(text(r.do("INFO", "errorstats")), -1) {
			got = append(got, m[1]+" "+m[2])
		}
		stats := text(r.do("INFO", "commandstats"))
		for _, name := range []string{"select", "subscribe", "eval"} {
			m := regexp.MustCompile(`cmdstat_` + name + `:calls=(\d+),.*rejected_calls=(\d+),failed_calls=(\d+)`).FindStringSubmatch(stats)
			if m != nil {
				got = append(got, name+" "+m[1]+" "+m[3]+" "+m[2])
			}
		}
		if got := strings.Join(got, ", "); got != tc.want {
			t.Errorf("%s\n got %s\nwant %s", tc.script, got, tc.want)
		}
	}
}
