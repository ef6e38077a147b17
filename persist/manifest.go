package persist

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// The manifest is Redis': one line a file,
//
//	file <name> seq <number> type <b|i|h>
//
// where b is the base, i an increment and h history, that is a file which is no longer part of the
// log and waits to be deleted. Further pairs of words are skipped, a line that starts with # is a
// comment, names that need it are quoted. We say with a further pair how many bytes a base has: a shorter
// one may look whole, as what is missing of an increment is told by the next one.

// manifestMaxLine is the longest line in bytes, newline included (Redis' MANIFEST_MAX_LINE).
const manifestMaxLine = 1024

// maxManifestBytes bounds what is read: far above what a log ever has.
const maxManifestBytes = 16 << 20

// tempPrefix begins the names of files that are not yet part of the log. Redis has the same.
const tempPrefix = "temp-"

type fileType byte

const (
	typeBase fileType = 'b'
	typeIncr fileType = 'i'
	typeHist fileType = 'h'
)

// manifestFile is one line of the manifest.
type manifestFile struct {
	name string
	seq  int64
	typ  fileType
	size int64 // bytes, of a base; 0: not known, or empty
}

// short says what is wrong with a file of so many bytes, "" for nothing.
func (f manifestFile) short(bytes int64) string {
	if bytes >= f.size {
		return ""
	}
	return fmt.Sprintf("it ends here, and the manifest says that it has %d bytes; who wants what is left takes that out of the manifest", f.size)
}

// manifest is what the log consists of. It is changed by making a copy.
type manifest struct {
	base    *manifestFile
	incrs   []manifestFile // in the order of their rising seq
	history []manifestFile
}

func (m manifest) empty() bool { return m.base == nil && len(m.incrs) == 0 }

// lastIncrSeq is the highest number that an increment has, 0 without one.
func (m manifest) lastIncrSeq() int64 {
	if len(m.incrs) == 0 {
		return 0
	}
	return m.incrs[len(m.incrs)-1].seq
}

func (m manifest) baseSeq() int64 {
	if m.base == nil {
		return 0
	}
	return m.base.seq
}

// withIncr returns m and one more increment.
func (m manifest) withIncr(f manifestFile) manifest {
	m.incrs = append(m.incrs[:len(m.incrs):len(m.incrs)], f)
	return m
}

// live returns the base, if there is one, and the increments.
func (m manifest) live() []manifestFile {
	var files []manifestFile
	if m.base != nil {
		files = append(files, *m.base)
	}
	return append(files, m.incrs...)
}

// encode returns the manifest's text.
func (m manifest) encode() []byte {
	var b bytes.Buffer
	line := func(f manifestFile) {
		fmt.Fprintf(&b, "file %s seq %d type %c", quoteName(f.name), f.seq, f.typ)
		if f.size > 0 {
			fmt.Fprintf(&b, " size %d", f.size)
		}
		b.WriteByte('\n')
	}
	if m.base != nil {
		line(*m.base)
	}
	for _, f := range m.history {
		line(f)
	}
	for _, f := range m.incrs {
		line(f)
	}
	return b.Bytes()
}

// parseManifest reads a manifest's text. The reasons in its errors are Redis' words.
func parseManifest(path string, text []byte) (manifest, error) {
	var m manifest
	bad := func(line int, reason string) (manifest, error) {
		return manifest{}, &ManifestError{File: path, Line: line, Reason: reason}
	}
	if len(text) == 0 {
		return bad(0, "Found an empty AOF manifest")
	}
	for n := 1; len(text) > 0; n++ {
		line, rest, ended := bytes.Cut(text, []byte{'\n'})
		if len(line) > 0 && line[0] == '#' && (ended || len(rest) == 0) {
			text = rest
			continue
		}
		if !ended || len(line)+1 > manifestMaxLine {
			return bad(n, "The AOF manifest file contains too long line")
		}
		text = rest
		f, reason := parseManifestLine(string(line))
		if reason != "" {
			return bad(n, reason)
		}
		switch f.typ {
		case typeBase:
			if m.base != nil {
				return bad(n, "Found duplicate base file information")
			}
			m.base = &f
		case typeHist:
			m.history = append(m.history, f)
		case typeIncr:
			if f.seq <= m.lastIncrSeq() {
				return bad(n, "Found a non-monotonic sequence number")
			}
			m.incrs = append(m.incrs, f)
		default:
			return bad(n, "Unknown AOF file type")
		}
	}
	return m, nil
}

const badManifestFormat = "Invalid AOF manifest file format"

func parseManifestLine(line string) (f manifestFile, reason string) {
	words, ok := splitWords(strings.Trim(line, " \t\r\n"))
	if !ok || len(words) < 6 || len(words)%2 != 0 {
		return f, badManifestFormat
	}
	for i := 0; i < len(words); i += 2 {
		value := words[i+1]
		switch strings.ToLower(words[i]) {
		case "file":
			if value == "" || value == "." || value == ".." || strings.ContainsAny(value, "/\\\x00") {
				return f, "File can't be a path, just a filename"
			}
			f.name = value
		case "seq":
			seq, err := strconv.ParseInt(value, 10, 64)
			if err != nil || seq <= 0 {
				return f, badManifestFormat
			}
			f.seq = seq
		case "type":
			if len(value) != 1 {
				return f, "Unknown AOF file type"
			}
			f.typ = fileType(value[0])
		case "size":
			size, err := strconv.ParseInt(value, 10, 64)
			if err != nil || size < 0 {
				return f, badManifestFormat
			}
			f.size = size
		}
	}
	if f.name == "" || f.seq == 0 || f.typ == 0 {
		return f, badManifestFormat
	}
	return f, ""
}

func manifestPath(dir, name string) string { return filepath.Join(dir, name+".manifest") }

// loadManifest reads the manifest from the disk; found is false when there is none.
func loadManifest(fsys vfs.FS, dir, name string) (m manifest, found bool, err error) {
	path := manifestPath(dir, name)
	f, err := fsys.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return manifest{}, false, nil
	}
	if err != nil {
		return manifest{}, false, fmt.Errorf("persist: open manifest %s: %w", path, err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxManifestBytes+1))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return manifest{}, false, fmt.Errorf("persist: read manifest %s: %w", path, err)
	}
	if len(text) > maxManifestBytes {
		return manifest{}, false, &ManifestError{File: path, Reason: "it is longer than any log has files for"}
	}
	m, err = parseManifest(path, text)
	return m, err == nil, err
}

// storeManifest replaces the manifest on the disk: temporary file, fsync, rename, fsync of the
// directory. When err is not nil, inDoubt says that the disk may have the new one, now or after a
// crash: then nothing that either of the two names may be deleted.
func storeManifest(fsys vfs.FS, dir, name string, m manifest) (inDoubt bool, err error) {
	temp := filepath.Join(dir, tempPrefix+name+".manifest")
	if err := writeFile(fsys, temp, m.encode()); err != nil {
		_ = fsys.Remove(temp) // it is replaced by the next one anyway
		return false, fmt.Errorf("persist: write manifest %s: %w", temp, err)
	}
	path := manifestPath(dir, name)
	if err := fsys.Rename(temp, path); err != nil {
		return true, fmt.Errorf("persist: rename manifest to %s: %w", path, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return true, fmt.Errorf("persist: sync directory %s: %w", dir, err)
	}
	return false, nil
}

// writeFile creates or replaces a file with data and syncs it; the name is not durable yet.
func writeFile(fsys vfs.FS, path string, data []byte) error {
	f, err := fsys.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}
