package scripting_test

import "testing"

// TestParamsAreFresh: what a script makes of KEYS and ARGV is gone afterwards.
func TestParamsAreFresh(t *testing.T) {
	r := newRig(t)
	const look = `local t = {} for k, v in pairs(KEYS) do t[#t+1] = k..'='..v end for k, v in pairs(ARGV) do t[#t+1] = k..'='..v end
		return table.concat(t, ' ')..tostring(getmetatable(KEYS))..#KEYS..#ARGV`
	for _, harm := range []string{
		"KEYS[1] = nil", "KEYS[3] = 'x'", "KEYS.x = 1", "ARGV[100] = 1", "ARGV[-1] = 1", "setmetatable(KEYS, {__index = function() return 7 end})",
		"table.insert(ARGV, 'x')", "table.remove(KEYS)", "while #KEYS > 0 do table.remove(KEYS) end", "for i = 1, 1000 do ARGV[i] = i end",
		"KEYS.x = 1 KEYS.x = nil", "error('x')", "return KEYS", "ARGV[1.5] = 1 return ARGV",
	} {
		r.do("EVAL", harm, "2", "k1", "k2", "a1")
		r.expect("1=k1 2=k2 1=a1nil21", "EVAL", look, "2", "k1", "k2", "a1")
		r.expect("1=bnil01", "EVAL", look, "0", "b")
		r.expect("nil00", "EVAL", look, "0")
	}
}
