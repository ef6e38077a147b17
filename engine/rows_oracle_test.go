package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command"
	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// unlike are commands whose COMMAND INFO differs from Redis' on purpose, with
// the elements that do.
var unlike = map[string][]int{
	"client|setinfo": nil, // of Redis 7.2
	"hook":           nil,
}

// TestCommandInfoAsRedis compares COMMAND INFO, every element of it, for each
// command that both servers have.
func TestCommandInfoAsRedis(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	r := newRig(t, 1, nil)
	c := r.connect()
	shared := 0
	r.eachSpec(func(s *command.Spec) {
		name := s.FullName()
		if _, ok := unlike[name]; ok || strings.HasPrefix(name, "hook|") {
			return
		}
		theirs := redis.Do("COMMAND", "INFO", name)
		if len(theirs.Elems) != 1 || theirs.Elems[0].IsNull() {
			t.Errorf("%s: redis-server does not have it", name)
			return
		}
		ours := c.value("COMMAND INFO " + name)
		shared++
		got, want := infoText(ours.Elems[0]), infoText(theirs.Elems[0])
		for i := range want {
			if got[i] != want[i] && !(i == 8 && moreKnown(got[i], want[i])) {
				t.Errorf("%s: element %d\n got %s\nwant %s", name, i, got[i], want[i])
			}
		}
	})
	t.Logf("%d commands compared", shared)
}

// infoText prints the elements of a COMMAND INFO; those that are sets in any
// order, of sub-commands only the names that both have.
func infoText(v wire.Value) (out []string) {
	for i, e := range v.Elems {
		switch i {
		case 2, 6, 7:
			out = append(out, commandtest.Sorted(e))
		case 8:
			out = append(out, keySpecText(e))
		case 9:
			var subs []string
			for _, s := range e.Elems {
				if name := string(s.Elems[0].Str); name != "client|setinfo" {
					subs = append(subs, name)
				}
			}
			slices.Sort(subs)
			out = append(out, strings.Join(subs, " "))
		default:
			out = append(out, commandtest.Text(e))
		}
	}
	return out
}

// moreKnown reports whether key specifications differ only where Redis does not
// say how to find keys, and we do.
func moreKnown(got, want string) bool {
	g, w := strings.Split(got, "; "), strings.Split(want, "; ")
	return len(g) == len(w) && !slices.ContainsFunc(w, func(spec string) bool {
		return !slices.Contains(g, spec) && !strings.Contains(spec, "unknown")
	})
}

// keySpecText leaves out notes.
func keySpecText(v wire.Value) string {
	var out []string
	for _, spec := range v.Elems {
		text := ""
		for i := 0; i+1 < len(spec.Elems); i += 2 {
			switch name := string(spec.Elems[i].Str); name {
			case "notes":
			case "flags":
				text += commandtest.Sorted(spec.Elems[i+1])
			default:
				text += " " + commandtest.Text(spec.Elems[i+1])
			}
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

// TestServerRepliesAsRedis compares replies byte for byte.
func TestServerRepliesAsRedis(t *testing.T) {
	for _, proto := range []int{2, 3} {
		t.Run(fmt.Sprintf("RESP%d", proto), func(t *testing.T) {
			redis := commandtest.StartRedis(t, true)
			redis.Hello(proto)
			r := newRig(t, 1, nil)
			c := r.connect()
			if proto == 3 {
				c.do("HELLO 3")
			}
			for _, line := range asRedis {
				want := redis.Raw(commandtest.Words(t, line)...)
				if got := c.raw(line); string(got) != string(want) {
					t.Errorf("%s\n got %q\nwant %q", line, got, want)
				}
			}
		})
	}
}

var asRedis = []string{
	"COMMAND INFO get nosuch config|get config|nosuch", "COMMAND COUNT x", "COMMAND foo", "COMMAND LIST foo",
	"COMMAND LIST FILTERBY foo bar", "COMMAND LIST FILTERBY PATTERN", "COMMAND LIST FILTERBY ACLCAT nosuch", "COMMAND LIST FILTERBY MODULE nosuch",
	"COMMAND LIST FILTERBY PATTERN getex", "COMMAND GETKEYS", "COMMAND GETKEYS ping a", "COMMAND GETKEYS get", "COMMAND GETKEYS nosuch a",
	"COMMAND GETKEYS mset a b c d", "COMMAND GETKEYS set a", "COMMAND GETKEYS zunionstore d 2 a b", "COMMAND GETKEYS zunionstore d 20 a b",
	"COMMAND GETKEYS memory usage foo", "COMMAND GETKEYS config get a", "COMMAND GETKEYSANDFLAGS set a b",
	"COMMAND GETKEYSANDFLAGS lmove a b left right", "COMMAND DOCS nosuch",
	"CONFIG GET nosuch", "CONFIG GET maxmemory", "CONFIG SET nosuch 1", "CONFIG SET maxmemory 1 2", "CONFIG SET maxmemory foo", "CONFIG FOO", "CONFIG",
	"CONFIG SET maxmemory 0 maxmemory 1", "CONFIG RESETSTAT",
	"MODULE LIST", "MODULE foo", "BGSAVE foo", "SHUTDOWN foo", "SHUTDOWN NOSAVE SAVE", "SHUTDOWN ABORT", "SHUTDOWN ABORT NOW",
	"ROLE", "REPLICAOF NO ONE", "REPLICAOF a b", "SLAVEOF NO ONE", "WAIT 0 0", "WAIT a 10", "WAIT 0 -1", "WAIT 0 x", "FAILOVER", "FAILOVER ABORT",
	"MIGRATE h 1 nosuch 9 5000", "MIGRATE h 1 nosuch 9 5000 AUTH", "MIGRATE h 1 nosuch 9 5000 AUTH2 a", "MIGRATE h 1 nosuch 9 5000 COPY AUTH2 a b",
	"MIGRATE h 1 nosuch 9 x", "MIGRATE h 1 nosuch x 9", "MIGRATE h 1 nosuch x y", "MIGRATE h 1 k 0 10 KEYS a", "MIGRATE h 1 \"\" 0 10 KEYS a b", "MIGRATE h 1 a 0 10 foo",
	"MIGRATE h 1 \"\" 0 10 REPLACE KEYS", "MIGRATE h 1 a 0",
	"LOLWUT VERSION x", "READONLY", "READWRITE", "ASKING", "CLUSTER INFO", "CLUSTER foo", "CLUSTER", "CLUSTER KEYSLOT a", "CLUSTER HELP",
	"MEMORY USAGE nosuch", "SET k v", "MEMORY USAGE k SAMPLES -1", "MEMORY USAGE k SAMPLES", "MEMORY USAGE k foo 1", "MEMORY foo", "MEMORY",
	"SLOWLOG GET 0", "SLOWLOG GET -2", "SLOWLOG GET a", "SLOWLOG RESET", "SLOWLOG LEN", "SLOWLOG GET", "SLOWLOG GET 1 2",
	"LATENCY LATEST", "LATENCY HISTORY command", "LATENCY GRAPH command", "LATENCY RESET", "LATENCY RESET a b", "LATENCY HISTOGRAM nosuch", "LATENCY HELP x",
	"ACL WHOAMI", "ACL CAT foo", "ACL CAT", "ACL LIST", "ACL USERS", "ACL GETUSER default", "ACL GETUSER foo", "ACL GENPASS 0", "ACL GENPASS x",
	"ACL GENPASS 5000", "ACL LOG", "ACL LOG RESET", "ACL LOG x", "ACL DRYRUN default get a", "ACL DRYRUN foo get a", "ACL DRYRUN default nosuch a",
	"ACL DRYRUN default get", "ACL DELUSER default", "ACL DELUSER nosuch",
	"DEBUG SLEEP 0", "DEBUG", "CLIENT TRACKING OFF", "CLIENT CACHING YES", "CLIENT CACHING foo", "CLIENT TRACKING foo",
	"INFO nosuch", "PING", "PING a b", "ECHO a", "SELECT 99", "SELECT a", "EXEC", "DISCARD", "MULTI", "MULTI", "PING", "EXEC", "WATCH a", "UNWATCH",
	"MULTI", "nosuch a b", "EXEC", "CLIENT NO-EVICT on", "CLIENT NO-EVICT foo", "CLIENT REPLY foo", "CLIENT GETNAME", "CLIENT SETNAME x", "CLIENT GETNAME",
	"CLIENT SETNAME \"a b\"", "CLIENT KILL 1.2.3.4:5", "CLIENT KILL ID 0", "CLIENT KILL TYPE foo", "CLIENT UNBLOCK a", "CLIENT UNBLOCK 999999",
	"CLIENT PAUSE a", "CLIENT PAUSE -1", "CLIENT LIST ID a", "CLIENT LIST TYPE foo", "CLIENT TRACKINGINFO", "CLIENT GETREDIR", "AUTH x", "AUTH default x y",
	"HELLO 4", "HELLO a", "PUBSUB CHANNELS", "PUBSUB NUMSUB a", "PUBSUB NUMPAT", "PUBSUB SHARDCHANNELS", "PUBLISH a b", "SPUBLISH a b",
}
