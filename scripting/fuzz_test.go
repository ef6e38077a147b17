package scripting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/config"
)

// fuzzRig has limits that let a fuzzer go on after an endless script.
func fuzzRig(f *testing.F) *rig {
	return newRig(f, with(func(c *config.Config) {
		c.Scripting.TimeLimit = 20 * time.Millisecond
		c.Scripting.MaxMemory = 32 << 20
		c.Scripting.StackDepth = 500
	}))
}

// everything lists what scripts can reach from their globals, with the kinds of
// the values: one more or one less is an escape.
const everything = `
local seen, out = {}, {}
local function walk(name, v)
  out[#out+1] = name..'='..type(v)
  if type(v) == 'table' and not seen[v] then
    seen[v] = true
    local names = {}
    for k in pairs(v) do names[#names+1] = tostring(k) end
    table.sort(names)
    for _, k in ipairs(names) do if k ~= 'KEYS' and k ~= 'ARGV' then walk(name..'.'..k, v[k]) end end
    local m = getmetatable(v)
    if m then walk(name..'.meta', m) end
  end
end
walk('_G', _G) walk('string', getmetatable(''))
return redis.sha1hex(table.concat(out, ' '))`

// check makes sure that the server is as it was.
func (r *rig) check(t *testing.T) {
	t.Helper()
	if r.reachable == "" {
		r.reachable = text(newRig(t).do("EVAL", everything, "0"))
	}
	got := r.eval(everything)
	for strings.Contains(got, errLimit) { // on a machine that is busy with other things
		got = r.eval(everything)
	}
	if got != r.reachable {
		t.Fatalf("the globals are others than before: %s", got)
	}
	if got = r.eval("return ('x'):rep(2)..#table.concat({1,2})..tostring(string.x)"); got != "xx2nil" {
		t.Fatalf("afterwards: %s", got)
	}
	if strings.Contains(r.logged.String(), "panic") {
		t.Fatal(r.logged.String())
	}
}

func FuzzEval(f *testing.F) {
	// TestHostile runs the scripts that attack; here they would only cost time.
	for _, s := range readSnippets(f) {
		f.Add(unescape.Replace(s.script))
	}
	r := fuzzRig(f)
	f.Fuzz(func(t *testing.T, script string) {
		r.eval(script)
		r.check(t)
	})
}

// FuzzFunction runs sources as functions, and as hooks of what follows.
func FuzzFunction(f *testing.F) {
	for _, s := range readSnippets(f) {
		f.Add(unescape.Replace(s.script))
	}
	r := fuzzRig(f)
	f.Fuzz(func(t *testing.T, script string) {
		if text(r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nredis.register_function('f', function(KEYS, ARGV) "+script+" \nend)")) == "l" {
			r.do("FCALL", "f", "2", "k1", "k2", "a1", "2", "x y")
		}
		if text(r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=l\nkevy.register_hook{ event='key', mode='atomic', match='cause', callback=function(ev) "+script+" \nend }")) == "l" {
			if got := text(r.do("SET", "cause", "x")); got != "+OK" {
				t.Fatalf("the cause got %s", got)
			}
		}
		r.do("FUNCTION", "LOAD", "REPLACE", "#!lua name=l\n"+script)
		r.do("FUNCTION", "FLUSH")
		r.check(t)
	})
}

func FuzzPattern(f *testing.F) {
	f.Add("hello world", "(%w+) (.-)%f[%A]", "%2%1")
	f.Add("aXb", "[^%w%-]*()%b()", "%0")
	r := fuzzRig(f)
	f.Fuzz(func(t *testing.T, s, pattern, replacement string) {
		r.do("EVAL", `for _, f in ipairs{'find','match','gsub'} do pcall(string[f], ARGV[1], ARGV[2], ARGV[3]) end
			for w in ARGV[1]:gmatch(ARGV[2]) do end`, "0", s, pattern, replacement)
		r.check(t)
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"a":[1,2,{"b":null}],"c":"\u00e9\ud83d\ude00"}`, "I4i2s")
	f.Add("\x92\x01\xa3abc\xdf", ">bBhHlLfdc0s!8x")
	r := fuzzRig(f)
	f.Fuzz(func(t *testing.T, data, format string) {
		r.do("EVAL", `pcall(cjson.decode, ARGV[1]) pcall(cmsgpack.unpack, ARGV[1]) pcall(struct.unpack, ARGV[2], ARGV[1])
			pcall(struct.pack, ARGV[2], 1, 2, ARGV[1]) pcall(struct.size, ARGV[2]) pcall(string.format, ARGV[2], ARGV[1], 1, 2)
			local ok, v = pcall(cjson.decode, ARGV[1]) if ok then cjson.decode(cjson.encode(v)) end`, "0", data, format)
		r.check(t)
	})
}

func FuzzRestore(f *testing.F) {
	r := fuzzRig(f)
	r.do("FUNCTION", "LOAD", counterLib)
	f.Add(r.do("FUNCTION", "DUMP").Str)
	f.Fuzz(func(t *testing.T, dump []byte) {
		r.do("FUNCTION", "RESTORE", string(dump), "REPLACE")
		if len(dump) > 10 { // with the checksum switched off, as Redis allows
			r.do("FUNCTION", "RESTORE", string(dump[:len(dump)-10])+"\x0a\x00\x00\x00\x00\x00\x00\x00\x00\x00", "FLUSH")
		}
		r.check(t)
	})
}
