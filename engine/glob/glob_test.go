package glob_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/glob"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "", false}, {"a", "a", true}, {"a", "b", false}, {"a", "ab", false},
		{"*", "", true}, {"*", "abc", true}, {"**", "", true}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abxc", true}, {"a*c", "abcd", false},
		{"?", "", false}, {"?", "a", true}, {"a?c", "abc", true}, {"??", "a", false},
		{"[abc]", "b", true}, {"[abc]", "d", false}, {"[^abc]", "d", true}, {"[^abc]", "a", false}, {"[a-c]", "b", true}, {"[c-a]", "b", true}, {"[a-c]x", "bx", true},
		{"[]", "a", false}, {"[]a]", "a", false}, {"[^]", "a", true}, {"[", "a", false}, {"[a", "a", true}, {"[^", "a", true}, {"[a-", "-", true}, {"[a-]", "b", false}, {"[a-]", "_", true}, {`[\]]`, "]", true}, {`[\`, `\`, true},
		{`\*`, "*", true}, {`\*`, "a", false}, {`\`, `\`, true}, {`a\`, `a\`, true}, {`\a`, "a", true},
		{"h[ae]llo*", "hallo world", true}, {"*a*b*c", "xxaxxbxxc", true}, {"*a*b*c", "xxaxxbxx", false}, {"*[0-9]", "key7", true}, {"*\x00?", "a\x00b", true},
	} {
		if got := glob.Match([]byte(tc.pattern), []byte(tc.s), false); got != tc.want {
			t.Errorf("Match(%q, %q) = %v", tc.pattern, tc.s, got)
		}
	}
}

func TestMatchNoCase(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"ABC", "abc", true}, {"a[X-Z]", "Ay", true}, {"[b]", "B", true}, {"[^b]", "B", false}, {`\A`, "a", true}, {"É", "é", false},
	} {
		if got := glob.Match([]byte(tc.pattern), []byte(tc.s), true); got != tc.want {
			t.Errorf("Match(%q, %q, nocase) = %v", tc.pattern, tc.s, got)
		}
	}
}

// TestMatchIsBounded: patterns that make a recursive matcher run for years.
func TestMatchIsBounded(t *testing.T) {
	pattern := []byte(strings.Repeat("a*", 2000) + "b")
	s := []byte(strings.Repeat("a", 20_000))
	if glob.Match(pattern, s, false) {
		t.Error("matched")
	}
}

// TestMatchOracle asks redis-server which of the keys match random patterns.
func TestMatchOracle(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 4))
	random := func(alphabet string, max int) string {
		b := make([]byte, r.IntN(max+1))
		for i := range b {
			b[i] = alphabet[r.IntN(len(alphabet))]
		}
		return string(b)
	}
	keys := []string{}
	for range 60 {
		// Not the empty key: Redis finds it with * but not with **.
		k := random(`ab-]c\^`, 4) + string(`ab-]c\^`[r.IntN(7)])
		keys = append(keys, k)
		redis.Do("SET", k, "x")
	}
	for range 1500 {
		pattern := random(`ab-]c\^**?[[[`, 8)
		matched := map[string]bool{}
		for _, e := range redis.Do("KEYS", pattern).Elems {
			matched[string(e.Str)] = true
		}
		for _, k := range keys {
			if got := glob.Match([]byte(pattern), []byte(k), false); got != matched[k] {
				t.Errorf("Match(%q, %q) = %v", pattern, k, got)
			}
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add([]byte("a*[b-d]?"), []byte("axxcx"), false)
	f.Add([]byte(`[\`), []byte(`\`), true)
	f.Fuzz(func(t *testing.T, pattern, s []byte, nocase bool) {
		got := glob.Match(pattern, s, nocase)
		if len(pattern)+len(s) < 20 && got != slowMatch(pattern, s, nocase) {
			t.Errorf("Match(%q, %q, %v) = %v", pattern, s, nocase, got)
		}
		if !glob.Match(append([]byte("*"), pattern...), s, nocase) && got {
			t.Errorf("%q matches %q, but not with a star before it", pattern, s)
		}
	})
}

// slowMatch tries every length for a star; the rest is left to Glob.
func slowMatch(pattern, s []byte, nocase bool) bool {
	if i := strings.IndexByte(string(pattern), '*'); i >= 0 && !strings.ContainsAny(string(pattern[:i]), `[\`) {
		if len(s) < i || !glob.Match(pattern[:i], s[:i], nocase) {
			return false
		}
		for n := i; n <= len(s); n++ {
			if slowMatch(pattern[i+1:], s[n:], nocase) {
				return true
			}
		}
		return false
	}
	return glob.Match(pattern, s, nocase)
}
