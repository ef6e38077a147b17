package persist

import (
	"encoding/binary"
	"strconv"

	"github.com/hdt3213/rdb/lzf"
)

// lzfMaxRatio is above what LZF can pack: 264 bytes into 3.
const lzfMaxRatio = 128

// rdbPlain and rdbEncLZF are encodings of a string, beside 0, 1 and 2: integers of 1, 2 and 4 bytes.
const rdbPlain, rdbEncLZF = -1, 3

// length reads a length; one that marks a special encoding is an error.
func (f *rdbFrame) length() (int64, error) {
	n, special, err := f.lengthOrEncoding()
	if err == nil && special {
		err = f.bad("a string's encoding in place of a length")
	}
	return n, err
}

func (f *rdbFrame) lengths(n int) error {
	for range n {
		if _, err := f.length(); err != nil {
			return err
		}
	}
	return nil
}

// count reads the number of things that follow, which take at least a byte each.
func (f *rdbFrame) count() (int64, error) {
	n, err := f.length()
	if err == nil && (n < 0 || n > f.size-f.off) {
		err = f.bad("a count of %d is beyond the RDB file's end", n)
	}
	return n, err
}

func (f *rdbFrame) lengthOrEncoding() (n int64, special bool, err error) {
	first, err := f.byte()
	if err != nil {
		return 0, false, err
	}
	var b []byte
	switch {
	case first>>6 == 0:
		return int64(first & 0x3f), false, nil
	case first>>6 == 1:
		if b, err = f.bytes(1); err == nil {
			n = int64(first&0x3f)<<8 | int64(b[0])
		}
	case first>>6 == 3:
		return int64(first & 0x3f), true, nil
	case first == 0x80:
		if b, err = f.bytes(4); err == nil {
			n = int64(binary.BigEndian.Uint32(b))
		}
	case first == 0x81:
		if b, err = f.bytes(8); err == nil {
			n = int64(binary.BigEndian.Uint64(b))
		}
	default:
		err = f.bad("unknown length encoding %#x", first)
	}
	return n, false, err
}

// strings skips n strings.
func (f *rdbFrame) strings(n int64) error {
	for range n {
		if _, _, err := f.rawString(); err != nil {
			return err
		}
	}
	return nil
}

// rawString reads a string as it is stored: the bytes and their encoding.
func (f *rdbFrame) rawString() (raw []byte, encoding int, err error) {
	n, special, err := f.lengthOrEncoding()
	if err != nil {
		return nil, 0, err
	}
	if !special {
		raw, err = f.bytes(n)
		return raw, rdbPlain, err
	}
	switch n {
	case 0, 1, 2:
		raw, err = f.bytes(1 << n)
		return raw, int(n), err
	case rdbEncLZF:
		packed, err := f.length()
		if err != nil {
			return nil, 0, err
		}
		full, err := f.length()
		if err != nil {
			return nil, 0, err
		}
		if packed < 1 || full < 0 || full/lzfMaxRatio > packed {
			return nil, 0, f.bad("a compressed string of %d bytes claims to hold %d", packed, full)
		}
		raw, err = f.bytes(packed)
		if err != nil {
			return nil, 0, err
		}
		if f.take == nil {
			return raw, rdbEncLZF, nil
		}
		out, err := lzf.Decompress(raw, len(raw), int(full))
		if err != nil || int64(len(out)) != full {
			return nil, 0, f.bad("a compressed string cannot be unpacked")
		}
		return out, rdbEncLZF, nil
	}
	return nil, 0, f.bad("unknown string encoding %d", n)
}

// str reads a string and unpacks it; the result is the caller's.
func (f *rdbFrame) str() ([]byte, error) {
	raw, encoding, err := f.rawString()
	if err != nil {
		return nil, err
	}
	switch encoding {
	case 0:
		return strconv.AppendInt(nil, int64(int8(raw[0])), 10), nil
	case 1:
		return strconv.AppendInt(nil, int64(int16(binary.LittleEndian.Uint16(raw))), 10), nil
	case 2:
		return strconv.AppendInt(nil, int64(int32(binary.LittleEndian.Uint32(raw))), 10), nil
	}
	return append([]byte{}, raw...), nil
}
