package app

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPacer(t *testing.T) {
	for _, tc := range []struct {
		name        string
		percent     int
		floor, live int64
		want        int
	}{
		{"nothing alive", 50, 32 << 20, 0, 800},
		{"little alive", 50, 32 << 20, 4 << 20, 800},
		{"at the floor", 50, 32 << 20, 64 << 20, 50},
		{"much alive", 50, 32 << 20, 1 << 30, 50},
		{"no floor", 50, 0, 4 << 20, 50},
		{"a high percentage", 400, 32 << 20, 16 << 20, 400},
		{"a floor beyond reason", 50, 1 << 50, 1, mostPercent},
	} {
		p := &pacer{percent: tc.percent, floor: tc.floor}
		if got := p.wanted(tc.live); got != tc.want {
			t.Errorf("%s: %d %%, want %d", tc.name, got, tc.want)
		}
	}
}

// TestPacerFollows: what was right for a small heap is set right when it has grown,
// also where the parameter came later than the start.
func TestPacerFollows(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	p := &pacer{}
	t.Cleanup(p.end)
	p.set(50, 32<<20)
	alive := make([]byte, 128<<20)
	for end := time.Now().Add(time.Minute); ; runtime.Gosched() {
		runtime.GC()
		p.mu.Lock()
		applied := p.applied
		p.mu.Unlock()
		if applied == 50 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d %% with 128 MB alive, want 50", applied)
		}
	}
	runtime.KeepAlive(alive)
}
