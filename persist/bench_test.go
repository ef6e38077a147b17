package persist

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// BenchmarkCommit appends and commits batches of single SETs, as a pipeline does, on the real file
// system.
func BenchmarkCommit(b *testing.B) {
	for _, bb := range []struct {
		name  string
		batch int
	}{{"1", 1}, {"16", 16}, {"800", 800}} { // the last is a turn of the loop with 50 clients at -P 16
		b.Run("batch "+bb.name, func(b *testing.B) {
			l, _, err := openStore(Options{FS: vfs.OS, Dir: filepath.Join(b.TempDir(), "log"), Policy: EverySec})
			if err != nil {
				b.Fatal(err)
			}
			group := []Record{rec(0, "SET", "key:000000000001", "value:0000000001")}
			b.ReportAllocs()
			for b.Loop() {
				var pos int64
				for range bb.batch {
					pos = l.Append(group)
				}
				if err := l.Commit(pos); err != nil {
					b.Fatal(err)
				}
			}
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkScan reads records as a replay does.
func BenchmarkScan(b *testing.B) {
	text := bytes.Repeat(appendRecord(nil, rec(0, "SET", "key:000000000001", "value:0000000001").Args), 100_000)
	fsys := testFS()
	if err := writeFile(fsys, "f", text); err != nil {
		b.Fatal(err)
	}
	f, err := fsys.Open("f")
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := scan(context.Background(), readFrom(f, 0, int64(len(text))), 0, int64(len(text)), func([]Record) error { n++; return nil }); err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
	}
}
