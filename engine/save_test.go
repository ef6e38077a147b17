package engine

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
)

// saved is where the snapshots of a test go.
type saved struct {
	last []byte
	fail error
	gate chan struct{} // not nil: writing waits for it
}

func (s *saved) save(write func(io.Writer) error) error {
	if s.gate != nil {
		<-s.gate
	}
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	if s.fail != nil {
		return s.fail
	}
	s.last = b.Bytes()
	return nil
}

// TestSave: what SAVE writes is what redis-server loads.
func TestSave(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		to := &saved{}
		r.SetControls(Controls{Save: to.save})
		r.AddDump(func(emit func(int, ...[]byte) error) error {
			return emit(0, []byte("FUNCTION"), []byte("LOAD"), []byte("#!lua name=l\nredis.register_function('f', function() return 'hello' end)"))
		})
		for _, line := range []string{
			"SET s text", "SET n 12345 PXAT 5000000000000", "RPUSH l a b 1", "SADD i 1 2 3", "SADD t a b", "HSET h f v g w", "ZADD z 1.5 a -inf b", "SELECT 3", "SET other 1",
		} {
			c.do(line)
		}
		c.want("SAVE", "OK")
		redis := loadRDB(t, to.last)
		for _, tc := range [][]string{
			{"GET s", `"text"`}, {"PEXPIRETIME n", "(integer) 5000000000000"}, {"LRANGE l 0 -1", `["a" "b" "1"]`}, {"SMEMBERS i", `["1" "2" "3"]`}, {"SCARD t", "(integer) 2"},
			{"HGET h g", `"w"`}, {"ZRANGE z 0 -1 WITHSCORES", `["b" "-inf" "a" "1.5"]`}, {"FCALL f 0", `"hello"`}, {"DBSIZE", "(integer) 7"}, {"SELECT 3", "OK"}, {"GET other", `"1"`},
		} {
			if got := commandtest.Text(redis.Do(commandtest.Words(t, tc[0])...)); got != tc[1] {
				t.Errorf("%s\n got %s\nwant %s", tc[0], got, tc[1])
			}
		}
	})
}

// loadRDB starts a redis-server that has loaded a file.
func loadRDB(t *testing.T, file []byte) *commandtest.Redis {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "dump.rdb"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	if check, err := exec.LookPath("redis-check-rdb"); err == nil {
		if out, err := exec.Command(check, filepath.Join(dir, "dump.rdb")).CombinedOutput(); err != nil {
			t.Errorf("redis-check-rdb: %v\n%s", err, out)
		}
	}
	return commandtest.StartRedisIn(t, dir)
}

func TestSavingStates(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.connect()
	to := &saved{gate: make(chan struct{})}
	c.want("SAVE", "(error) ERR there is no data directory to write a snapshot into")
	r.SetControls(Controls{Save: to.save})
	c.do("SET k 1")
	info := func(want ...string) {
		t.Helper()
		text := c.do("INFO persistence")
		for _, line := range want {
			if !strings.Contains(text, line+`\x0d`) {
				t.Errorf("INFO has no %s: %s", line, text)
			}
		}
	}
	info("rdb_changes_since_last_save:1", "rdb_bgsave_in_progress:0", "rdb_saves:0")
	c.want("BGSAVE", "Background saving started")
	info("rdb_bgsave_in_progress:1")
	c.want("BGSAVE SCHEDULE", "(error) ERR Background save already in progress")
	c.want("SAVE", "(error) ERR Background save already in progress")
	c.do("SET k 2")
	close(to.gate)
	r.tasks.Wait()
	info("rdb_bgsave_in_progress:0", "rdb_saves:1", "rdb_last_bgsave_status:ok")
	to.fail = errors.New("disk full")
	c.want("SAVE", "(error) ERR disk full")
	info("rdb_last_bgsave_status:err", "rdb_saves:1")
	snap, err := r.Freeze(func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	c.want("SAVE", "(error) "+string(errRewriting))
	snap.Release()
}
