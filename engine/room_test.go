package engine

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
)

// frozen makes a rig with n keys of a hundred bytes, and a snapshot of them
// that has little room for pre-images.
func frozen(t *testing.T, shards, n int) (*rig, *Snapshot) {
	t.Helper()
	r := newRig(t, shards, nil)
	c := r.connect()
	for i := range n {
		c.want(fmt.Sprintf("SET k%d old%0100d", i, i), "OK")
	}
	snap, err := r.Freeze(func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	snap.room.limit = 256 << 10
	return r, snap
}

// overwrite changes all keys, and closes the channel when it is through.
func overwrite(r *rig, n int) chan struct{} {
	done := make(chan struct{})
	c := r.connect()
	go func() {
		defer close(done)
		for i := range n {
			c.do(fmt.Sprintf("SET k%d new", i))
		}
	}()
	return done
}

// TestWritersWaitForRoom lets a writer be faster than the dump.
func TestWritersWaitForRoom(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		synctest.Test(t, func(t *testing.T) {
			const keys = 20_000
			r, snap := frozen(t, shards, keys)
			done := overwrite(r, keys)
			synctest.Wait()
			st := r.DumpStats()
			if st.Waits != 1 || st.PreImages <= st.Limit || st.PreImages > st.Limit+128<<10 {
				t.Fatalf("the writer does not wait where it should: %+v", st)
			}
			c := r.connect()
			c.want("GET k0", `"new"`) // who reads does not wait
			seen := map[string]string{}
			n, err := snap.Dump(context.Background(), func(_ int, args ...[]byte) error {
				synctest.Wait() // the disk is slow: the writer has come as far as it can
				if p := snap.view.Pending(); p > st.Limit+128<<10 {
					return fmt.Errorf("%d bytes of pre-images", p)
				}
				seen[string(args[1])] = string(args[2])
				return nil
			})
			if err != nil || n != keys || len(seen) != keys {
				t.Fatalf("%d keys dumped, %d different: %v", n, len(seen), err)
			}
			for i := range keys {
				if want := fmt.Sprintf("old%0100d", i); seen[fmt.Sprint("k", i)] != want {
					t.Fatalf("k%d is dumped as %q", i, seen[fmt.Sprint("k", i)])
				}
			}
			snap.Release()
			<-done
			if st := r.DumpStats(); st.Limit != 0 || st.MostPreImages == 0 {
				t.Errorf("afterwards: %+v", st)
			}
		})
	})
}

// TestEndOfDumpFreesWriters ends a dump that has made writers wait.
func TestEndOfDumpFreesWriters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 10_000
		r, snap := frozen(t, 1, keys)
		done := overwrite(r, keys)
		synctest.Wait()
		if r.DumpStats().Waits != 1 {
			t.Fatal("the writer does not wait")
		}
		snap.Release()
		<-done
	})
}
