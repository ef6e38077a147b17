package rdb

// maxRatio is above what LZF can pack: 264 bytes into 3.
const maxRatio = 128

// unpack undoes LZF: bytes that stand for themselves behind their number, and
// repetitions of what was there before, of 3 bytes and more, up to 8 KiB back.
func unpack(in []byte, size uint64) (out []byte, ok bool) {
	if size == 0 || size/maxRatio > uint64(len(in)) {
		return nil, false
	}
	out = make([]byte, 0, size)
	for i := 0; i < len(in); {
		ctrl := int(in[i])
		i++
		if ctrl < 1<<5 {
			n := ctrl + 1
			if i+n > len(in) || uint64(len(out)+n) > size {
				return nil, false
			}
			out = append(out, in[i:i+n]...)
			i += n
			continue
		}
		n := ctrl >> 5
		if n == 7 {
			if i >= len(in) {
				return nil, false
			}
			n += int(in[i])
			i++
		}
		n += 2
		if i >= len(in) {
			return nil, false
		}
		from := len(out) - (ctrl&0x1f)<<8 - int(in[i]) - 1
		i++
		if from < 0 || uint64(len(out)+n) > size {
			return nil, false
		}
		for k := range n { // what is repeated may still be coming into being
			out = append(out, out[from+k])
		}
	}
	return out, uint64(len(out)) == size
}
