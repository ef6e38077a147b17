package scripting_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

var record = flag.Bool("record", false, "write the answers of redis-server into testdata")

// snippets are scripts and replies: a line "> script", then the reply, then
// for RESP3 clients "3 reply" where it differs, and "! reply" where ours is
// another on purpose.
const snippets = "testdata/snippets.txt"

var aSHA = regexp.MustCompile(`\b[0-9a-f]{40}\b`)

type snippet struct{ script, reply, reply3, ours string }

func readSnippets(t testing.TB) (list []snippet) {
	t.Helper()
	b, err := os.ReadFile(snippets)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case strings.HasPrefix(line, "> "):
			list = append(list, snippet{script: line[2:]})
		case strings.HasPrefix(line, "2 "):
			list[len(list)-1].reply, list[len(list)-1].reply3 = line[2:], line[2:]
		case strings.HasPrefix(line, "3 "):
			list[len(list)-1].reply3 = line[2:]
		case strings.HasPrefix(line, "! "):
			list[len(list)-1].ours = line[2:]
		}
	}
	return list
}

// oneLine shows a reply on one line, without the script's SHA1.
func oneLine(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return aSHA.ReplaceAllString(b.String(), "SHA")
}

// unescape allows line breaks in the scripts of the file.
var unescape = strings.NewReplacer(`\N`, "\n")

// keysAndArgs is what every snippet is given.
var keysAndArgs = []string{"2", "k1", "k2", "a1", "2", "x y"}

func TestSnippets(t *testing.T) {
	list := readSnippets(t)
	for _, s := range list {
		for _, resp3 := range []bool{false, true} {
			want := s.reply
			if resp3 {
				want = s.reply3
			}
			if s.ours != "" {
				want = s.ours
			}
			r := newRig(t)
			args := append([]string{"EVAL", unescape.Replace(s.script)}, keysAndArgs...)
			if got := oneLine(text(r.doProto(resp3, args...))); got != want {
				t.Errorf("RESP3 %v: %s\n got %s\nwant %s", resp3, s.script, got, want)
			}
		}
	}
}

// TestSnippetsOracle checks that the file says what redis-server says.
func TestSnippetsOracle(t *testing.T) {
	list := readSnippets(t)
	redis := commandtest.StartRedis(t, true)
	var out strings.Builder
	for _, s := range list {
		args := append([]string{"EVAL", unescape.Replace(s.script)}, keysAndArgs...)
		redis.Hello(2)
		got := oneLine(text(redis.Do(args...)))
		redis.Hello(3)
		got3 := oneLine(text(redis.Do(args...)))
		out.WriteString("> " + s.script + "\n2 " + got + "\n")
		if got3 != got {
			out.WriteString("3 " + got3 + "\n")
		}
		if s.ours != "" {
			out.WriteString("! " + s.ours + "\n")
		}
		if !*record && (got != s.reply || got3 != s.reply3) {
			t.Errorf("%s\nredis %s and %s\n file %s and %s", s.script, got, got3, s.reply, s.reply3)
		}
	}
	if *record {
		if err := os.WriteFile(snippets, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
