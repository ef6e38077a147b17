package keyspace

import "strconv"

// embstrMax is the longest string that Redis 7.0 reports as embstr.
const embstrMax = 44

// Encoding returns what OBJECT ENCODING of Redis 7.0 would say, computed from the limits, the value
// and a bit that stays once the value was converted; "" when the key is absent.
func (d *DB) Encoding(key []byte) string {
	r := d.peek(key).r
	if r == nil {
		return ""
	}
	conv := r.has(flagConv)
	switch r.typ() {
	case String:
		return stringEncoding(d.t.string(r), conv)
	case List:
		return "quicklist"
	case Stream:
		return "stream"
	case Set:
		return pick(conv, "intset", "hashtable")
	case ZSet:
		return pick(conv, "listpack", "skiplist")
	default:
		return pick(conv, "listpack", "hashtable")
	}
}

func pick(conv bool, small, large string) string {
	if conv {
		return large
	}
	return small
}

func stringEncoding(b []byte, raw bool) string {
	switch {
	case raw:
		return "raw"
	case isInteger(b):
		return "int"
	case len(b) <= embstrMax:
		return "embstr"
	}
	return "raw"
}

// isInteger reports whether b is the canonical decimal form of an int64.
func isInteger(b []byte) bool {
	_, ok := parseInteger(b)
	return ok
}

func parseInteger(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] == '0' && len(b) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	return n, err == nil
}

// hashConverts reports whether a hash that gets this field becomes a hashtable.
func (l *Limits) hashConverts(n, field, value int) bool {
	return n > l.HashEntries || field > l.HashValue || value > l.HashValue
}

// setConverts reports whether a set of n members with this one is no intset.
func (l *Limits) setConverts(n int, member []byte) bool {
	return n > min(l.SetIntset, 1<<30) || !isInteger(member)
}

// zsetConverts reports whether a sorted set of n members with a new one becomes a skiplist.
func (l *Limits) zsetConverts(n, member int) bool {
	return n > l.ZSetEntries || member > l.ZSetValue
}
