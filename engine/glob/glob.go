// Package glob matches names with Redis' patterns. It knows bytes only.
package glob

// Match reports whether s matches pattern as Redis' KEYS, SCAN and PSUBSCRIBE
// do: * any bytes, ? one byte, [abc] [^abc] [a-z] one byte of a set, \ the next
// byte as it is. nocase compares ASCII letters in any case. An unclosed [
// ends with the pattern.
//
// A star that fails goes back to the last one only: an earlier star could not
// match more than the later one has tried. The time is therefore at most
// len(pattern) times len(s), whatever the pattern.
func Match(pattern, s []byte, nocase bool) bool {
	p, i := 0, 0
	star, from := -1, 0 // behind the last star, and where in s it stopped taking
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, from = p+1, i
			p++
			continue
		}
		if next, ok := matchByte(pattern, p, s[i], nocase); ok {
			p, i = next, i+1
			continue
		}
		if star < 0 {
			return false
		}
		from++
		p, i = star, from
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches one byte against the element of the pattern at p, which is
// no star, and returns the position behind that element.
func matchByte(pattern []byte, p int, c byte, nocase bool) (next int, ok bool) {
	if p == len(pattern) {
		return p, false
	}
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		return matchSet(pattern, p+1, c, nocase)
	case '\\':
		if p+1 < len(pattern) {
			p++
		}
	}
	return p + 1, fold(pattern[p], nocase) == fold(c, nocase)
}

// matchSet matches one byte against the set whose contents begin at p.
func matchSet(pattern []byte, p int, c byte, nocase bool) (next int, ok bool) {
	negated := p < len(pattern) && pattern[p] == '^'
	if negated {
		p++
	}
	c = fold(c, nocase)
	found := false
	for ; p < len(pattern) && pattern[p] != ']'; p++ {
		switch {
		case pattern[p] == '\\' && p+1 < len(pattern):
			p++
			found = found || fold(pattern[p], nocase) == c
		case p+2 < len(pattern) && pattern[p+1] == '-':
			low, high := fold(pattern[p], nocase), fold(pattern[p+2], nocase)
			if low > high {
				low, high = high, low
			}
			found = found || low <= c && c <= high
			p += 2
		default:
			found = found || fold(pattern[p], nocase) == c
		}
	}
	return min(p+1, len(pattern)), found != negated
}

func fold(c byte, nocase bool) byte {
	if nocase && 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
