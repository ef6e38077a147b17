package persist

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/kevy-lua/kevy-lua/engine/rdb"
	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// Replay reads the log, base first, and calls apply with each command and the database it runs in.
// The args are valid during the call. A MULTI/EXEC bracket is applied whole or not at all, but apply
// does not see where it begins and ends; ReplayGroups shows that.
//
// A torn tail of the last increment is cut, after the bytes have been saved in a file beside it.
// Any other damage is a *CorruptError, and an error of apply is returned with the place; in both
// cases the commands before have been applied, and Start is refused.
func (l *Log) Replay(ctx context.Context, apply func(db int, args [][]byte) error) (ReplayStats, error) {
	return l.ReplayGroups(ctx, func(group []Record) error {
		for _, r := range group {
			if err := apply(r.DB, r.Args); err != nil {
				return err
			}
		}
		return nil
	})
}

// ReplayGroups is Replay with one call for each group of records that was appended together. The
// group is valid during the call.
func (l *Log) ReplayGroups(ctx context.Context, apply func(group []Record) error) (ReplayStats, error) {
	l.files.Lock()
	defer l.unlockFiles()
	if l.isStarted() {
		return ReplayStats{}, errors.New("persist: replay of a log that is started")
	}
	begin := l.o.Now()
	p := &replay{ctx: ctx, fs: l.fs, dir: l.dir, repair: l.o.LoadTruncated, apply: apply, stamp: begin.UnixMilli()}
	sizes, err := p.run(l.man)
	p.stats.Elapsed = l.o.Now().Sub(begin)
	if err != nil {
		return p.stats, err
	}
	l.replayed(sizes, p)
	for _, name := range p.stats.SavedAs {
		l.tellProblem(ProblemEvent{What: ProblemTorn, File: name})
	}
	return p.stats, nil
}

// replay is one reading of a log.
type replay struct {
	ctx    context.Context
	fs     vfs.FS
	dir    string
	repair bool
	apply  func(group []Record) error
	stamp  int64 // ms, for the names of saved tails

	files  []manifestFile
	sizes  []int64
	synced map[int64]bool // increments that a note says are on the disk
	stats  ReplayStats
}

// run reads all files and returns their sizes after a repair, by name.
func (p *replay) run(m manifest) (map[string]int64, error) {
	p.files = m.live()
	p.synced = map[int64]bool{}
	for _, f := range p.files {
		st, err := p.fs.Stat(p.path(f))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, p.corrupt(f, 0, "the manifest names it, but it does not exist")
		}
		if err != nil {
			return nil, fmt.Errorf("persist: stat %s: %w", p.path(f), err)
		}
		if reason := f.short(st.Size()); reason != "" {
			return nil, p.corrupt(f, st.Size(), reason)
		}
		p.sizes = append(p.sizes, st.Size())
	}
	for i := range p.files {
		if err := p.file(i); err != nil {
			return nil, err
		}
	}
	sizes := map[string]int64{}
	for i, f := range p.files {
		sizes[f.name] = p.sizes[i]
	}
	return sizes, nil
}

func (p *replay) path(f manifestFile) string { return filepath.Join(p.dir, f.name) }

func (p *replay) corrupt(f manifestFile, off int64, reason string) error {
	return &CorruptError{File: p.path(f), Offset: off, Reason: reason}
}

// file applies one file and repairs the log's tail if it is this file's.
func (p *replay) file(i int) error {
	mf := p.files[i]
	f, err := p.fs.Open(p.path(mf))
	if err != nil {
		return fmt.Errorf("persist: open %s: %w", p.path(mf), err)
	}
	defer func() { _ = f.Close() }() // it was only read
	out, err := p.read(f, mf, p.sizes[i])
	if err != nil {
		return err
	}
	p.stats.Files++
	p.stats.Bytes += out.end
	p.stats.Commands += out.commands
	p.stats.Groups += out.groups
	for _, seq := range out.synced {
		p.synced[seq] = true
	}
	short, err := p.shortOf(i)
	if err != nil {
		return err
	}
	if out.fault == nil && short == nil {
		return nil
	}
	if out.fault != nil {
		if out.fault, err = judge(f, p.sizes[i], out.fault); err != nil {
			return fmt.Errorf("persist: read %s: %w", p.path(mf), err)
		}
	}
	return p.tail(i, out, short)
}

// read applies one file, RDB and commands.
func (p *replay) read(f vfs.File, mf manifestFile, size int64) (scanned, error) {
	r := readFrom(f, 0, size)
	start, l := int64(0), &rdbLoader{ctx: p.ctx, apply: p.apply}
	if isRDB(r, mf) {
		end, err := l.loadAhead(f, size)
		p.stats.Libraries, p.stats.RDBKeys = l.libraries, l.keys
		if flt, ok := asFault(err); ok {
			return scanned{}, p.corrupt(mf, flt.offset, flt.reason)
		}
		if err != nil {
			return scanned{}, fmt.Errorf("persist: replay %s: %w", p.path(mf), err)
		}
		start = end
		r = readFrom(f, start, size)
	}
	out, err := scanAhead(p.ctx, r, start, size, p.apply)
	if err != nil {
		return out, fmt.Errorf("persist: replay %s at offset %d: %w", p.path(mf), out.end, err)
	}
	out.commands += l.count
	return out, nil
}

// isRDB reports whether the file that r has been opened on is a base that begins with RDB.
func isRDB(r *bufio.Reader, mf manifestFile) bool {
	magic, _ := r.Peek(len(rdb.Magic))
	return mf.typ == typeBase && string(magic) == rdb.Magic
}

// later returns the index of the next file behind i that is not empty, or -1.
func (p *replay) later(i int) int {
	for j := i + 1; j < len(p.files); j++ {
		if p.sizes[j] > 0 {
			return j
		}
	}
	return -1
}

// shortOf returns the note of the next increment if it says that file i once was longer.
func (p *replay) shortOf(i int) (*prevNote, error) {
	// The very next increment tells, even if this one is followed by an empty one: then nothing
	// of the next has been written.
	for j := i + 1; j < len(p.files); j++ {
		if p.sizes[j] == 0 {
			continue
		}
		notes, err := p.notes(j)
		if err != nil {
			return nil, err
		}
		if n := notes.prev; n != nil && n.seq == p.files[i].seq && p.files[i].typ == typeIncr && n.size > p.sizes[i] {
			return n, nil
		}
		return nil, nil
	}
	return nil, nil
}

// errStop ends a scan that has seen what it wanted.
var errStop = errors.New("stop")

// notes reads the beginning of a file.
func (p *replay) notes(j int) (scanned, error) {
	return p.peek(j, func([]Record) error { return errStop })
}

func (p *replay) peek(j int, apply func([]Record) error) (scanned, error) {
	path := p.path(p.files[j])
	f, err := p.fs.Open(path)
	if err != nil {
		return scanned{}, fmt.Errorf("persist: open %s: %w", path, err)
	}
	defer func() { _ = f.Close() }() // it was only read
	r := readFrom(f, 0, p.sizes[j])
	out, err := scan(p.ctx, r, 0, p.sizes[j], apply)
	if err != nil && !errors.Is(err, errStop) {
		return out, fmt.Errorf("persist: read %s: %w", path, err)
	}
	return out, nil
}

// wasSynced says whether any increment behind i notes that increment i was synced.
func (p *replay) wasSynced(i int) (bool, error) {
	for j := i + 1; j < len(p.files); j++ {
		out, err := p.peek(j, func([]Record) error { return nil })
		if err != nil {
			return false, err
		}
		for _, seq := range out.synced {
			p.synced[seq] = true
		}
	}
	return p.synced[p.files[i].seq], nil
}

// tail decides about file i, whose end is not as it should be: out says what is wrong inside it,
// short is the note that says it is too short.
func (p *replay) tail(i int, out scanned, short *prevNote) error {
	mf, size := p.files[i], p.sizes[i]
	reason := ""
	switch {
	case out.fault != nil && !out.fault.torn:
		return p.corrupt(mf, out.fault.offset, out.fault.reason)
	case short != nil:
		reason = fmt.Sprintf("it has %d bytes, but the next increment says that it had %d", size, short.size)
		synced, err := p.wasSynced(i)
		if err != nil {
			return err
		}
		if synced {
			return p.corrupt(mf, size, reason+" and that they were on the disk")
		}
	case p.later(i) >= 0:
		return p.corrupt(mf, out.fault.offset, out.fault.reason+", and another file of the log follows it")
	case mf.typ == typeBase && len(p.files) > 1:
		return p.corrupt(mf, out.fault.offset, out.fault.reason+", and it is the base")
	default:
		reason = out.fault.reason
	}
	if !p.repair {
		return p.corrupt(mf, out.end, reason+" (and repairing a torn tail is disabled)")
	}
	// What follows a hole is no part of the history: it goes, too, the newest first.
	for j := len(p.files) - 1; j > i; j-- {
		if err := p.cut(j, 0); err != nil {
			return err
		}
	}
	return p.cut(i, out.end)
}

// cut shortens file i to end, after the bytes behind that have been saved beside it.
func (p *replay) cut(i int, end int64) error {
	if p.sizes[i] <= end {
		return nil
	}
	saved, err := cutTail(p.fs, p.dir, p.files[i].name, end, p.sizes[i], p.stamp)
	if err != nil {
		return err
	}
	p.stats.TornBytes += p.sizes[i] - end
	p.stats.SavedAs = append(p.stats.SavedAs, saved)
	p.sizes[i] = end
	return nil
}

// cutTail moves the bytes [end, size) of a file to a new file, which it names, and cuts them off;
// both are synced, the new file first.
func cutTail(fsys vfs.FS, dir, name string, end, size, stamp int64) (saved string, err error) {
	path := filepath.Join(dir, name)
	f, err := fsys.OpenAppend(path)
	if err != nil {
		return "", fmt.Errorf("persist: open %s: %w", path, err)
	}
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("persist: close %s: %w", path, cerr)
		}
	}()
	for n := 0; ; n++ {
		saved = fmt.Sprintf("%s.cut-%d-at-%d", name, stamp+int64(n), end)
		if _, err := fsys.Stat(filepath.Join(dir, saved)); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", fmt.Errorf("persist: stat %s: %w", saved, err)
		}
	}
	if err := copyTail(fsys, f, end, size, filepath.Join(dir, saved)); err != nil {
		return "", fmt.Errorf("persist: save the tail of %s in %s: %w", path, saved, err)
	}
	if err := fsys.SyncDir(dir); err != nil {
		return "", fmt.Errorf("persist: sync directory %s: %w", dir, err)
	}
	if err := f.Truncate(end); err != nil {
		return "", fmt.Errorf("persist: truncate %s: %w", path, err)
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("persist: sync %s: %w", path, err)
	}
	return saved, nil
}

func copyTail(fsys vfs.FS, from vfs.File, end, size int64, path string) error {
	to, err := fsys.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(from, end, size-end))
	if err == nil {
		err = to.Sync()
	}
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	return err
}
