package engine

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/kevy-lua/kevy-lua/engine/command/commandtest"
	"github.com/kevy-lua/kevy-lua/engine/wire"
)

// rawOutbox keeps what a connection is sent. It reads a part only when there is
// too much.
type rawOutbox struct {
	nowhere
	mu     sync.Mutex
	got    bytes.Buffer
	unread int
	closed chan struct{}
}

func (o *rawOutbox) Deliver(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got.Write(b)
	o.unread += len(b)
}

func (o *rawOutbox) OutputBytes() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := o.unread
	if n > copyAhead {
		o.unread = 0
	}
	return n
}

func (o *rawOutbox) Close() { close(o.closed) }

// copied is what a client is sent that asks for a snapshot with these options.
func (r *rig) copied(t *testing.T, options string) string {
	t.Helper()
	o := &rawOutbox{closed: make(chan struct{})}
	s, err := r.NewSession(SessionOptions{Addr: "127.0.0.1:1", Transport: "tcp", Outbox: o})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var w wire.Writer
	for _, line := range []string{"REPLCONF rdb-only 1", options, "SYNC"} {
		if line == "" {
			continue
		}
		var args [][]byte
		for _, word := range commandtest.Words(t, line) {
			args = append(args, []byte(word))
		}
		s.Do(args, &w)
	}
	if strings.Contains(string(w.Buf), "-ERR") {
		t.Fatalf("%q", w.Buf)
	}
	<-o.closed
	got := o.got.String()
	head, rest, _ := strings.Cut(got, "\r\n")
	if head != fmt.Sprintf("$%d", len(rest)) {
		t.Fatalf("%.100q", got)
	}
	return rest
}

// TestCopy: a backup tool gets a snapshot that redis-server loads.
func TestCopy(t *testing.T) {
	onShards(t, func(t *testing.T, shards int) {
		r := newRig(t, shards, nil)
		c := r.connect()
		r.AddDump(func(emit func(int, ...[]byte) error) error {
			return emit(0, []byte("FUNCTION"), []byte("LOAD"), []byte("#!lua name=l\nredis.register_function('f', function() return 1 end)"))
		})
		r.SetControls(Controls{Spool: func(write func(io.Writer) error) (io.ReadCloser, int64, error) {
			var b bytes.Buffer
			err := write(&b)
			return io.NopCloser(&b), int64(b.Len()), err
		}})
		c.do("SET a 1")
		c.do("SETRANGE b 3000000 x")
		for _, tc := range []struct{ options, keys, libraries string }{
			{"", "(integer) 2", "1"}, {"REPLCONF rdb-filter-only functions", "(integer) 0", "1"},
		} {
			redis := loadRDB(t, []byte(r.copied(t, tc.options)))
			if got := commandtest.Text(redis.Do("DBSIZE")); got != tc.keys {
				t.Errorf("%q: DBSIZE %s", tc.options, got)
			}
			if got := commandtest.Text(redis.Do("FUNCTION", "STATS")); !strings.Contains(got, `"libraries_count" (integer) `+tc.libraries) {
				t.Errorf("%q: %s", tc.options, got)
			}
		}
	})
}
