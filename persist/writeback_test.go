package persist

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// spans notes which bytes of the increments were sent on their way.
type spans struct {
	vfs.FS
	sent [][2]int64 // the log's loop's, until it is closed
}

type spanFile struct {
	vfs.File
	to *spans
}

func (s *spans) OpenAppend(name string) (vfs.File, error) {
	f, err := s.FS.OpenAppend(name)
	return spanFile{f, s}, err
}

func (s *spans) Create(name string) (vfs.File, error) {
	f, err := s.FS.Create(name)
	return spanFile{f, s}, err
}

func (f spanFile) WriteBack(off, n int64) { f.to.sent = append(f.to.sent, [2]int64{off, off + n}) }

// TestWriteBack: under everysec what is written is sent on its way in large pieces, each byte at most once,
// and nothing is that has been synced.
func TestWriteBack(t *testing.T) {
	for _, policy := range []Policy{EverySec, Always, No} {
		t.Run(policy.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &spans{FS: testFS()}
				o := testOptions(s)
				o.Policy = policy
				l, _ := mustOpen(t, o)
				value := strings.Repeat("v", 1<<20)
				for range 30 {
					if err := l.Commit(l.Append([]Record{rec(0, "SET", "k", value)})); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				mustClose(t, l)
				if policy != EverySec {
					if len(s.sent) > 0 {
						t.Fatalf("sent: %v", s.sent)
					}
					return
				}
				if len(s.sent) != 30<<20/writeBackFrom {
					t.Errorf("%d pieces: %v", len(s.sent), s.sent)
				}
				end := int64(0)
				for _, span := range s.sent {
					if span[0] != end || span[1]-span[0] < writeBackFrom {
						t.Fatalf("pieces: %v", s.sent)
					}
					end = span[1]
				}
			})
		})
	}
}

// TestSyncBeforeTheSecond: a log that is written to faster than a second's worth may be kept is
// synced in time, so that no commit has to wait for it.
func TestSyncBeforeTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := testOptions(testFS())
		o.Policy = EverySec
		l, _ := mustOpen(t, o)
		defer mustClose(t, l)
		l.retainLimit = 16 << 10
		start := time.Now()
		value := strings.Repeat("v", 1<<10)
		for range 100 {
			if err := l.Commit(l.Append([]Record{rec(0, "SET", "k", value)})); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		l.mu.Lock()
		held, delayed := l.held, l.stats.delayed
		l.mu.Unlock()
		if held >= l.retainLimit/4 || delayed > 0 || !time.Now().Equal(start) {
			t.Errorf("%d bytes are not synced, %d commits waited", held, delayed)
		}
	})
}
