package commandtest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/kevy-lua/kevy-lua/engine/command"
)

// Case is one row of a table test: commands that prepare, one command, what it
// does.
type Case struct {
	Name   string
	Setup  []string // command lines; their replies must not be errors
	RESP3  bool
	Line   string
	Want   string   // the reply, as Text shows it
	Log    []string // what Server.Log returns afterwards; nil: not looked at
	Events []string // what Server.Events returns afterwards; nil: not looked at
}

// None is for Case's Log and Events: there must be none.
var None = []string{}

// RunCases runs each case on empty servers with 1 and with 4 shards, and
// checks that the log replays.
func RunCases(t *testing.T, rows []command.Spec, cases []Case) {
	t.Helper()
	for _, tc := range cases {
		name := tc.Name
		if name == "" {
			name = tc.Line
		}
		for _, shards := range []int{1, 4} {
			t.Run(fmt.Sprintf("%s/%d", name, shards), func(t *testing.T) {
				tc.run(t, New(t, shards, rows))
			})
		}
	}
}

func (tc *Case) run(t *testing.T, s *Server) {
	t.Helper()
	for _, line := range tc.Setup {
		if err := s.Do(Words(t, line)...).Err(); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	s.Log()
	s.Events()
	s.RESP3 = tc.RESP3
	if got := s.Run(tc.Line); got != tc.Want {
		t.Errorf("%s\n got %s\nwant %s", short(tc.Line), short(got), short(tc.Want))
	}
	if got := s.Log(); tc.Log != nil && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.Log) {
		t.Errorf("%s\n logged %q\n   want %q", short(tc.Line), got, tc.Log)
	}
	if got := s.Events(); tc.Events != nil && fmt.Sprintf("%q", got) != fmt.Sprintf("%q", tc.Events) {
		t.Errorf("%s\nevents %q\n  want %q", short(tc.Line), got, tc.Events)
	}
	s.CheckReplay()
}

// Script is a list of command lines that are run here and on redis-server. A
// line that begins with "~ " has a reply whose elements come in any order; of
// a line that begins with "? " only the type of the reply is compared.
type Script struct {
	Name  string
	Lines []string
}

// CompareScripts runs scripts on redis-server and on servers with 1 and with 4
// shards, in RESP2 and RESP3. The replies must be equal byte for byte, and so
// must the data at the end. It skips when there is no redis-server.
func CompareScripts(t *testing.T, rows []command.Spec, scripts []Script) {
	t.Helper()
	redis := StartRedis(t, true)
	for _, script := range scripts {
		for _, proto := range []int{2, 3} {
			for _, shards := range []int{1, 4} {
				t.Run(fmt.Sprintf("%s/RESP%d/%d", script.Name, proto, shards), func(t *testing.T) {
					t.Helper()
					redis.t = t
					redis.Hello(proto)
					s := New(t, shards, rows)
					s.RESP3, s.Now = proto == 3, time.Now().UnixMilli()
					script.run(t, s, redis)
				})
			}
		}
	}
}

func (script *Script) run(t *testing.T, s *Server, redis *Redis) {
	t.Helper()
	for _, line := range script.Lines {
		mode, text := byte(0), line
		if len(line) > 2 && line[1] == ' ' && (line[0] == '~' || line[0] == '?') {
			mode, text = line[0], line[2:]
		}
		args := Words(t, text)
		want, got := redis.Raw(args...), s.Raw(args...)
		switch {
		case mode == '?' && len(got) > 0 && got[0] == want[0]:
		case mode == '~' && Sorted(parse(t, got)) == Sorted(parse(t, want)):
		case !bytes.Equal(got, want):
			t.Errorf("%s\n got %s\nwant %s", short(text), short(fmt.Sprintf("%q", got)), short(fmt.Sprintf("%q", want)))
		}
	}
	s.CheckReplay()
	if d := diff(redis.dump(s.Now), s.Dump()); d != "" {
		t.Errorf("the data differ from redis-server's:\n%s", d)
	}
}
