package persist

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

const (
	testIncr1    = "data/appendonlydir/appendonly.aof.1.incr.aof"
	testIncr2    = "data/appendonlydir/appendonly.aof.2.incr.aof"
	testManifest = "data/appendonlydir/appendonly.aof.manifest"
)

// logText returns steps first to last as an increment has them, and where each ends.
func logText(first, last int) (text []byte, ends []int) {
	selected := noDB
	for n := first; n <= last; n++ {
		text, selected = appendGroup(text, selected, step(n))
		ends = append(ends, len(text))
	}
	return text, ends
}

// withIncr returns a file system with a log of one increment.
func withIncr(t *testing.T, text []byte) *memfs.FS {
	t.Helper()
	fsys := testFS()
	makeFiles(t, fsys, map[string]string{
		testManifest: "file appendonly.aof.1.incr.aof seq 1 type i\n",
		testIncr1:    string(text),
	})
	return fsys
}

// A tail may be torn at each byte, and the rest of it may be zeros: what is whole is kept, the cut bytes are
// saved, and what is appended then is there the next time.
func TestTornAtEachByte(t *testing.T) {
	text, ends := logText(1, 6)
	for cut := 0; cut <= len(text); cut++ {
		for _, zeros := range []int{0, 1, 50} {
			fsys := withIncr(t, append(text[:cut:cut], make([]byte, zeros)...))
			want := 0
			for want < len(ends) && ends[want] <= cut {
				want++
			}
			l, m := mustOpen(t, testOptions(fsys))
			if got := seqOf(t, m); got != want {
				t.Fatalf("cut at %d and %d zeros: %d steps, want %d", cut, zeros, got, want)
			}
			stats := l.Status().Loaded
			size := len(readFile(t, fsys, testIncr1))
			if stats.TornBytes != int64(cut+zeros-size) || (stats.TornBytes > 0) != (len(stats.SavedAs) == 1) {
				t.Fatalf("cut at %d and %d zeros: size %d, %+v", cut, zeros, size, stats)
			}
			for _, saved := range stats.SavedAs {
				got := readFile(t, fsys, "data/appendonlydir/"+saved)
				if !bytes.Equal(got, append(text[size:cut:cut], make([]byte, zeros)...)) {
					t.Fatalf("cut at %d: saved %q", cut, got)
				}
			}
			if err := l.Commit(m.do(l, step(want+1))); err != nil {
				t.Fatal(err)
			}
			mustClose(t, l)
			l, m = mustOpen(t, testOptions(fsys))
			if got := seqOf(t, m); got != want+1 {
				t.Fatalf("cut at %d: %d steps the next time, want %d", cut, got, want+1)
			}
			mustClose(t, l)
		}
	}
}

func TestTornTailIsRefusedWhenAsked(t *testing.T) {
	text, _ := logText(1, 3)
	fsys := withIncr(t, text[:len(text)-1])
	o := testOptions(fsys)
	o.LoadTruncated = false
	_, _, err := openStore(o)
	var bad *CorruptError
	if !errors.As(err, &bad) || bad.File != testIncr1 {
		t.Fatalf("%v", err)
	}
	if got := readFile(t, fsys, testIncr1); len(got) != len(text)-1 {
		t.Error("the file was changed")
	}
}

// Damage that is no torn tail is refused, names the place, and changes nothing.
func TestDamage(t *testing.T) {
	text, ends := logText(1, 6)
	two, _ := logText(7, 8)
	change := func(at int, b byte) []byte {
		c := bytes.Clone(text)
		c[at] = b
		return c
	}
	for _, tt := range []struct {
		name   string
		one    []byte
		two    []byte
		offset int64
	}{
		{"garbage in the middle", change(ends[1], 'x'), nil, int64(ends[1])},
		{"garbage at the end", append(bytes.Clone(text), 'x'), nil, int64(len(text))},
		{"zeros, then records", append(append(bytes.Clone(text), 0, 0), text...), nil, int64(len(text))},
		{"length too small", change(ends[0]+len("*1\r\n$"), '4'), nil, int64(ends[0])},
		{"length beyond the end", bytes.Replace(text, []byte("$4\r\nlast"), []byte("$9999\r\nlast"), 1), nil, 23},
		{"EXEC without MULTI", append(bytes.Clone(text), execRecord...), nil, int64(len(text))},
		{"MULTI in MULTI", append(append(bytes.Clone(text), multiRecord...), multiRecord...), nil, int64(len(text) + len(multiRecord))},
		{"SELECT of nonsense", append(bytes.Clone(text), "*2\r\n$6\r\nSELECT\r\n$1\r\nx\r\n"...), nil, int64(len(text))},
		{"no arguments", append(bytes.Clone(text), "*0\r\n"...), nil, int64(len(text))},
		{"torn, but not the last", text[:len(text)-3], two, int64(ends[4])},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := withIncr(t, tt.one)
			if tt.two != nil {
				putFile(t, fsys, testIncr2, tt.two)
				putFile(t, fsys, testManifest, []byte("file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n"))
			}
			_, _, err := openStore(testOptions(fsys))
			var bad *CorruptError
			if !errors.As(err, &bad) || bad.File != testIncr1 || bad.Offset < tt.offset {
				t.Fatalf("%v; want offset %d", err, tt.offset)
			}
			if !strings.Contains(err.Error(), "kevy-lua log check --fix") {
				t.Errorf("%v does not say how to repair it", err)
			}
			if got := readFile(t, fsys, testIncr1); !bytes.Equal(got, tt.one) {
				t.Error("the file was changed")
			}
			var report bytes.Buffer
			ok, err := Check(fsys, "data", false, &report)
			if ok || err != nil || !strings.Contains(report.String(), "not valid") {
				t.Errorf("check: %v, %v\n%s", ok, err, report.String())
			}
			ok, err = Check(fsys, "data", true, &report)
			if err != nil || ok != (tt.two == nil) {
				t.Fatalf("fix: %v, %v\n%s", ok, err, report.String())
			}
			if ok {
				l, m := mustOpen(t, testOptions(fsys))
				seqOf(t, m)
				mustClose(t, l)
			}
		})
	}
}

// An increment that says that the one before it was longer is no continuation of it: after a power cut
// both ends go; if the bytes were on the disk already, it is damage.
func TestHoleBetweenIncrements(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lost   int // bytes of the first increment
		synced bool
		want   int // steps; -1 for damage
	}{
		{"nothing lost", 0, false, 8},
		{"a whole group lost", -1, false, 5},
		{"part of a group lost", 3, false, 5},
		{"lost after it was synced", -1, true, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			one, ends := logText(1, 6)
			kept := len(one) - tt.lost
			if tt.lost < 0 {
				kept = ends[4]
			}
			two := appendPrevNote(nil, 1, int64(len(one)))
			rest, _ := logText(7, 8)
			two = append(two, rest...)
			if tt.synced {
				two = appendSyncedNote(two, 1)
			}
			fsys := withIncr(t, one[:kept])
			putFile(t, fsys, testIncr2, two)
			putFile(t, fsys, testManifest, []byte("file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n"))
			l, m, err := openStore(testOptions(fsys))
			if tt.want < 0 {
				var bad *CorruptError
				if !errors.As(err, &bad) {
					t.Fatalf("error %v", err)
				}
				if ok, err := Check(fsys, "data", true, &bytes.Buffer{}); ok || err != nil {
					t.Errorf("check: %v, %v", ok, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := seqOf(t, m); got != tt.want {
				t.Errorf("%d steps, want %d", got, tt.want)
			}
			mustClose(t, l)
			if ok, err := Check(fsys, "data/appendonlydir", false, &bytes.Buffer{}); !ok || err != nil {
				t.Errorf("check after the repair: %v, %v", ok, err)
			}
		})
	}
}

func TestCheckReport(t *testing.T) {
	text, ends := logText(1, 3)
	fsys := withIncr(t, text[:len(text)-2])
	var report bytes.Buffer
	if ok, err := Check(fsys, "data/appendonlydir", false, &report); ok || err != nil {
		t.Fatalf("%v, %v", ok, err)
	}
	want := fmt.Sprintf("filename=appendonly.aof.1.incr.aof, size=%d, ok_up_to=%d, diff=%d", len(text)-2, ends[1], len(text)-2-ends[1])
	if !strings.Contains(report.String(), want) {
		t.Errorf("%s\ndoes not have %s", report.String(), want)
	}
	l, err := Open(testOptions(fsys))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Check(fsys, "data", true, &report); !errors.Is(err, ErrInUse) {
		t.Errorf("fix while the log is open: %v", err)
	}
	mustClose(t, l)
	if ok, err := Check(fsys, "data", true, &report); !ok || err != nil {
		t.Fatalf("%v, %v\n%s", ok, err, report.String())
	}
	if got := readFile(t, fsys, testIncr1); !bytes.Equal(got, text[:ends[1]]) {
		t.Errorf("%q", got)
	}
	for _, dir := range []string{"nowhere", ""} {
		if _, err := Check(fsys, dir, false, &report); err == nil {
			t.Errorf("%q: no error", dir)
		}
	}
}

func scanText(text []byte, apply func([]Record) error) (scanned, error) {
	return scan(context.Background(), bufio.NewReader(bytes.NewReader(text)), 0, int64(len(text)), apply)
}

func FuzzScan(f *testing.F) {
	text, _ := logText(1, 4)
	f.Add(text)
	f.Add(text[:len(text)-5])
	f.Add(append([]byte("#TS:1\r\n#KEVY:prev 1 2\r\n"), text...))
	f.Add([]byte("*1\r\n$99999999999999999\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var groups [][]Record
		out, err := scanText(text, func(group []Record) error {
			var g []Record
			for _, r := range group {
				c := Record{DB: r.DB}
				for _, a := range r.Args {
					c.Args = append(c.Args, bytes.Clone(a))
				}
				g = append(g, c)
			}
			groups = append(groups, g)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if out.end > int64(len(text)) || out.fault == nil && out.end != int64(len(text)) {
			t.Fatalf("%+v of %d bytes", out, len(text))
		}
		// What is whole reads alike when it is written again.
		var again []byte
		selected := noDB
		for _, g := range groups {
			again, selected = appendGroup(again, selected, g)
		}
		n := 0
		out, err = scanText(again, func(group []Record) error {
			if fmt.Sprint(group) != fmt.Sprint(groups[n]) {
				t.Errorf("%v, then %v", groups[n], group)
			}
			n++
			return nil
		})
		if err != nil || out.fault != nil || n != len(groups) {
			t.Errorf("read again: %v, %+v, %d of %d groups", err, out, n, len(groups))
		}
	})
}

func FuzzRDB(f *testing.F) {
	f.Add([]byte("REDIS0010\xfe\x00\x00\x01k\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("REDIS0010\xf5\x03abc\x0e\x01l\x01\x02ab\xff"))
	f.Add([]byte("REDIS0011\x13\x02st\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, text []byte) {
		fsys := testFS()
		if err := writeFile(fsys, "f", text); err != nil {
			t.Fatal(err)
		}
		file, err := fsys.Open("f")
		if err != nil {
			t.Fatal(err)
		}
		l := &rdbLoader{ctx: context.Background(), apply: func([]Record) error { return nil }}
		if _, err := l.load(file, int64(len(text))); err != nil {
			if _, ok := asFault(err); !ok {
				t.Fatal(err)
			}
		}
	})
}

// A log with a flipped byte is either refused and left alone, or loads, and then loads alike the next
// time. (Which names and values are right is for who applies them to say.)
func TestRandomDamage(t *testing.T) {
	seed := rand.Int63()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewSource(seed))
	text, _ := logText(1, 12)
	load := func(fsys *memfs.FS) (string, error) {
		l, err := Open(testOptions(fsys))
		if err != nil {
			return "", err
		}
		defer mustClose(t, l)
		var all strings.Builder
		_, err = l.ReplayGroups(context.Background(), func(group []Record) error {
			fmt.Fprintln(&all, group)
			return nil
		})
		return all.String(), err
	}
	for range 300 {
		bad := bytes.Clone(text)
		at := rng.Intn(len(bad))
		bad[at] ^= byte(1 + rng.Intn(255))
		fsys := withIncr(t, bad)
		first, err := load(fsys)
		if err != nil {
			var damage *CorruptError
			if !errors.As(err, &damage) {
				t.Fatal(err)
			}
			if !bytes.Equal(readFile(t, fsys, testIncr1), bad) {
				t.Errorf("byte %d: refused, but changed", at)
			}
			continue
		}
		if again, err := load(fsys); err != nil || again != first {
			t.Errorf("byte %d: loads, and then not alike: %v", at, err)
		}
	}
}
