package server

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestGather(t *testing.T) {
	const fsync = 2 * time.Millisecond
	synctest.Test(t, func(t *testing.T) {
		var g gather
		alarms := make(chan int, 100)
		puts := func(n int) bool { return g.puts(n, func(no int) { alarms <- no }) }
		if puts(1) {
			t.Error("the first Commit is put off")
		}
		g.ended(50, 50*time.Microsecond)
		if puts(1) {
			t.Error("put off behind a Commit that was no fsync")
		}
		g.ended(50, fsync)
		if !puts(25) || !puts(49) || puts(50) {
			t.Error("it does not wait for all that took part before, or too long")
		}
		if g.missed(<-alarms) {
			t.Error("an alarm that comes late counts")
		}
		g.ended(50, fsync)
		if puts(60) {
			t.Error("more are there than took part")
		}
		for _, rest := range []int{1, 3, 7} { // they do not come, again and again
			g.ended(50, fsync)
			start := time.Now()
			if !puts(3) || !g.missed(<-alarms) || puts(3) {
				t.Error("the alarm does not end it")
			}
			if took := time.Since(start); took != fsync/gatherPart {
				t.Errorf("it was put off for %v", took)
			}
			for range rest - 1 {
				g.ended(50, fsync)
				if puts(3) {
					t.Error("no rest")
				}
			}
		}
	})
}
