package engine

import (
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

// TestStaleReplica compares what is refused with a real replica whose master
// cannot be reached.
func TestStaleReplica(t *testing.T) {
	redis := commandtest.StartRedis(t, true)
	r := newRig(t, 1, nil)
	c := r.connect()
	for _, line := range []string{
		"CONFIG SET replica-serve-stale-data no", "SET k v", "MULTI", "GET k", "REPLICAOF 127.0.0.1 0", "EXEC",
		"REPLICAOF 127.0.0.1 0", "GET k", "SET k v", "EXEC", "PING", "ECHO a", "REPLICAOF 127.0.0.1 1", "MULTI", "SET k w", "SELECT 1", "SELECT 0", "MULTI", "GET k", "EXEC", "MULTI", "CONFIG GET maxmemory", "EXEC",
		"MULTI", "SELECT 0", "EXEC", "SUBSCRIBE a", "UNSUBSCRIBE a", "DBSIZE", "KEYS *", "FLUSHALL", "WATCH k", "UNWATCH", "TIME 1", "CLIENT ID x", "COMMAND COUNT x", "PUBLISH a b", "WAIT 0 0",
		"REPLICAOF NO ONE", "GET k", "MULTI", "GET k", "REPLICAOF NO ONE", "EXEC", "CONFIG SET replica-serve-stale-data yes",
	} {
		want := redis.Raw(commandtest.Words(t, line)...)
		if got := c.raw(line); string(got) != string(want) {
			t.Errorf("%s\n got %q\nwant %q", line, got, want)
		}
	}
	c.want("REPLICAOF 127.0.0.1 0", "(error) ERR replication is not supported by this server")
	c.want("ROLE", `["master" (integer) 0 []]`)
	c.want("CONFIG SET replica-serve-stale-data no", "OK")
	c.want("REPLICAOF h 7", "OK")
	c.want("ROLE", `["slave" "h" (integer) 7 "connect" (integer) -1]`)
	c.want("GET k", "(error) "+string(errMasterDown))
	c.want("CONFIG SET replica-serve-stale-data yes", "OK")
	c.want("GET k", `"v"`)
	c.want("ROLE", `["master" (integer) 0 []]`)
}
