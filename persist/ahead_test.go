package persist

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// show is a group as text; of long arguments the beginning and the length.
func show(group []Record) string {
	var b strings.Builder
	for _, r := range group {
		fmt.Fprintf(&b, "%d:", r.DB)
		for _, a := range r.Args {
			fmt.Fprintf(&b, " %.20q(%d)", a, len(a))
		}
	}
	return b.String()
}

// TestReplayAhead applies groups of all sizes, and fails at each place of a log
// that takes several packs.
func TestReplayAhead(t *testing.T) {
	var text []byte
	var starts []int64
	var want []string
	selected := noDB
	for i := range 3000 {
		starts = append(starts, int64(len(text)))
		group := []Record{rec(i%2, "SET", fmt.Sprint("k", i), "v")}
		if i%7 == 0 {
			group = append(group, rec(3, "SET", "other", fmt.Sprint(i)))
		}
		if i%500 == 0 {
			group[0].Args[2] = bytes.Repeat([]byte("large"), 100_000)
		}
		text, selected = appendGroup(text, selected, group)
		want = append(want, show(group))
	}
	fsys := testFS()
	if err := writeFile(fsys, "f", text); err != nil {
		t.Fatal(err)
	}
	f, err := fsys.Open("f")
	if err != nil {
		t.Fatal(err)
	}
	failure := errors.New("not applied")
	for _, fail := range []int{-1, 0, 1, 499, 500, 511, 512, 1500, 2998, 2999} {
		n := 0
		out, err := scanAhead(context.Background(), readFrom(f, 0, int64(len(text))), 0, int64(len(text)), func(group []Record) error {
			if n == fail {
				return failure
			}
			if got := show(group); got != want[n] {
				t.Fatalf("group %d is %s, want %s", n, got, want[n])
			}
			n++
			return nil
		})
		if fail < 0 {
			if err != nil || n != len(want) || out.end != int64(len(text)) {
				t.Fatalf("%d groups to offset %d: %v", n, out.end, err)
			}
			continue
		}
		// SELECT stands in front of the group and is no part of it.
		if !errors.Is(err, failure) || n != fail || out.end < starts[fail] || out.end > starts[fail]+100 {
			t.Errorf("group %d fails: %d applied, place %d instead of %d: %v", fail, n, out.end, starts[fail], err)
		}
	}
}
