package engine

import (
	"fmt"
	"testing"
)

// TestWakesAreBounded: a key that is queued is not queued again, wherever it stands.
func TestWakesAreBounded(t *testing.T) {
	var q wakes
	key := func(i, depth int) ready { return ready{key: keyID{key: fmt.Sprint("k", i)}, depth: depth} }
	if !q.add([]ready{key(0, 0)}) {
		t.Fatal("nobody serves")
	}
	for round := range 100 {
		for i := range 50 {
			if q.add([]ready{key(i, round%7)}) {
				t.Fatal("a second one serves")
			}
		}
	}
	if n := len(q.keys); n != 50 {
		t.Fatalf("%d keys are queued", n)
	}
	for i := range 50 {
		k, ok := q.next()
		if !ok || k != key(i, 6) {
			t.Fatalf("%d-th is %v, %v", i, k, ok)
		}
		if i == 20 { // one that has been taken may come again, at the end
			q.add([]ready{key(3, 1), key(30, 9), key(30, 2)})
			q.keys[30-i-1].depth = 6
		}
	}
	if k, ok := q.next(); !ok || k != key(3, 1) {
		t.Errorf("then %v, %v", k, ok)
	}
	if _, ok := q.next(); ok || q.serving || len(q.at) != 0 {
		t.Errorf("in the end %+v", &q)
	}
}
