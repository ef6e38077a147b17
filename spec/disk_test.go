package spec

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// limitFiles sets how large the files of a running process may become.
func limitFiles(t *testing.T, p *process, limit string) {
	t.Helper()
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("prlimit is not installed")
	}
	out, err := exec.Command(prlimit, "--pid", strconv.Itoa(p.cmd.Process.Pid), "--fsize="+limit+":").CombinedOutput()
	if err != nil {
		t.Fatalf("prlimit: %v\n%s", err, out)
	}
}

// TestFullDisk lets the log of the real server reach the limit of its file's
// size: writes are refused, reads go on, nothing acknowledged is lost, and when
// there is room again it recovers by itself.
func TestFullDisk(t *testing.T) {
	for _, policy := range []string{"always", "everysec"} {
		t.Run(policy, func(t *testing.T) {
			ctx := context.Background()
			dir := t.TempDir()
			p := startProcess(t, "--dir", dir, "--set", "appendfsync="+policy)
			c := p.client(t)
			set := func(i int) error {
				return c.Set(ctx, fmt.Sprint("k", i), strings.Repeat(strconv.Itoa(i%10), 1000), 0).Err()
			}
			acked := 0
			for ; acked < 20; acked++ {
				must(t, set(acked))
			}
			limitFiles(t, p, "65000")
			for i := acked; set(i) == nil; i++ {
				acked = i + 1
				if acked > 100 {
					t.Fatal("the limit has no effect")
				}
			}
			waitFor(t, "MISCONF", func() bool {
				err := set(9999)
				return err != nil && strings.HasPrefix(err.Error(), "MISCONF")
			})
			if got := c.Get(ctx, "k0").Val(); len(got) != 1000 {
				t.Errorf("a read while writes fail: %d bytes", len(got))
			}
			infoHas(t, c, "aof_last_write_status:err")
			limitFiles(t, p, "30000")
			rewriteFails(t, c, dir)

			limitFiles(t, p, "unlimited")
			waitFor(t, "it writes again", func() bool { return set(10_000) == nil })
			infoHas(t, c, "aof_last_write_status:ok")
			p.kill()

			p = startProcess(t, "--dir", dir, "--set", "appendfsync="+policy)
			c = p.client(t)
			for i := range acked {
				if got := c.Get(ctx, fmt.Sprint("k", i)).Val(); got != strings.Repeat(strconv.Itoa(i%10), 1000) {
					t.Fatalf("k%d was acknowledged and has %d bytes", i, len(got))
				}
			}
			if c.Exists(ctx, "k10000").Val() != 1 {
				t.Error("what was written after the recovery is lost")
			}
			infoHas(t, c, "aof_loaded_torn_bytes:0")
			p.stop(t)
		})
	}
}

// rewriteFails asks for a rewrite that has no room either, and looks at what it leaves.
func rewriteFails(t *testing.T, c *redis.Client, dir string) {
	t.Helper()
	ctx := context.Background()
	must(t, c.BgRewriteAOF(ctx).Err())
	waitFor(t, "the rewrite has failed", func() bool {
		info := c.Info(ctx, "persistence").Val()
		return strings.Contains(info, "aof_rewrite_in_progress:0") && strings.Contains(info, "aof_last_bgrewrite_status:err")
	})
	infoHas(t, c, "aof_rewrite_failures:1")
	names, err := filepath.Glob(filepath.Join(dir, "*", "temp-*"))
	must(t, err)
	if len(names) > 0 {
		t.Errorf("the rewrite has left %v", names)
	}
}

func infoHas(t *testing.T, c *redis.Client, line string) {
	t.Helper()
	info, err := c.Info(context.Background(), "persistence").Result()
	must(t, err)
	if !strings.Contains(info, line) {
		t.Errorf("INFO persistence does not have %s:\n%s", line, info)
	}
}
