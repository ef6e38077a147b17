package persist

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kevy-lua/kevy-lua/persist/vfs/memfs"
)

func TestParseManifest(t *testing.T) {
	const (
		base = "file a.1.base.rdb seq 1 type b\n"
		incr = "file a.1.incr.aof seq 1 type i\n"
	)
	for _, tt := range []struct {
		name, text string
		reason     string // "" when it is right
		want       string // as encoded again; "" when as text
	}{
		{"usual", base + incr, "", ""},
		{"increment only", incr, "", ""},
		{"base only", base, "", ""},
		{"gap in the sequence", incr + "file a.7.incr.aof seq 7 type i\n", "", ""},
		{"history", base + "file old seq 3 type h\n" + incr, "", ""},
		{"comments", "# hello\n" + base + "#\n" + incr, "", base + incr},
		{"comment at the end without newline", incr + "# end", "", incr},
		{"other order and case, more pairs", "TYPE i Seq 1 startoffset 12 FILE a.1.incr.aof\n", "", incr},
		{"blanks and CR", "  file\ta.1.incr.aof seq 1  type i \r\n", "", incr},
		{"size", "file b seq 1 type b SIZE 012\n", "", "file b seq 1 type b size 12\n"},
		{"no size", "file b seq 1 type b size -1\n", badManifestFormat, ""},
		{"quoted", `file "a \"b\"\x20\xff" seq 1 type i` + "\n", "", `file "a \"b\" \xff" seq 1 type i` + "\n"},
		{"single quotes", `file 'it\'s' seq 1 type i` + "\n", "", `file "it's" seq 1 type i` + "\n"},

		{"empty", "", "Found an empty AOF manifest", ""},
		{"empty line", base + "\n", badManifestFormat, ""},
		{"too few words", "file a seq 1\n", badManifestFormat, ""},
		{"odd words", "file a seq 1 type i more\n", badManifestFormat, ""},
		{"unbalanced quotes", `file "a seq 1 type i` + "\n", badManifestFormat, ""},
		{"text behind quotes", `file "a"b seq 1 type i` + "\n", badManifestFormat, ""},
		{"no file", "seq 1 type i x y\n", badManifestFormat, ""},
		{"no number", "file a seq x type i\n", badManifestFormat, ""},
		{"number 0", "file a seq 0 type i\n", badManifestFormat, ""},
		{"huge number", "file a seq 99999999999999999999 type i\n", badManifestFormat, ""},
		{"no newline", "file a seq 1 type i", "The AOF manifest file contains too long line", ""},
		{"long line", "file " + strings.Repeat("a", 1100) + " seq 1 type i\n", "The AOF manifest file contains too long line", ""},
		{"path", "file x/a seq 1 type i\n", "File can't be a path, just a filename", ""},
		{"parent", "file .. seq 1 type i\n", "File can't be a path, just a filename", ""},
		{"two bases", base + base, "Found duplicate base file information", ""},
		{"same number twice", incr + incr, "Found a non-monotonic sequence number", ""},
		{"falling numbers", "file b seq 2 type i\n" + incr, "Found a non-monotonic sequence number", ""},
		{"unknown type", "file a seq 1 type x\n", "Unknown AOF file type", ""},
		{"long type", "file a seq 1 type incr\n", "Unknown AOF file type", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := parseManifest("path", []byte(tt.text))
			if tt.reason != "" {
				var bad *ManifestError
				if !errors.As(err, &bad) || bad.Reason != tt.reason {
					t.Fatalf("error %v, want %q", err, tt.reason)
				}
				if !strings.Contains(err.Error(), "path") {
					t.Errorf("the error does not name the file: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := tt.want
			if want == "" {
				want = tt.text
			}
			if got := string(m.encode()); got != want {
				t.Errorf("encoded\n%s, want\n%s", got, want)
			}
		})
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte("file a seq 1 type b\nfile \"b\\x00\\n\" seq 1 type i\n# c\nfile 'h' seq 9 type h\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest("path", text)
		if err != nil || m.empty() && len(m.history) == 0 {
			return
		}
		// What can be read is the same when it has been written and read again. (The quoted form of a
		// name is up to four times as long: then a line may be too long.)
		again, err := parseManifest("path", m.encode())
		var bad *ManifestError
		if errors.As(err, &bad) && strings.Contains(bad.Reason, "too long") {
			return
		}
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("%v, then %v (%v)", m, again, err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	const dir = "data/appendonlydir/"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"empty manifest", map[string]string{dir + "appendonly.aof.manifest": ""}, "empty AOF manifest"},
		{"data without a manifest", map[string]string{dir + "appendonly.aof.3.incr.aof": "x"}, "appendonly.aof.3.incr.aof"},
		{"missing file", map[string]string{dir + "appendonly.aof.manifest": "file gone seq 1 type i\n"}, "does not exist"},
		{"a base that was cut between two commands", map[string]string{
			dir + "appendonly.aof.manifest": "file b seq 1 type b size 27\n", dir + "b": "*1\r\n$4\r\nPING\r\n"}, "has 27 bytes"},
		{"two candidates", map[string]string{dir + "appendonly.aof": "x", "data/appendonly.aof": "x"}, "no manifest says"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := testFS()
			makeFiles(t, fsys, tt.files)
			l, _, err := openStore(testOptions(fsys))
			if err == nil {
				_ = l.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v does not say %q", err, tt.want)
			}
			// The lock is free again, and nothing was changed.
			if l, err = Open(testOptions(fsys)); errors.Is(err, ErrInUse) {
				t.Error(err)
			} else if err == nil {
				mustClose(t, l)
			}
			for path, text := range tt.files {
				if got := string(readFile(t, fsys, path)); got != text {
					t.Errorf("%s was changed to %q", path, got)
				}
			}
		})
	}
}

func makeFiles(t *testing.T, fsys *memfs.FS, files map[string]string) {
	t.Helper()
	if err := fsys.MkdirAll("data/appendonlydir"); err != nil {
		t.Fatal(err)
	}
	for path, text := range files {
		putFile(t, fsys, path, []byte(text))
	}
}

// Names with blanks go through the manifest quoted.
func TestNames(t *testing.T) {
	for _, name := range []string{"with blank.aof", "ümlaut", `quo"te`} {
		o := testOptions(testFS())
		o.Name = name
		for round := range 3 {
			l, m := mustOpen(t, o)
			if got := seqOf(t, m); got != round {
				t.Errorf("%s: %d steps, want %d", name, got, round)
			}
			if err := l.Commit(m.do(l, step(round+1))); err != nil {
				t.Fatal(err)
			}
			mustClose(t, l)
		}
	}
	for _, name := range []string{"a/b", "new\nline", strings.Repeat("long", 60)} {
		o := testOptions(testFS())
		o.Name = name
		if _, err := Open(o); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestMigrateSingleFile(t *testing.T) {
	var text []byte
	selected := noDB
	for n := 1; n <= 5; n++ {
		text, selected = appendGroup(text, selected, step(n))
	}
	for _, torn := range []int{0, 3} {
		t.Run(fmt.Sprintf("torn=%d", torn), func(t *testing.T) {
			fsys := testFS()
			makeFiles(t, fsys, map[string]string{"data/appendonly.aof": string(text[:len(text)-torn])})
			want := 5
			if torn > 0 {
				want = 4
			}
			for round := range 3 {
				l, m := mustOpen(t, testOptions(fsys))
				if got := seqOf(t, m); got != want+round {
					t.Fatalf("round %d: %d steps, want %d", round, got, want+round)
				}
				if err := l.Commit(m.do(l, step(want+round+1))); err != nil {
					t.Fatal(err)
				}
				mustClose(t, l)
			}
			if _, err := fsys.Stat("data/appendonly.aof"); err == nil {
				t.Error("the old file is still there")
			}
		})
	}
}
