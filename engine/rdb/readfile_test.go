package rdb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// everything is a file with each kind of value and of entry, and what is to be read.
func everything(t *testing.T) (file []byte, want []string) {
	t.Helper()
	var b bytes.Buffer
	f := NewFile(&b)
	f.Aux("redis-ver", "7.0.15")
	if err := f.Library([]byte("#!lua name=l")); err != nil {
		t.Fatal(err)
	}
	want = append(want, `library "#!lua name=l"`)
	for i, v := range values() {
		key, deadline := fmt.Sprint("key", i), int64(i%3)*1_700_000_000_000
		if err := f.Value(i/5, []byte(key), deadline, encode(v)); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("%d %q %d %s", i/5, key, deadline, text(v)))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), want
}

// readAll shows all entries of a file.
func readAll(in io.Reader, size int64) (got []string, end int64, err error) {
	r := NewReader(in, size)
	for {
		e, err := r.Next()
		if err == io.EOF {
			return got, r.Offset(), nil
		}
		if err != nil {
			return got, r.Offset(), err
		}
		if e.Library != nil {
			got = append(got, fmt.Sprintf("library %q", e.Library))
		} else {
			got = append(got, fmt.Sprintf("%d %q %d %s", e.DB, e.Key, e.DeadlineMs, text(e.Value)))
		}
	}
}

func TestReadFile(t *testing.T) {
	file, want := everything(t)
	behind := append(slices.Clone(file), "*1\r\n$4\r\nPING\r\n"...)
	for name, in := range map[string]io.Reader{
		"whole": bytes.NewReader(behind), "in bytes": iotest.OneByteReader(bytes.NewReader(behind)), "in halves": iotest.HalfReader(bytes.NewReader(behind)),
	} {
		got, end, err := readAll(in, int64(len(behind)))
		if err != nil || end != int64(len(file)) || !slices.Equal(got, want) {
			t.Errorf("%s: %d of %d entries, %d of %d bytes: %v", name, len(got), len(want), end, len(file), err)
		}
	}
	broken := errors.New("the disk is broken")
	if _, _, err := readAll(io.MultiReader(bytes.NewReader(file[:len(file)/2]), iotest.ErrReader(broken)), int64(len(file))); !errors.Is(err, broken) {
		t.Errorf("a read that fails is %v", err)
	}
	// A file is shorter than it was said to be, or a byte is another one.
	var bad *FileError
	for n := 0; n < len(file); n += 1 + n/4 {
		if _, _, err := readAll(bytes.NewReader(file), int64(n)); !errors.As(err, &bad) || bad.Offset > int64(n) {
			t.Fatalf("of %d bytes: %v", n, err)
		}
		if _, _, err := readAll(bytes.NewReader(file[:n]), int64(len(file))); !errors.As(err, &bad) || bad.Offset > int64(n) {
			t.Fatalf("with %d bytes: %v", n, err)
		}
		damaged := slices.Clone(file)
		damaged[n] ^= 0x41
		if _, _, err := readAll(bytes.NewReader(damaged), int64(len(file))); !errors.As(err, &bad) {
			t.Fatalf("with a wrong byte at %d: %v", n, err)
		}
	}
}

// TestReadOldFiles reads what only other versions write.
func TestReadOldFiles(t *testing.T) {
	sealed := func(b string) string {
		return b + string(binary.LittleEndian.AppendUint64(nil, Checksum([]byte(b))))
	}
	for _, tt := range []struct{ name, file, want, err string }{
		{"no checksum before version 5", "REDIS0003\xfe\x02\x00\x01k\x01v\xff", `2 "k" 0 0 ["v"]`, ""},
		{"checksums are disabled", "REDIS0009\xfe\x00\x00\x01k\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00", `0 "k" 0 0 ["v"]`, ""},
		{"a wrong checksum", "REDIS0009\xfe\x00\x00\x01k\x01v\xff\x01\x00\x00\x00\x00\x00\x00\x00", `0 "k" 0 0 ["v"]`, "the checksum is 0000000000000001"},
		{"seconds, idle time, frequency, sizes", sealed("REDIS0009\xfa\x01a\x01b\xfe\x00\xfb\x01\x01\xfd\x01\x00\x00\x00\xf8\x07\xf9\x05\x00\x01k\x01v\xff"), `0 "k" 1000 0 ["v"]`, ""},
		{"a slot", sealed("REDIS0012\xf4\x01\x02\x03\x00\x01k\x01v\xff"), `0 "k" 0 0 ["v"]`, ""},
		{"the deadline is of one key", sealed("REDIS0009\xfd\x01\x00\x00\x00\x00\x01k\x01v\x00\x01l\x01v\xff"), `0 "k" 1000 0 ["v"] | 0 "l" 0 0 ["v"]`, ""},
		{"an empty list", sealed("REDIS0009\x01\x01k\x00\x00\x01l\x01v\xff"), `0 "l" 0 0 ["v"]`, ""},
		{"a zipmap", "REDIS0002\x09\x01k\x0c\x02\x01a\x01\x001\x01b\x01\x002\xff\xff", `0 "k" 0 4 ["a" "1" "b" "2"]`, ""},
		{"a newer version", "REDIS0013\xff", "", "RDB version 13 is newer"},
		{"another file", "RESID0003", "", "does not begin like an RDB file"},
		{"no version", "REDIS00x3\xff", "", "does not begin like an RDB file"},
		{"a module's data", "REDIS0009\xf7\x01", "", "data of a Redis module"},
		{"a module's value", "REDIS0009\x07\x01k\x01", "", `the key "k" has a value of type 7`},
		{"twice the same member", sealed("REDIS0009\x02\x01k\x02\x01a\x01a\xff"), "", "holds something twice"},
		{"more than there is", "REDIS0009\x02\x01k\x80\xff\xff\xff\xff\x01a", "", `the value of the key "k" is damaged`},
		{"a string of 4 GB", "REDIS0009\x00\x01k\x80\xff\xff\xff\xffabc", "", `the file ends inside the value of the key "k"`},
		{"nothing", "", "", "does not begin like an RDB file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, _, err := readAll(strings.NewReader(tt.file), int64(len(tt.file)))
			if s := strings.Join(got, " | "); s != tt.want {
				t.Errorf("got %s", s)
			}
			var bad *FileError
			if tt.err == "" && err != nil || tt.err != "" && (!errors.As(err, &bad) || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%v, want %q", err, tt.err)
			}
		})
	}
}

// FuzzFile: a file is read or is a *FileError, whatever it holds.
func FuzzFile(f *testing.F) {
	f.Add([]byte("REDIS0010\xfe\x00\x00\x01k\x01v\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("REDIS0010\xf5\x03abc\x0e\x01l\x01\x02ab\xff"))
	f.Add([]byte("REDIS0011\x13\x02st\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\xff\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, _, err := readAll(bytes.NewReader(file), int64(len(file)))
		var bad *FileError
		if err != nil && !errors.As(err, &bad) {
			t.Fatal(err)
		}
		pieces, _, again := readAll(iotest.OneByteReader(bytes.NewReader(file)), int64(len(file)))
		if !slices.Equal(got, pieces) || (err == nil) != (again == nil) {
			t.Fatalf("in pieces it is another: %v, %v", err, again)
		}
	})
}
