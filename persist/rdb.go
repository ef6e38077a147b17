package persist

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/hdt3213/rdb/core"
	"github.com/hdt3213/rdb/model"

	"github.com/kevy-lua/kevy-lua/persist/vfs"
)

// itemsPerCommand is how many elements one rebuilding command adds (Redis'
// AOF_REWRITE_ITEMS_PER_CMD).
const itemsPerCommand = 64

// maxListpackCount is where a listpack's header stops counting. The library believes it, and would
// drop the elements behind it.
const maxListpackCount = math.MaxUint16

// rdbLoader turns the objects of an RDB file into commands that rebuild them.
type rdbLoader struct {
	ctx   context.Context
	apply func(group []Record) error
	one   [1]Record
	count int64
	keys  int64
}

// checkRDB reads the RDB part of a file without decoding it: framing and checksum. It returns where
// it ends.
func checkRDB(f vfs.File, size int64) (end int64, err error) {
	frame := newRDBFrame(readFrom(f, 0, size), size, nil)
	err = frame.drain()
	return frame.off, err
}

// loadRDB reads the RDB part of a file, at whose beginning r stands, and calls apply with the
// commands that rebuild it. It returns where it ends; r stands there. The file has been checked: an
// error is a *fault for what cannot be read, or apply's or ctx's error.
func loadRDB(ctx context.Context, r *bufio.Reader, size int64, apply func([]Record) error) (*rdbLoader, *rdbFrame, error) {
	l := &rdbLoader{ctx: ctx, apply: apply}
	frame := newRDBFrame(r, size, l.command)
	var failed error
	err := core.NewDecoder(frame).Parse(func(o model.RedisObject) bool {
		failed = l.object(o)
		return failed == nil
	})
	switch {
	case failed != nil:
		err = failed
	case frame.err != nil:
		err = frame.err
	case err != nil:
		err = &fault{offset: frame.off, reason: "RDB: " + err.Error()}
	case !frame.done:
		err = &fault{offset: frame.off, reason: "RDB: the reader stopped before the file's end"}
	}
	l.keys += frame.streams
	return l, frame, err
}

func (l *rdbLoader) command(db int, args ...[]byte) error {
	if l.count%1024 == 0 && l.ctx.Err() != nil {
		return l.ctx.Err()
	}
	l.count++
	l.one[0] = Record{DB: db, Args: args}
	return l.apply(l.one[:])
}

func (l *rdbLoader) object(o model.RedisObject) error {
	l.keys++
	key := []byte(o.GetKey())
	db := o.GetDBIndex()
	var expire []byte
	if t := o.GetExpiration(); t != nil {
		expire = strconv.AppendInt(nil, t.UnixMilli(), 10)
	}
	if o.GetEncoding() == model.ListPackEncoding && o.GetElemCount() >= maxListpackCount {
		return &fault{reason: fmt.Sprintf("RDB: the key %q has a listpack with too many elements to read", key)}
	}
	var err error
	switch v := o.(type) {
	case *model.StringObject:
		args := [][]byte{[]byte("SET"), key, v.Value}
		if expire != nil {
			args = append(args, []byte("PXAT"), expire)
		}
		return l.command(db, args...)
	case *model.ListObject:
		err = l.list(db, key, v)
	case *model.SetObject:
		err = l.pieces(db, "SADD", key, len(v.Members), func(i int, args [][]byte) [][]byte {
			return append(args, v.Members[i])
		})
	case *model.HashObject:
		err = l.hash(db, key, v)
	case *model.ZSetObject:
		err = l.pieces(db, "ZADD", key, len(v.Entries), func(i int, args [][]byte) [][]byte {
			return append(args, scoreText(v.Entries[i].Score), []byte(v.Entries[i].Member))
		})
	default:
		err = &fault{reason: fmt.Sprintf("RDB: the key %q has the type %s, which this program does not read", key, o.GetType())}
	}
	if err != nil || expire == nil {
		return err
	}
	return l.command(db, []byte("PEXPIREAT"), key, expire)
}

// pieces emits name key element… with itemsPerCommand elements each.
func (l *rdbLoader) pieces(db int, name string, key []byte, n int, add func(i int, args [][]byte) [][]byte) error {
	for i := 0; i < n; {
		args := [][]byte{[]byte(name), key}
		for end := min(i+itemsPerCommand, n); i < end; i++ {
			args = add(i, args)
		}
		if err := l.command(db, args...); err != nil {
			return err
		}
	}
	return nil
}

func (l *rdbLoader) list(db int, key []byte, v *model.ListObject) error {
	if d, ok := v.Extra.(*model.Quicklist2Detail); ok {
		for _, sizes := range d.ListPackEntrySize {
			if len(sizes) >= maxListpackCount {
				return &fault{reason: fmt.Sprintf("RDB: the list %q has a node with too many elements to read", key)}
			}
		}
	}
	return l.pieces(db, "RPUSH", key, len(v.Values), func(i int, args [][]byte) [][]byte {
		return append(args, v.Values[i])
	})
}

func (l *rdbLoader) hash(db int, key []byte, v *model.HashObject) error {
	fields := make([]string, 0, len(v.Hash))
	for field := range v.Hash {
		fields = append(fields, field)
	}
	return l.pieces(db, "HSET", key, len(fields), func(i int, args [][]byte) [][]byte {
		return append(args, []byte(fields[i]), v.Hash[fields[i]])
	})
}

// scoreText writes a score as Redis reads it.
func scoreText(score float64) []byte {
	switch {
	case math.IsInf(score, 1):
		return []byte("inf")
	case math.IsInf(score, -1):
		return []byte("-inf")
	}
	return strconv.AppendFloat(nil, score, 'g', -1, 64)
}

// asFault returns err as a *fault, if it is one.
func asFault(err error) (*fault, bool) {
	var f *fault
	ok := errors.As(err, &f)
	return f, ok
}
